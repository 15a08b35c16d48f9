//! Slack's limits: per method, and for posting per channel.

use std::collections::HashMap;
use std::time::Duration;

use crate::rules::{self, Tier};

/// Messages which may come at once into one channel before the one-a-second begins to count.
const CHANNEL_BURST: f64 = 2.0;

/// A bucket that fills by the second.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Bucket {
    /// How long to wait for a token; zero when there is one.
    fn wait(&mut self, now: Duration, capacity: f64, per_second: f64) -> Duration {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * per_second).min(capacity);
        self.at = now;
        if self.tokens >= 1.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64((1.0 - self.tokens) / per_second)
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Limits {
    methods: HashMap<String, Bucket>,
    channels: HashMap<String, Bucket>,
}

impl Limits {
    /// `Err` with the seconds of `Retry-After` when the call comes too early.
    pub(crate) fn check(&mut self, method: &str, channel: Option<&str>, now: Duration) -> Result<(), u64> {
        let tier = rules::tier(method);
        let capacity = f64::from(tier.per_minute());
        // Bursts are tolerated; an app may open all its connections at once.
        let burst = capacity.max(10.0);
        let bucket = self
            .methods
            .entry(method.to_owned())
            .or_insert_with(|| Bucket { tokens: burst, at: now });
        let mut wait = bucket.wait(now, burst, capacity / 60.0);
        let mut in_channel = None;
        if let (Tier::Posting, Some(channel)) = (tier, channel) {
            let bucket = self.channels.entry(channel.to_owned()).or_insert_with(|| Bucket {
                tokens: CHANNEL_BURST,
                at: now,
            });
            wait = wait.max(bucket.wait(now, CHANNEL_BURST, 1.0));
            in_channel = Some(bucket);
        }
        if !wait.is_zero() {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        bucket.tokens -= 1.0;
        if let Some(bucket) = in_channel {
            bucket.tokens -= 1.0;
        }
        Ok(())
    }
}
