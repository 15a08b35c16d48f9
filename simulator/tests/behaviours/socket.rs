//! Socket Mode: hello, acknowledgements, connections that end.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use simulator::{Config, Delivery, DeliveryFault, Simulator, SubmitOutcome};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::app::{FAST, MANIFEST, call, modal};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn url(slack: &Simulator) -> String {
        let answer = call(
            &slack.api_url(),
            "apps.connections.open",
            &slack.tokens().app,
            json!({}),
        )
        .await
        .1;
        answer["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn open(slack: &Simulator) -> Socket {
        let url = Socket::url(slack).await;
        Socket(tokio_tungstenite::connect_async(url).await.unwrap().0)
    }

    /// Opened and greeted.
    async fn ready(slack: &Simulator) -> Socket {
        let mut socket = Socket::open(slack).await;
        assert_eq!(socket.next().await.unwrap()["type"], "hello");
        socket
    }

    /// The next JSON; `None` when the connection is over.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let frame = tokio::time::timeout(Duration::from_secs(5), self.0.next())
                .await
                .expect("nothing comes");
            match frame {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    async fn nothing_for(&mut self, millis: u64) -> bool {
        tokio::time::timeout(Duration::from_millis(millis), self.next())
            .await
            .is_err()
    }

    async fn ack(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut frame = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            frame["payload"] = payload;
        }
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }
}

async fn start() -> Simulator {
    let mut config = Config::new(MANIFEST);
    config.answer_within = Duration::from_secs(1);
    config.retry_pace = FAST;
    Simulator::start(config).await.unwrap()
}

#[tokio::test]
async fn a_url_opens_one_connection_which_is_greeted() {
    let slack = start().await;
    let url = Socket::url(&slack).await;
    assert!(url.starts_with("ws://127.0.0.1:"), "{url}");
    let mut socket = Socket(tokio_tungstenite::connect_async(&url).await.unwrap().0);
    let hello = socket.next().await.unwrap();
    assert_eq!(hello["type"], "hello");
    assert_eq!(hello["num_connections"], 1);
    assert!(hello["connection_info"]["app_id"].is_string());
    assert!(hello["debug_info"]["approximate_connection_time"].is_u64());
    assert!(
        tokio_tungstenite::connect_async(&url).await.is_err(),
        "a ticket works once"
    );
}

#[tokio::test]
async fn events_come_in_envelopes_and_want_an_ack() {
    let slack = start().await;
    let mut socket = Socket::ready(&slack).await;
    slack.person("ana").says("dm", "hello").await.unwrap();
    let envelope = socket.next().await.unwrap();
    assert_eq!(envelope["type"], "events_api");
    assert_eq!(envelope["accepts_response_payload"], false);
    assert_eq!(envelope["retry_attempt"], 0);
    assert_eq!(envelope["payload"]["event"]["text"], "hello");
    assert!(!slack.is_idle());
    socket.ack(&envelope, None).await;
    slack.idle().await;
}

#[tokio::test]
async fn an_event_without_ack_comes_again() {
    let slack = start().await;
    let mut socket = Socket::ready(&slack).await;
    slack.person("ana").says("dm", "hello").await.unwrap();
    let first = socket.next().await.unwrap();
    let second = socket.next().await.unwrap();
    assert_eq!(second["payload"]["event_id"], first["payload"]["event_id"]);
    assert_eq!(
        (&second["retry_attempt"], &second["retry_reason"]),
        (&json!(1), &json!("timeout"))
    );
    socket.ack(&second, None).await;
    slack.idle().await;
}

#[tokio::test]
async fn events_wait_for_a_connection() {
    let slack = start().await;
    slack.person("ana").says("dm", "early").await.unwrap();
    assert!(!slack.is_idle());
    let mut socket = Socket::ready(&slack).await;
    let envelope = socket.next().await.unwrap();
    assert_eq!(envelope["payload"]["event"]["text"], "early");
    socket.ack(&envelope, None).await;
    slack.idle().await;
}

#[tokio::test]
async fn what_was_not_acknowledged_moves_to_another_connection() {
    let slack = start().await;
    let mut first = Socket::ready(&slack).await;
    slack.person("ana").says("dm", "hello").await.unwrap();
    let envelope = first.next().await.unwrap();
    slack.faults().delivery(DeliveryFault::DropSocket);
    assert!(first.next().await.is_none(), "the line breaks");
    let mut second = Socket::ready(&slack).await;
    let again = second.next().await.unwrap();
    assert_eq!(again["envelope_id"], envelope["envelope_id"], "the same envelope");
    assert_eq!(again["retry_attempt"], 0);
    second.ack(&again, None).await;
    slack.idle().await;
}

#[tokio::test]
async fn closing_politely_moves_envelopes_too() {
    let slack = start().await;
    let mut first = Socket::ready(&slack).await;
    slack.person("ana").says("dm", "hello").await.unwrap();
    let envelope = first.next().await.unwrap();
    let mut second = Socket::ready(&slack).await;
    first.0.close(None).await.unwrap();
    let again = second.next().await.unwrap();
    assert_eq!(again["envelope_id"], envelope["envelope_id"]);
    second.ack(&again, None).await;
    slack.idle().await;
}

#[tokio::test]
async fn commands_and_modals_are_answered_in_the_ack() {
    let slack = start().await;
    let mut socket = Socket::ready(&slack).await;
    let ana = slack.person("ana");
    let app = async {
        let command = socket.next().await.unwrap();
        assert_eq!(
            (&command["type"], &command["accepts_response_payload"]),
            (&json!("slash_commands"), &json!(true))
        );
        assert_eq!(command["payload"]["command"], "/help-me");
        let args = json!({"trigger_id": command["payload"]["trigger_id"], "view": modal("Ask")});
        let opened = call(&slack.api_url(), "views.open", &slack.tokens().bot, args).await.1;
        assert_eq!(opened["ok"], true, "{opened}");
        socket.ack(&command, Some(json!({"text": "Here is a form"}))).await;
        let search = socket.next().await.unwrap();
        assert_eq!(search["payload"]["type"], "block_suggestion");
        let option = json!({"text": {"type": "plain_text", "text": "It"}, "value": "it"});
        socket.ack(&search, Some(json!({"options": [option]}))).await;
        let wrong = socket.next().await.unwrap();
        assert_eq!(
            (&wrong["type"], &wrong["accepts_response_payload"]),
            (&json!("interactive"), &json!(true))
        );
        socket
            .ack(
                &wrong,
                Some(json!({"response_action": "errors", "errors": {"reason": "no"}})),
            )
            .await;
        let right = socket.next().await.unwrap();
        assert_eq!(right["payload"]["type"], "view_submission");
        socket.ack(&right, Some(json!({}))).await;
    };
    let person = async {
        let answer = ana.runs("general", "/help-me").await.unwrap();
        assert_eq!(answer.ephemeral.unwrap().raw_text(), "Here is a form");
        ana.types("Reason", "because").await.unwrap();
        ana.chooses("What", "It").await.unwrap();
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Errors(_)));
        assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Closed);
    };
    tokio::join!(app, person);
}

#[tokio::test]
async fn without_an_app_an_interaction_fails() {
    let slack = start().await;
    let ana = slack.person("ana");
    assert_eq!(
        ana.runs("general", "/help-me").await.unwrap_err().error,
        "dispatch_failed"
    );
    let mut socket = Socket::ready(&slack).await;
    assert_eq!(
        ana.runs("general", "/help-me").await.unwrap_err().error,
        "operation_timeout"
    );
    assert_eq!(socket.next().await.unwrap()["type"], "slash_commands");
    assert!(socket.nothing_for(100).await, "it is not sent again");
}

#[tokio::test]
async fn ten_connections_share_the_work_and_one_more_is_too_many() {
    let slack = start().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(Socket::ready(&slack).await);
    }
    assert_eq!(slack.sockets(), 10);
    let mut eleventh = Socket::open(&slack).await;
    let frame = eleventh.next().await.unwrap();
    assert_eq!(
        (&frame["type"], &frame["reason"]),
        (&json!("disconnect"), &json!("too_many_websockets"))
    );
    assert!(eleventh.next().await.is_none());
    for n in 0..10 {
        slack.person("ana").says("dm", &format!("m{n}")).await.unwrap();
    }
    for socket in &mut sockets {
        let envelope = socket.next().await.unwrap();
        socket.ack(&envelope, None).await;
    }
    slack.idle().await;
}

#[tokio::test]
async fn a_refresh_is_announced_and_the_old_line_gets_nothing_new() {
    let slack = start().await;
    let mut old = Socket::ready(&slack).await;
    slack.faults().delivery(DeliveryFault::SocketRefresh);
    let frame = old.next().await.unwrap();
    assert_eq!(
        (&frame["type"], &frame["reason"]),
        (&json!("disconnect"), &json!("refresh_requested"))
    );
    let mut new = Socket::ready(&slack).await;
    slack.person("ana").says("dm", "hello").await.unwrap();
    let envelope = new.next().await.unwrap();
    new.ack(&envelope, None).await;
    slack.idle().await;
    assert!(old.next().await.is_none(), "it ends by itself");
}

#[tokio::test]
async fn a_warning_comes_before() {
    let slack = start().await;
    let mut socket = Socket::ready(&slack).await;
    slack.faults().delivery(DeliveryFault::SocketWarning);
    assert_eq!(socket.next().await.unwrap()["reason"], "warning");
    slack.person("ana").says("dm", "still here").await.unwrap();
    let envelope = socket.next().await.unwrap();
    socket.ack(&envelope, None).await;
    slack.idle().await;
}

#[tokio::test]
async fn switching_to_http_disables_the_link() {
    let slack = start().await;
    let mut socket = Socket::ready(&slack).await;
    slack.set_delivery(Delivery::Http {
        base: "http://127.0.0.1:1".parse().unwrap(),
    });
    assert_eq!(socket.next().await.unwrap()["reason"], "link_disabled");
    assert!(socket.next().await.is_none());
}

#[tokio::test]
async fn duplicates_come_over_a_socket_too() {
    let slack = start().await;
    let mut socket = Socket::ready(&slack).await;
    slack.faults().delivery(DeliveryFault::DuplicateNext {
        with_retry_headers: false,
    });
    slack.person("ana").says("dm", "twice").await.unwrap();
    let first = socket.next().await.unwrap();
    socket.ack(&first, None).await;
    let second = socket.next().await.unwrap();
    socket.ack(&second, None).await;
    assert_eq!(first["payload"], second["payload"]);
    slack.idle().await;
}
