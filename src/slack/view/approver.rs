//! The card as an approver sees it: what helps to decide and the buttons, then what came of it.

use super::{
    Message,
    decision::{reason_field, title},
    desk::decide_actions,
    kit::{context, header, sentence},
    limits::{SECTION, TITLE},
    phrase::Phrase,
    request_card::{aftermath, footer, reason_given, what},
    state,
    text::{Mentions, line},
};
use crate::{
    domain::step::{StepState, Verdict, Why},
    usecases::queries::request_card::{Context, PersonRef, RequestCard, Role, Standing, StepLine},
};

pub(super) fn for_approver(card: &RequestCard, mentions: &Mentions) -> Message {
    let viewer = &card.viewer;
    let bolt = if card.emergency { "⚡ " } else { "" };
    let kind = if card.emergency { "emergency access" } else { "access" };
    let requester = line(&card.requester.name, 50);
    let headline = if card.requester.id == card.subject.id {
        format!("{bolt}{requester} asks for {kind}")
    } else {
        format!("{bolt}{requester} asks for {kind} for {}", line(&card.subject.name, 50))
    };
    let mut blocks = vec![header(&headline)];
    blocks.extend(what(card, mentions));
    let mut text = Phrase::of(&headline).text(": ").name(&title(card));
    if let Some(may) = &viewer.may_decide {
        let helps = helps(card);
        if !helps.is_empty() {
            blocks.push(context(&helps.markup(mentions, SECTION)));
        }
        blocks.extend(in_a_channel(card, may.step).map(|asked| context(&asked.markup(mentions, SECTION))));
        if let Some(progress) = state::progress(card) {
            blocks.push(sentence(&progress, mentions));
        }
        blocks.extend(state::arranged(card).map(|arranged| sentence(&arranged, mentions)));
        blocks.push(reason_field(may));
        blocks.push(decide_actions(card, may));
        text = text.text(" · “").name(&line(&card.justification, TITLE)).text("”");
    } else {
        let outcome = outcome(card);
        text = text.text(" · ").then(outcome.clone());
        blocks.push(sentence(&outcome, mentions));
        blocks.extend(state::arranged(card).map(|arranged| sentence(&arranged, mentions)));
        blocks.extend(reason_given(card));
        blocks.extend(aftermath(card, mentions));
    }
    blocks.push(footer(card, mentions));
    Message::new(&text, blocks)
}

/// Who may click, where everyone sees the buttons. Nobody is called by name: that would ring their bell.
fn in_a_channel(card: &RequestCard, step: usize) -> Option<Phrase> {
    let Role::Channel(_) = card.viewer.role else {
        return None;
    };
    let step = card.steps.get(step)?;
    let asked = match step.approvers.len() {
        1 => "One person is asked here: ".to_owned(),
        count => format!("{count} people are asked here: "),
    };
    let phrase = Phrase::of(&asked).bold(&step.name);
    Some(phrase.text(". Only their clicks count; anybody else is told so privately."))
}

/// Why this approver, and what is known about the subject and this access.
fn helps(card: &RequestCard) -> Phrase {
    let mut lines = Vec::new();
    if let Some(why) = &card.viewer.why {
        lines.push(Phrase::of("Why you: ").then(why_you(why, card)));
    }
    if let Some(context) = &card.viewer.context {
        lines.push(history(context, &card.subject));
        lines.extend(team(context));
    }
    let mut phrase = Phrase::new();
    for (i, line) in lines.into_iter().enumerate() {
        phrase = if i > 0 { phrase.text("\n") } else { phrase };
        phrase = phrase.then(line);
    }
    phrase
}

fn why_you(why: &Why, card: &RequestCard) -> Phrase {
    let name = |otherwise| {
        Some(card.viewer.why_name.trim())
            .filter(|name| !name.is_empty())
            .unwrap_or(otherwise)
    };
    match why {
        Why::Named | Why::Expression => Phrase::of("the policy names you"),
        Why::Group(key) => Phrase::of("you are in ").bold(name(key)),
        Why::Manager => Phrase::of("you are the manager of ").person(&card.subject),
        Why::AppOwner => Phrase::of("you own ").bold(name(&card.app)),
        Why::EntitlementOwner => Phrase::of("you own ").bold(&title(card)),
        Why::Subject => Phrase::of("it is your own access, and the policy asks you"),
        Why::LastResort => Phrase::of("nobody else is left who could decide"),
        Why::Reassigned(_) => Phrase::of("you have the place of ").bold(name("somebody else")),
        Why::ManagerAbove => Phrase::of("you are next in the line of managers above ").person(&card.subject),
        Why::ResourceOwner => Phrase::of("you own ").bold(name(&card.app)),
        Why::OnCall(key) => Phrase::of("you are on call for ").bold(name(key)),
        Why::StandsIn { .. } => Phrase::of("you stand in for ").bold(name("somebody who is away")),
    }
}

fn history(context: &Context, subject: &PersonRef) -> Phrase {
    let phrase = match context.given_before {
        ..=0 => return Phrase::of("Never given to ").person(subject).text(" before"),
        1 => Phrase::of("Given once before"),
        2 => Phrase::of("Given twice before"),
        times => Phrase::of(&format!("Given {times} times before")),
    };
    match context.last_given {
        Some(at) => phrase.text(", last on ").when(at),
        None => phrase,
    }
}

fn team(context: &Context) -> Option<Phrase> {
    // A team of one is the subject.
    if context.team_size <= 1 {
        return None;
    }
    let team = context.team.trim();
    let of = |phrase: Phrase| {
        if team.is_empty() {
            phrase.text("their team")
        } else {
            phrase.bold(team)
        }
    };
    Some(match context.team_holding {
        ..=0 => of(Phrase::of("Nobody in ")).text(" holds it now"),
        holding => {
            let verb = if holding == 1 { "holds" } else { "hold" };
            let phrase =
                of(Phrase::of(&format!("{holding} of {} in ", context.team_size))).text(&format!(" {verb} it now"));
            let named = context.team_holders.len().min(3);
            if named == 0 {
                phrase
            } else {
                let phrase = phrase.text(": ").people(&context.team_holders[..named], 3);
                match usize::try_from(holding).unwrap_or(named).saturating_sub(named) {
                    0 => phrase,
                    more => phrase.text(&format!(" + {more}")),
                }
            }
        }
    })
}

/// What an approver reads in place of the buttons.
fn outcome(card: &RequestCard) -> Phrase {
    let viewer = &card.viewer;
    let me = viewer.person;
    let mine = my_step(card);
    let stands = || state::standing(&card.standing, me);
    if let (Role::Channel(_), Standing::Open { .. }) = (viewer.role, &card.standing) {
        return Phrase::of("No longer asked here · ").then(stands().lowered());
    }
    if let Role::Channel(_) = viewer.role {
        return Phrase::of(&format!("{} ", state::sign(&card.standing, None))).then(stands());
    }
    if mine.is_none() && viewer.overtaken {
        let now = match &card.escalation {
            Some(line) if line.restarted => "🔁 Begun anew",
            _ => "⚡ Now an emergency",
        };
        return Phrase::of(now)
            .text(" · no longer needed from you · ")
            .then(stands().lowered());
    }
    match (&card.standing, viewer.decided) {
        (Standing::Open { step, missing, .. }, Some(Verdict::Approve)) => {
            let phrase = Phrase::of("✅ Approved by you");
            if mine.is_some_and(|(mine, _)| mine == *step) {
                phrase.text(&format!(" · waiting for {} more", (*missing).max(1)))
            } else {
                phrase.text(" · ").then(stands().lowered())
            }
        }
        (Standing::Open { step, .. }, _) if gave_away(card, *step) => {
            Phrase::of("You gave this to somebody else · ").then(stands().lowered())
        }
        (Standing::Waiting { .. }, Some(Verdict::Approve)) => {
            Phrase::of("✅ Approved by you · ").then(stands().lowered())
        }
        (Standing::Open { .. } | Standing::Waiting { .. }, _) => match mine.and_then(|(_, step)| last_approval(step)) {
            Some(by) => Phrase::of("✅ Already approved by ")
                .person(by)
                .text(" · no longer needed from you"),
            None => Phrase::of("No longer needed from you · ").then(stands().lowered()),
        },
        (Standing::Approved { by: Some(by) }, Some(Verdict::Approve)) if by.id != me => {
            Phrase::of("✅ Approved by you and ").person(by)
        }
        (Standing::Approved { .. }, Some(Verdict::Approve)) => Phrase::of("✅ Approved by you"),
        (Standing::Approved { by }, _) => match mine.and_then(|(_, step)| last_approval(step)).or(by.as_ref()) {
            Some(by) => Phrase::of("✅ Already approved by ").person(by),
            None => Phrase::of("✅ Approved automatically"),
        },
        (standing @ Standing::Overridden { .. }, _) => Phrase::of(&format!("{} ", state::sign(standing, None)))
            .then(stands())
            .text(" · not needed from you"),
        (Standing::Denied { by: Some(by), .. }, None) if by.id != me => Phrase::of("🚫 Already denied by ").person(by),
        (standing @ (Standing::Denied { .. } | Standing::Cancelled { .. }), _) => {
            Phrase::of(&format!("{} ", state::sign(standing, None))).then(stands())
        }
        (standing @ (Standing::Expired | Standing::Closed { .. }), _) => {
            Phrase::of(&format!("{} ", state::sign(standing, None)))
                .then(stands())
                .text(" · no longer needed from you")
        }
    }
}

/// Has the viewer given their place in this step to somebody else?
fn gave_away(card: &RequestCard, step: usize) -> bool {
    let me = card.viewer.person;
    card.steps.get(step).is_some_and(|step| {
        let asked = step.approvers.iter().any(|approver| approver.id == me);
        !asked
            && step
                .reassigned
                .iter()
                .any(|given| given.from.id == me && given.by.id == me)
    })
}

/// The last step that asked the viewer, or that they decided.
fn my_step(card: &RequestCard) -> Option<(usize, &StepLine)> {
    let me = card.viewer.person;
    card.steps.iter().enumerate().rev().find(|(_, step)| {
        step.approvers.iter().any(|approver| approver.id == me)
            || step.decisions.iter().any(|decision| decision.by.id == me)
    })
}

fn last_approval(step: &StepLine) -> Option<&PersonRef> {
    let approved = step.state == StepState::Approved;
    step.decisions
        .iter()
        .rev()
        .find(|decision| approved && decision.verdict == Verdict::Approve)
        .map(|d| &d.by)
}
