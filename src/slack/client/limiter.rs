//! Keeps us below Slack's rates, so that one busy conversation does not close the door for everyone.
//!
//! A bucket per method tier, one per conversation for posting, and what Slack closed itself with `Retry-After`. Nobody queues
//! in here: who must wait longer than a moment is told how long and comes back (a job snoozes, a person reads a sentence).
//!
//! Slack counts what all replicas do together. So each takes its share: with `n` of them a call costs each `n` places, which
//! makes both its rate and its burst an `n`th; and what Slack closes for one is closed for all. A replica that comes counts
//! as one of two until it knows, and the others learn of it with their next heartbeat; until then they may go beyond the
//! limit by as much as the newcomer's first burst, and never by more.

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
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
    /// Replicas that share Slack's limits.
    replicas: AtomicU32,
    clock: DefaultClock,
    methods: Mutex<HashMap<&'static str, Arc<DefaultDirectRateLimiter>>>,
    channels: DefaultKeyedRateLimiter<String>,
    closed: Mutex<Closed>,
}

/// Slack said "not for so long": to this conversation where there is one, else to this method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    method: String,
    channel: Option<String>,
    wait: Duration,
}

impl Closing {
    pub(super) fn new(method: &str, rate: Rate, channel: Option<&str>, wait: Duration) -> Self {
        Self {
            method: method.to_owned(),
            channel: channel.filter(|_| rate == Rate::PerChannel).map(str::to_owned),
            wait,
        }
    }
}

/// What Slack closed, and until when.
#[derive(Default)]
struct Closed {
    methods: HashMap<String, Instant>,
    channels: HashMap<String, Instant>,
}

impl Limiter {
    /// A limiter; when off it only keeps to what Slack closes.
    pub(super) fn new(on: bool) -> Self {
        let channels = RateLimiter::keyed(Quota::per_second(NonZeroU32::MIN).allow_burst(CHANNEL_BURST));
        Self {
            on,
            replicas: AtomicU32::new(1),
            clock: DefaultClock::default(),
            methods: Mutex::default(),
            channels,
            closed: Mutex::default(),
        }
    }

    /// Slack's limits are shared by so many replicas.
    pub(super) fn share(&self, replicas: u32) {
        self.replicas.store(replicas.max(1), Ordering::Relaxed);
    }

    /// How many replicas share Slack's limits.
    pub(super) fn replicas(&self) -> u32 {
        self.replicas.load(Ordering::Relaxed)
    }

    /// How many places a call takes, of a bucket that holds so many.
    fn places(&self, held: NonZeroU32) -> NonZeroU32 {
        NonZeroU32::new(self.replicas()).map_or(NonZeroU32::MIN, |places| places.min(held))
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
                // A call never takes more than a bucket holds, so there is room for it at some time.
                bucket
                    .check_n(self.places(calls))
                    .unwrap_or(Ok(()))
                    .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
            }
            (Rate::PerChannel, Some(channel)) => {
                if self.channels.len() > REMEMBERED {
                    self.channels.retain_recent();
                }
                let places = self.places(CHANNEL_BURST);
                let place = self.channels.check_key_n(&channel.to_owned(), places);
                place
                    .unwrap_or(Ok(()))
                    .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
            }
            (Rate::PerChannel, None) | (Rate::Open, _) => Ok(()),
        }
    }

    /// Slack said "not for so long": that conversation is closed when posting, else that method.
    pub(super) fn close(&self, closing: &Closing) {
        let now = Instant::now();
        let until = now + closing.wait;
        let mut closed = lock(&self.closed);
        if let Some(channel) = &closing.channel {
            closed.channels.retain(|_, end| *end > now);
            closed.channels.insert(channel.clone(), until);
            if closed.channels.len() < CLOSED_CHANNELS {
                return;
            }
        }
        closed.methods.insert(closing.method.clone(), until);
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
    fn replicas_share_a_bucket() {
        for replicas in 1..=5 {
            let together: Vec<Limiter> = (0..replicas).map(|_| Limiter::new(true)).collect();
            let (mut calls, mut posts) = (0, 0);
            for limiter in &together {
                limiter.share(replicas);
                calls += (0..40)
                    .filter(|_| limiter.take("users.list", TWENTY, None).is_ok())
                    .count();
                posts += (0..40)
                    .filter(|_| limiter.take("chat.postMessage", Rate::PerChannel, Some("C1")).is_ok())
                    .count();
            }
            assert!((16..=20).contains(&calls), "{replicas} replicas make {calls} calls");
            assert!(posts <= 5, "{replicas} replicas make {posts} posts");
        }
    }

    #[test]
    fn what_slack_closes_stays_closed_for_as_long_as_it_says() {
        let limiter = Limiter::new(false);
        let wait = Duration::from_secs(30);
        limiter.close(&Closing::new("chat.postMessage", Rate::PerChannel, Some("C1"), wait));
        assert!(
            limiter
                .take("chat.postMessage", Rate::PerChannel, Some("C1"))
                .unwrap_err()
                > Duration::from_secs(29)
        );
        limiter.take("chat.postMessage", Rate::PerChannel, Some("C2")).unwrap();
        limiter.close(&Closing::new("chat.postMessage", Rate::PerChannel, Some("C3"), wait));
        limiter.close(&Closing::new("chat.postMessage", Rate::PerChannel, Some("C4"), wait));
        limiter
            .take("chat.postMessage", Rate::PerChannel, Some("C2"))
            .expect_err("three closed: the workspace's limit");
        limiter.close(&Closing::new("views.open", Rate::Open, None, Duration::ZERO));
        limiter.take("views.open", Rate::Open, None).unwrap();
    }
}
