//! Rotations: who is on call, by shifts that files describe or by a service that is asked.

use super::ids::PersonId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How old an answer may be unless the file says otherwise, in seconds.
pub const STALE_AFTER: i64 = 15 * 60;

/// A rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Its short name in files (`payments`).
    pub key: String,
    /// Its name as people read it.
    pub name: String,
    /// Who takes turns.
    pub roster: Roster,
    /// An answer of the service older than this many seconds is none.
    pub stale_after: i64,
}

/// Who takes turns, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roster {
    /// Each shift by itself; they may overlap.
    Shifts(Vec<Shift>),
    /// One after the other, always for the same time.
    Turns {
        /// Keys of people, in order.
        people: Vec<String>,
        /// Seconds.
        every: i64,
        /// When the first one begins.
        from: DateTime<Utc>,
    },
    /// A service knows.
    Service(Service),
}

/// A shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Who, by key.
    pub person: String,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Not any more then.
    pub until: DateTime<Utc>,
}

/// Where to ask who is on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The address.
    pub url: String,
    /// Whose words the answer is in.
    pub format: Format,
    /// The environment variable with the token; the token itself is never stored.
    pub token_env: String,
}

/// Whose words an answer is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// PagerDuty's `/oncalls`.
    Pagerduty,
    /// Opsgenie's `/v2/schedules/…/on-calls`.
    Opsgenie,
}

impl Format {
    /// The word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pagerduty => "pagerduty",
            Self::Opsgenie => "opsgenie",
        }
    }
}

/// What is remembered of a service's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// When it last answered.
    pub at: Option<DateTime<Utc>>,
    /// Whom it named, as far as they are known here.
    pub people: Vec<PersonId>,
    /// What went wrong since.
    pub trouble: Option<String>,
}

impl Roster {
    /// The keys of those who are on call by the files; a service's are not among them.
    #[must_use]
    pub fn on_call(&self, now: DateTime<Utc>) -> Vec<&str> {
        match self {
            Self::Shifts(shifts) => {
                let mut found: Vec<&str> = Vec::new();
                for shift in shifts.iter().filter(|shift| shift.from <= now && now < shift.until) {
                    if !found.contains(&shift.person.as_str()) {
                        found.push(&shift.person);
                    }
                }
                found
            }
            Self::Turns { people, every, from } => turn(now, *every, *from)
                .and_then(|turn| {
                    let count = i64::try_from(people.len()).ok().filter(|count| *count > 0)?;
                    people.get(usize::try_from(turn % count).ok()?)
                })
                .map(String::as_str)
                .into_iter()
                .collect(),
            Self::Service(_) => Vec::new(),
        }
    }

    /// When somebody else may be on call, by the files.
    #[must_use]
    pub fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Shifts(shifts) => shifts
                .iter()
                .flat_map(|shift| [shift.from, shift.until])
                .filter(|at| *at > now)
                .min(),
            Self::Turns { every, from, .. } => match turn(now, *every, *from) {
                Some(turn) => from.checked_add_signed(TimeDelta::seconds(every.saturating_mul(turn + 1).min(1 << 40))),
                None => Some(*from),
            },
            Self::Service(_) => None,
        }
    }
}

/// How many turns are over; `None` before the first.
fn turn(now: DateTime<Utc>, every: i64, from: DateTime<Utc>) -> Option<i64> {
    let since = (now - from).num_seconds();
    (now >= from && every > 0).then(|| since / every)
}

impl Rotation {
    /// What the service's last answer is worth now.
    ///
    /// # Errors
    /// Why nobody knows who is on call, in words to follow "because".
    pub fn trusted(&self, remembered: &Remembered, now: DateTime<Utc>) -> Result<Vec<PersonId>, String> {
        match remembered.at {
            Some(at) if now - at <= TimeDelta::seconds(self.stale_after) => Ok(remembered.people.clone()),
            Some(_) => {
                let age = super::length::spoken(self.stale_after);
                Err(format!("the last answer is more than {age} old"))
            }
            None => Err("there has been no answer yet".to_owned()),
        }
    }
}
