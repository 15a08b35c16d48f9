//! How a request and its access stand: a badge and a sentence.

use super::hours::Hours;
use crate::{
    domain::{grant::GrantState, ids::PersonId},
    usecases::queries::request_card::{GrantLine, PersonRef, RequestCard, Standing},
};

/// A few words with a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) words: &'static str,
    /// `wait`, `good`, `bad`, `over` or `alarm`: a class of the style sheet.
    pub(crate) tone: &'static str,
}

/// The badge of a request: as long as there is access, what counts is the access.
pub(crate) fn badge(standing: &Standing, grant: Option<GrantState>) -> Badge {
    let (words, tone) = match (standing, grant) {
        (Standing::Open { .. }, _) => ("Awaiting approval", "wait"),
        (Standing::Waiting { .. }, _) => ("Waiting", "wait"),
        (Standing::Denied { .. }, _) => ("Denied", "bad"),
        (Standing::Cancelled { .. }, _) => ("Cancelled", "over"),
        (Standing::Expired, _) => ("Expired", "over"),
        (Standing::Closed { .. }, _) => ("Closed", "over"),
        (Standing::Approved { .. } | Standing::Overridden { .. }, None) => ("Approved", "good"),
        (Standing::Approved { .. } | Standing::Overridden { .. }, Some(state)) => return access_badge(state),
    };
    Badge { words, tone }
}

/// The badge of an access.
pub(crate) fn access_badge(state: GrantState) -> Badge {
    let (words, tone) = match state {
        GrantState::Provisioning => ("Being set up", "wait"),
        GrantState::Active => ("Active", "good"),
        GrantState::Ending => ("Ending", "wait"),
        GrantState::Ended => ("Ended", "over"),
        GrantState::Failed => ("Could not be set up", "alarm"),
        GrantState::EndOverdue => ("Not confirmed to be gone", "alarm"),
    };
    Badge { words, tone }
}

/// "you", or their name.
pub(crate) fn called(person: &PersonRef, reader: PersonId) -> String {
    if person.id == reader {
        "you".to_owned()
    } else {
        person.name.clone()
    }
}

/// "you + 2", "Ana Alvarez + 1": whoever reads it first.
pub(crate) fn several(people: &[PersonRef], reader: PersonId) -> String {
    let first = people.iter().find(|person| person.id == reader).or(people.first());
    match (first, people.len().saturating_sub(1)) {
        (None, _) => "nobody".to_owned(),
        (Some(first), 0) => called(first, reader),
        (Some(first), more) => format!("{} + {more}", called(first, reader)),
    }
}

/// What follows the badge: from whom, by whom, until when.
pub(crate) fn standing(card: &RequestCard, hours: &Hours) -> String {
    let reader = card.viewer.person;
    match &card.standing {
        Standing::Open { awaiting, missing, .. } if !awaiting.is_empty() => {
            let who = several(awaiting, reader);
            match *missing {
                0 | 1 => format!("from {who}"),
                missing => format!("{missing} more, from {who}"),
            }
        }
        Standing::Open { .. } | Standing::Waiting { until: None, .. } => String::new(),
        Standing::Waiting { until: Some(until), .. } => format!("at most until {}", hours.when(*until)),
        Standing::Approved { by: Some(by) } => format!("Approved by {}", called(by, reader)),
        Standing::Approved { by: None } => "Approved automatically".to_owned(),
        Standing::Overridden { by } => format!("Step skipped by administrator {}", called(by, reader)),
        Standing::Denied { by: Some(by), .. } => format!("by {}", called(by, reader)),
        Standing::Denied { by: None, .. } => "automatically".to_owned(),
        Standing::Cancelled { by: None, .. } | Standing::Expired => "nobody decided in time".to_owned(),
        Standing::Cancelled {
            by: Some(by), admin, ..
        } => {
            let administrator = if *admin { "administrator " } else { "" };
            format!("by {administrator}{}", called(by, reader))
        }
        Standing::Closed { cause } => format!("because {}", cause.words()),
    }
}

/// How an access stands, in sentences.
pub(crate) fn access(grant: &GrantLine, reader: PersonId, hours: &Hours) -> Vec<String> {
    let mut said = Vec::new();
    let by = |by: &Option<PersonRef>| {
        by.as_ref()
            .map(|by| format!(" by {}", called(by, reader)))
            .unwrap_or_default()
    };
    match grant.state {
        GrantState::Provisioning if grant.provisioners.is_empty() => {
            said.push("Being set up. It begins when it really works.".to_owned());
        }
        GrantState::Provisioning => said.push(format!("To be set up by {}.", several(&grant.provisioners, reader))),
        GrantState::Active => {
            said.push(match grant.until {
                Some(until) => match hours.left(until) {
                    Some(left) => format!("Active until {}: {left} left.", hours.when(until)),
                    None => format!("Active until {}.", hours.when(until)),
                },
                None => "Active, with no end.".to_owned(),
            });
            if let Some(started) = grant.started_at {
                said.push(format!("Set up {}{}.", hours.when(started), by(&grant.given_by)));
            }
        }
        GrantState::Ending if grant.provisioners.is_empty() => said.push(format!("Ending{}.", because(grant))),
        GrantState::Ending => {
            let who = several(&grant.provisioners, reader);
            said.push(format!("Ending{}. To be removed by {who}.", because(grant)));
        }
        GrantState::Ended => {
            let when = grant
                .ended_at
                .map(|at| format!(" {}", hours.when(at)))
                .unwrap_or_default();
            said.push(format!("Ended{when}{}{}.", by(&grant.ended_by), because(grant)));
        }
        GrantState::Failed => said.push("It could not be set up.".to_owned()),
        GrantState::EndOverdue => said.push("It should have ended, but is not confirmed to be gone.".to_owned()),
    }
    if let (GrantState::Failed | GrantState::EndOverdue, Some(why)) = (grant.state, &grant.trouble)
        && !why.trim().is_empty()
    {
        said.push(format!("What was said: {}", why.trim()));
    }
    said
}

fn because(grant: &GrantLine) -> String {
    grant
        .cause
        .map(|cause| format!(" because {}", cause.words()))
        .unwrap_or_default()
}
