//! The Socket Mode mouth: several WebSockets that Slack delivers through; no public address needed.
//!
//! On tokio-tungstenite and not on slack-morphism's client, because that one handles the envelopes of a connection one after the
//! other before it acknowledges, is deaf for over a minute after a panic, closes the old connection before the new one is up, and
//! reconnects without pause when Socket Mode is switched off. (The address still comes from its session, by `client.rs`.)
//!
//! Each slot keeps one connection: it is up after `hello`; every envelope is handled in a task of its own and acknowledged when
//! handled; when Slack warns that it will close, the slot opens the next one at once while the old one is read to its end.
//! An acknowledgement that is lost with its connection costs nothing: Slack sends the envelope again, and handlers are idempotent.

use super::decode::{self, Decoded};
use super::raw::{self, RawFrame};
use super::{Answer, Gateway};
use crate::slack::client::{CallError, Slack};
use futures::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message as Frame, Utf8Bytes};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How many connections to keep and how patiently; the defaults suit Slack, tests are quicker.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    /// Connections at the same time; Slack allows ten per app, over all replicas.
    pub connections: usize,
    /// How long `hello` may take.
    pub hello: Duration,
    /// After so long a silence we ask; after twice as long the connection counts as dead.
    pub silence: Duration,
    /// The first pause before connecting again; doubles with every failure.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// The pause while Socket Mode is switched off or the token is no good: somebody must act first.
    pub switched_off: Duration,
    /// How long a connection that Slack is about to close may go on.
    pub drain: Duration,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            connections: 2,
            hello: Duration::from_secs(10),
            silence: Duration::from_secs(15),
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            switched_off: Duration::from_secs(300),
            drain: Duration::from_secs(60),
        }
    }
}

/// How the connections are: for readiness and the health gauge.
#[derive(Debug, Default)]
pub struct SocketHealth {
    up: AtomicUsize,
    switched_off: AtomicBool,
}

impl SocketHealth {
    /// Connections that are up: Slack said hello and nothing was lost since.
    #[must_use]
    pub fn up(&self) -> usize {
        self.up.load(Ordering::Relaxed)
    }

    /// Whether deliveries can arrive.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn ready(&self) -> Result<(), String> {
        match (self.up(), self.switched_off.load(Ordering::Relaxed)) {
            (0, true) => {
                Err("Socket Mode is switched off or the app-level token is no good; see the app's settings".to_owned())
            }
            (0, false) => Err("no Socket Mode connection is up".to_owned()),
            _ => Ok(()),
        }
    }

    fn changed(&self, up: bool) {
        let count = if up {
            self.switched_off.store(false, Ordering::Relaxed);
            self.up.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            self.up.fetch_sub(1, Ordering::Relaxed) - 1
        };
        metrics::gauge!("c1_slack_socket_connections").set(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

/// Counts a connection as up for as long as it lives.
struct Up(Arc<SocketHealth>);

impl Up {
    fn new(health: &Arc<SocketHealth>) -> Self {
        health.changed(true);
        Self(Arc::clone(health))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.0.changed(false);
    }
}

/// Keeps the connections.
pub struct SocketMouth {
    shared: Arc<Shared>,
}

struct Shared {
    gateway: Gateway,
    slack: Slack,
    settings: SocketSettings,
    health: Arc<SocketHealth>,
    stop: CancellationToken,
    draining: TaskTracker,
}

/// Why a connection is no longer the slot's.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Slack will close it or has; the next one should be up soon.
    Replaced,
    /// Nobody may connect until somebody acts.
    SwitchedOff(String),
    /// There are too many already.
    TooMany,
    /// It broke.
    Lost(String),
    /// We stop.
    Stopped,
}

impl SocketMouth {
    /// A mouth for the gateway, closed until [`Self::run`].
    #[must_use]
    pub fn new(gateway: Gateway, slack: Slack, settings: SocketSettings, stop: CancellationToken) -> Self {
        let (health, draining) = (Arc::default(), TaskTracker::new());
        Self {
            shared: Arc::new(Shared {
                gateway,
                slack,
                settings,
                health,
                stop,
                draining,
            }),
        }
    }

    /// How the connections are.
    #[must_use]
    pub fn health(&self) -> Arc<SocketHealth> {
        Arc::clone(&self.shared.health)
    }

    /// Keeps the connections until told to stop; envelopes at work then are still acknowledged.
    pub async fn run(self) {
        let mut slots = JoinSet::new();
        for slot in 0..self.shared.settings.connections.max(1) {
            slots.spawn(Arc::clone(&self.shared).keep(slot));
        }
        slots.join_all().await;
        self.shared.draining.close();
        self.shared.draining.wait().await;
    }
}

impl Shared {
    /// Keeps one slot connected.
    async fn keep(self: Arc<Self>, slot: usize) {
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            let opened = Instant::now();
            let end = match self.connect().await {
                Ok(connection) => {
                    tracing::info!(slot, "a Socket Mode connection is up");
                    Arc::clone(&self).serve(connection).await
                }
                Err(end) => end,
            };
            // A connection that held for a while starts the count anew.
            failures = if opened.elapsed() > self.settings.longest_pause {
                1
            } else {
                failures + 1
            };
            let pause = match &end {
                End::Stopped => return,
                End::Replaced if failures <= 1 => Duration::ZERO,
                End::Replaced => self.backoff(failures - 1),
                End::SwitchedOff(cause) => {
                    self.health.switched_off.store(true, Ordering::Relaxed);
                    metrics::counter!("c1_slack_socket_switched_off_total").increment(1);
                    tracing::error!(
                        slot,
                        cause,
                        "Slack delivers nothing: Socket Mode is switched off or the token is no good"
                    );
                    self.settings.switched_off
                }
                End::TooMany => {
                    tracing::warn!(
                        slot,
                        "Slack has more Socket Mode connections of this app than it allows"
                    );
                    self.settings.longest_pause
                }
                End::Lost(cause) => {
                    tracing::warn!(slot, cause, failures, "a Socket Mode connection was lost");
                    self.backoff(failures)
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Twice as long after every failure, and somewhere between half of it and the whole, so that replicas do not march in step.
    fn backoff(&self, failures: u32) -> Duration {
        let whole = self
            .settings
            .pause
            .saturating_mul(1 << failures.saturating_sub(1).min(10))
            .min(self.settings.longest_pause);
        let chance = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
        whole.mul_f64(0.5 + chance / 2.0)
    }

    /// Opens a connection and waits for `hello`.
    async fn connect(&self) -> Result<Connection, End> {
        let open = async {
            let url = self.slack.open_connection().await.map_err(|error| match error {
                CallError::Dead(_) | CallError::Ours(_) => End::SwitchedOff(error.to_string()),
                error => End::Lost(error.to_string()),
            })?;
            let upgraded = self
                .slack
                .open_socket(&url)
                .await
                .map_err(|error| End::Lost(format!("{error:#}")))?;
            let config = WebSocketConfig::default().max_message_size(Some(super::http::LARGEST_BODY * 4));
            let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, Some(config)).await;
            timeout(self.settings.hello, hello(&mut socket))
                .await
                .map_err(|_| End::Lost("no hello".to_owned()))??;
            Ok(Connection {
                socket,
                _up: Up::new(&self.health),
            })
        };
        tokio::select! {
            () = self.stop.cancelled() => Err(End::Stopped),
            opened = open => opened,
        }
    }

    /// Reads a connection until the slot needs another; if Slack only announced that, the reading goes on beside.
    async fn serve(self: Arc<Self>, connection: Connection) -> End {
        let (announced, end) = tokio::sync::oneshot::channel();
        let reading = Arc::clone(&self).read(connection, announced);
        self.draining.spawn(reading);
        // The reader always says why before it ends, unless it panicked.
        end.await.unwrap_or_else(|_| End::Lost("the reader ended".to_owned()))
    }

    async fn read(self: Arc<Self>, connection: Connection, announce: tokio::sync::oneshot::Sender<End>) {
        let Connection { socket, _up } = connection;
        let (mut sink, mut stream) = socket.split();
        let (acks, mut to_send) = mpsc::unbounded_channel::<Utf8Bytes>();
        let mut announce = Some(announce);
        let mut tell = |end: End| {
            if let Some(announce) = announce.take() {
                // The slot may be gone when we stop.
                let _heard = announce.send(end);
            }
        };
        let mut ticks = tokio::time::interval(self.settings.silence / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut asked) = (Instant::now(), false);
        let mut until: Option<Instant> = None;
        let mut stopping = false;
        let cause = loop {
            tokio::select! {
                frame = stream.next() => {
                    (heard, asked) = (Instant::now(), false);
                    let text = match frame {
                        Some(Ok(Frame::Text(text))) => text,
                        // Pings are answered by the library when it next writes or reads.
                        Some(Ok(Frame::Close(_))) | None => break "closed by Slack".to_owned(),
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => break error.to_string(),
                    };
                    match self.take(&text, &acks) {
                        None => {}
                        Some(end) => {
                            tell(end);
                            // Slack closes it within seconds; whatever still comes is read.
                            until.get_or_insert(Instant::now() + self.settings.drain);
                        }
                    }
                }
                Some(ack) = to_send.recv() => {
                    if let Err(error) = sink.send(Frame::Text(ack)).await {
                        break error.to_string();
                    }
                }
                _ = ticks.tick() => {
                    let now = Instant::now();
                    let silence = now.duration_since(heard);
                    if until.is_some_and(|until| until <= now) && acks.strong_count() == 1 {
                        break "drained".to_owned();
                    }
                    if silence > self.settings.silence * 2 {
                        break "silent for too long".to_owned();
                    }
                    if silence > self.settings.silence && !asked {
                        asked = true;
                        if let Err(error) = sink.send(Frame::Ping(Vec::new().into())).await {
                            break error.to_string();
                        }
                    }
                }
                () = self.stop.cancelled(), if !stopping => {
                    // What is at work is still acknowledged; what comes now, another connection gets.
                    stopping = true;
                    tell(End::Stopped);
                    until = Some(Instant::now());
                    ticks = tokio::time::interval(Duration::from_millis(20));
                }
            }
        };
        // Acknowledgements that are ready go out while the connection still takes them.
        while let Ok(ack) = to_send.try_recv() {
            if sink.send(Frame::Text(ack)).await.is_err() {
                break;
            }
        }
        // It is closed either way.
        let _closed = timeout(Duration::from_secs(1), sink.close()).await;
        tell(if until.is_some() {
            End::Replaced
        } else {
            End::Lost(cause)
        });
    }

    /// Takes one frame: starts the handling of an envelope, or tells that the connection comes to its end.
    fn take(&self, text: &str, acks: &mpsc::UnboundedSender<Utf8Bytes>) -> Option<End> {
        let Ok(frame) = raw::parse::<RawFrame>(text.as_bytes()) else {
            metrics::counter!("c1_slack_deliveries_total", "kind" => "broken").increment(1);
            tracing::warn!(bytes = text.len(), "a Socket Mode frame is not a JSON object");
            return None;
        };
        if frame.r#type.0 == "disconnect" {
            tracing::info!(reason = %frame.reason.0, "Slack will close a Socket Mode connection");
            return Some(match frame.reason.0.as_str() {
                "link_disabled" => End::SwitchedOff("link_disabled".to_owned()),
                "too_many_websockets" => End::TooMany,
                _ => End::Replaced,
            });
        }
        // Also an envelope of a kind unknown to us is acknowledged, else it comes again for ever.
        let envelope_id = frame.envelope_id.owned()?;
        let retry = frame
            .retry_attempt
            .number()
            .and_then(|n| u8::try_from(n).ok())
            .filter(|n| *n > 0);
        let delivery = match frame.payload.0 {
            Some(payload) => decode::decode(payload, self.gateway.installation(), retry),
            None => Decoded::Inbound(super::inbound::Inbound::Other { kind: frame.r#type.0 }),
        };
        let (gateway, acks, accepts) = (self.gateway.clone(), acks.clone(), frame.accepts_response_payload.yes());
        self.draining.spawn(async move {
            let Some(ack) = acknowledgement(&envelope_id, gateway.answer(delivery).await, accepts) else {
                return;
            };
            // The connection is gone: Slack sends the envelope again.
            let _sent = acks.send(ack.to_string().into());
        });
        None
    }
}

/// The frame that acknowledges an envelope; none when Slack shall send it again.
fn acknowledgement(envelope_id: &str, answer: Answer, accepts_payload: bool) -> Option<Value> {
    match answer {
        Answer::Resend => None,
        Answer::Json(payload) if accepts_payload => Some(json!({ "envelope_id": envelope_id, "payload": payload })),
        Answer::Json(_) => {
            tracing::warn!("an envelope takes no answer; it was only acknowledged");
            Some(json!({ "envelope_id": envelope_id }))
        }
        Answer::Empty | Answer::Challenge(_) => Some(json!({ "envelope_id": envelope_id })),
    }
}

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

struct Connection {
    socket: Socket,
    _up: Up,
}

async fn hello(socket: &mut Socket) -> Result<(), End> {
    while let Some(frame) = socket.next().await {
        let Frame::Text(text) = frame.map_err(|error| End::Lost(error.to_string()))? else {
            continue;
        };
        let Ok(frame) = raw::parse::<RawFrame>(text.as_bytes()) else {
            continue;
        };
        match (frame.r#type.0.as_str(), frame.reason.0.as_str()) {
            ("hello", _) => return Ok(()),
            ("disconnect", "link_disabled") => return Err(End::SwitchedOff("link_disabled".to_owned())),
            ("disconnect", "too_many_websockets") => return Err(End::TooMany),
            ("disconnect", reason) => return Err(End::Lost(reason.to_owned())),
            _ => {}
        }
    }
    Err(End::Lost("closed before hello".to_owned()))
}
