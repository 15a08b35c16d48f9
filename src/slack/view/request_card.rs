//! The card of a request: the living message that the requester, each approver and each provisioner has. It is drawn
//! anew after every change, from the present state alone, so that no button outlives what it is for.

use super::{
    Message, approver,
    decision::{call_off_button, cancel_button, end_button, escalate_button, extend_button, title},
    kit::{actions, button, context, fields, header, quote, sentence},
    limits::{EXCERPT, FIELD, NAME, SECTION},
    phrase::Phrase,
    state,
    text::{Mentions, line},
};
use crate::{
    domain::{
        grant::GrantState,
        ids::PersonId,
        length::{Length, spoken},
    },
    slack::surface,
    usecases::queries::request_card::{EscalationLine, GrantLine, RequestCard, Role, Standing},
};
use slack_morphism::prelude::*;

/// The card shown once, for its reader alone, where there is no thread to reply in.
#[must_use]
pub fn shown_once(card: &RequestCard, mentions: &Mentions) -> Message {
    let mut message = request_card(card, mentions);
    message.blocks.pop();
    if card.viewer.may_administer {
        let buttons = actions(vec![button(surface::ADMINISTER, "Administer…", &card.id.to_string())]);
        message.blocks.push(super::kit::json_of(&buttons));
    }
    let last = context(&dates(card).markup(mentions, SECTION));
    message.blocks.push(super::kit::json_of(&last));
    message
}

/// The card as its viewer sees it.
#[must_use]
pub fn request_card(card: &RequestCard, mentions: &Mentions) -> Message {
    match card.viewer.role {
        Role::Requester => for_requester(card, mentions),
        Role::Approver | Role::Channel(_) => approver::for_approver(card, mentions),
        Role::Provisioner => for_provisioner(card, mentions),
    }
}

fn for_requester(card: &RequestCard, mentions: &Mentions) -> Message {
    let viewer = &card.viewer;
    let bolt = if card.emergency { "⚡ " } else { "" };
    let requester = line(&card.requester.name, 50);
    let headline = if viewer.person == card.requester.id {
        format!("{bolt}You have created a new access request")
    } else if viewer.person == card.subject.id {
        format!("{bolt}{requester} has asked for access for you")
    } else if card.requester.id == card.subject.id {
        format!("{bolt}{requester} has asked for access")
    } else {
        format!(
            "{bolt}{requester} has asked for access for {}",
            line(&card.subject.name, 50)
        )
    };
    let mut blocks = vec![header(&headline)];
    blocks.extend(what(card, mentions));
    blocks.extend(standing(card, mentions));
    let mut buttons = Vec::new();
    if viewer.may_escalate {
        buttons.push(escalate_button(card.id));
    }
    if viewer.may_remind {
        buttons.push(button(surface::NUDGE, "Remind", &card.id.to_string()));
    }
    if viewer.may_cancel {
        buttons.push(cancel_button(card.id));
    }
    if let Some(grant) = &card.grant {
        if viewer.may_end {
            buttons.push(match grant.state {
                GrantState::Active => end_button(grant.id),
                _ => call_off_button(grant.id),
            });
        }
        if viewer.may_extend {
            buttons.push(extend_button(grant.id, "Ask for more time"));
        }
    }
    if !buttons.is_empty() {
        blocks.push(actions(buttons));
    }
    blocks.push(footer(card, mentions));
    let text = Phrase::of(&headline)
        .text(": ")
        .name(&title(card))
        .text(" · ")
        .then(now(card));
    Message::new(&text, blocks)
}

fn for_provisioner(card: &RequestCard, mentions: &Mentions) -> Message {
    let viewer = &card.viewer;
    let subject = line(&card.subject.name, NAME);
    let bolt = if card.emergency { "⚡ " } else { "" };
    let headline = if viewer.may_deprovision {
        format!("Please remove access from {subject}")
    } else if viewer.may_provision {
        format!("{bolt}Please set up access for {subject}")
    } else {
        format!("{bolt}Access for {subject}")
    };
    let mut blocks = vec![header(&headline)];
    blocks.extend(what(card, mentions));
    let mut state_line = now(card);
    if let Some(grant) = &card.grant {
        if (viewer.may_provision || viewer.may_deprovision) && !grant.instructions.trim().is_empty() {
            blocks.push(quote("What to do", &grant.instructions));
        }
        if let Some(done) =
            done_by_hand(grant, viewer.person).filter(|_| !viewer.may_provision && !viewer.may_deprovision)
        {
            state_line = done;
        }
        blocks.push(sentence(&state_line, mentions));
        let id = grant.id.to_string();
        if viewer.may_deprovision {
            blocks.push(actions(vec![
                button(surface::REMOVED, "Removed", &id).with_style(SlackBlockButtonStyle::Primary),
            ]));
        } else if viewer.may_provision {
            let mut buttons = vec![
                button(surface::PROVISIONED, "Provisioned", &id).with_style(SlackBlockButtonStyle::Primary),
                button(surface::WONT_DO, "Won't do", &id),
            ];
            if viewer.may_retry {
                buttons.insert(1, button(surface::RETRY, "Try again", &id));
            }
            blocks.push(actions(buttons));
        }
    } else {
        blocks.push(sentence(&state_line, mentions));
    }
    blocks.push(footer(card, mentions));
    Message::new(
        &Phrase::of(&headline)
            .text(": ")
            .name(&title(card))
            .text(" · ")
            .then(state_line),
        blocks,
    )
}

/// "✅ Set up by you": what a provisioner's card says once there is nothing left to do.
fn done_by_hand(grant: &GrantLine, reader: PersonId) -> Option<Phrase> {
    let (sign, verb, by) = match grant.state {
        GrantState::Active => ("✅", "Set up", grant.given_by.as_ref()?),
        // What nobody gave, nobody removed: it was called off.
        GrantState::Ended if grant.given_by.is_some() => ("✅", "Removed", grant.ended_by.as_ref()?),
        _ => return None,
    };
    let phrase = Phrase::of(&format!("{sign} {verb} by ")).person_or_you(by, reader);
    Some(phrase.text(" · ").then(state::access(grant.state, grant.until)))
}

/// The blue link and the fields, with the justification as it was typed.
pub(super) fn what(card: &RequestCard, mentions: &Mentions) -> Vec<SlackBlock> {
    let grant = format!(
        "Grant {} {}",
        line(&card.subject.name, NAME),
        line(&card.entitlement, NAME)
    );
    let mut link = Phrase::of(if card.emergency { "⚡ " } else { "" }).link(card.url.as_deref(), &grant);
    if card.extension {
        link = link.text(" · more time for access that is held");
    }
    let value = |phrase: Phrase| phrase.markup(mentions, FIELD - 50);
    let name = |name: &str| value(Phrase::new().name(name));
    let mut pairs = vec![("App", name(&card.app))];
    if let Some(resource) = &card.resource {
        pairs.push(("Resource", name(resource)));
    }
    pairs.push(("Entitlement", name(&card.entitlement)));
    pairs.push(("Requested by", value(Phrase::new().person(&card.requester))));
    pairs.push(("Requested for", value(Phrase::new().person(&card.subject))));
    pairs.push(("Duration", value(lasting(card))));
    let mut blocks = vec![
        sentence(&link, mentions),
        fields(&pairs),
        quote("Justification", &card.justification),
    ];
    blocks.extend(card.escalation.iter().flat_map(|line| escalated(line, card, mentions)));
    blocks
}

/// Who made it an emergency or had it begin anew, why, and what that took with it.
fn escalated(line: &EscalationLine, card: &RequestCard, mentions: &Mentions) -> Vec<SlackBlock> {
    let phrase = Phrase::of(if line.restarted {
        "🔁 Begun anew by administrator "
    } else {
        "⚡ Made an emergency by "
    })
    .person_or_you(&line.by, card.viewer.person)
    .text(" · ")
    .when(line.at);
    let phrase = match line.void {
        0 => phrase,
        1 => phrase.text(" · 1 earlier approval no longer counts"),
        more => phrase.text(&format!(" · {more} earlier approvals no longer count")),
    };
    let mut blocks = vec![sentence(&phrase, mentions)];
    if !line.reason.trim().is_empty() {
        let label = if line.restarted { "Why anew" } else { "What has changed" };
        blocks.push(quote(label, &line.reason));
    }
    blocks
}

/// "4 hours", or "4 hours, shortened from 1 week by @Bob".
fn lasting(card: &RequestCard) -> Phrase {
    let phrase = duration(card.length);
    match &card.shortened {
        Some((from, by)) => phrase.text(&format!(", shortened from {from} by ")).person(by),
        None => phrase,
    }
}

/// How it stands, the steps on the way, the access that came of it.
fn standing(card: &RequestCard, mentions: &Mentions) -> Vec<SlackBlock> {
    let sign = state::sign(&card.standing, None);
    let phrase = Phrase::of(&format!("{sign} ")).then(state::standing(&card.standing, card.viewer.person));
    let phrase = match state::approvers_reason(card) {
        Some(reason) => phrase.text(": ").said(reason, EXCERPT),
        None => phrase,
    };
    let mut blocks = vec![sentence(&phrase, mentions)];
    blocks.extend(reason_given(card));
    blocks.extend(state::progress(card).map(|progress| sentence(&progress, mentions)));
    blocks.extend(state::arranged(card).map(|arranged| sentence(&arranged, mentions)));
    blocks.extend(aftermath(card, mentions));
    blocks
}

/// Why it was denied or called off, in the words of who did it.
pub(super) fn reason_given(card: &RequestCard) -> Option<SlackBlock> {
    match &card.standing {
        Standing::Denied { reason, .. } | Standing::Cancelled { reason, .. } if !reason.trim().is_empty() => {
            Some(quote("Reason", reason))
        }
        _ => None,
    }
}

/// The access that came of it.
pub(super) fn aftermath(card: &RequestCard, mentions: &Mentions) -> Option<SlackBlock> {
    let grant = card.grant.as_ref()?;
    let phrase =
        Phrase::of(&format!("{} ", state::grant_sign(grant.state))).then(state::grant(grant, card.viewer.person));
    Some(sentence(&phrase, mentions))
}

/// How it stands in one sentence: the access if there is one, else the request.
fn now(card: &RequestCard) -> Phrase {
    match &card.grant {
        Some(grant) => {
            Phrase::of(&format!("{} ", state::grant_sign(grant.state))).then(state::grant(grant, card.viewer.person))
        }
        None => Phrase::of(&format!("{} ", state::sign(&card.standing, None)))
            .then(state::standing(&card.standing, card.viewer.person)),
    }
}

fn duration(length: Length) -> Phrase {
    Phrase::of(&match length {
        Length::For(seconds) => spoken(seconds),
        Length::NoEnd => "No end".to_owned(),
    })
}

/// The last block of every card.
pub(super) fn footer(card: &RequestCard, mentions: &Mentions) -> SlackBlock {
    let phrase = dates(card).text(" · Reply in this thread to talk with everyone involved");
    context(&phrase.markup(mentions, SECTION))
}

fn dates(card: &RequestCard) -> Phrase {
    let mut phrase = Phrase::of(&format!("#{} · asked ", card.id)).when(card.created_at);
    if let Standing::Open { step, .. } = card.standing
        && let Some(due) = card.steps.get(step).and_then(|step| step.due_at)
    {
        phrase = phrase.text(" · due ").when(due);
    }
    phrase
}
