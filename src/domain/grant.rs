//! A grant: the access itself. Requests hold on to it; it lasts until the last hold ends, and it is over only when the
//! target system was asked again.

use super::{
    event::{Cause, Event},
    ids::{EntitlementId, GrantId, PersonId, RequestId},
    length::Length,
    refusal::{Refusal, tidy},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long a target may take to lose an access before somebody is alarmed.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::minutes(15);

/// Somebody's access to an entitlement, from being given to being taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its number.
    pub id: GrantId,
    /// Who has it.
    pub subject: PersonId,
    /// What they have.
    pub entitlement: EntitlementId,
    /// How it stands.
    pub state: GrantState,
    /// What each request asks of it.
    pub holds: Vec<Hold>,
    /// Was it there before c1 did anything? Then c1 does not take it away.
    pub was_there: bool,
    /// When it began to work.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ends or ended.
    pub cause: Option<Cause>,
    /// When taking it away began.
    pub ending_since: Option<DateTime<Utc>>,
    /// Who gave it by hand; `None`: a connector, or nobody yet.
    pub given_by: Option<PersonId>,
    /// Who ended it or took it away by hand; `None`: time, a rule or a connector.
    pub ended_by: Option<PersonId>,
    /// What last went wrong.
    pub trouble: Option<String>,
}

/// How a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// Being given.
    Provisioning,
    /// Works.
    Active,
    /// Being taken away.
    Ending,
    /// Over: the target was asked again.
    Ended,
    /// Could not be given.
    Failed,
    /// Should be over but is not: an alarm.
    EndOverdue,
}

impl GrantState {
    /// The word in lists and in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::EndOverdue => "end_overdue",
        }
    }

    /// Reads [`GrantState::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Provisioning,
            Self::Active,
            Self::Ending,
            Self::Ended,
            Self::Failed,
            Self::EndOverdue,
        ]
        .into_iter()
        .find(|state| state.word() == word)
    }

    /// Can requests still be added to it?
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Provisioning | Self::Active)
    }
}

/// One request's hold on a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whose hold it is.
    pub request: RequestId,
    /// For how long, counted from when access works (or, for an access that works already, from the approval).
    pub length: Length,
    /// When it ends; `None` while the clock has not started, and for no end.
    pub until: Option<DateTime<Utc>>,
    /// Is it over?
    pub over: bool,
}

/// What somebody, a connector or time wants of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The access works.
    Provisioned {
        /// Who saw to it; `None`: a connector.
        by: Option<PersonId>,
        /// Was it there before?
        already: bool,
    },
    /// It cannot be given.
    ProvisioningFailed {
        /// Who says so.
        by: Option<PersonId>,
        /// Why.
        why: String,
    },
    /// Try a failed one again.
    Retry,
    /// End it now, all holds included. Whether the person may is checked before.
    End {
        /// Who; `None`: a rule.
        by: Option<PersonId>,
        /// Why.
        cause: Cause,
    },
    /// The target no longer has it.
    Deprovisioned {
        /// Who saw to it; `None`: a connector.
        by: Option<PersonId>,
        /// Was it left in place?
        kept: bool,
    },
    /// It could not be taken away (yet).
    DeprovisioningFailed {
        /// Why.
        why: String,
    },
    /// Time passed.
    Look,
}

impl Grant {
    /// The grant that a first [`Event::HoldAdded`] makes; `None` for any other event.
    #[must_use]
    pub fn begun(id: GrantId, event: &Event, at: DateTime<Utc>) -> Option<Self> {
        let Event::HoldAdded {
            subject, entitlement, ..
        } = event
        else {
            return None;
        };
        let mut grant = Self {
            id,
            subject: *subject,
            entitlement: *entitlement,
            state: GrantState::Provisioning,
            holds: Vec::new(),
            was_there: false,
            started_at: None,
            ended_at: None,
            cause: None,
            ending_since: None,
            given_by: None,
            ended_by: None,
            trouble: None,
        };
        grant.apply(event, at);
        Some(grant)
    }

    /// When the access ends: the latest end of the holds that are not over; `None` while one has no end or no clock.
    #[must_use]
    pub fn until(&self) -> Option<DateTime<Utc>> {
        let mut latest = None;
        for hold in self.holds.iter().filter(|hold| !hold.over) {
            latest = latest.max(Some(hold.until?));
        }
        latest
    }

    /// When somebody should look at it again by itself.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            GrantState::Active => self
                .holds
                .iter()
                .filter(|hold| !hold.over)
                .filter_map(|hold| hold.until)
                .min(),
            GrantState::Ending => self.ending_since.map(|since| since + OVERDUE_AFTER),
            _ => None,
        }
    }

    /// What follows from `command`.
    ///
    /// # Errors
    /// The refusal to tell the person; nothing has happened then.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        use GrantState::{Active, EndOverdue, Ended, Ending, Failed, Provisioning};
        match (command, self.state) {
            (Command::Look, _) => Ok(Vec::new()),
            (Command::Provisioned { by, already }, Provisioning | Failed) => Ok(vec![Event::Provisioned {
                by: *by,
                already: *already,
            }]),
            (Command::ProvisioningFailed { by, why }, Provisioning | Failed) => Ok(vec![Event::ProvisioningFailed {
                why: tidy(why, by.is_some())?,
                by: *by,
            }]),
            (Command::Retry, Failed) => Ok(vec![Event::ProvisioningRetried]),
            (Command::End { by, cause }, Provisioning | Active | Failed) => {
                Ok(vec![Event::EndingBegan { cause: *cause, by: *by }])
            }
            (Command::Deprovisioned { by, kept }, Ending | EndOverdue) => {
                Ok(vec![Event::Ended { by: *by, kept: *kept }])
            }
            (Command::DeprovisioningFailed { why }, Ending) => Ok(vec![Event::EndOverdue { why: why.clone() }]),
            (Command::DeprovisioningFailed { .. }, EndOverdue) => Ok(Vec::new()),
            (Command::Provisioned { .. } | Command::ProvisioningFailed { .. } | Command::Retry, _) => {
                Err(Refusal::NotYourTask)
            }
            (Command::Deprovisioned { .. } | Command::DeprovisioningFailed { .. }, _) => Err(Refusal::NotYourTask),
            (Command::End { .. }, Ending | Ended | EndOverdue) => Err(Refusal::NotHeld),
        }
    }

    /// What an approved request adds: a hold.
    ///
    /// # Errors
    /// [`Refusal::NotHeld`] when the grant is already ending; a new one is needed then.
    pub fn hold(&self, request: RequestId, length: Length) -> Result<Event, Refusal> {
        if !self.state.is_live() {
            return Err(Refusal::NotHeld);
        }
        Ok(Event::HoldAdded {
            request,
            subject: self.subject,
            entitlement: self.entitlement,
            length,
        })
    }

    /// Makes an event true. Events that do not concern grants change nothing.
    pub fn apply(&mut self, event: &Event, at: DateTime<Utc>) {
        match event {
            Event::HoldAdded { request, length, .. } => {
                let until = if self.state == GrantState::Active {
                    length.end(at)
                } else {
                    None
                };
                self.holds.push(Hold {
                    request: *request,
                    length: *length,
                    until,
                    over: false,
                });
            }
            Event::Provisioned { already, by } => {
                self.given_by = *by;
                self.ended_by = None;
                self.state = GrantState::Active;
                self.was_there = *already;
                self.started_at = Some(at);
                self.trouble = None;
                for hold in &mut self.holds {
                    hold.until = hold.length.end(at);
                }
            }
            Event::ProvisioningFailed { why, by } => {
                self.state = GrantState::Failed;
                self.ended_by = *by;
                self.trouble = Some(why.clone());
            }
            Event::ProvisioningRetried => {
                self.state = GrantState::Provisioning;
                self.ended_by = None;
            }
            Event::HoldEnded { request } => {
                self.holds
                    .iter_mut()
                    .filter(|hold| hold.request == *request)
                    .for_each(|hold| hold.over = true);
            }
            Event::EndingBegan { cause, by } => {
                self.ended_by = *by;
                self.state = GrantState::Ending;
                self.cause = Some(*cause);
                self.ending_since = Some(at);
                self.holds.iter_mut().for_each(|hold| hold.over = true);
            }
            Event::Ended { by, .. } => {
                self.ended_by = by.or(self.ended_by);
                self.state = GrantState::Ended;
                self.ended_at = Some(at);
                self.trouble = None;
            }
            Event::EndOverdue { why } => {
                self.state = GrantState::EndOverdue;
                self.trouble = Some(why.clone());
            }
            _ => {}
        }
    }

    /// What follows by itself, already applied to `self`: holds whose time is over end, the last one takes the access
    /// with it, and a target that does not let go in time is an alarm.
    pub fn proceed(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next(now) {
            self.apply(&event, now);
            events.push(event);
        }
        events
    }

    fn next(&self, now: DateTime<Utc>) -> Option<Event> {
        match self.state {
            GrantState::Active => {
                let due = |hold: &&Hold| !hold.over && hold.until.is_some_and(|until| until <= now);
                match self.holds.iter().find(due) {
                    Some(hold) => Some(Event::HoldEnded { request: hold.request }),
                    None if self.holds.iter().all(|hold| hold.over) => Some(Event::EndingBegan {
                        cause: Cause::Time,
                        by: None,
                    }),
                    None => None,
                }
            }
            GrantState::Ending if self.wake_at().is_some_and(|at| at <= now) => Some(Event::EndOverdue {
                why: "the target system has not confirmed it".to_owned(),
            }),
            _ => None,
        }
    }
}
