//! What approvers and those who asked do beside deciding: take it on, give it away, make it shorter, remind; and what
//! administrators do outside the plan. All of it is decided here, as [`Request::decide`] is.

use super::{
    event::Event,
    facts::Facts,
    ids::PersonId,
    length::Length,
    policy::{Reassign, ReassignTo, StepSpec},
    quiet::working_day_after,
    refusal::{Refusal, tidy},
    request::{Override, Request},
    step::Step,
};
use chrono::{DateTime, TimeDelta, Utc};

/// How long "I'm on it" quiets the others where the policy does not say, in seconds.
pub const CLAIM: i64 = 3_600;

/// The pause before the first reminder where the policy does not say: a day, in seconds.
const REMIND: i64 = 86_400;

/// The same for an emergency.
const REMIND_OF_EMERGENCY: i64 = 900;

/// How often those who are asked may be reminded by the press of a button, in seconds.
pub const NUDGE_EVERY: i64 = 3_600;

type Names<'a> = &'a dyn Fn(PersonId) -> String;

impl Request {
    pub(super) fn claim(
        &self,
        by: PersonId,
        seen: usize,
        revision: i64,
        at: DateTime<Utc>,
        names: Names<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let (step, approval) = self.must_ask(by, seen, revision, names)?;
        if let Some(claim) = &self.steps[step].claim {
            // Whoever is on it already has it: a second click changes nothing.
            return if claim.by == by {
                Ok(Vec::new())
            } else {
                Err(Refusal::ClaimedBy { name: names(claim.by) })
            };
        }
        Ok(vec![Event::Claimed {
            step,
            person: by,
            until: at + TimeDelta::seconds(approval.claim.unwrap_or(CLAIM)),
        }])
    }

    pub(super) fn give_back(&self, by: PersonId, seen: usize) -> Result<Vec<Event>, Refusal> {
        let claim = self.steps.get(seen).and_then(|step| step.claim.as_ref());
        claim.filter(|claim| claim.by == by).ok_or(Refusal::NotClaimed)?;
        Ok(vec![Event::ClaimEnded { step: seen, person: by }])
    }

    /// Whether the policy lets this place be given to this person is [`may_take_over`]'s word.
    pub(super) fn reassign(
        &self,
        by: PersonId,
        (seen, revision): (usize, i64),
        from: PersonId,
        to: PersonId,
        reason: &str,
        names: Names<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let (step, approval) = self.must_ask(from, seen, revision, names)?;
        let Some(reassign) = &approval.reassign else {
            return Err(Refusal::ReassignNotAllowed);
        };
        Ok(vec![Event::Reassigned {
            step,
            from,
            to,
            by,
            reason: tidy(reason, reassign.reason)?,
        }])
    }

    pub(super) fn shorten(
        &self,
        by: PersonId,
        seen: usize,
        revision: i64,
        to: Length,
        reason: &str,
        names: Names<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let (step, _) = self.must_ask(by, seen, revision, names)?;
        if !is_shorter(to, self.length) {
            return Err(Refusal::NotShorter { than: self.length });
        }
        Ok(vec![Event::Shortened {
            step,
            by,
            from: self.length,
            to,
            reason: tidy(reason, false)?,
        }])
    }

    pub(super) fn nudge(&self, by: PersonId, at: DateTime<Utc>, names: Names<'_>) -> Result<Vec<Event>, Refusal> {
        self.must_be_open(names)?;
        let (step, current) = self.current().ok_or(Refusal::Changed)?;
        // Whoever was asked a moment ago needs no reminder either.
        let last = current.nudged_at.max(current.opened_at);
        let wait = last.map_or(0, |last| NUDGE_EVERY - (at - last).num_seconds());
        if wait > 0 {
            return Err(Refusal::RemindedLately { wait });
        }
        Ok(vec![Event::Nudged { step, by }])
    }

    /// When those who are asked now are to hear of it again, and after which pause (in seconds): as the policy says, else
    /// after a working day; of an emergency, soon.
    #[must_use]
    pub fn first_reminder(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, i64)> {
        let (_, step) = self.current()?;
        let StepSpec::Approval(approval) = &step.spec else {
            return None;
        };
        Some(match approval.remind {
            Some(seconds) => (now + TimeDelta::seconds(seconds), seconds),
            None if self.emergency => (now + TimeDelta::seconds(REMIND_OF_EMERGENCY), REMIND_OF_EMERGENCY),
            None => (working_day_after(now, None), REMIND),
        })
    }

    pub(super) fn overridden(
        &self,
        by: PersonId,
        reason: &str,
        act: &Override,
        names: Names<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        self.must_be_open(names)?;
        let reason = tidy(reason, true)?;
        let (current, step) = self.current().ok_or(Refusal::Changed)?;
        Ok(vec![match act {
            Override::Cancel => Event::CancelledByAdmin { by, reason },
            Override::Restart(plan) => Event::Restarted {
                by,
                reason,
                plan: plan.clone(),
            },
            Override::Skip(seen) if *seen != current => return Err(Refusal::Changed),
            Override::Skip(_) => Event::StepSkippedByAdmin {
                step: current,
                by,
                reason,
            },
            Override::Reassign { from, to } => Event::Reassigned {
                step: current,
                from: whose_place(step, *from)?,
                to: *to,
                by,
                reason,
            },
        }])
    }
}

/// The place that is meant: the one that is named, or the only one there is.
fn whose_place(step: &Step, named: Option<PersonId>) -> Result<PersonId, Refusal> {
    let mut waiting = step
        .approvers
        .iter()
        .map(|approver| approver.person)
        .filter(|person| step.decision_of(*person).is_none());
    match named {
        Some(named) => waiting.find(|person| *person == named).ok_or(Refusal::NotAnApprover),
        None => match (waiting.next(), waiting.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Refusal::SayInWhosePlace),
        },
    }
}

/// Is `to` less than `than`? Whatever has an end is less than what has none.
#[must_use]
pub fn is_shorter(to: Length, than: Length) -> bool {
    match (to, than) {
        (Length::For(to), Length::For(than)) => to < than,
        (Length::For(_), Length::NoEnd) => true,
        (Length::NoEnd, _) => false,
    }
}

/// May this person be given a place of the step that is open? Never whoever asked or whoever it is for, nobody who does
/// not take part, nobody who is asked anyway; and only those whom the policy lets, unless an administrator acts.
///
/// # Errors
/// Why not.
pub fn may_take_over(request: &Request, facts: &Facts, to: PersonId, admin: bool) -> Result<(), Refusal> {
    let name = facts.name(to);
    let Some((_, step)) = request.current() else {
        return Ok(());
    };
    let StepSpec::Approval(approval) = &step.spec else {
        return Err(Refusal::ReassignNotAllowed);
    };
    let person = facts.person(to);
    if !person.is_some_and(super::person::Person::takes_part) {
        return Err(Refusal::NotTakingPart { name });
    }
    if to == request.requester || to == request.subject {
        return Err(Refusal::TheirOwnRequest { name });
    }
    if step.asks(to) || step.decision_of(to).is_some() {
        return Err(Refusal::AskedAlready { name });
    }
    let earlier = request.approved_earlier();
    if approval.distinct && earlier.contains(&to) {
        return Err(Refusal::NotToThem { name });
    }
    if admin {
        return Ok(());
    }
    match &approval.reassign {
        None => Err(Refusal::ReassignNotAllowed),
        Some(Reassign {
            to: ReassignTo::Anyone, ..
        }) => Ok(()),
        Some(Reassign {
            to: ReassignTo::These(specs),
            ..
        }) => {
            let named = facts.all_named_by(specs, &request.asking(&[], step, 0));
            if named.iter().any(|approver| approver.person == to) {
                Ok(())
            } else {
                Err(Refusal::NotToThem { name })
            }
        }
    }
}

/// Whom the policy lets an approver give their place to, by name; `None`: anyone. Empty: nobody.
#[must_use]
pub fn takers(request: &Request, facts: &Facts) -> Option<Vec<PersonId>> {
    let Some((_, step)) = request.current() else {
        return Some(Vec::new());
    };
    let specs = match &step.spec {
        StepSpec::Approval(approval) => match &approval.reassign {
            Some(Reassign {
                to: ReassignTo::Anyone, ..
            }) => return None,
            Some(Reassign {
                to: ReassignTo::These(specs),
                ..
            }) => specs.as_slice(),
            None => &[],
        },
        _ => &[],
    };
    let named = facts.all_named_by(specs, &request.asking(&[], step, 0));
    let may = |person: &PersonId| may_take_over(request, facts, *person, false).is_ok();
    Some(named.iter().map(|approver| approver.person).filter(may).collect())
}
