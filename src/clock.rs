//! Time as an argument: whoever needs the hour asks the [`Clock`] it was given.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the hour; a field of `System`, so that tests and the demo can move it.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment, in whole microseconds (what PostgreSQL keeps).
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that several parts hold.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        whole_microseconds(Utc::now())
    }
}

/// The machine's clock, moved ahead by hand: the demo's and the tests'.
#[derive(Debug, Default)]
pub struct ManualClock {
    ahead: Mutex<TimeDelta>,
}

impl ManualClock {
    /// A clock that is `ahead` of the machine's.
    #[must_use]
    pub fn ahead_by(ahead: TimeDelta) -> Self {
        Self {
            ahead: Mutex::new(ahead),
        }
    }

    /// Moves the clock on and returns how far ahead it is now.
    pub fn advance(&self, by: TimeDelta) -> TimeDelta {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead += by;
        *ahead
    }
}

impl Clock for ManualClock {
    #[expect(clippy::disallowed_methods, reason = "a moved clock starts from the machine's")]
    fn now(&self) -> DateTime<Utc> {
        whole_microseconds(Utc::now() + *self.ahead.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn whole_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}
