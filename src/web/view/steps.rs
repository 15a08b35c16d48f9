//! The steps of a request: who was asked and why, and what they said.

use super::{
    hours::{Hours, Moment},
    state::called,
};
use crate::{
    domain::step::{StepState, Verdict, Why},
    usecases::queries::{
        details::{Asked, Details},
        request_card::{RequestCard, StepLine},
    },
};

/// A step, for the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepView {
    pub(crate) name: String,
    /// `done`, `now`, `later`, `bad` or `skipped`: a class of the style sheet.
    pub(crate) class: &'static str,
    /// How far it is.
    pub(crate) state: String,
    pub(crate) due: Option<Moment>,
    pub(crate) people: Vec<PersonView>,
    pub(crate) decisions: Vec<DecisionView>,
    /// Who is on it, whose place is whose.
    pub(crate) notes: Vec<String>,
}

/// Somebody who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonView {
    pub(crate) name: String,
    pub(crate) why: String,
    /// ✓ or ✕, once they decided.
    pub(crate) sign: Option<(&'static str, &'static str)>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecisionView {
    pub(crate) name: String,
    pub(crate) approved: bool,
    pub(crate) reason: String,
    pub(crate) at: Moment,
}

pub(crate) fn steps(details: &Details, hours: &Hours) -> Vec<StepView> {
    let card = &details.card;
    let asked = |place: usize| details.asked.get(place).map_or(&[][..], Vec::as_slice);
    let steps = card.steps.iter().enumerate();
    steps
        .map(|(place, step)| step_view(step, asked(place), card, hours))
        .collect()
}

fn step_view(step: &StepLine, asked: &[Asked], card: &RequestCard, hours: &Hours) -> StepView {
    let reader = card.viewer.person;
    let open = step.state == StepState::Open;
    let mut notes = Vec::new();
    if let Some((by, until)) = step.claim.as_ref().filter(|_| open) {
        let verb = if by.id == reader { "are" } else { "is" };
        notes.push(format!(
            "{} {verb} on it until {}.",
            capital(&called(by, reader)),
            hours.when(*until)
        ));
    }
    for given in &step.reassigned {
        let (from, to, by) = (
            called(&given.from, reader),
            called(&given.to, reader),
            called(&given.by, reader),
        );
        let who = if given.by == given.from {
            format!("{} gave this to {to}", capital(&from))
        } else {
            format!("Administrator {by} gave {from}’s place to {to}")
        };
        notes.push(with_reason(&who, &given.reason));
    }
    if let Some((by, reason)) = &step.skipped {
        let who = if by.id == reader {
            "You skipped this step as administrator: no approval".to_owned()
        } else {
            format!("Administrator {} skipped this step: no approval", by.name)
        };
        notes.push(with_reason(&who, reason));
    }
    StepView {
        name: step.name.clone(),
        class: match step.state {
            StepState::Waiting | StepState::Void => "later",
            StepState::Open => "now",
            StepState::Approved => "done",
            StepState::Denied => "bad",
            StepState::Skipped => "skipped",
        },
        state: state(step),
        due: step.due_at.filter(|_| open).map(|due| hours.moment(due)),
        people: asked.iter().map(|asked| person(asked, step, card)).collect(),
        decisions: step
            .decisions
            .iter()
            .map(|decision| DecisionView {
                name: decision.by.name.clone(),
                approved: decision.verdict == Verdict::Approve,
                reason: decision.reason.trim().to_owned(),
                at: hours.moment(decision.at),
            })
            .collect(),
        notes,
    }
}

fn with_reason(sentence: &str, reason: &str) -> String {
    match reason.trim() {
        "" => format!("{sentence}."),
        reason => format!("{sentence}: “{reason}”"),
    }
}

fn state(step: &StepLine) -> String {
    let approvals = step
        .decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Approve)
        .count();
    match step.state {
        StepState::Waiting => "later".to_owned(),
        StepState::Void => "not needed".to_owned(),
        StepState::Open if step.waits => "nobody decides; it waits".to_owned(),
        StepState::Open if step.needed > 1 => format!("{approvals} of {} approvals", step.needed),
        StepState::Open if step.approvers.len() > 1 => "any one of them decides".to_owned(),
        StepState::Open => "to decide".to_owned(),
        StepState::Approved if step.waits => "over".to_owned(),
        StepState::Approved if approvals == 0 => "passed automatically".to_owned(),
        StepState::Approved => "approved".to_owned(),
        StepState::Denied => "denied".to_owned(),
        StepState::Skipped if step.skipped.is_some() => "skipped".to_owned(),
        StepState::Skipped if step.waits => "over without what it waited for".to_owned(),
        StepState::Skipped => "skipped, nobody decided in time".to_owned(),
    }
}

fn person(asked: &Asked, step: &StepLine, card: &RequestCard) -> PersonView {
    let decided = step.decisions.iter().find(|decision| decision.by.id == asked.person.id);
    let you = if asked.person.id == card.viewer.person {
        " (you)"
    } else {
        ""
    };
    PersonView {
        name: format!("{}{you}", asked.person.name),
        why: why(&asked.why, &asked.about, card),
        sign: decided.map(|decision| match decision.verdict {
            Verdict::Approve => ("✓", "approved"),
            Verdict::Deny => ("✕", "denied"),
        }),
    }
}

/// Why somebody is asked.
pub(crate) fn why(why: &Why, about: &str, card: &RequestCard) -> String {
    match why {
        Why::Named | Why::Expression => "named by the policy".to_owned(),
        Why::Group(_) => format!("in {about}"),
        Why::Manager => format!("manager of {}", card.subject.name),
        Why::ManagerAbove => format!("next in the line of managers above {}", card.subject.name),
        Why::AppOwner => format!("owner of {}", card.app),
        Why::ResourceOwner => format!("owner of {}", card.resource.as_ref().unwrap_or(&card.app)),
        Why::EntitlementOwner => format!("owner of {}", super::request::what(card)),
        Why::Subject => "it is their own access, and the policy asks them".to_owned(),
        Why::LastResort => "nobody else is left who could decide".to_owned(),
        Why::Reassigned(_) => format!("in the place of {about}"),
        Why::OnCall(_) => format!("on call for {about}"),
        Why::StandsIn { .. } => format!("stands in for {about}, who is away"),
    }
}

/// With a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
