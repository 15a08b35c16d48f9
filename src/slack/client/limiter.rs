//! Keeps us below Slack's rates, so that one busy conversation does not close the door for everyone.
//!
//! A bucket per method tier, one per conversation for posting, and what Slack closed itself with `Retry-After`. Nobody queues
//! in here: who must wait longer than a moment is told how long and comes back (a job snoozes, a person reads a sentence).

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a method is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    /// So many calls a minute, all at once if need be (Slack's tiers 1 to 4).
    PerMinute(NonZeroU32),
    /// One a second for each conversation, and a few at once.
    PerChannel,
    /// A person waits and the trigger lives three seconds, or Slack gives no number: sent at once or not at all.
    Open,
}

/// Calls with less to wait than this wait; the others are sent back.
pub(super) const A_MOMENT: Duration = Duration::from_millis(200);

/// What may be posted into one conversation at once.
const CHANNEL_BURST: NonZeroU32 = NonZeroU32::new(4).expect("4 is not 0");

/// So many conversations closed by Slack at the same time mean that the workspace's own limit is reached.
const CLOSED_CHANNELS: usize = 3;

/// Conversations remembered before idle ones are forgotten.
const REMEMBERED: usize = 4096;

/// The limiter of one token.
pub(super) struct Limiter {
    on: bool,
    clock: DefaultClock,
    methods: Mutex<HashMap<&'static str, Arc<DefaultDirectRateLimiter>>>,
    channels: DefaultKeyedRateLimiter<String>,
    closed: Mutex<Closed>,
}

/// What Slack closed, and until when.
#[derive(Default)]
struct Closed {
    methods: HashMap<&'static str, Instant>,
    channels: HashMap<String, Instant>,
}

impl Limiter {
    /// A limiter; when off it only keeps to what Slack closes.
    pub(super) fn new(on: bool) -> Self {
        let channels = RateLimiter::keyed(Quota::per_second(NonZeroU32::MIN).allow_burst(CHANNEL_BURST));
        Self {
            on,
            clock: DefaultClock::default(),
            methods: Mutex::default(),
            channels,
            closed: Mutex::default(),
        }
    }

    /// Takes a place for one call.
    ///
    /// # Errors
    /// How long to wait until there is one.
    pub(super) fn take(&self, method: &'static str, rate: Rate, channel: Option<&str>) -> Result<(), Duration> {
        if let Some(wait) = self.closed_for(method, channel) {
            return Err(wait);
        }
        if !self.on {
            return Ok(());
        }
        match (rate, channel) {
            (Rate::PerMinute(calls), _) => {
                let bucket = Arc::clone(
                    lock(&self.methods)
                        .entry(method)
                        .or_insert_with(|| Arc::new(RateLimiter::direct(Quota::per_minute(calls)))),
                );
                bucket
                    .check()
                    .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
            }
            (Rate::PerChannel, Some(channel)) => {
                if self.channels.len() > REMEMBERED {
                    self.channels.retain_recent();
                }
                let place = self.channels.check_key(&channel.to_owned());
                place.map_err(|not_until| not_until.wait_time_from(self.clock.now()))
            }
            (Rate::PerChannel, None) | (Rate::Open, _) => Ok(()),
        }
    }

    /// Slack said "not for so long": that conversation is closed when posting, else that method.
    pub(super) fn close(&self, method: &'static str, rate: Rate, channel: Option<&str>, wait: Duration) {
        let now = Instant::now();
        let until = now + wait;
        let mut closed = lock(&self.closed);
        match channel {
            Some(channel) if rate == Rate::PerChannel => {
                closed.channels.retain(|_, end| *end > now);
                closed.channels.insert(channel.to_owned(), until);
                if closed.channels.len() >= CLOSED_CHANNELS {
                    closed.methods.insert(method, until);
                }
            }
            _ => {
                closed.methods.insert(method, until);
            }
        }
    }

    fn closed_for(&self, method: &'static str, channel: Option<&str>) -> Option<Duration> {
        let now = Instant::now();
        let closed = lock(&self.closed);
        let method = closed.methods.get(method);
        let channel = channel.and_then(|channel| closed.channels.get(channel));
        method
            .into_iter()
            .chain(channel)
            .filter_map(|until| until.checked_duration_since(now))
            .max()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWENTY: Rate = Rate::PerMinute(NonZeroU32::new(20).unwrap());

    #[test]
    fn one_busy_conversation_does_not_delay_the_others() {
        let limiter = Limiter::new(true);
        for _ in 0..CHANNEL_BURST.get() {
            limiter.take("chat.postMessage", Rate::PerChannel, Some("C1")).unwrap();
        }
        let wait = limiter
            .take("chat.postMessage", Rate::PerChannel, Some("C1"))
            .unwrap_err();
        assert!(
            wait <= Duration::from_secs(1) && wait > Duration::from_millis(500),
            "{wait:?}"
        );
        limiter.take("chat.postMessage", Rate::PerChannel, Some("C2")).unwrap();
        limiter.take("views.open", Rate::Open, None).unwrap();
    }

    #[test]
    fn a_tier_is_a_bucket_of_its_method() {
        let limiter = Limiter::new(true);
        for _ in 0..20 {
            limiter.take("users.list", TWENTY, None).unwrap();
        }
        assert!(limiter.take("users.list", TWENTY, None).unwrap_err() > Duration::from_secs(1));
        limiter.take("usergroups.list", TWENTY, None).unwrap();
        assert!(Limiter::new(false).take("users.list", TWENTY, None).is_ok());
    }

    #[test]
    fn what_slack_closes_stays_closed_for_as_long_as_it_says() {
        let limiter = Limiter::new(false);
        let wait = Duration::from_secs(30);
        limiter.close("chat.postMessage", Rate::PerChannel, Some("C1"), wait);
        assert!(
            limiter
                .take("chat.postMessage", Rate::PerChannel, Some("C1"))
                .unwrap_err()
                > Duration::from_secs(29)
        );
        limiter.take("chat.postMessage", Rate::PerChannel, Some("C2")).unwrap();
        limiter.close("chat.postMessage", Rate::PerChannel, Some("C3"), wait);
        limiter.close("chat.postMessage", Rate::PerChannel, Some("C4"), wait);
        limiter
            .take("chat.postMessage", Rate::PerChannel, Some("C2"))
            .expect_err("three closed: the workspace's limit");
        limiter.close("views.open", Rate::Open, None, Duration::ZERO);
        limiter.take("views.open", Rate::Open, None).unwrap();
    }
}
