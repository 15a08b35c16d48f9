//! A step of a request: who may decide it, how many must, who has.

use super::{
    facts::{Facts, Unnamed},
    ids::PersonId,
    length::Length,
    person::{Kind, Standing},
    policy::{Approval, ApproverSpec, AtDeadline, StepSpec},
};
use chrono::{DateTime, TimeDelta, Utc};
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
    /// How many of its deadlines have passed.
    #[serde(default)]
    pub passed: usize,
    /// Why the fallback was asked although the policy's approvers should have been: what the organisation has to repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Trouble>,
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

/// An approver of the policy could not be found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What went wrong, in a sentence without a full stop.
    pub sentence: String,
    /// Is it only that nobody knows who is on call? That is told once for all requests.
    pub outage: bool,
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
    /// The subject's manager may not decide, and they are the next up the line.
    ManagerAbove,
    /// They own the resource.
    ResourceOwner,
    /// An expression of the policy came to them.
    Expression,
    /// They are on call in this rotation (its key).
    OnCall(String),
    /// They stand in for somebody who is away.
    StandsIn {
        /// For whom.
        of: PersonId,
        /// Why that one was picked.
        why: Box<Why>,
    },
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
    /// A deadline has brought in more people.
    Joined,
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
    /// Who was named and is not asked, and why not.
    pub left_out: Vec<LeftOut>,
    /// An approver of the policy that could not be found out: the fallback is asked, and somebody has to repair it.
    pub alarm: Option<Trouble>,
}

/// Somebody who was named and is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Who.
    pub person: PersonId,
    /// Why they were named.
    pub why: Why,
    /// Why they are not asked.
    pub because: Because,
}

/// Why somebody who was named is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// They asked for it.
    Requester,
    /// It is their own access.
    Subject,
    /// They are suspended.
    Suspended,
    /// They left.
    Deleted,
    /// A guest.
    Guest,
    /// A bot.
    Bot,
    /// Nobody knows them.
    Unknown,
    /// They are away, and nobody stands in for them.
    Away,
    /// They are away, and whoever should stand in may not decide here.
    StandInMayNot(PersonId),
    /// They approved an earlier step, and the policy wants somebody else.
    ApprovedEarlier,
}

/// What is asked, as far as it matters for who decides.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Who asks.
    pub requester: PersonId,
    /// For whom.
    pub subject: PersonId,
    /// With the emergency toggle?
    pub emergency: bool,
    /// For how long.
    pub length: Length,
    /// Who approved earlier steps.
    pub earlier: &'a [PersonId],
    /// How many deadlines of the step have passed.
    pub passed: usize,
    /// Places that were given to others, in order.
    pub reassigned: &'a [Reassignment],
    /// Has an emergency waited for so long that the last resort is asked too?
    pub unanswered: bool,
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
            passed: 0,
            alarm: None,
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

    /// When the next deadline is that has not passed.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let StepSpec::Approval(approval) = &self.spec else {
            return self.due_at;
        };
        let next = approval.deadline.get(self.passed)?;
        Some(self.opened_at? + TimeDelta::seconds(next.after))
    }

    /// The name people read.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.spec {
            StepSpec::Approval(approval) if !approval.name.is_empty() => &approval.name,
            StepSpec::Approval(_) => "Approval",
            StepSpec::Approve { .. } => "Automatic approval",
            StepSpec::Deny { .. } => "Automatic denial",
            StepSpec::Wait(wait) if !wait.name.is_empty() => &wait.name,
            StepSpec::Wait(_) => "Wait",
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
            StepSpec::Approve { .. } | StepSpec::Deny { .. } | StepSpec::Wait(_) => 0,
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

/// Everyone whom these steps would ask at this moment, nobody twice: those whose approval an emergency does without.
#[must_use]
pub fn would_ask<'a>(
    steps: impl IntoIterator<Item = &'a StepSpec>,
    facts: &Facts,
    asking: &Asking<'_>,
) -> Vec<PersonId> {
    let mut people = Vec::new();
    for step in steps {
        let StepSpec::Approval(approval) = step else { continue };
        for approver in resolve(approval, facts, asking).approvers {
            if !people.contains(&approver.person) {
                people.push(approver.person);
            }
        }
    }
    people
}

/// Who may decide a stage now. Never nobody: whoever may not decide is left out (for somebody who is away, another stands
/// in), then the fallback helps out, then the organisation's last resort.
#[must_use]
pub fn resolve(spec: &Approval, facts: &Facts, asking: &Asking<'_>) -> Resolved {
    let wanted = match spec.quorum {
        Quorum::AtLeast(count) => count as usize,
        Quorum::Any | Quorum::All => 1,
    };
    let mut resolving = Resolving {
        spec,
        facts,
        asking,
        approvers: Vec::new(),
        source: Source::Primary,
        left_out: Vec::new(),
        alarms: Vec::new(),
    };
    resolving.take(&spec.approvers, Source::Primary);
    let unnamed = !resolving.alarms.is_empty();
    let mut lonely = false;
    let mut fell_back = false;
    if resolving.approvers.len() < wanted || unnamed {
        fell_back = true;
        let brought = resolving.take(&spec.fallback, Source::Fallback);
        lonely |= unnamed && !brought;
    }
    for rung in spec.deadline.iter().take(asking.passed) {
        match &rung.then {
            AtDeadline::Ask(specs) => lonely |= !resolving.take(specs, Source::Joined),
            AtDeadline::Fallback if !fell_back => {
                fell_back = true;
                lonely |= !resolving.take(&spec.fallback, Source::Fallback);
            }
            AtDeadline::Fallback
            | AtDeadline::Remind
            | AtDeadline::Deny
            | AtDeadline::Expire
            | AtDeadline::Skip
            | AtDeadline::Cancel => {}
        }
    }
    // Also when a deadline has passed and brought nobody: somebody else has to hear of it.
    if resolving.approvers.len() < wanted || lonely {
        resolving.take_last_resort();
    }
    if asking.unanswered {
        // Beside the others, and also who is away: that nobody answered is an alarm of its own.
        let source = resolving.source;
        resolving.take_all_of_last_resort();
        resolving.source = source;
    }
    let Resolving {
        approvers,
        source,
        left_out,
        alarms,
        ..
    } = resolving;
    Resolved {
        approvers,
        source,
        left_out,
        alarm: alarms.into_iter().reduce(|one, other| Trouble {
            sentence: format!("{}; {}", one.sentence, other.sentence),
            outage: one.outage && other.outage,
        }),
    }
}

struct Resolving<'a> {
    spec: &'a Approval,
    facts: &'a Facts,
    asking: &'a Asking<'a>,
    approvers: Vec<Approver>,
    source: Source,
    left_out: Vec<LeftOut>,
    alarms: Vec<Trouble>,
}

impl Resolving<'_> {
    /// Takes in those of `specs` who may decide; says whether that brought anybody.
    fn take(&mut self, specs: &[ApproverSpec], from: Source) -> bool {
        let before = self.approvers.len();
        let mut named: Vec<Approver> = Vec::new();
        for spec in specs {
            let found = if *spec == ApproverSpec::Manager {
                self.manager().into_iter().collect()
            } else {
                match self.facts.named_by(spec, self.asking) {
                    Ok(found) => found,
                    Err(Unnamed { found, alarm }) => {
                        self.alarms.push(alarm);
                        found
                    }
                }
            };
            for approver in found {
                match named.iter_mut().find(|known| known.person == approver.person) {
                    // Being asked as the subject is stronger than any other reason: only it lets people decide on their own.
                    Some(known) if approver.why == Why::Subject => known.why = Why::Subject,
                    Some(_) => {}
                    None => named.push(approver),
                }
            }
        }
        self.fill(named, from, self.spec.self_approval);
        self.approvers.len() > before
    }

    /// The subject's manager; if that one may not decide, the next up the line. Somebody who approved an earlier step could
    /// decide, and has; somebody who gave the place away has seen to it.
    fn manager(&mut self) -> Option<Approver> {
        let line = self.facts.line_above(self.asking.subject);
        for (place, person) in line.into_iter().enumerate() {
            let why = if place == 0 { Why::Manager } else { Why::ManagerAbove };
            let approver = Approver { person, why };
            let gave = self.asking.reassigned.iter().any(|given| given.from == person);
            match self.judge(&approver, self.spec.self_approval) {
                Ok(_) => return Some(approver),
                Err(_) if gave => return Some(approver),
                Err(because) => {
                    let Approver { person, why } = approver;
                    self.left_out.push(LeftOut { person, why, because });
                    if because == Because::ApprovedEarlier {
                        return None;
                    }
                }
            }
        }
        None
    }

    fn take_last_resort(&mut self) {
        self.fill(self.last_resort(), Source::LastResort, false);
        if self.approvers.is_empty() {
            // Better to ask somebody who is away than nobody.
            self.take_all_of_last_resort();
        }
    }

    /// Those who are away, too.
    fn take_all_of_last_resort(&mut self) {
        for approver in self.last_resort() {
            if self.may(&approver, false).is_ok() {
                self.add(approver, Source::LastResort);
            }
        }
    }

    fn last_resort(&self) -> Vec<Approver> {
        let last = |person: &PersonId| Approver {
            person: *person,
            why: Why::LastResort,
        };
        self.facts.last_resort.iter().map(last).collect()
    }

    /// Takes in whoever holds the places of those who are named: of all who had a place, the last who may decide. Nobody
    /// holds two, so that no approval counts twice: a place given to somebody who has one stays with whoever had it before.
    fn fill(&mut self, named: Vec<Approver>, from: Source, self_approval: bool) {
        let mut places: Vec<Vec<Approver>> = named.into_iter().map(|approver| vec![approver]).collect();
        for given in self.asking.reassigned {
            let holds = |holder: &Approver| {
                let stand_in = || self.present(holder).map(|present| present.person);
                holder.person == given.from || stand_in() == Ok(given.from)
            };
            if let Some(place) = places.iter_mut().find(|place| place.iter().any(holds)) {
                place.push(Approver {
                    person: given.to,
                    why: Why::Reassigned(given.from),
                });
            }
        }
        let passed_on = |place: &[Approver]| place.len() > 1 || self.facts.away.contains_key(&place[0].person);
        let mut held: Vec<Option<Approver>> = vec![None; places.len()];
        let mut left_out = Vec::new();
        // Those who are named themselves come first: a place of one's own is not lost to one that was passed on.
        for passed in [false, true] {
            for (at, place) in places.iter().enumerate() {
                if passed_on(place) != passed {
                    continue;
                }
                for holder in place.iter().rev() {
                    match self.judge(holder, self_approval) {
                        Ok(present) if held.iter().flatten().any(|known| known.person == present.person) => {}
                        Ok(present) => {
                            held[at] = Some(present);
                            break;
                        }
                        Err(because) => left_out.push(LeftOut {
                            person: holder.person,
                            why: holder.why.clone(),
                            because,
                        }),
                    }
                }
            }
        }
        self.left_out.append(&mut left_out);
        held.into_iter().flatten().for_each(|approver| self.add(approver, from));
    }

    fn add(&mut self, approver: Approver, from: Source) {
        match self.approvers.iter_mut().find(|known| known.person == approver.person) {
            Some(known) if approver.why == Why::Subject => known.why = Why::Subject,
            Some(_) => {}
            None => {
                self.approvers.push(approver);
                self.source = from;
            }
        }
    }

    /// The one who was named, or whoever stands in for them; or why neither may decide.
    fn judge(&self, approver: &Approver, self_approval: bool) -> Result<Approver, Because> {
        self.may(approver, self_approval)?;
        self.present(approver)
    }

    /// May this one decide, as far as the rules go?
    fn may(&self, approver: &Approver, self_approval: bool) -> Result<(), Because> {
        let person = self.facts.person(approver.person).ok_or(Because::Unknown)?;
        match (person.standing, person.kind) {
            (Standing::Active, Kind::Employee) => {}
            (Standing::Suspended, _) => return Err(Because::Suspended),
            (Standing::Deleted, _) => return Err(Because::Deleted),
            (Standing::Active, Kind::Guest) => return Err(Because::Guest),
            (Standing::Active, Kind::Bot) => return Err(Because::Bot),
        }
        match &approver.why {
            Why::Subject => {}
            // Whoever is given a place, or stands in, has it for somebody else's access.
            Why::Reassigned(_) | Why::StandsIn { .. } => self.not_own(approver.person)?,
            _ if self_approval => {}
            _ => self.not_own(approver.person)?,
        }
        if self.spec.distinct && self.asking.earlier.contains(&approver.person) {
            return Err(Because::ApprovedEarlier);
        }
        Ok(())
    }

    fn not_own(&self, person: PersonId) -> Result<(), Because> {
        if person == self.asking.subject {
            Err(Because::Subject)
        } else if person == self.asking.requester {
            Err(Because::Requester)
        } else {
            Ok(())
        }
    }

    /// The approver, or for one who is away whoever stands in: the delegate, or the delegate of a delegate who is away too.
    /// The way never leads to or through requester and subject, whatever the step allows: they would choose who decides.
    fn present(&self, approver: &Approver) -> Result<Approver, Because> {
        // What is one's own to acknowledge, nobody else acknowledges.
        if approver.why == Why::Subject {
            return Ok(approver.clone());
        }
        let stand_in = |person: PersonId| Approver {
            person,
            why: Why::StandsIn {
                of: approver.person,
                why: Box::new(approver.why.clone()),
            },
        };
        let mut way = vec![approver.person];
        let mut at = approver.clone();
        while let Some(absence) = self.facts.away.get(&at.person) {
            let next = absence.delegate.ok_or(Because::Away)?;
            if way.contains(&next) {
                return Err(Because::Away);
            }
            at = stand_in(next);
            if self.may(&at, false).is_err() {
                return Err(Because::StandInMayNot(next));
            }
            way.push(next);
        }
        Ok(at)
    }
}
