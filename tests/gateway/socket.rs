//! The Socket Mode mouth against a WebSocket server that plays Slack.

use crate::stand_in::{StandIn, fixture, handler, ours};
use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{Message, WebSocket};
use axum::routing::any;
use c1::slack::gateway::inbound::Inbound;
use c1::slack::gateway::reply::{Failure, Reply};
use c1::slack::gateway::socket::{SocketHealth, SocketMouth, SocketSettings};
use c1::slack::gateway::{Gateway, Handler};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Slack's side, and ours in the background.
struct Link {
    slack: Arc<StandIn>,
    arriving: mpsc::UnboundedReceiver<WebSocket>,
    health: Arc<SocketHealth>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

fn quick() -> SocketSettings {
    SocketSettings {
        connections: 1,
        hello: Duration::from_millis(300),
        silence: Duration::from_millis(300),
        pause: Duration::from_millis(20),
        longest_pause: Duration::from_millis(500),
        switched_off: Duration::from_millis(400),
        drain: Duration::from_millis(300),
    }
}

async fn link(handle: Handler, settings: SocketSettings) -> Link {
    link_with(handle, settings, |_| {}).await
}

async fn link_with(handle: Handler, settings: SocketSettings, prepare: impl FnOnce(&StandIn)) -> Link {
    let (arrived, arriving) = mpsc::unbounded_channel();
    let socket = Router::new().route(
        "/socket",
        any(move |upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(|socket| async move {
                // A test that has ended takes no more connections.
                let _taken = arrived.send(socket);
            })
        }),
    );
    let slack = StandIn::start_with(socket).await;
    prepare(&slack);
    let gateway = Gateway::new(handle, slack.slack(), ours(), Gateway::DEADLINE);
    let stop = CancellationToken::new();
    let mouth = SocketMouth::new(gateway, slack.slack(), settings, stop.clone());
    let health = mouth.health();
    Link {
        slack,
        arriving,
        health,
        stop,
        running: tokio::spawn(mouth.run()),
    }
}

impl Link {
    /// The next connection, before its hello.
    async fn accept(&mut self) -> WebSocket {
        let arrived = tokio::time::timeout(Duration::from_secs(5), self.arriving.recv()).await;
        arrived.expect("a connection in time").unwrap()
    }

    /// The next connection, greeted.
    async fn connection(&mut self) -> WebSocket {
        let mut socket = self.accept().await;
        // The newer form of hello lacks debug_info; it must not matter.
        say(&mut socket, &json!({ "type": "hello", "num_connections": 1 })).await;
        socket
    }

    async fn until(&self, what: &str, holds: impl Fn(&SocketHealth) -> bool) {
        for _ in 0..1000 {
            if holds(&self.health) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never {what}: {:?}", self.health);
    }
}

async fn say(socket: &mut WebSocket, frame: &Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next text frame, if one comes before the connection ends or the time is over.
async fn hear(socket: &mut WebSocket) -> Option<Value> {
    hear_within(socket, Duration::from_secs(5)).await
}

async fn hear_within(socket: &mut WebSocket, within: Duration) -> Option<Value> {
    tokio::time::timeout(within, async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    })
    .await
    .unwrap_or(None)
}

fn envelope(id: &str, text: &str) -> Value {
    let mut frame = fixture("mock_socket_mode_server-str-L13-slash_commands.json");
    frame["envelope_id"] = json!(id);
    frame["payload"]["text"] = json!(text);
    frame
}

/// Echoes the text of commands; waits at the gate for "slow", panics for "panic", fails for events.
fn echo(gate: &Arc<Semaphore>) -> Handler {
    let gate = Arc::clone(gate);
    handler(move |inbound| {
        let gate = Arc::clone(&gate);
        async move {
            match inbound {
                Inbound::Command { text, .. } => {
                    if text.starts_with("slow") {
                        gate.acquire().await?.forget();
                    }
                    assert!(text != "panic", "as told");
                    Ok(Reply::say(text))
                }
                Inbound::Event { retry: None, .. } => Err(Failure(anyhow::anyhow!("not yet"))),
                _ => Ok(Reply::Ack),
            }
        }
    })
}

fn plain_echo() -> Handler {
    echo(&Arc::new(Semaphore::new(0)))
}

#[tokio::test]
async fn envelopes_are_acknowledged_with_their_answer() {
    let mut link = link(plain_echo(), quick()).await;
    let mut socket = link.accept().await;
    assert!(link.health.ready().is_err(), "not ready before hello");
    say(&mut socket, &json!({ "type": "hello" })).await;
    link.until("up", |health| health.ready().is_ok()).await;
    say(&mut socket, &envelope("e1", "hi")).await;
    let ack = hear(&mut socket).await.unwrap();
    assert_eq!(
        (&ack["envelope_id"], &ack["payload"]["text"]),
        (&json!("e1"), &json!("hi"))
    );
    // A shortcut takes no answer.
    say(
        &mut socket,
        &fixture("mock_socket_mode_server-str-L12-interactive.json"),
    )
    .await;
    let ack = hear(&mut socket).await.unwrap();
    assert_eq!(ack, json!({ "envelope_id": "57d6a792-4d35-4d0b-b6aa-3361493e1caf" }));
    assert_eq!(link.slack.calls()[0].authorization, "Bearer xapp-never-to-be-seen");
}

#[tokio::test]
async fn a_slow_or_panicking_handler_does_not_hold_up_the_others() {
    let gate = Arc::new(Semaphore::new(0));
    let mut link = link(echo(&gate), quick()).await;
    let mut socket = link.connection().await;
    say(&mut socket, &envelope("e1", "slow")).await;
    say(&mut socket, &envelope("e2", "panic")).await;
    say(&mut socket, &envelope("e3", "quick")).await;
    let mut acks = [hear(&mut socket).await.unwrap(), hear(&mut socket).await.unwrap()];
    acks.sort_by_key(|ack| ack["envelope_id"].to_string());
    assert!(
        acks[0]["payload"]["text"]
            .as_str()
            .unwrap()
            .starts_with("Sorry, something went wrong")
    );
    assert_eq!(acks[1]["payload"]["text"], "quick");
    gate.add_permits(1);
    assert_eq!(hear(&mut socket).await.unwrap()["envelope_id"], "e1");
}

#[tokio::test]
async fn an_event_that_failed_is_not_acknowledged_and_its_repeat_is() {
    let mut link = link(plain_echo(), quick()).await;
    let mut socket = link.connection().await;
    let mut event = fixture("mock_socket_mode_server-str-L14-events_api.json");
    event["payload"]["event"] = json!({ "type": "app_uninstalled" });
    event["retry_attempt"] = json!(0);
    say(&mut socket, &event).await;
    assert_eq!(hear_within(&mut socket, Duration::from_millis(200)).await, None);
    event["retry_attempt"] = json!(1);
    say(&mut socket, &event).await;
    assert_eq!(hear(&mut socket).await.unwrap()["envelope_id"], event["envelope_id"]);
}

#[tokio::test]
async fn a_resent_envelope_is_acknowledged_again_on_whichever_connection() {
    let mut link = link(
        plain_echo(),
        SocketSettings {
            connections: 2,
            ..quick()
        },
    )
    .await;
    let (mut one, mut two) = (link.connection().await, link.connection().await);
    link.until("both up", |health| health.up() == 2).await;
    for socket in [&mut one, &mut two] {
        say(socket, &envelope("e1", "hi")).await;
        assert_eq!(hear(socket).await.unwrap()["envelope_id"], "e1");
    }
}

#[tokio::test]
async fn odd_frames_are_harmless() {
    let mut link = link(plain_echo(), quick()).await;
    let mut socket = link.connection().await;
    for frame in [
        "",
        "{",
        "[]",
        "7",
        r#"{"type":"brand_new"}"#,
        r#"{"type":7,"envelope_id":{}}"#,
        r#"{"payload":"x"}"#,
    ] {
        socket.send(Message::text(frame)).await.unwrap();
    }
    socket.send(Message::binary(vec![0, 1, 2])).await.unwrap();
    // An envelope of an unknown kind would come again for ever if it were not acknowledged.
    say(&mut socket, &json!({ "type": "brand_new", "envelope_id": "e0" })).await;
    assert_eq!(hear(&mut socket).await.unwrap(), json!({ "envelope_id": "e0" }));
    say(&mut socket, &envelope("e1", "hi")).await;
    assert_eq!(hear(&mut socket).await.unwrap()["envelope_id"], "e1");
}

#[tokio::test]
async fn on_a_warning_the_next_connection_is_up_before_the_old_one_ends() {
    for reason in ["warning", "refresh_requested"] {
        let gate = Arc::new(Semaphore::new(0));
        let mut link = link(
            echo(&gate),
            SocketSettings {
                drain: Duration::from_secs(5),
                ..quick()
            },
        )
        .await;
        let mut old = link.connection().await;
        say(&mut old, &envelope("e1", "slow")).await;
        say(&mut old, &json!({ "type": "disconnect", "reason": reason })).await;
        let mut new = link.connection().await;
        link.until("both up", |health| health.up() == 2).await;
        // What still comes on the old one is handled, what was at work is acknowledged there.
        say(&mut old, &envelope("e2", "still here")).await;
        assert_eq!(hear(&mut old).await.unwrap()["envelope_id"], "e2", "{reason}");
        gate.add_permits(1);
        assert_eq!(hear(&mut old).await.unwrap()["envelope_id"], "e1", "{reason}");
        drop(old);
        link.until("one up", |health| health.up() == 1).await;
        say(&mut new, &envelope("e3", "hi")).await;
        assert_eq!(hear(&mut new).await.unwrap()["envelope_id"], "e3", "{reason}");
    }
}

#[tokio::test]
async fn a_lost_connection_is_replaced_and_slack_sends_again() {
    let gate = Arc::new(Semaphore::new(0));
    let mut link = link(echo(&gate), quick()).await;
    let mut socket = link.connection().await;
    link.until("up", |health| health.up() == 1).await;
    say(&mut socket, &envelope("e1", "slow")).await;
    drop(socket);
    let mut next = link.connection().await;
    gate.add_permits(2);
    say(&mut next, &envelope("e1", "slow")).await;
    assert_eq!(hear(&mut next).await.unwrap()["envelope_id"], "e1");
}

#[tokio::test]
async fn switched_off_is_an_alarm_and_not_a_storm() {
    let mut link = link(plain_echo(), quick()).await;
    let mut socket = link.connection().await;
    link.until("up", |health| health.up() == 1).await;
    say(&mut socket, &json!({ "type": "disconnect", "reason": "link_disabled" })).await;
    drop(socket);
    link.until("switched off", |health| {
        health
            .ready()
            .is_err_and(|why| why.starts_with("Socket Mode is switched off"))
    })
    .await;
    let opened = link.slack.methods().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(link.slack.methods().len(), opened, "somebody must act first");
    // It looks again now and then.
    let _socket = link.connection().await;
    link.until("up again", |health| health.ready().is_ok()).await;
}

#[tokio::test]
async fn a_token_that_is_no_good_is_an_alarm() {
    let link = link_with(plain_echo(), quick(), |slack| {
        slack.error("apps.connections.open", "invalid_auth")
    })
    .await;
    link.until("switched off", |health| {
        health
            .ready()
            .is_err_and(|why| why.starts_with("Socket Mode is switched off"))
    })
    .await;
}

#[tokio::test]
async fn slack_out_of_reach_is_tried_again_with_growing_pauses() {
    let mut link = link_with(plain_echo(), quick(), |slack| {
        (0..4).for_each(|_| slack.error("apps.connections.open", "internal_error"));
    })
    .await;
    let _socket = link.connection().await;
    link.until("up", |health| health.up() == 1).await;
    assert_eq!(link.slack.methods().len(), 5);
}

#[tokio::test]
async fn silence_is_noticed() {
    let mut link = link(plain_echo(), quick()).await;
    // Says nothing, not even to a ping: nobody reads it.
    let _deaf = link.connection().await;
    let mut next = link.connection().await;
    say(&mut next, &envelope("e1", "hi")).await;
    assert_eq!(hear(&mut next).await.unwrap()["envelope_id"], "e1");
}

#[tokio::test]
async fn a_quiet_connection_that_answers_pings_stays() {
    let mut link = link(plain_echo(), quick()).await;
    let mut socket = link.connection().await;
    // Reading is enough to answer pings.
    assert_eq!(hear_within(&mut socket, Duration::from_millis(1500)).await, None);
    assert_eq!(link.slack.methods().len(), 1);
    say(&mut socket, &envelope("e1", "hi")).await;
    assert_eq!(hear(&mut socket).await.unwrap()["envelope_id"], "e1");
}

#[tokio::test]
async fn without_hello_it_is_tried_again() {
    let mut link = link(plain_echo(), quick()).await;
    let _mute = link.accept().await;
    let _socket = link.connection().await;
    link.until("up", |health| health.up() == 1).await;
}

#[tokio::test]
async fn a_stop_acknowledges_what_is_at_work() {
    let gate = Arc::new(Semaphore::new(0));
    let mut link = link(
        echo(&gate),
        SocketSettings {
            connections: 2,
            ..quick()
        },
    )
    .await;
    let (mut one, _two) = (link.connection().await, link.connection().await);
    say(&mut one, &envelope("e1", "slow")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    link.stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    gate.add_permits(1);
    assert_eq!(hear(&mut one).await.unwrap()["envelope_id"], "e1");
    // The other side closes too when it reads the close.
    while one.recv().await.is_some_and(|frame| frame.is_ok()) {}
    tokio::time::timeout(Duration::from_secs(5), link.running)
        .await
        .expect("stopped")
        .unwrap();
    assert_eq!(link.health.up(), 0);
}
