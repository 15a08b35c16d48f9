//! The look back that every emergency owes: who does it, by when, what they say, and what follows when nobody does.

use super::{
    facts::Facts,
    ids::{GrantId, PersonId, RequestId},
    person::Person,
    policy::{Approval, ApproverSpec, ReasonRule, StepSpec},
    refusal::{Refusal, tidy},
    request::Request,
    step::{Quorum, Verdict},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A review that is owed, or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its number.
    pub id: i64,
    /// The emergency it is about.
    pub request: RequestId,
    /// The access that came of it.
    pub grant: GrantId,
    /// Who used it.
    pub subject: PersonId,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it should be done.
    pub due_at: DateTime<Utc>,
    /// Since when it is overdue.
    pub overdue_since: Option<DateTime<Utc>>,
    /// How many reminders there were.
    pub reminded: i32,
    /// Who can do it, as last resolved.
    pub reviewers: Vec<PersonId>,
    /// What was said.
    pub done: Option<Done>,
}

/// A review that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
    /// What they said.
    pub findings: Findings,
}

/// What a reviewer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Was it justified?
    pub justified: bool,
    /// Did the duration fit?
    pub fit: Fit,
    /// What has to follow; empty if nothing.
    pub follow_up: String,
}

/// Did the duration fit?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Yes.
    Fits,
    /// It was longer than needed.
    TooLong,
    /// It was too short.
    TooShort,
}

impl Fit {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Fits, Self::TooLong, Self::TooShort];

    /// The word in the database and in the form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
        }
    }

    /// Reads [`Fit::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fit| fit.word() == word)
    }

    /// What people read.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Fits => "the duration fit",
            Self::TooLong => "it was longer than needed",
            Self::TooShort => "it was too short",
        }
    }
}

impl Findings {
    /// Checks what a person wrote. Who finds it not justified says what has to follow.
    ///
    /// # Errors
    /// [`Refusal::ReasonRequired`], [`Refusal::TextTooLong`].
    pub fn checked(self) -> Result<Self, Refusal> {
        Ok(Self {
            follow_up: tidy(&self.follow_up, !self.justified)?,
            ..self
        })
    }
}

/// Who had a part in an emergency, and so cannot look back at it: who asked, who used it, who approved it, who made it an
/// emergency, who skipped a step of it.
#[must_use]
pub fn had_a_part(request: &Request) -> Vec<PersonId> {
    let approved = request
        .steps
        .iter()
        .flat_map(|step| &step.decisions)
        .filter(|decision| decision.verdict == Verdict::Approve)
        .map(|decision| decision.person);
    let skipped = request
        .steps
        .iter()
        .filter_map(|step| step.skipped.as_ref().map(|skipped| skipped.by));
    let escalated = request.earlier.iter().map(|round| round.by);
    let mut people: Vec<PersonId> = [request.requester, request.subject]
        .into_iter()
        .chain(approved)
        .chain(skipped)
        .chain(escalated)
        .collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Who looks back at an emergency at this moment: the app's owners, else the subject's manager, else the last resort; of
/// them those who had no part in it and are there, or whoever stands in for them. Only where all of them are away it waits
/// for them. Once it is overdue the last resort can do it too.
#[must_use]
pub fn reviewers(request: &Request, facts: &Facts, overdue: bool) -> Vec<PersonId> {
    let part = had_a_part(request);
    let can = |person: &PersonId| facts.person(*person).is_some_and(Person::takes_part) && !part.contains(person);
    let manager: Vec<PersonId> = facts
        .person(request.subject)
        .and_then(|subject| subject.manager)
        .into_iter()
        .collect();
    // The way from one who is away to whoever stands in never leads through those who had a part in it.
    let present = |person: PersonId| {
        let (mut at, mut way) = (person, vec![person]);
        while let Some(absence) = facts.away.get(&at) {
            at = absence.delegate.filter(|next| can(next) && !way.contains(next))?;
            way.push(at);
        }
        Some(at)
    };
    let tiers = [&facts.app_owners, &manager, &facts.last_resort]
        .map(|tier| -> Vec<PersonId> { tier.iter().copied().filter(can).collect() });
    let there = tiers
        .clone()
        .map(|tier| -> Vec<PersonId> { tier.into_iter().filter_map(present).collect() });
    let [_, _, last_resort] = there.clone();
    let mut all = there.into_iter().chain(tiers);
    let mut people = all.find(|tier| !tier.is_empty()).unwrap_or_default();
    if overdue {
        people.extend(last_resort);
    }
    people.sort_unstable();
    people.dedup();
    people
}

/// What is due for a review that is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// How many reminders there should have been by now.
    pub reminded: i32,
    /// Is it overdue?
    pub overdue: bool,
    /// When somebody should look again.
    pub next: DateTime<Utc>,
}

impl Review {
    /// What is due now. Reminders come after a third and two thirds of the time, then with growing intervals.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>) -> Due {
        let within = (self.due_at - self.opened_at).max(TimeDelta::minutes(1));
        let moment = |number: i32| match number {
            ..=0 => self.opened_at,
            1 => self.opened_at + within / 3,
            2 => self.opened_at + within * 2 / 3,
            // After its time: once, twice, four times as long as it had; from then on every eighth time that.
            number => {
                let late = number - 3;
                self.due_at + within * if late < 4 { (1 << late) - 1 } else { 15 + (late - 4) * 8 }
            }
        };
        let mut reminded = self.reminded;
        while moment(reminded + 1) <= now {
            reminded += 1;
        }
        Due {
            reminded,
            overdue: self.due_at <= now,
            next: moment(reminded + 1),
        }
    }
}

/// The step that a second person decides while a review is overdue: never an outright no for somebody in an emergency.
#[must_use]
pub fn second_person() -> StepSpec {
    StepSpec::Approval(Approval {
        name: "Second person, since a review is overdue".to_owned(),
        approvers: vec![ApproverSpec::AppOwners],
        quorum: Quorum::Any,
        reason: ReasonRule::ToDeny,
        ..Approval::default()
    })
}
