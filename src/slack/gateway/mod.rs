//! The Slack edge: one pipe, two mouths.
//!
//! ```text
//!   http.rs    signature, size, form or JSON ─┐                        ┌─> 200, a body, or "send it again"
//!                                             ├─> decode ─> Gateway ───┤
//!   socket.rs  frame of Socket Mode ──────────┘     │  ^               └─> acknowledgement frame, or none
//!                                                   v  │
//!                                          handle(Inbound) -> Reply      what does not fit into the acknowledgement goes
//!                                          in a task of its own          by views.*, response URL or chat.*
//! ```
//!
//! The handler commits, then the mouth acknowledges. At the deadline the person is told that the work goes on; the task is never
//! cancelled, and its late reply goes by `response_url` or `views.update`. An event whose handler fails or is late is not
//! acknowledged, so Slack sends it again; handlers are idempotent for that.
//!
//! Invariant: this folder knows neither `view/` nor `usecases/`; it moves payloads and replies.

pub mod decode;
mod follow;
pub mod http;
pub mod inbound;
pub(crate) mod raw;
mod redraw;
pub mod reply;
pub mod socket;
mod words;

use super::client::Slack;
use decode::Decoded;
use follow::{Ask, Place};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use inbound::{Event, Inbound, Installation};
use redraw::Redraws;
use reply::{Failure, Options, Reply};
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Turns what happened into what to answer; `slack::handlers` is the one.
pub type Handler = Arc<dyn Fn(Inbound) -> BoxFuture<'static, Result<Reply, Failure>> + Send + Sync>;

/// The pipe behind both mouths; clones are the same.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    handle: Handler,
    slack: Slack,
    ours: Installation,
    deadline: Duration,
    redraws: Redraws,
    tasks: TaskTracker,
}

/// What the mouth tells Slack at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Received; nothing to say.
    Empty,
    /// Received, with this.
    Json(Value),
    /// The answer to a test of the address.
    Challenge(String),
    /// Not done: Slack shall send it again.
    Resend,
}

/// How a handler ended: its reply, or the reference under which the log tells what went wrong.
type Outcome = Result<Reply, String>;

impl Gateway {
    /// Slack wants an answer within three seconds; this leaves time for the way.
    pub const DEADLINE: Duration = Duration::from_millis(2500);

    /// Joins the handler with Slack. `ours` says whose payloads are taken; `deadline` is usually [`Self::DEADLINE`].
    #[must_use]
    pub fn new(handle: Handler, slack: Slack, ours: Installation, deadline: Duration) -> Self {
        Self(Arc::new(Inner {
            handle,
            slack,
            ours,
            deadline,
            redraws: Redraws::default(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Whose payloads are taken.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.0.ours
    }

    /// Waits until every handler has ended and every late reply is sent. The mouths must be closed before.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Handles one delivery and says what to tell Slack, within the deadline.
    pub async fn answer(&self, delivery: Decoded) -> Answer {
        let inbound = match delivery {
            Decoded::Inbound(inbound) => inbound,
            Decoded::Challenge(challenge) => return Answer::Challenge(challenge),
            Decoded::SslCheck => return Answer::Empty,
            Decoded::Own => {
                count("own");
                return Answer::Empty;
            }
            Decoded::Foreign { inbound, team } => {
                count("foreign");
                tracing::warn!(slack.team = %team, slack.kind = inbound.kind(), "refused a payload of another workspace");
                return self.refuse(&Ask::of(&inbound, &self.0.redraws));
            }
        };
        let unknown = match &inbound {
            Inbound::Other { kind }
            | Inbound::Event {
                event: Event::Other { kind },
                ..
            } => Some(kind),
            _ => None,
        };
        if let Some(kind) = unknown {
            count("unknown");
            tracing::debug!(slack.kind = %kind, "acknowledged a payload of no use to us");
            return Answer::Empty;
        }
        count(inbound.kind());
        let started = Instant::now();
        let kind = inbound.kind();
        let answer = self.handled(inbound).await;
        let took = started.elapsed();
        metrics::histogram!("c1_slack_answer_seconds", "kind" => kind).record(took.as_secs_f64());
        tracing::debug!(slack.kind = kind, took = ?took, "answered Slack");
        answer
    }

    /// A payload of another workspace: acknowledged, so that nobody sees an error, with a polite word where one fits. Our token
    /// cannot speak there, but a response URL needs none.
    fn refuse(&self, ask: &Ask) -> Answer {
        if matches!(ask.place, Place::Event { .. }) {
            return Answer::Empty;
        }
        let (answer, rest) = acknowledge(ask, Reply::say(words::FOREIGN));
        if let (Some(Reply::Ephemeral(message)), Some(url)) = (rest, ask.response_url.clone()) {
            let slack = self.0.slack.clone();
            self.0.tasks.spawn(async move {
                // Failures are logged by the client; there is no other way.
                let _told = slack.respond(&url, &words::ephemeral(message)).await;
            });
        }
        answer
    }

    async fn handled(&self, inbound: Inbound) -> Answer {
        let ask = Arc::new(Ask::of(&inbound, &self.0.redraws));
        let (on_time, mut outcome) = oneshot::channel();
        let (gateway, late) = (self.clone(), Arc::clone(&ask));
        self.0.tasks.spawn(async move {
            let ended = gateway.run(inbound).await;
            // Nobody waits any more: the deadline passed or the connection was lost.
            if let Err(ended) = on_time.send(ended) {
                metrics::counter!("c1_slack_late_replies_total", "kind" => late.kind).increment(1);
                gateway.follow_late(&late, ended).await;
            }
        });
        let in_time = tokio::time::timeout(self.0.deadline, &mut outcome).await;
        let ended = match in_time {
            Ok(ended) => ended.ok(),
            Err(_) => {
                // The outcome may have come in between; after `close` it can no longer.
                outcome.close();
                match outcome.try_recv() {
                    Ok(ended) => Some(ended),
                    Err(_) => return still_working(&ask),
                }
            }
        };
        // The task cannot end without sending; if it did, that is a failure like another.
        let ended = ended.unwrap_or_else(|| Err(reference()));
        let (answer, rest) = first(&ask, ended);
        if !rest.is_empty() {
            let gateway = self.clone();
            self.0.tasks.spawn(async move {
                for reply in rest {
                    gateway.follow(&ask, reply).await;
                }
            });
        }
        answer
    }

    /// Runs the handler to its end, whatever that is.
    async fn run(&self, inbound: Inbound) -> Outcome {
        let kind = inbound.kind();
        let handled = AssertUnwindSafe(async { (self.0.handle)(inbound).await })
            .catch_unwind()
            .await;
        let reference = reference();
        match handled {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(Failure(error))) => {
                tracing::error!(
                    slack.kind = kind,
                    reference,
                    error = format!("{error:#}"),
                    "a handler failed"
                );
            }
            Err(panic) => {
                let said = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or(panic.downcast_ref::<String>().map(String::as_str));
                tracing::error!(
                    slack.kind = kind,
                    reference,
                    panic = said.unwrap_or("no message"),
                    "a handler panicked"
                );
            }
        }
        metrics::counter!("c1_slack_handler_failures_total", "kind" => kind).increment(1);
        Err(reference)
    }
}

fn count(kind: &'static str) {
    metrics::counter!("c1_slack_deliveries_total", "kind" => kind).increment(1);
}

/// Short enough to be read out, random enough to be found.
fn reference() -> String {
    let id = Uuid::new_v4().simple().to_string();
    id[..8].to_owned()
}

/// What of an outcome goes into the acknowledgement, and what must follow it.
fn first(ask: &Ask, outcome: Outcome) -> (Answer, Vec<Reply>) {
    let reply = match (outcome, &ask.place) {
        (Ok(reply), _) => reply,
        (Err(_), Place::Event { .. }) => return (Answer::Resend, Vec::new()),
        (Err(_), Place::Closed | Place::Options) => Reply::Ack,
        // The form stays open with what was typed.
        (Err(reference), Place::Submission { inputs, .. }) if !inputs.is_empty() => {
            Reply::field_error(inputs.last().cloned().unwrap_or_default(), words::failed(&reference))
        }
        (Err(reference), _) => Reply::say(words::failed(&reference)),
    };
    let mut replies = Vec::new();
    flatten(reply, &mut replies);
    let mut replies = replies.into_iter();
    let (answer, own_rest) = acknowledge(ask, replies.next().unwrap_or(Reply::Ack));
    (
        answer,
        own_rest
            .into_iter()
            .chain(replies)
            .filter(|reply| *reply != Reply::Ack)
            .collect(),
    )
}

fn flatten(reply: Reply, into: &mut Vec<Reply>) {
    match reply {
        Reply::Several(replies) => replies.into_iter().for_each(|reply| flatten(reply, into)),
        one => into.push(one),
    }
}

fn acknowledge(ask: &Ask, reply: Reply) -> (Answer, Option<Reply>) {
    match &ask.place {
        Place::Command => match reply {
            Reply::Ephemeral(message) => (Answer::Json(words::ephemeral(message).to_json()), None),
            other => (Answer::Empty, Some(other)),
        },
        Place::Options => match reply {
            Reply::Options(options) => (Answer::Json(options.to_json()), None),
            other => (no_options(), Some(other)),
        },
        Place::Submission { title, inputs, .. } => match reply {
            Reply::Ack => (Answer::Empty, None),
            Reply::FieldErrors(errors) => (words::field_errors(title, inputs, errors), None),
            Reply::OpenModal(view) | Reply::UpdateModal(view) => (words::submission("update", &view), None),
            Reply::PushModal(view) => (words::submission("push", &view), None),
            Reply::ClearModals => (Answer::Json(json!({ "response_action": "clear" })), None),
            Reply::Ephemeral(message) => (words::submission("update", &words::notice(title, &message)), None),
            other => (Answer::Empty, Some(other)),
        },
        Place::Message | Place::Modal { .. } | Place::Home | Place::Closed | Place::Shortcut | Place::Event { .. } => {
            (Answer::Empty, Some(reply))
        }
    }
}

fn no_options() -> Answer {
    Answer::Json(Options::none().to_json())
}

/// The deadline came first; the task works on.
fn still_working(ask: &Ask) -> Answer {
    tracing::warn!(slack.kind = ask.kind, "a handler is late");
    match &ask.place {
        Place::Event { .. } => Answer::Resend,
        Place::Command => Answer::Json(words::ephemeral(reply::Message::text(words::STILL_WORKING)).to_json()),
        Place::Submission { title, .. } => words::submission("update", &words::waiting(title)),
        Place::Options => no_options(),
        Place::Message | Place::Modal { .. } | Place::Home | Place::Closed | Place::Shortcut => Answer::Empty,
    }
}
