//! A step of a request: who may decide it, how many must, who has.

use super::{
    facts::Facts,
    ids::PersonId,
    policy::{Approval, StepSpec},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many must approve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// One of them.
    #[default]
    Any,
    /// This many of them.
    AtLeast(u32),
    /// All of them.
    All,
}

/// A stage of a request, with what has happened in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What the policy said when the request was made.
    pub spec: StepSpec,
    /// How far it is.
    pub state: StepState,
    /// Who may decide, as last resolved.
    pub approvers: Vec<Approver>,
    /// Why these: the policy's approvers, or somebody who stands in.
    pub source: Source,
    /// What was decided, in order.
    pub decisions: Vec<Decision>,
    /// When it was reached.
    pub opened_at: Option<DateTime<Utc>>,
    /// When it must be decided.
    pub due_at: Option<DateTime<Utc>>,
    /// Who says "I'm on it", and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Places that were given to others, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reassigned: Vec<Reassignment>,
    /// When somebody last asked that its approvers be reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudged_at: Option<DateTime<Utc>>,
    /// Who skipped it, and why, if an administrator did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skipped>,
    /// Has an emergency waited here for so long that the last resort is asked too?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
}

/// Somebody is on it; the others are left in peace, and may still decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who.
    pub by: PersonId,
    /// When it lapses by itself.
    pub until: DateTime<Utc>,
}

/// A place among those who are asked, given to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reassignment {
    /// Whose it was.
    pub from: PersonId,
    /// Whose it is.
    pub to: PersonId,
    /// Who gave it: its holder, or an administrator.
    pub by: PersonId,
    /// Why; may be empty.
    pub reason: String,
}

/// A step that an administrator skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Who.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not reached yet.
    Waiting,
    /// People are being asked.
    Open,
    /// Passed.
    Approved,
    /// Denied.
    Denied,
    /// Never reached, or left open when the request ended.
    Void,
    /// Passed over, without an approval.
    Skipped,
}

impl StepState {
    /// Does the plan go on behind it?
    #[must_use]
    pub fn is_passed(self) -> bool {
        matches!(self, Self::Approved | Self::Skipped)
    }
}

/// A person who may decide, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver {
    /// Who.
    pub person: PersonId,
    /// Why they were picked.
    pub why: Why,
}

/// Why a person was picked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The policy names them.
    Named,
    /// They are a member of this group (its key).
    Group(String),
    /// They are the subject's manager.
    Manager,
    /// They own the app.
    AppOwner,
    /// They own the entitlement.
    EntitlementOwner,
    /// It is their own access, and the policy asks them.
    Subject,
    /// Nobody else is left.
    LastResort,
    /// This person had the place and gave it to them, or an administrator did.
    Reassigned(PersonId),
}

/// Where the approvers of a step come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The policy's own approvers.
    Primary,
    /// The step's fallback stands in or helps out.
    Fallback,
    /// The organisation's last resort does: an alarm.
    LastResort,
}

/// Approve or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Deny,
}

/// What one approver decided on one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who.
    pub person: PersonId,
    /// What.
    pub verdict: Verdict,
    /// Why; empty if not said.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Who a step asks at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The people, nobody twice. Empty only if the whole organisation has nobody who could decide.
    pub approvers: Vec<Approver>,
    /// Where they come from.
    pub source: Source,
}

impl Step {
    /// A step that is not reached yet.
    #[must_use]
    pub fn waiting(spec: StepSpec) -> Self {
        Self {
            spec,
            state: StepState::Waiting,
            approvers: Vec::new(),
            source: Source::Primary,
            decisions: Vec::new(),
            opened_at: None,
            due_at: None,
            claim: None,
            reassigned: Vec::new(),
            nudged_at: None,
            skipped: None,
            unanswered: false,
        }
    }

    /// Is this person asked?
    #[must_use]
    pub fn asks(&self, person: PersonId) -> bool {
        self.approvers.iter().any(|approver| approver.person == person)
    }

    /// Did this person have a place here that somebody else has now?
    #[must_use]
    pub fn gave_away(&self, person: PersonId) -> bool {
        !self.asks(person) && self.reassigned.iter().any(|given| given.from == person)
    }

    /// What this person decided here, if they did.
    #[must_use]
    pub fn decision_of(&self, person: PersonId) -> Option<&Decision> {
        self.decisions.iter().find(|decision| decision.person == person)
    }

    /// The name people read.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.spec {
            StepSpec::Approval(approval) if !approval.name.is_empty() => &approval.name,
            StepSpec::Approval(_) => "Approval",
            StepSpec::Approve { .. } => "Automatic approval",
            StepSpec::Deny { .. } => "Automatic denial",
        }
    }

    /// How many approvals it needs, given who is asked; at least one.
    #[must_use]
    pub fn needed(&self) -> usize {
        match &self.spec {
            StepSpec::Approval(approval) => {
                // Whoever approved and has left since still counts: two of three do not become one of one.
                let left = self
                    .decisions
                    .iter()
                    .filter(|decision| !self.asks(decision.person))
                    .count();
                needed(approval.quorum, self.approvers.len() + left)
            }
            StepSpec::Approve { .. } | StepSpec::Deny { .. } => 0,
        }
    }

    /// How many different people have approved.
    #[must_use]
    pub fn approvals(&self) -> usize {
        self.decisions
            .iter()
            .filter(|decision| decision.verdict == Verdict::Approve)
            .count()
    }

    /// Have enough people approved? With [`Quorum::All`], everyone who is asked now must have.
    #[must_use]
    pub fn satisfied(&self) -> bool {
        let StepSpec::Approval(approval) = &self.spec else {
            return false;
        };
        let approved = |person| {
            self.decision_of(person)
                .is_some_and(|decision| decision.verdict == Verdict::Approve)
        };
        match approval.quorum {
            Quorum::All => {
                !self.approvers.is_empty() && self.approvers.iter().all(|approver| approved(approver.person))
            }
            Quorum::Any | Quorum::AtLeast(_) => self.approvals() >= self.needed(),
        }
    }
}

fn needed(quorum: Quorum, asked: usize) -> usize {
    match quorum {
        Quorum::Any => 1,
        Quorum::AtLeast(count) => (count as usize).min(asked).max(1),
        Quorum::All => asked.max(1),
    }
}

/// The same with the last resort beside them, for an emergency that nobody has answered.
#[must_use]
pub fn with_last_resort(
    mut resolved: Resolved,
    spec: &Approval,
    facts: &Facts,
    own: [PersonId; 2],
    earlier: &[PersonId],
) -> Resolved {
    for &person in &facts.last_resort {
        let may = facts.person(person).is_some_and(super::person::Person::takes_part)
            && !own.contains(&person)
            && !(spec.distinct && earlier.contains(&person));
        if may && !resolved.approvers.iter().any(|known| known.person == person) {
            resolved.approvers.push(Approver {
                person,
                why: Why::LastResort,
            });
        }
    }
    resolved
}

/// Everyone whom these steps would ask at this moment, nobody twice: those whose approval an emergency does without.
#[must_use]
pub fn would_ask<'a>(
    steps: impl IntoIterator<Item = &'a StepSpec>,
    facts: &Facts,
    requester: PersonId,
    subject: PersonId,
) -> Vec<PersonId> {
    let mut people = Vec::new();
    for step in steps {
        let StepSpec::Approval(approval) = step else { continue };
        for approver in resolve(approval, facts, requester, subject, &[], false, &[]).approvers {
            if !people.contains(&approver.person) {
                people.push(approver.person);
            }
        }
    }
    people
}

/// Who may decide a stage now. Never nobody: whoever may not decide is removed, then the fallback helps out, then the
/// organisation's last resort. `earlier` are the people who approved earlier steps; `widened` says that a deadline has
/// already brought in the fallback; `reassigned` are the places that were given to others.
#[must_use]
pub fn resolve(
    spec: &Approval,
    facts: &Facts,
    requester: PersonId,
    subject: PersonId,
    earlier: &[PersonId],
    widened: bool,
    reassigned: &[Reassignment],
) -> Resolved {
    let may = |approver: &Approver, self_approval: bool| {
        let own = approver.person == requester || approver.person == subject;
        facts
            .person(approver.person)
            .is_some_and(super::person::Person::takes_part)
            && match approver.why {
                Why::Subject => true,
                // Whoever is given a place has it for somebody else's access.
                Why::Reassigned(_) => !own,
                _ => !own || self_approval,
            }
            && !(spec.distinct && earlier.contains(&approver.person))
    };
    let wanted = match spec.quorum {
        Quorum::AtLeast(count) => count as usize,
        Quorum::Any | Quorum::All => 1,
    };
    let hold = |named, self_approval| holders(named, reassigned, |approver| may(approver, self_approval));
    let mut approvers = hold(facts.named_by(&spec.approvers, subject), spec.self_approval);
    let mut source = Source::Primary;
    let mut join = |more: Vec<Approver>, from: Source, self_approval: bool| {
        for approver in hold(more, self_approval) {
            if !approvers.iter().any(|known| known.person == approver.person) {
                approvers.push(approver);
                source = from;
            }
        }
        approvers.len()
    };
    let mut count = join(Vec::new(), Source::Primary, false);
    let before = count;
    if count < wanted || widened {
        count = join(
            facts.named_by(&spec.fallback, subject),
            Source::Fallback,
            spec.self_approval,
        );
    }
    // Also when a deadline has passed and the fallback brought nobody: somebody else has to hear of it.
    if count < wanted || (widened && count == before) {
        let last = facts
            .last_resort
            .iter()
            .map(|&person| Approver {
                person,
                why: Why::LastResort,
            })
            .collect();
        join(last, Source::LastResort, false);
    }
    Resolved { approvers, source }
}

/// Who holds the places of those who are named: of all who had a place, the last who may decide. Nobody holds two, so
/// that no approval counts twice: a place given to somebody who has one stays with whoever had it before.
fn holders(named: Vec<Approver>, reassigned: &[Reassignment], may: impl Fn(&Approver) -> bool) -> Vec<Approver> {
    let mut places: Vec<Vec<Approver>> = named.into_iter().map(|approver| vec![approver]).collect();
    for given in reassigned {
        let holds = |place: &&mut Vec<Approver>| place.iter().any(|holder| holder.person == given.from);
        if let Some(place) = places.iter_mut().find(holds) {
            place.push(Approver {
                person: given.to,
                why: Why::Reassigned(given.from),
            });
        }
    }
    let mut held: Vec<Option<Approver>> = vec![None; places.len()];
    // Those who are named themselves come first: a place of one's own is not lost to one that was given.
    for given in [false, true] {
        for (at, place) in places
            .iter()
            .enumerate()
            .filter(|(_, place)| (place.len() > 1) == given)
        {
            let free = |holder: &&Approver| !held.iter().flatten().any(|known| known.person == holder.person);
            let holder = place.iter().rev().filter(|holder| may(holder)).find(free).cloned();
            held[at] = holder;
        }
    }
    held.into_iter().flatten().collect()
}
