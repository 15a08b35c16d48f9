//! How requests and access stand, in words: one sentence each, used by cards, lists and the Home tab.

use super::phrase::Phrase;
use crate::{
    domain::{grant::GrantState, ids::PersonId, step::StepState, step::Verdict},
    usecases::queries::{
        my_work::RequestLine,
        request_card::{GrantLine, RequestCard, Role, Standing, StepLine},
    },
};
use chrono::{DateTime, Utc};

/// The sign of a request in lists.
#[must_use]
pub fn sign(standing: &Standing, grant: Option<GrantState>) -> &'static str {
    match (standing, grant) {
        (Standing::Open { .. } | Standing::Waiting { .. }, _) => "⏳",
        (Standing::Approved { .. } | Standing::Overridden { .. }, Some(state)) => grant_sign(state),
        (Standing::Approved { .. }, None) => "✅",
        (Standing::Overridden { .. }, None) => "⏭️",
        (Standing::Denied { .. }, _) => "🚫",
        (Standing::Cancelled { .. } | Standing::Closed { .. }, _) => "✖️",
        (Standing::Expired, _) => "⌛",
    }
}

/// The sign of an access in lists.
#[must_use]
pub fn grant_sign(state: GrantState) -> &'static str {
    match state {
        GrantState::Provisioning => "🔧",
        GrantState::Active => "🟢",
        GrantState::Ending => "🌇",
        GrantState::Ended => "⚪",
        GrantState::Failed | GrantState::EndOverdue => "⚠️",
    }
}

/// How a request stands, for `reader`: "Awaiting approval from @Ana + 2".
#[must_use]
pub fn standing(standing: &Standing, reader: PersonId) -> Phrase {
    match standing {
        Standing::Open { awaiting, missing, .. } => {
            let phrase = match (awaiting.as_slice(), *missing) {
                ([], _) => return Phrase::of("Awaiting approval"),
                (_, 0 | 1) => Phrase::of("Awaiting approval from "),
                (_, missing) => Phrase::of(&format!("Awaiting {missing} approvals from ")),
            };
            awaited(phrase, awaiting, reader)
        }
        Standing::Approved { by: Some(by) } => Phrase::of("Approved by ").person_or_you(by, reader),
        Standing::Approved { by: None } => Phrase::of("Approved automatically"),
        Standing::Denied { by: Some(by), .. } => Phrase::of("Denied by ").person_or_you(by, reader),
        Standing::Denied { by: None, .. } => Phrase::of("Denied automatically"),
        Standing::Overridden { by } => Phrase::of("Step skipped by administrator ").person_or_you(by, reader),
        Standing::Cancelled {
            by: Some(by),
            admin: true,
            ..
        } => Phrase::of("Cancelled by administrator ").person_or_you(by, reader),
        Standing::Cancelled { by: Some(by), .. } => Phrase::of("Cancelled by ").person_or_you(by, reader),
        Standing::Cancelled { by: None, .. } => Phrase::of("Cancelled: nobody decided in time"),
        Standing::Waiting { until: Some(until), .. } => Phrase::of("Waiting, at most until ").when(*until),
        Standing::Waiting { until: None, .. } => Phrase::of("Waiting"),
        Standing::Expired => Phrase::of("Expired: nobody decided in time"),
        Standing::Closed { cause } => Phrase::of("Closed because ").text(cause.words()),
    }
}

/// "@Ana + 2", with the reader first when they are among them.
fn awaited(phrase: Phrase, people: &[crate::usecases::queries::request_card::PersonRef], reader: PersonId) -> Phrase {
    if !people.iter().any(|person| person.id == reader) {
        return phrase.people(people, 1);
    }
    match people.len() - 1 {
        0 => phrase.text("you"),
        more => phrase.text(&format!("you + {more}")),
    }
}

/// How an access stands: "Active until today at 17:00".
#[must_use]
pub fn access(state: GrantState, until: Option<DateTime<Utc>>) -> Phrase {
    let phrase = match state {
        GrantState::Provisioning => return Phrase::of("Being set up"),
        GrantState::Active => Phrase::of("Active"),
        GrantState::Ending => return Phrase::of("Ending now"),
        GrantState::Ended => return Phrase::of("Ended"),
        GrantState::Failed => return Phrase::of("Could not be set up"),
        GrantState::EndOverdue => return Phrase::of("Should have ended, but is not confirmed to be gone"),
    };
    match until {
        Some(until) => phrase.text(" until ").when(until),
        None => phrase.text(", no end"),
    }
}

/// What became of an approved request, with names and reasons.
#[must_use]
pub fn grant(grant: &GrantLine, reader: PersonId) -> Phrase {
    let trouble = |phrase: Phrase| match grant.trouble.as_deref().map(str::trim) {
        Some(why) if !why.is_empty() => phrase.text(": ").said(why, super::limits::EXCERPT),
        _ => phrase,
    };
    let by = |phrase: Phrase, by: &Option<_>| match by {
        Some(by) => phrase.text(" by ").person_or_you(by, reader),
        None => phrase,
    };
    let cause = |phrase: Phrase| match grant.cause {
        Some(cause) => phrase.text(" because ").text(cause.words()),
        None => phrase,
    };
    match grant.state {
        GrantState::Provisioning if grant.provisioners.is_empty() => {
            Phrase::of("Being set up: you will hear when it works")
        }
        GrantState::Provisioning => awaited(Phrase::of("Being set up by "), &grant.provisioners, reader),
        GrantState::Active => match &grant.given_by {
            Some(giver) => access(grant.state, grant.until)
                .text(" · set up by ")
                .person_or_you(giver, reader),
            None => access(grant.state, grant.until),
        },
        GrantState::Ending if grant.provisioners.is_empty() => cause(Phrase::of("Ending")),
        GrantState::Ending => awaited(
            cause(Phrase::of("Ending")).text(" · to be removed by "),
            &grant.provisioners,
            reader,
        ),
        GrantState::Ended => {
            let phrase = match grant.ended_at {
                Some(at) => Phrase::of("Ended ").when(at),
                None => Phrase::of("Ended"),
            };
            cause(by(phrase, &grant.ended_by))
        }
        GrantState::Failed | GrantState::EndOverdue => trouble(access(grant.state, grant.until)),
    }
}

/// How a line in a list stands: as long as there is access, what counts is the access.
#[must_use]
pub fn request_line(line: &RequestLine, reader: PersonId) -> Phrase {
    match (&line.standing, line.grant) {
        (Standing::Approved { .. } | Standing::Overridden { .. }, Some((state, until))) => access(state, until),
        (other, _) => standing(other, reader),
    }
}

/// The steps, one a line, as soon as there is something to tell: "✓ Manager — approved by @Bob". A long plan is shown
/// around the step it has come to.
#[must_use]
pub fn progress(card: &RequestCard) -> Option<Phrase> {
    let steps = &card.steps;
    if steps.len() < 2 && !steps.iter().any(|step| tells_more(step, card.viewer.role)) {
        return None;
    }
    let current = match card.standing {
        Standing::Open { step, .. } | Standing::Waiting { step, .. } => step,
        _ => steps
            .iter()
            .rposition(|step| step.state != StepState::Void && step.state != StepState::Waiting)
            .unwrap_or(0),
    };
    let from = current.saturating_sub(SHOWN / 2).min(steps.len().saturating_sub(SHOWN));
    let mut phrase = Phrase::new();
    if from > 0 {
        phrase = phrase.text(&format!("✓ {from} earlier step{}\n", if from == 1 { "" } else { "s" }));
    }
    for (i, step) in steps.iter().skip(from).take(SHOWN).enumerate() {
        phrase = if i > 0 { phrase.text("\n") } else { phrase };
        phrase = phrase.then(step_line(step, &card.standing, card.viewer.person));
    }
    match steps.len().saturating_sub(from + SHOWN) {
        0 => Some(phrase),
        1 => Some(phrase.text("\n○ 1 more step")),
        more => Some(phrase.text(&format!("\n○ {more} more steps"))),
    }
}

/// What people have arranged about the step that is open: who is on it, whose place is whose.
#[must_use]
pub fn arranged(card: &RequestCard) -> Option<Phrase> {
    let Standing::Open { step, .. } = card.standing else {
        return None;
    };
    let step = card.steps.get(step)?;
    let reader = card.viewer.person;
    let mut lines: Vec<Phrase> = step
        .reassigned
        .iter()
        .map(|given| {
            let phrase = if given.by == given.from {
                Phrase::of("↪️ Reassigned by ")
                    .person_or_you(&given.by, reader)
                    .text(" to ")
                    .person_or_you(&given.to, reader)
            } else {
                Phrase::of("↪️ Reassigned by administrator ")
                    .person_or_you(&given.by, reader)
                    .text(" from ")
                    .person_or_you(&given.from, reader)
                    .text(" to ")
                    .person_or_you(&given.to, reader)
            };
            if given.reason.trim().is_empty() {
                phrase
            } else {
                phrase.text(": ").said(&given.reason, super::limits::EXCERPT)
            }
        })
        .collect();
    if let Some((by, until)) = &step.claim {
        let phrase = if by.id == reader {
            Phrase::of("👋 You are on it until ").when(*until)
        } else {
            Phrase::of("👋 ").person(by).text(" is on it until ").when(*until)
        };
        lines.push(phrase);
    }
    // As many as anybody reads: the last ones.
    let first = lines.len().saturating_sub(5);
    lines
        .into_iter()
        .skip(first)
        .reduce(|phrase, line| phrase.text("\n").then(line))
}

/// Does the line of a lone step say anything that the sentence about the whole request does not?
fn tells_more(step: &StepLine, role: Role) -> bool {
    match step.state {
        StepState::Open => step.needed > 1 && (role == Role::Approver || !step.decisions.is_empty()),
        StepState::Approved => step.needed > 1,
        StepState::Skipped => true,
        StepState::Waiting | StepState::Denied | StepState::Void => false,
    }
}

/// Why the one who alone had to approve did so.
#[must_use]
pub fn approvers_reason(card: &RequestCard) -> Option<&str> {
    let [step] = card.steps.as_slice() else { return None };
    let Standing::Approved { by: Some(_) } = card.standing else {
        return None;
    };
    let last = step.decisions.last().filter(|_| step.needed <= 1)?;
    Some(last.reason.trim()).filter(|reason| !reason.is_empty())
}

/// As many steps as a card shows.
const SHOWN: usize = 8;

fn step_line(step: &StepLine, standing: &Standing, reader: PersonId) -> Phrase {
    let sign = match step.state {
        StepState::Waiting => "○ ",
        StepState::Open => "● ",
        StepState::Approved => "✓ ",
        StepState::Denied => "✕ ",
        StepState::Void => "– ",
        StepState::Skipped => "» ",
    };
    let phrase = Phrase::of(sign).bold(&step.name).text(" — ");
    let approvals: Vec<_> = step
        .decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Approve)
        .collect();
    match step.state {
        StepState::Waiting => phrase.text("later"),
        StepState::Void => phrase.text("not needed"),
        StepState::Skipped => match &step.skipped {
            Some((by, reason)) => {
                let phrase = phrase.text("skipped by administrator ").person_or_you(by, reader);
                phrase.text(": ").said(reason, super::limits::EXCERPT)
            }
            None if step.waits => phrase.text("over without what it waited for"),
            None => phrase.text("skipped, nobody decided in time"),
        },
        StepState::Approved if step.waits => phrase.text("over"),
        StepState::Open if step.waits => match step.due_at {
            Some(until) => phrase.text("at most until ").when(until),
            None => phrase.text("going on"),
        },
        StepState::Approved if approvals.is_empty() => phrase.text("passed automatically"),
        StepState::Approved => decided(phrase.text("approved by "), &approvals, reader),
        StepState::Denied => match step.decisions.iter().find(|decision| decision.verdict == Verdict::Deny) {
            Some(decision) => phrase.text("denied by ").person_or_you(&decision.by, reader),
            None => phrase.text("denied automatically"),
        },
        StepState::Open => {
            let phrase = if approvals.is_empty() {
                match step.needed {
                    ..=1 => phrase,
                    needed => phrase.text(&format!("{needed} approvals needed, ")),
                }
            } else {
                let so_far = format!(
                    "{} of {}: approved by ",
                    approvals.len(),
                    step.needed.max(approvals.len())
                );
                decided(phrase.text(&so_far), &approvals, reader).text(", ")
            };
            match standing {
                Standing::Open { awaiting, .. } if !awaiting.is_empty() => {
                    awaited(phrase.text("waiting for "), awaiting, reader)
                }
                _ => phrase.text("waiting"),
            }
        }
    }
}

/// "@Ana (“fine with me”), @Bob + 2".
fn decided(
    mut phrase: Phrase,
    decisions: &[&crate::usecases::queries::request_card::DecisionLine],
    reader: PersonId,
) -> Phrase {
    for (i, decision) in decisions.iter().take(3).enumerate() {
        phrase = if i > 0 { phrase.text(", ") } else { phrase };
        phrase = phrase.person_or_you(&decision.by, reader);
        if !decision.reason.trim().is_empty() {
            phrase = phrase
                .text(" (")
                .said(&decision.reason, super::limits::EXCERPT)
                .text(")");
        }
    }
    match decisions.len().saturating_sub(3) {
        0 => phrase,
        more => phrase.text(&format!(" + {more}")),
    }
}

/// How much time is left, rounded the way people do: "3 days", "2 hours 10 minutes", "less than a minute".
#[must_use]
pub fn time_left(until: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
    let seconds = (until - now).num_seconds();
    (seconds > 0).then(|| crate::domain::length::spoken(seconds))
}
