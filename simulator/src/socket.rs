//! Delivery over Socket Mode.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use crate::deliver::{Kind, NotTaken, Reply, Retry, Trouble};
use crate::inner::Inner;
use crate::rules;
use crate::sync::Locked;
use crate::world::APP_ID;

const PING_EVERY: Duration = Duration::from_secs(10);
/// From the request to refresh to the end: nothing new is sent meanwhile.
const AFTER_REFRESH: Duration = Duration::from_secs(2);
/// How long a connection lives when the client asked for `debug_reconnects`.
const DEBUG_LIFE: Duration = Duration::from_secs(360);

enum Order {
    Send(String),
    /// A message of disconnection, then the end after a while.
    Disconnect(&'static str, Duration),
    /// The end, without a word.
    Drop,
}

struct Connection {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
    /// It ends soon: nothing new goes there.
    leaving: bool,
}

enum Ack {
    Got(Option<Value>),
    /// The connection ended before the answer.
    Lost,
}

#[derive(Default)]
struct State {
    tickets: HashSet<String>,
    connections: Vec<Connection>,
    turn: usize,
    next_id: u64,
    waiting: HashMap<String, (u64, oneshot::Sender<Ack>)>,
}

/// The WebSockets of the app.
#[derive(Default)]
pub(crate) struct Sockets {
    state: Mutex<State>,
    arrived: Notify,
}

impl Sockets {
    /// A ticket opens one connection.
    pub(crate) fn ticket(&self) -> String {
        let ticket = uuid::Uuid::new_v4().simple().to_string();
        self.state.locked().tickets.insert(ticket.clone());
        ticket
    }

    pub(crate) fn redeem(&self, ticket: &str) -> bool {
        self.state.locked().tickets.remove(ticket)
    }

    pub(crate) fn count(&self) -> usize {
        self.state.locked().connections.len()
    }

    pub(crate) fn drop_all(&self) {
        for connection in &mut self.state.locked().connections {
            connection.leaving = true;
            let _ = connection.orders.send(Order::Drop);
        }
    }

    pub(crate) fn disconnect(&self, reason: &'static str) {
        for connection in &mut self.state.locked().connections {
            let life = match reason {
                "warning" => rules::SOCKET_WARNING,
                "refresh_requested" => AFTER_REFRESH,
                _ => Duration::ZERO,
            };
            connection.leaving = reason != "warning";
            let _ = connection.orders.send(Order::Disconnect(reason, life));
        }
    }

    /// Gives a text to any connection.
    fn hand_over(&self, envelope_id: &str, text: &str) -> Option<oneshot::Receiver<Ack>> {
        let mut state = self.state.locked();
        let usable: Vec<usize> = (0..state.connections.len())
            .filter(|i| !state.connections[*i].leaving)
            .collect();
        state.turn = state.turn.wrapping_add(1);
        for step in 0..usable.len() {
            let connection = &state.connections[usable[(state.turn + step) % usable.len()]];
            let id = connection.id;
            if connection.orders.send(Order::Send(text.to_owned())).is_ok() {
                let (sender, receiver) = oneshot::channel();
                state.waiting.insert(envelope_id.to_owned(), (id, sender));
                return Some(receiver);
            }
        }
        None
    }

    /// Sends until it is acknowledged. When a connection ends first, the same envelope goes to another one.
    /// The deadline counts from the moment a connection has it; without `wait`, also before.
    async fn send(
        &self,
        envelope_id: &str,
        envelope: &Value,
        within: Duration,
        wait: bool,
    ) -> Result<Option<Value>, Trouble> {
        let text = envelope.to_string();
        let mut deadline = (!wait).then(|| Instant::now() + within);
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let Some(receiver) = self.hand_over(envelope_id, &text) else {
                match deadline {
                    None => arrived.await,
                    Some(at) => {
                        tokio::time::timeout_at(at, arrived)
                            .await
                            .map_err(|_| Trouble::Failed)?;
                    }
                }
                continue;
            };
            let at = *deadline.get_or_insert_with(|| Instant::now() + within);
            match tokio::time::timeout_at(at, receiver).await {
                Ok(Ok(Ack::Got(payload))) => return Ok(payload),
                Ok(_) => {
                    if wait {
                        deadline = None;
                    }
                }
                Err(_) => {
                    self.state.locked().waiting.remove(envelope_id);
                    return Err(Trouble::Timeout);
                }
            }
        }
    }

    pub(crate) async fn event(&self, payload: &Value, retry: Option<Retry>, within: Duration) -> Result<(), NotTaken> {
        let envelope_id = uuid::Uuid::new_v4().to_string();
        let envelope = json!({
            "envelope_id": envelope_id, "payload": payload, "type": "events_api", "accepts_response_payload": false,
            "retry_attempt": retry.map_or(0, |r| r.number),
            "retry_reason": if retry.is_some() { "timeout" } else { "" },
        });
        match self.send(&envelope_id, &envelope, within, true).await {
            Ok(_) => Ok(()),
            Err(_) => Err(NotTaken {
                reason: "timeout",
                give_up: false,
            }),
        }
    }

    pub(crate) async fn ask(&self, kind: &Kind, payload: &Value, within: Duration) -> Result<Reply, Trouble> {
        let (name, accepts) = match kind {
            Kind::Command { .. } => ("slash_commands", true),
            Kind::Interactive(accepts) => ("interactive", *accepts),
            Kind::Options => ("interactive", true),
        };
        let envelope_id = uuid::Uuid::new_v4().to_string();
        let envelope = json!({
            "envelope_id": envelope_id, "payload": payload, "type": name, "accepts_response_payload": accepts,
        });
        Ok(match self.send(&envelope_id, &envelope, within, false).await? {
            None | Some(Value::Null) => Reply::Empty,
            // Some clients write an empty object where they mean nothing.
            Some(Value::Object(fields)) if fields.is_empty() => Reply::Empty,
            Some(Value::String(text)) => Reply::Text(text),
            Some(other) => Reply::Json(other),
        })
    }

    fn acknowledge(&self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let Some(id) = frame.get("envelope_id").and_then(Value::as_str) else {
            return;
        };
        if let Some((_, sender)) = self.state.locked().waiting.remove(id) {
            let _ = sender.send(Ack::Got(frame.get("payload").cloned()));
        }
    }

    /// Takes a connection in; `None` when there are too many.
    fn join(&self) -> Option<(u64, usize, mpsc::UnboundedReceiver<Order>)> {
        let mut state = self.state.locked();
        if state.connections.len() >= rules::SOCKETS {
            return None;
        }
        let (orders, receiver) = mpsc::unbounded_channel();
        state.next_id += 1;
        let id = state.next_id;
        // It becomes known to the senders only after the greeting.
        state.connections.push(Connection {
            id,
            orders,
            leaving: true,
        });
        Some((id, state.connections.len(), receiver))
    }

    fn ready(&self, id: u64) {
        if let Some(connection) = self.state.locked().connections.iter_mut().find(|c| c.id == id) {
            connection.leaving = false;
        }
        self.arrived.notify_waiters();
    }

    fn leave(&self, id: u64) {
        let mut state = self.state.locked();
        state.connections.retain(|c| c.id != id);
        let lost: Vec<String> = state
            .waiting
            .iter()
            .filter(|(_, (on, _))| *on == id)
            .map(|(e, _)| e.clone())
            .collect();
        for envelope in lost {
            if let Some((_, sender)) = state.waiting.remove(&envelope) {
                let _ = sender.send(Ack::Lost);
            }
        }
    }
}

fn disconnect_frame(reason: &str) -> Message {
    Message::text(json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "simulator"}}).to_string())
}

/// One connection, from the greeting to the end.
pub(crate) async fn serve(inner: Arc<Inner>, mut socket: WebSocket, debug_reconnects: bool) {
    let Some((id, connections, mut orders)) = inner.sockets.join() else {
        let _ = socket.send(disconnect_frame("too_many_websockets")).await;
        let _ = socket.send(Message::Close(None)).await;
        return;
    };
    let life = if debug_reconnects {
        DEBUG_LIFE
    } else {
        Duration::from_secs(4 * 3600)
    };
    let hello = json!({
        "type": "hello", "num_connections": connections, "connection_info": {"app_id": APP_ID},
        "debug_info": {"host": "simulator", "build_number": 1, "approximate_connection_time": life.as_secs()},
    });
    let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    let mut warn_at = Instant::now() + life - rules::SOCKET_WARNING;
    let mut end_at = None;
    let mut politely = true;
    if socket.send(Message::text(hello.to_string())).await.is_ok() {
        inner.sockets.ready(id);
        loop {
            let end = async {
                match end_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = inner.stop.cancelled() => break,
                () = end => break,
                () = tokio::time::sleep_until(warn_at), if end_at.is_none() => {
                    warn_at += life;
                    if socket.send(disconnect_frame("warning")).await.is_err() { break }
                    end_at = Some(Instant::now() + rules::SOCKET_WARNING);
                }
                _ = ping.tick() => if socket.send(Message::Ping("simulator".into())).await.is_err() { break },
                order = orders.recv() => match order {
                    Some(Order::Send(text)) => if socket.send(Message::text(text)).await.is_err() { break },
                    Some(Order::Disconnect(reason, life)) => {
                        if socket.send(disconnect_frame(reason)).await.is_err() { break }
                        end_at = Some(Instant::now() + life);
                    }
                    Some(Order::Drop) | None => {
                        politely = false;
                        break;
                    }
                },
                frame = socket.recv() => match frame {
                    Some(Ok(Message::Text(text))) => inner.sockets.acknowledge(&text),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                },
            }
        }
    }
    inner.sockets.leave(id);
    if politely {
        let _ = tokio::time::timeout(Duration::from_secs(1), socket.send(Message::Close(None))).await;
    }
}
