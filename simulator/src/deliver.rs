//! What the app is sent, over HTTP or Socket Mode: events in the background, interactions while somebody waits.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::config::Delivery;
use crate::events_http;
use crate::faults::DeliveryFault;
use crate::inner::{Inner, OnItsWay, Pending};
use crate::sync::Locked;
use crate::world::{APP_ID, BOT_USER, VERIFICATION_TOKEN, World, base36};

/// So many events are on their way at the same time over HTTP.
const AT_ONCE: usize = 64;

/// What kind of thing is delivered; it decides on path, encoding and envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Command {
        path: String,
    },
    /// The flag: whether an answer with content is welcome.
    Interactive(bool),
    Options,
}

/// What the app said to an interaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    Empty,
    Json(Value),
    Text(String),
}

/// Why an interaction did not reach the app, or the app did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Timeout,
    Failed,
}

impl Trouble {
    /// As Slack's client says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Trouble::Timeout => "operation_timeout",
            Trouble::Failed => "dispatch_failed",
        }
    }
}

/// Why an event was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotTaken {
    /// As in `x-slack-retry-reason`.
    pub(crate) reason: &'static str,
    /// The app asked not to try again.
    pub(crate) give_up: bool,
}

/// Marks a repetition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    pub(crate) number: u32,
    pub(crate) reason: &'static str,
}

#[derive(Debug)]
struct Item {
    payload: Value,
    on_its_way: OnItsWay,
}

/// Events that wait for the dispatcher.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: mpsc::UnboundedSender<Item>,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Item>>>,
    pub(crate) pending: Arc<Pending>,
    slots: Arc<Semaphore>,
}

impl Queue {
    pub(crate) fn new() -> Queue {
        let (sender, receiver) = mpsc::unbounded_channel();
        Queue {
            sender,
            receiver: Mutex::new(Some(receiver)),
            pending: Arc::default(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(crate) fn push(&self, payload: Value) {
        // After shutdown nobody listens any more, and nobody needs to.
        let _ = self.sender.send(Item {
            payload,
            on_its_way: self.pending.begin(),
        });
    }
}

/// The payload around an event.
pub(crate) fn wrap_event(world: &World, event: Value) -> Value {
    let time = world.now.as_secs();
    let context = format!("4-{}-{APP_ID}", event.get("type").and_then(Value::as_str).unwrap_or(""));
    json!({
        "token": VERIFICATION_TOKEN, "team_id": world.team.id, "context_team_id": world.team.id,
        "context_enterprise_id": null, "api_app_id": APP_ID, "event": event, "type": "event_callback",
        "event_id": new_event_id(), "event_time": time,
        "authorizations": [{
            "enterprise_id": null, "team_id": world.team.id, "user_id": BOT_USER, "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": false, "event_context": context,
    })
}

/// By chance, so that a simulator started anew does not repeat the ids of the one before.
fn new_event_id() -> String {
    format!("Ev0{}", base36(rand::random(), 9))
}

/// What the dispatcher keeps in mind.
#[derive(Debug, Default)]
struct Dispatcher {
    held: Option<Vec<Value>>,
    duplicate: Option<bool>,
    two_ids: bool,
    lost: bool,
}

/// Runs until the simulator stops.
pub(crate) async fn run(inner: Arc<Inner>) {
    let Some(mut receiver) = inner.queue.receiver.locked().take() else {
        return;
    };
    let mut dispatcher = Dispatcher::default();
    loop {
        tokio::select! {
            () = inner.stop.cancelled() => return,
            () = inner.faults.delivery_waits() => dispatcher.take_faults(&inner),
            item = receiver.recv() => {
                let Some(item) = item else { return };
                // A fault asked for before the event happened must find it.
                dispatcher.take_faults(&inner);
                dispatcher.event(&inner, item);
            }
        }
    }
}

impl Dispatcher {
    fn take_faults(&mut self, inner: &Arc<Inner>) {
        for (fault, on_its_way) in inner.faults.take_deliveries() {
            match fault {
                DeliveryFault::DropSocket => inner.sockets.drop_all(),
                DeliveryFault::SocketWarning => inner.sockets.disconnect("warning"),
                DeliveryFault::SocketRefresh => inner.sockets.disconnect("refresh_requested"),
                DeliveryFault::LinkDisabled => inner.sockets.disconnect("link_disabled"),
                DeliveryFault::DuplicateNext { with_retry_headers } => self.duplicate = Some(with_retry_headers),
                DeliveryFault::TwoEventIdsNext => self.two_ids = true,
                DeliveryFault::LoseEvents => self.lost = true,
                DeliveryFault::TellEvents => self.lost = false,
                DeliveryFault::HoldEvents => {
                    self.held.get_or_insert_default();
                }
                DeliveryFault::ReleaseEvents { reversed } => {
                    let mut held = self.held.take().unwrap_or_default();
                    if reversed {
                        held.reverse();
                    }
                    let inner = Arc::clone(inner);
                    tokio::spawn(async move {
                        for payload in held {
                            deliver(&inner, &payload, None).await;
                        }
                        drop(on_its_way);
                    });
                }
            }
        }
    }

    fn event(&mut self, inner: &Arc<Inner>, item: Item) {
        if self.lost {
            return;
        }
        if let Some(held) = &mut self.held {
            held.push(item.payload);
            return;
        }
        let duplicate = self.duplicate.take();
        let two_ids = std::mem::take(&mut self.two_ids);
        let inner = Arc::clone(inner);
        let Item { payload, on_its_way } = item;
        tokio::spawn(async move {
            deliver(&inner, &payload, None).await;
            if let Some(with_headers) = duplicate {
                let retry = with_headers.then_some(Retry {
                    number: 1,
                    reason: "http_timeout",
                });
                deliver(&inner, &payload, retry).await;
            }
            if two_ids {
                let mut again = payload;
                again["event_id"] = json!(new_event_id());
                deliver(&inner, &again, None).await;
            }
            drop(on_its_way);
        });
    }
}

/// Sends an event until it is taken, at most four times.
async fn deliver(inner: &Arc<Inner>, payload: &Value, marked: Option<Retry>) {
    let mut retry = marked;
    for number in 1..=4 {
        let taken = tokio::select! {
            () = inner.stop.cancelled() => return,
            taken = attempt(inner, payload, retry) => taken,
        };
        let Err(trouble) = taken else { return };
        if trouble.give_up || number > 3 {
            tracing::debug!(reason = trouble.reason, "an event was given up");
            return;
        }
        let then = inner.clock.now() + inner.retry_pace.wait(number);
        tokio::select! {
            () = inner.stop.cancelled() => return,
            () = inner.clock.sleep_until(then) => {}
        }
        retry = Some(Retry {
            number,
            reason: trouble.reason,
        });
    }
}

async fn attempt(inner: &Arc<Inner>, payload: &Value, retry: Option<Retry>) -> Result<(), NotTaken> {
    let delivery = inner.delivery.locked().clone();
    match delivery {
        Delivery::Socket => inner.sockets.event(payload, retry, inner.answer_within).await,
        Delivery::Http { base } => {
            let _slot = inner.queue.slots.acquire().await;
            events_http::event(inner, &base, payload, retry).await
        }
    }
}

/// Sends an interaction and waits for what the app says.
pub(crate) async fn ask(inner: &Arc<Inner>, kind: Kind, payload: &Value) -> Result<Reply, Trouble> {
    let _on_its_way = inner.queue.pending.begin();
    let delivery = inner.delivery.locked().clone();
    match delivery {
        Delivery::Socket => inner.sockets.ask(&kind, payload, inner.answer_within).await,
        Delivery::Http { base } => events_http::ask(inner, &base, &kind, payload).await,
    }
}
