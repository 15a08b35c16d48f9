//! What the app has called, for tests and for the curious.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// So many calls are remembered.
const KEPT: usize = 10_000;

/// One call of the Web API.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// `chat.postMessage` and so on.
    pub method: String,
    /// Its arguments, without the token.
    pub args: Value,
    /// When it came, by the simulator's clock, since 1970.
    pub at: Duration,
    /// `ok`, the error, or the fault that was asked for.
    pub outcome: String,
}

#[derive(Debug, Default)]
pub(crate) struct Calls {
    ring: VecDeque<Call>,
    total: u64,
}

impl Calls {
    pub(crate) fn add(&mut self, call: Call) {
        if self.ring.len() == KEPT {
            self.ring.pop_front();
        }
        self.ring.push_back(call);
        self.total += 1;
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.ring.iter().cloned().collect()
    }

    pub(crate) fn since(&self, total: u64) -> (Vec<Call>, u64) {
        let new = usize::try_from(self.total.saturating_sub(total))
            .unwrap_or(usize::MAX)
            .min(self.ring.len());
        (
            self.ring.iter().skip(self.ring.len() - new).cloned().collect(),
            self.total,
        )
    }
}
