//! A request: somebody asks for an entitlement for somebody, and a frozen plan says how it is decided.
//!
//! [`Request::decide`] says whether a command is allowed and what follows; [`Request::apply`] makes an event true and
//! cannot fail; [`Request::proceed`] works through what follows by itself until nothing changes.

use super::{
    event::{Cause, Event},
    facts::Facts,
    ids::{BundleId, EntitlementId, PersonId, RequestId},
    length::Length,
    person::Standing,
    policy::{Approval, AtDeadline, Plan, StepSpec, Wait, WaitOver, last_resort},
    refusal::{Refusal, tidy},
    step::{
        Asking, Claim, Decision, Reassignment, Resolved, Skipped, Source, Step, StepState, Trouble, Verdict, resolve,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An emergency waits this long for people, where the organisation says nothing else; then it is an alarm, and the last
/// resort is asked too. What the policy's own deadlines bring in comes before.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// A person's wish for an entitlement, and how it is being decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// Who asked.
    pub requester: PersonId,
    /// For whom.
    pub subject: PersonId,
    /// For what.
    pub entitlement: EntitlementId,
    /// For how long.
    pub length: Length,
    /// Why.
    pub justification: String,
    /// With the emergency toggle?
    pub emergency: bool,
    /// Does it lengthen access that is held?
    pub extension: bool,
    /// The policy it follows, by key and version, and the name of the rule.
    pub policy: (String, i64, String),
    /// Why the plan is the last resort's, if it is.
    pub alarm: Option<String>,
    /// The frozen steps, with what has happened in each.
    pub steps: Vec<Step>,
    /// How it stands.
    pub state: RequestState,
    /// Counted up whenever what is asked for changes, so that a click on an older card is recognised.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Has a deadline of the present step brought in more people?
    pub widened: bool,
    /// The plans it followed before, oldest first: for the record only.
    pub earlier: Vec<Round>,
    /// What was asked for before an approver made it shorter.
    pub shortened: Option<Shortened>,
    /// What it was asked for together with.
    pub bundle: Option<BundleId>,
}

/// Who made a request shorter, and what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortened {
    /// What was asked for.
    pub from: Length,
    /// Who made it shorter, last.
    pub by: PersonId,
    /// Why; may be empty.
    pub reason: String,
}

/// A plan that a request followed before it was made an emergency, or began anew, with what had happened in it. All of its steps are
/// void: nothing in it counts any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The policy it followed, by key and version, and the name of the rule.
    pub policy: (String, i64, String),
    /// The steps, with the decisions made in them.
    pub steps: Vec<Step>,
    /// For how long was asked.
    pub length: Length,
    /// The last revision that belonged to it: buttons of this revision or an older one are dead.
    pub revision: i64,
    /// Who ended it.
    pub by: PersonId,
    /// What had changed; empty if not said.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Did an administrator have it begin anew? Else it was made an emergency.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restarted: bool,
}

/// The reason where a deadline ends a request.
const NOBODY_IN_TIME: &str = "Nobody decided in time.";

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RequestState {
    /// Being decided: this step of the plan.
    Open {
        /// From 0.
        step: usize,
    },
    /// All steps passed.
    Approved,
    /// Somebody, or a rule, said no.
    Denied {
        /// Who; `None`: a rule.
        by: Option<PersonId>,
        /// Why.
        reason: String,
    },
    /// Called off.
    Cancelled {
        /// By whom; `None`: a deadline.
        by: Option<PersonId>,
        /// Why; empty if not said.
        reason: String,
        /// Did an administrator, who has nothing else to do with it?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        admin: bool,
    },
    /// Nobody decided in time.
    Expired,
    /// It lost its object.
    Closed {
        /// Why.
        cause: Cause,
    },
}

impl RequestState {
    /// The word in lists and in the database.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Approved => "approved",
            Self::Denied { .. } => "denied",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired => "expired",
            Self::Closed { .. } => "closed",
        }
    }
}

/// What somebody, or time, wants of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// An approver decides the step they saw.
    Decide {
        /// Who.
        by: PersonId,
        /// The step they saw.
        step: usize,
        /// The revision they saw.
        revision: i64,
        /// What they say.
        verdict: Verdict,
        /// Why.
        reason: String,
    },
    /// Somebody calls it off. Whether they may is checked before.
    Cancel {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Somebody makes it an emergency. Whether they may, and what follows, is found out before.
    Escalate {
        /// Who.
        by: PersonId,
        /// What has changed.
        reason: String,
        /// For how long, from now on.
        length: Length,
        /// How it will be decided.
        plan: Plan,
    },
    /// Time passed, or people changed.
    Look,
    /// An approver says "I'm on it".
    Claim {
        /// Who.
        by: PersonId,
        /// The step they saw.
        step: usize,
        /// The revision they saw.
        revision: i64,
        /// Now.
        at: DateTime<Utc>,
    },
    /// They are not on it any more.
    GiveBack {
        /// Who.
        by: PersonId,
        /// The step they saw.
        step: usize,
    },
    /// A place among those who are asked goes to somebody else. Whether the policy lets it is checked before.
    Reassign {
        /// Who gives it: its holder, or an administrator.
        by: PersonId,
        /// The step they saw.
        step: usize,
        /// The revision they saw.
        revision: i64,
        /// Whose place.
        from: PersonId,
        /// To whom.
        to: PersonId,
        /// Why.
        reason: String,
    },
    /// An approver makes the access shorter.
    Shorten {
        /// Who.
        by: PersonId,
        /// The step they saw.
        step: usize,
        /// The revision they saw.
        revision: i64,
        /// How short.
        to: Length,
        /// Why.
        reason: String,
    },
    /// Whoever asked wants the approvers reminded. Whether they may is checked before.
    Nudge {
        /// Who.
        by: PersonId,
        /// Now.
        at: DateTime<Utc>,
    },
    /// An administrator acts outside the plan. Whether they may is checked before.
    Override {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// What.
        act: Override,
    },
}

/// What an administrator may do to an open request outside its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Override {
    /// Call it off.
    Cancel,
    /// Have it begin anew, by this plan.
    Restart(Plan),
    /// Pass over the step that is open: the one they saw.
    Skip(usize),
    /// Give the place of one who is asked to somebody else; without a `from` that of the only one.
    Reassign {
        /// Whose place.
        from: Option<PersonId>,
        /// To whom.
        to: PersonId,
    },
}

impl Command {
    /// Everyone it names beside the one who acts.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        match self {
            Self::Reassign { from, to, .. } => vec![*from, *to],
            Self::Override {
                act: Override::Reassign { from, to },
                ..
            } => from.iter().copied().chain([*to]).collect(),
            _ => Vec::new(),
        }
    }
}

impl Request {
    /// The request that a [`Event::Submitted`] makes; `None` for any other event.
    #[must_use]
    pub fn submitted(id: RequestId, event: &Event, at: DateTime<Utc>) -> Option<Self> {
        let Event::Submitted {
            requester,
            subject,
            entitlement,
            length,
            justification,
            emergency,
            extension,
            plan,
            bundle,
        } = event
        else {
            return None;
        };
        let Plan {
            policy,
            policy_version,
            rule,
            steps,
            alarm,
        } = plan.clone();
        Some(Self {
            id,
            requester: *requester,
            subject: *subject,
            entitlement: *entitlement,
            length: *length,
            justification: justification.clone(),
            emergency: *emergency,
            extension: *extension,
            policy: (policy, policy_version, rule),
            alarm,
            steps: steps.into_iter().map(Step::waiting).collect(),
            state: RequestState::Open { step: 0 },
            revision: 0,
            created_at: at,
            closed_at: None,
            widened: false,
            earlier: Vec::new(),
            shortened: None,
            bundle: *bundle,
        })
    }

    /// The step being decided, with its place, while the request is open.
    #[must_use]
    pub fn current(&self) -> Option<(usize, &Step)> {
        match self.state {
            RequestState::Open { step } => self.steps.get(step).map(|found| (step, found)),
            _ => None,
        }
    }

    /// Is it being decided?
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, RequestState::Open { .. })
    }

    /// The plan as it was frozen.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let (policy, policy_version, rule) = self.policy.clone();
        Plan {
            policy,
            policy_version,
            rule,
            steps: self.steps.iter().map(|step| step.spec.clone()).collect(),
            alarm: self.alarm.clone(),
        }
    }

    /// When somebody should look at it again by itself.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let (_, step) = self.current()?;
        let over = matches!(&step.spec, StepSpec::Approval(approval) if self.passed(step) >= approval.deadline.len());
        let lapses = step.claim.as_ref().map(|claim| claim.until);
        let due = step.due_at.filter(|_| !over);
        due.into_iter().chain(lapses).chain(self.unanswered_at()).min()
    }

    /// How long this step of an emergency waits for people before it is an alarm. What was asked before that could be said
    /// waits as long as everybody's did.
    #[must_use]
    pub fn patience(&self, step: usize) -> TimeDelta {
        let said = self.steps.get(step).and_then(|step| step.spec.patience());
        said.unwrap_or(PATIENCE)
    }

    /// A step in which the last resort decides after all others, as patient as they were.
    fn last_resort_too(&self) -> StepSpec {
        last_resort().patient_for(self.steps.iter().find_map(|step| step.spec.patience()))
    }

    /// When an emergency that waits for people is an alarm; `None` where it is one already, or is none.
    fn unanswered_at(&self) -> Option<DateTime<Utc>> {
        let (place, step) = self
            .current()
            .filter(|(_, step)| self.emergency && matches!(step.spec, StepSpec::Approval(_)))?;
        let opened = step
            .opened_at
            .filter(|_| !step.unanswered && step.state == StepState::Open)?;
        Some(opened + self.patience(place))
    }

    /// How many deadlines of the present step have passed. (Those of earlier versions were counted by the request.)
    fn passed(&self, step: &Step) -> usize {
        step.passed.max(usize::from(self.widened))
    }

    /// What follows from `command`. Call [`Request::proceed`] first, so that the approvers are those of this moment.
    ///
    /// # Errors
    /// The refusal to tell the person; nothing has happened then.
    pub fn decide(&self, command: &Command, names: &dyn Fn(PersonId) -> String) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Look => Ok(Vec::new()),
            Command::Cancel { by, reason } => {
                self.must_be_open(names)?;
                Ok(vec![Event::Cancelled {
                    by: Some(*by),
                    reason: tidy(reason, false)?,
                }])
            }
            Command::Escalate {
                by,
                reason,
                length,
                plan,
            } => {
                self.must_be_open(names)?;
                if self.emergency {
                    return Err(Refusal::AlreadyEmergency);
                }
                Ok(vec![Event::Escalated {
                    by: *by,
                    reason: tidy(reason, false)?,
                    length: *length,
                    plan: plan.clone(),
                }])
            }
            Command::Decide {
                by,
                step,
                revision,
                verdict,
                reason,
            } => self.decide_step(*by, *step, *revision, *verdict, reason, names),
            Command::Claim { by, step, revision, at } => self.claim(*by, *step, *revision, *at, names),
            Command::GiveBack { by, step } => self.give_back(*by, *step),
            Command::Reassign {
                by,
                step,
                revision,
                from,
                to,
                reason,
            } => self.reassign(*by, (*step, *revision), *from, *to, reason, names),
            Command::Shorten {
                by,
                step,
                revision,
                to,
                reason,
            } => self.shorten(*by, *step, *revision, *to, reason, names),
            Command::Nudge { by, at } => self.nudge(*by, *at, names),
            Command::Override { by, reason, act } => self.overridden(*by, reason, act, names),
        }
    }

    fn decide_step(
        &self,
        by: PersonId,
        seen: usize,
        revision: i64,
        verdict: Verdict,
        reason: &str,
        names: &dyn Fn(PersonId) -> String,
    ) -> Result<Vec<Event>, Refusal> {
        let (current, approval) = self.must_ask(by, seen, revision, names)?;
        let reason = tidy(reason, approval.reason.asks(verdict == Verdict::Approve))?;
        let mut events = vec![Event::Decided {
            step: current,
            person: by,
            verdict,
            reason: reason.clone(),
        }];
        if verdict == Verdict::Deny {
            events.push(Event::Denied {
                step: current,
                by: Some(by),
                reason,
            });
        }
        Ok(events)
    }

    /// Is this person asked by the step they saw, and is it still the one that is open?
    pub(super) fn must_ask(
        &self,
        by: PersonId,
        seen: usize,
        revision: i64,
        names: &dyn Fn(PersonId) -> String,
    ) -> Result<(usize, &Approval), Refusal> {
        // Steps of an earlier plan have the same numbers: what was seen then says nothing about those of now.
        if let Some(round) = self.earlier.iter().find(|round| revision <= round.revision) {
            let by = names(round.by);
            return Err(if round.restarted {
                Refusal::Restarted { by }
            } else {
                Refusal::Escalated { by }
            });
        }
        let seen_step = self.steps.get(seen).ok_or(Refusal::Changed)?;
        if let Some(how) = (seen_step.state != StepState::Open)
            .then(|| self.how_step_ended(seen, names))
            .flatten()
        {
            return Err(Refusal::StepDecided { how });
        }
        self.must_be_open(names)?;
        let (current, step) = self.current().ok_or(Refusal::Changed)?;
        if current != seen || revision != self.revision {
            return Err(Refusal::Changed);
        }
        let StepSpec::Approval(approval) = &step.spec else {
            return Err(Refusal::Changed);
        };
        if step.decision_of(by).is_some() {
            return Err(Refusal::DecidedBefore);
        }
        if !step.asks(by) {
            let own = by == self.requester || by == self.subject;
            return Err(if own {
                Refusal::OwnRequest
            } else {
                Refusal::NotAnApprover
            });
        }
        Ok((current, approval))
    }

    /// "approved by Ana", for a step that is over.
    fn how_step_ended(&self, step: usize, names: &dyn Fn(PersonId) -> String) -> Option<String> {
        let step = self.steps.get(step)?;
        let last = step.decisions.last();
        match (step.state, last) {
            (StepState::Approved, Some(decision)) => Some(format!("approved by {}", names(decision.person))),
            (StepState::Approved, None) => Some("approved".to_owned()),
            (StepState::Denied, Some(decision)) => Some(format!("denied by {}", names(decision.person))),
            (StepState::Skipped, _) => Some(match &step.skipped {
                Some(skipped) => format!("skipped by administrator {}", names(skipped.by)),
                None => "skipped: nobody decided in time".to_owned(),
            }),
            _ => None,
        }
    }

    pub(super) fn must_be_open(&self, names: &dyn Fn(PersonId) -> String) -> Result<(), Refusal> {
        let how = match &self.state {
            RequestState::Open { .. } => return Ok(()),
            RequestState::Approved => self
                .steps
                .len()
                .checked_sub(1)
                .and_then(|last| self.how_step_ended(last, names))
                .unwrap_or_else(|| "approved".to_owned()),
            RequestState::Denied { by: Some(by), .. } => format!("denied by {}", names(*by)),
            RequestState::Denied { by: None, .. } => "denied by its policy".to_owned(),
            RequestState::Cancelled {
                by: Some(by),
                admin: true,
                ..
            } => format!("cancelled by administrator {}", names(*by)),
            RequestState::Cancelled { by: Some(by), .. } => format!("cancelled by {}", names(*by)),
            RequestState::Cancelled { by: None, .. } => "cancelled: nobody decided in time".to_owned(),
            RequestState::Expired => "expired: nobody decided in time".to_owned(),
            RequestState::Closed { cause } => format!("closed because {}", cause.words()),
        };
        Err(Refusal::AlreadyClosed { how })
    }

    /// Makes an event true. Events that do not concern requests change nothing.
    pub fn apply(&mut self, event: &Event, at: DateTime<Utc>) {
        match event {
            Event::StepOpened {
                step,
                approvers,
                source,
                due_at,
                alarm,
            } => {
                self.state = RequestState::Open { step: *step };
                self.widened = false;
                if let Some(opened) = self.steps.get_mut(*step) {
                    opened.state = StepState::Open;
                    opened.approvers.clone_from(approvers);
                    opened.source = *source;
                    opened.opened_at = Some(at);
                    opened.due_at = *due_at;
                    opened.alarm.clone_from(alarm);
                }
            }
            Event::Claimed { step, person, until } => {
                if let Some(claimed) = self.steps.get_mut(*step) {
                    claimed.claim = Some(Claim {
                        by: *person,
                        until: *until,
                    });
                }
            }
            Event::ClaimEnded { step, .. } => {
                if let Some(free) = self.steps.get_mut(*step) {
                    free.claim = None;
                }
            }
            Event::Reassigned {
                step,
                from,
                to,
                by,
                reason,
            } => {
                if let Some(given) = self.steps.get_mut(*step) {
                    given.reassigned.push(Reassignment {
                        from: *from,
                        to: *to,
                        by: *by,
                        reason: reason.clone(),
                    });
                }
            }
            Event::Shortened {
                by, from, to, reason, ..
            } => {
                self.length = *to;
                self.revision += 1;
                self.shortened = Some(Shortened {
                    from: self.shortened.as_ref().map_or(*from, |before| before.from),
                    by: *by,
                    reason: reason.clone(),
                });
            }
            Event::Nudged { step, .. } => {
                if let Some(nudged) = self.steps.get_mut(*step) {
                    nudged.nudged_at = Some(at);
                }
            }
            // Once is enough: from here on reminders come in their own time.
            Event::DeadlineReminded { step } => {
                if let Some(late) = self.steps.get_mut(*step) {
                    late.passed += 1;
                    late.due_at = late.next_due();
                }
            }
            Event::Restarted { by, reason, plan } => {
                self.begin_anew(*by, reason, self.length, plan, true, at);
            }
            Event::StepSkippedByAdmin { step, by, reason } => {
                self.go_on(*step, StepState::Skipped);
                if let Some(skipped) = self.steps.get_mut(*step) {
                    skipped.skipped = Some(Skipped {
                        by: *by,
                        reason: reason.clone(),
                    });
                }
            }
            Event::CancelledByAdmin { by, reason } => {
                self.close(
                    RequestState::Cancelled {
                        by: Some(*by),
                        reason: reason.clone(),
                        admin: true,
                    },
                    at,
                );
            }
            Event::ApproversChanged {
                step,
                approvers,
                source,
                alarm,
            } => {
                if let Some(changed) = self.steps.get_mut(*step) {
                    changed.approvers.clone_from(approvers);
                    changed.source = *source;
                    changed.alarm.clone_from(alarm);
                }
            }
            Event::StepWidened { step } => {
                self.widened = true;
                if let Some(widened) = self.steps.get_mut(*step) {
                    widened.passed += 1;
                    widened.due_at = widened.next_due();
                }
            }
            Event::Unanswered { step } => {
                if let Some(unanswered) = self.steps.get_mut(*step) {
                    unanswered.unanswered = true;
                }
            }
            Event::Decided {
                step,
                person,
                verdict,
                reason,
            } => {
                if let Some(decided) = self.steps.get_mut(*step) {
                    let decision = Decision {
                        person: *person,
                        verdict: *verdict,
                        reason: reason.clone(),
                        at,
                    };
                    decided.decisions.push(decision);
                }
            }
            Event::StepPassed { step, .. } => self.go_on(*step, StepState::Approved),
            Event::StepSkipped { step } => self.go_on(*step, StepState::Skipped),
            Event::StepAdded { spec } => {
                self.steps.push(Step::waiting(spec.clone()));
                self.state = RequestState::Open {
                    step: self.steps.len() - 1,
                };
            }
            Event::Approved => self.close(RequestState::Approved, at),
            Event::Denied { step, by, reason } => {
                if let Some(denied) = self.steps.get_mut(*step) {
                    denied.state = StepState::Denied;
                }
                self.close(
                    RequestState::Denied {
                        by: *by,
                        reason: reason.clone(),
                    },
                    at,
                );
            }
            Event::Cancelled { by, reason } => {
                self.close(
                    RequestState::Cancelled {
                        by: *by,
                        reason: reason.clone(),
                        admin: false,
                    },
                    at,
                );
            }
            Event::Expired { .. } => self.close(RequestState::Expired, at),
            Event::Closed { cause } => self.close(RequestState::Closed { cause: *cause }, at),
            Event::Escalated {
                by,
                reason,
                length,
                plan,
            } => {
                self.emergency = true;
                self.begin_anew(*by, reason, *length, plan, false, at);
            }
            _ => {}
        }
    }

    /// Follows another plan from its first step. The present one is void and kept.
    fn begin_anew(
        &mut self,
        by: PersonId,
        reason: &str,
        length: Length,
        plan: &Plan,
        restarted: bool,
        at: DateTime<Utc>,
    ) {
        let fresh = plan.steps.iter().cloned().map(Step::waiting).collect();
        let mut steps = std::mem::replace(&mut self.steps, fresh);
        steps.iter_mut().for_each(|step| step.state = StepState::Void);
        let policy = (plan.policy.clone(), plan.policy_version, plan.rule.clone());
        self.earlier.push(Round {
            policy: std::mem::replace(&mut self.policy, policy),
            steps,
            length: self.length,
            revision: self.revision,
            by,
            reason: reason.to_owned(),
            at,
            restarted,
        });
        self.length = length;
        self.alarm.clone_from(&plan.alarm);
        self.revision += 1;
        self.state = RequestState::Open { step: 0 };
        self.widened = false;
    }

    fn go_on(&mut self, step: usize, state: StepState) {
        if let Some(over) = self.steps.get_mut(step) {
            over.state = state;
            over.claim = None;
        }
        if step + 1 < self.steps.len() {
            self.state = RequestState::Open { step: step + 1 };
        }
    }

    fn close(&mut self, state: RequestState, at: DateTime<Utc>) {
        self.state = state;
        self.closed_at = Some(at);
        for step in &mut self.steps {
            step.claim = None;
            if matches!(step.state, StepState::Waiting | StepState::Open) {
                step.state = StepState::Void;
            }
        }
    }

    /// What follows by itself, already applied to `self`: steps are reached, approvers follow the present, quorums and
    /// deadlines take effect, and a request whose object is gone closes. Works until nothing changes.
    pub fn proceed(&mut self, facts: &Facts, now: DateTime<Utc>) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next(facts, now) {
            self.apply(&event, now);
            events.push(event);
        }
        events
    }

    fn next(&self, facts: &Facts, now: DateTime<Utc>) -> Option<Event> {
        let RequestState::Open { step: place } = self.state else {
            return None;
        };
        if !facts
            .person(self.subject)
            .is_some_and(super::person::Person::takes_part)
            || !facts
                .person(self.requester)
                .is_some_and(|person| person.standing == Standing::Active)
        {
            return Some(Event::Closed {
                cause: Cause::PersonGone,
            });
        }
        if !facts.entitlement.offered {
            return Some(Event::Closed {
                cause: Cause::EntitlementGone,
            });
        }
        let Some(step) = self.steps.get(place).filter(|step| !step.state.is_passed()) else {
            // What was only skipped and waited through, nobody has approved; unless an administrator passed it over, who
            // answers for it.
            let decided = |step: &Step| {
                let approved = step.state == StepState::Approved && !matches!(step.spec, StepSpec::Wait(_));
                approved || step.skipped.is_some()
            };
            return Some(if self.steps.is_empty() || self.steps.iter().any(decided) {
                Event::Approved
            } else {
                Event::StepAdded {
                    spec: self.last_resort_too(),
                }
            });
        };
        match &step.spec {
            StepSpec::Approve { .. } => Some(Event::StepPassed {
                step: place,
                automatic: true,
            }),
            StepSpec::Deny { message } => Some(Event::Denied {
                step: place,
                by: None,
                reason: message.clone(),
            }),
            StepSpec::Wait(wait) => self.next_of_wait(place, step, wait, facts, now),
            StepSpec::Approval(approval) => self.next_of_approval(place, step, approval, facts, now),
        }
    }

    fn next_of_approval(
        &self,
        place: usize,
        step: &Step,
        approval: &Approval,
        facts: &Facts,
        now: DateTime<Utc>,
    ) -> Option<Event> {
        if self.unanswered_at().is_some_and(|at| at <= now) {
            return Some(Event::Unanswered { step: place });
        }
        let waiting = step.state == StepState::Waiting;
        let passed = if waiting { 0 } else { self.passed(step) };
        let earlier = self.approved_before(place);
        let Resolved {
            approvers,
            source,
            alarm,
            ..
        } = resolve(approval, facts, &self.asking(&earlier, step, passed));
        if approvers.is_empty() {
            return Some(Event::Closed {
                cause: Cause::NobodyToAsk,
            });
        }
        if waiting {
            let first = approval.deadline.first();
            let due_at = first.map(|deadline| now + TimeDelta::seconds(deadline.after));
            return Some(Event::StepOpened {
                step: place,
                approvers,
                source,
                due_at,
                alarm,
            });
        }
        if approvers != step.approvers || source != step.source || alarm != step.alarm {
            return Some(Event::ApproversChanged {
                step: place,
                approvers,
                source,
                alarm,
            });
        }
        if let Some(over) = claim_over(place, step, now) {
            return Some(over);
        }
        if step.satisfied() {
            return Some(Event::StepPassed {
                step: place,
                automatic: false,
            });
        }
        let deadline = approval.deadline.get(passed)?;
        step.due_at.filter(|due| *due <= now)?;
        Some(match deadline.then {
            AtDeadline::Fallback | AtDeadline::Ask(_) => Event::StepWidened { step: place },
            AtDeadline::Deny => Event::Denied {
                step: place,
                by: None,
                reason: NOBODY_IN_TIME.to_owned(),
            },
            AtDeadline::Expire => Event::Expired { step: place },
            AtDeadline::Remind => Event::DeadlineReminded { step: place },
            AtDeadline::Skip => Event::StepSkipped { step: place },
            AtDeadline::Cancel => Event::Cancelled {
                by: None,
                reason: NOBODY_IN_TIME.to_owned(),
            },
        })
    }

    fn next_of_wait(&self, place: usize, step: &Step, wait: &Wait, facts: &Facts, now: DateTime<Utc>) -> Option<Event> {
        let so = wait.until.as_ref().map(|until| {
            let scope = facts.scope(self.requester, self.subject, self.emergency, self.length);
            until.holds(&scope)
        });
        if step.state == StepState::Waiting {
            return Some(Event::StepOpened {
                step: place,
                approvers: Vec::new(),
                source: Source::Primary,
                due_at: Some(now + TimeDelta::seconds(wait.at_most)),
                // It waits on: what cannot be found out is not so.
                alarm: so.and_then(Result::err).map(|error| Trouble {
                    sentence: error.to_string(),
                    outage: false,
                }),
            });
        }
        if so == Some(Ok(true)) {
            return Some(Event::StepPassed {
                step: place,
                automatic: true,
            });
        }
        step.due_at.filter(|due| *due <= now)?;
        Some(match wait.then {
            WaitOver::Pass => Event::StepPassed {
                step: place,
                automatic: true,
            },
            WaitOver::Skip => Event::StepSkipped { step: place },
            WaitOver::Deny => Event::Denied {
                step: place,
                by: None,
                reason: "What it had to wait for did not come in time.".to_owned(),
            },
            WaitOver::Expire => Event::Expired { step: place },
        })
    }

    /// What is asked, as if nothing had happened yet.
    #[must_use]
    pub fn asked_anew(&self) -> Asking<'static> {
        Asking {
            requester: self.requester,
            subject: self.subject,
            emergency: self.emergency,
            length: self.length,
            earlier: &[],
            passed: 0,
            reassigned: &[],
            unanswered: false,
        }
    }

    /// What is asked, for those who find out who decides.
    #[must_use]
    pub fn asking<'a>(&self, earlier: &'a [PersonId], step: &'a Step, passed: usize) -> Asking<'a> {
        Asking {
            requester: self.requester,
            subject: self.subject,
            emergency: self.emergency,
            length: self.length,
            earlier,
            passed,
            reassigned: &step.reassigned,
            unanswered: step.unanswered,
        }
    }

    /// Who approved the steps before the one that is open.
    pub(super) fn approved_earlier(&self) -> Vec<PersonId> {
        self.current()
            .map_or_else(Vec::new, |(place, _)| self.approved_before(place))
    }

    fn approved_before(&self, place: usize) -> Vec<PersonId> {
        self.steps[..place]
            .iter()
            .flat_map(|step| &step.decisions)
            .filter(|decision| decision.verdict == Verdict::Approve)
            .map(|decision| decision.person)
            .collect()
    }

    /// Did an organisation-wide stand-in have to be asked? An alarm for the administrators.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.alarm.is_some()
            || self
                .current()
                .is_some_and(|(_, step)| step.source == Source::LastResort || step.alarm.is_some())
    }
}

/// A claim that is over: it lapsed, or whoever was on it has decided or is not asked any more.
fn claim_over(place: usize, step: &Step, now: DateTime<Utc>) -> Option<Event> {
    let claim = step.claim.as_ref()?;
    let over = claim.until <= now || step.decision_of(claim.by).is_some() || !step.asks(claim.by);
    over.then_some(Event::ClaimEnded {
        step: place,
        person: claim.by,
    })
}
