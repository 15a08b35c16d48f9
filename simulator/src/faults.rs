//! Faults on request: in the answers of the Web API, and in what is delivered to the app.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;

use crate::inner::{OnItsWay, Pending};
use crate::sync::Locked;
use crate::web_api::args::Args;

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 with `Retry-After` in seconds.
    RateLimited {
        /// Seconds.
        retry_after: u64,
    },
    /// This status, with a page instead of JSON. Nothing is done.
    ServerError(u16),
    /// No answer for a minute; nothing is done.
    Timeout,
    /// It is done, but the connection breaks before the answer.
    AppliedNoAnswer,
    /// It is done, but no answer comes for a minute.
    AppliedTimeout,
    /// It is done, but the answer is this status with a page.
    AppliedServerError(u16),
    /// Status 200, but a page instead of JSON, as from a proxy. Nothing is done.
    BadBody,
    /// `ok: false` with this error. Nothing is done.
    Error(String),
    /// It is done and answered, only so many milliseconds later.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
}

/// What goes wrong with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFault {
    /// All WebSockets break at once, without a closing frame; what was not acknowledged comes again on the next one.
    DropSocket,
    /// Slack's `warning`: connections end in about ten seconds.
    SocketWarning,
    /// Slack's `refresh_requested`; the connections are closed soon after.
    SocketRefresh,
    /// Slack's `link_disabled`: Socket Mode was switched off.
    LinkDisabled,
    /// The next event comes twice, with the same event id.
    DuplicateNext {
        /// As a repetition (`x-slack-retry-num`, `retry_attempt`) or without any sign of it.
        with_retry_headers: bool,
    },
    /// The next event comes twice, under two event ids.
    TwoEventIdsNext,
    /// Events are lost …
    LoseEvents,
    /// … until now.
    TellEvents,
    /// Events are kept back …
    HoldEvents,
    /// … until now, and come one after the other.
    ReleaseEvents {
        /// The last one first.
        reversed: bool,
    },
}

#[derive(Debug)]
struct Rule {
    method: String,
    argument: Option<(String, String)>,
    fault: Fault,
    /// So many calls that fit go through first.
    spared: u32,
    left: Option<u32>,
}

/// The faults that are waiting. `"*"` stands for every method.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<VecDeque<Rule>>,
    deliveries: Mutex<Vec<(DeliveryFault, OnItsWay)>>,
    pending: Arc<Pending>,
    wake: tokio::sync::Notify,
    applied: std::sync::atomic::AtomicU64,
}

impl Faults {
    /// The next call of the method fails; several wait in line.
    pub fn next(&self, method: &str, fault: Fault) {
        self.times(method, fault, 1);
    }

    /// The next so many calls fail.
    pub fn times(&self, method: &str, fault: Fault, times: u32) {
        self.add(method, None, fault, Some(times));
    }

    /// One call of the method fails, after so many that do not.
    pub fn after(&self, spared: u32, method: &str, fault: Fault) {
        self.rules.locked().push_back(Rule {
            method: method.to_owned(),
            argument: None,
            fault,
            spared,
            left: Some(1),
        });
    }

    /// All calls fail until [`Faults::clear`].
    pub fn until_cleared(&self, method: &str, fault: Fault) {
        self.add(method, None, fault, None);
    }

    /// The next so many calls fail in which this argument has this value: one channel, one person.
    pub fn times_where(&self, method: &str, argument: &str, value: &str, fault: Fault, times: u32) {
        self.add(
            method,
            Some((argument.to_owned(), value.to_owned())),
            fault,
            Some(times),
        );
    }

    /// All calls fail in which this argument has this value, until [`Faults::clear`].
    pub fn until_cleared_where(&self, method: &str, argument: &str, value: &str, fault: Fault) {
        self.add(method, Some((argument.to_owned(), value.to_owned())), fault, None);
    }

    fn add(&self, method: &str, argument: Option<(String, String)>, fault: Fault, left: Option<u32>) {
        if left != Some(0) {
            self.rules.locked().push_back(Rule {
                method: method.to_owned(),
                argument,
                fault,
                spared: 0,
                left,
            });
        }
    }

    /// Something goes wrong with deliveries: at once, or with the next event.
    pub fn delivery(&self, fault: DeliveryFault) {
        self.deliveries.locked().push((fault, self.pending.begin()));
        self.wake.notify_one();
    }

    /// No faults any more.
    pub fn clear(&self) {
        self.rules.locked().clear();
    }

    /// How many are waiting; those which stay until cleared count once.
    pub fn waiting(&self) -> usize {
        self.rules.locked().len()
    }

    /// How many calls have failed by these faults so far.
    pub fn applied(&self) -> u64 {
        self.applied.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) fn take(&self, method: &str, args: &Args) -> Option<Fault> {
        let mut rules = self.rules.locked();
        if rules.is_empty() {
            return None;
        }
        let fits = |rule: &Rule| {
            (rule.method == "*" || rule.method == method)
                && rule
                    .argument
                    .as_ref()
                    .is_none_or(|(name, value)| args.text(name).as_ref() == Some(value))
        };
        let at = rules.iter().position(fits)?;
        if rules[at].spared > 0 {
            rules[at].spared -= 1;
            return None;
        }
        self.applied.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let rule = &mut rules[at];
        let fault = rule.fault.clone();
        if let Some(left) = &mut rule.left {
            *left -= 1;
            if *left == 0 {
                rules.remove(at);
            }
        }
        Some(fault)
    }

    /// What is asked for and not yet done is on its way, as deliveries are.
    pub(crate) fn new(pending: Arc<Pending>) -> Faults {
        Faults {
            pending,
            ..Faults::default()
        }
    }

    pub(crate) fn take_deliveries(&self) -> Vec<(DeliveryFault, OnItsWay)> {
        std::mem::take(&mut *self.deliveries.locked())
    }

    /// Returns when a fault of deliveries was asked for.
    pub(crate) async fn delivery_waits(&self) {
        self.wake.notified().await;
    }
}

/// How long a call hangs under [`Fault::Timeout`].
pub(crate) const HANG: Duration = Duration::from_secs(60);
