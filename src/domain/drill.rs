//! A drill: the emergency path, leg by leg, against something harmless.

use super::ids::{EntitlementId, PersonId, RequestId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A part of the way from asking to the look back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// The emergency is asked for.
    Request,
    /// Those whose approval is skipped, the owners and the security channel are told.
    Notice,
    /// It is approved: by the rules, or by people.
    Approval,
    /// The access works.
    Grant,
    /// Those who were told hear that it began.
    Began,
    /// The access is taken away, and the target was asked again.
    End,
    /// Somebody is asked to look back.
    Review,
}

impl Leg {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Request,
        Self::Notice,
        Self::Approval,
        Self::Grant,
        Self::Began,
        Self::End,
        Self::Review,
    ];

    /// What people read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Notice => "notice",
            Self::Approval => "approval",
            Self::Grant => "grant",
            Self::Began => "notice that it began",
            Self::End => "end",
            Self::Review => "review opened",
        }
    }

    /// How long it may take. People have as long as they have in an emergency, and a little more.
    #[must_use]
    pub fn patience(self) -> TimeDelta {
        match self {
            Self::Request | Self::Notice | Self::Began | Self::Review => TimeDelta::minutes(2),
            Self::Approval | Self::Grant => TimeDelta::minutes(20),
            Self::End => TimeDelta::minutes(20),
        }
    }
}

/// A leg that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegDone {
    /// Which.
    pub leg: Leg,
    /// How long it took, in milliseconds.
    pub took: i64,
    /// What went wrong, if something did.
    pub trouble: Option<String>,
}

/// A drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// Its number.
    pub id: i64,
    /// What is asked for.
    pub entitlement: EntitlementId,
    /// Who asks.
    pub person: PersonId,
    /// The door: the operator, or time.
    pub via: String,
    /// The request, once it is made.
    pub request: Option<RequestId>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The legs that are over, in order.
    pub legs: Vec<LegDone>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// Did it go well?
    pub ok: Option<bool>,
}

/// How a leg stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Not over yet.
    Waiting,
    /// Over, at this moment.
    Done(DateTime<Utc>),
    /// It went wrong.
    Failed(String),
}

impl Drill {
    /// The leg that is under way, and when it began; `None` once all are over, or one has failed.
    #[must_use]
    pub fn current(&self) -> Option<(Leg, DateTime<Utc>)> {
        if self.finished_at.is_some() || self.trouble().is_some() {
            return None;
        }
        let before: i64 = self.legs.iter().map(|leg| leg.took).sum();
        let leg = Leg::ALL.get(self.legs.len())?;
        Some((*leg, self.started_at + TimeDelta::milliseconds(before)))
    }

    /// Takes in how the present leg stands. Says whether the drill went on.
    pub fn take(&mut self, stands: Stands, now: DateTime<Utc>) -> bool {
        let Some((leg, since)) = self.current() else {
            return false;
        };
        let took = |at: DateTime<Utc>| (at - since).num_milliseconds().max(0);
        let done = match stands {
            Stands::Waiting if now - since < leg.patience() => return false,
            Stands::Waiting => LegDone {
                leg,
                took: took(now),
                trouble: Some(format!(
                    "not within {}",
                    super::length::spoken(leg.patience().num_seconds())
                )),
            },
            Stands::Done(at) => LegDone {
                leg,
                took: took(at),
                trouble: None,
            },
            Stands::Failed(why) => LegDone {
                leg,
                took: took(now),
                trouble: Some(why),
            },
        };
        self.legs.push(done);
        true
    }

    /// Ends a drill that has come to its last leg, or whose traces are cleared away after one that failed.
    pub fn finish(&mut self, now: DateTime<Utc>) {
        self.finished_at = Some(now);
        self.ok = Some(self.trouble().is_none());
    }

    /// What went wrong, in a sentence.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let leg = self.legs.last()?;
        Some(format!("{}: {}", leg.leg.name(), leg.trouble.as_deref()?))
    }
}
