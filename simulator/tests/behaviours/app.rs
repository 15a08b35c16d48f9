//! The app of these tests: a client of the Web API, and a server that records what it is sent and answers as told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use simulator::{Config, Delivery, RetryPace, Simulator};

/// A manifest with everything these tests use.
pub(crate) const MANIFEST: &str = r#"
display_information: {name: Helper}
features:
  app_home: {home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false}
  bot_user: {display_name: helper}
  slash_commands:
    - {command: /help-me, description: Asks for help, usage_hint: "[what]"}
    - {command: /escaped, description: Escapes, should_escape: true}
  shortcuts:
    - {name: Ask, type: global, callback_id: ask, description: Asks}
    - {name: Take note, type: message, callback_id: note, description: Notes}
oauth_config:
  scopes:
    bot: [commands, "chat:write", "im:write", "im:read", "im:history", "users:read", "users:read.email",
          "usergroups:read", "team:read", "channels:read", "channels:history", "reactions:write", "reactions:read"]
settings:
  event_subscriptions:
    bot_events: [app_home_opened, message.im, message.channels, user_change, team_join, subteam_updated,
                 subteam_members_changed, reaction_added, app_uninstalled, tokens_revoked]
  interactivity: {is_enabled: true}
"#;

/// One request the app got.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
    /// The JSON of an event or a `payload`, or the fields of a form.
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    pub(crate) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or("")
    }
}

/// How the app answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    body: String,
    headers: Vec<(&'static str, String)>,
    after: Duration,
}

impl Answer {
    pub(crate) fn ok() -> Answer {
        Answer {
            status: 200,
            body: String::new(),
            headers: Vec::new(),
            after: Duration::ZERO,
        }
    }

    pub(crate) fn json(body: Value) -> Answer {
        Answer {
            body: body.to_string(),
            headers: vec![("content-type", "application/json".to_owned())],
            ..Answer::ok()
        }
    }

    pub(crate) fn text(body: &str) -> Answer {
        Answer {
            body: body.to_owned(),
            ..Answer::ok()
        }
    }

    pub(crate) fn status(status: u16) -> Answer {
        Answer { status, ..Answer::ok() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn after(mut self, wait: Duration) -> Answer {
        self.after = wait;
        self
    }
}

type Say = Box<dyn Fn(&Received, usize) -> Answer + Send>;

struct Shared {
    received: Mutex<Vec<Received>>,
    say: Mutex<Say>,
}

/// A simulator and an app it reaches over HTTP.
pub(crate) struct World {
    pub(crate) slack: Simulator,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) const FAST: RetryPace = RetryPace::Fast {
    first: Duration::from_millis(5),
    second: Duration::from_millis(10),
    third: Duration::from_millis(15),
};

impl World {
    pub(crate) async fn start() -> World {
        World::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> World {
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            say: Mutex::new(Box::new(|_, _| Answer::ok())),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        let mut config = Config::new(MANIFEST);
        config.delivery = Delivery::Http {
            base: base.parse().unwrap(),
        };
        config.answer_within = Duration::from_secs(1);
        config.retry_pace = FAST;
        change(&mut config);
        let slack = Simulator::start(config).await.unwrap();
        let world = World { slack, shared, server };
        world.verified().await;
        world
    }

    async fn verified(&self) {
        for _ in 0..2000 {
            if self.slack.url_verified().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the events URL was not asked for its challenge");
    }

    /// From now on the app answers so; the number counts the requests since.
    pub(crate) fn says(&self, say: impl Fn(&Received, usize) -> Answer + Send + 'static) {
        *self.shared.say.lock().unwrap() = Box::new(say);
        self.shared.received.lock().unwrap().clear();
    }

    /// Everything but the challenge.
    pub(crate) fn received(&self) -> Vec<Received> {
        let all = self.shared.received.lock().unwrap();
        all.iter().filter(|r| r.kind() != "url_verification").cloned().collect()
    }

    /// The inner events.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.received()
            .iter()
            .filter(|r| r.kind() == "event_callback")
            .map(|r| r.body["event"].clone())
            .collect()
    }

    pub(crate) fn challenges(&self) -> Vec<Received> {
        let all = self.shared.received.lock().unwrap();
        all.iter().filter(|r| r.kind() == "url_verification").cloned().collect()
    }

    pub(crate) fn forget(&self) {
        self.shared.received.lock().unwrap().clear();
    }

    /// Waits for one interaction.
    pub(crate) fn last(&self, kind: &str) -> Value {
        let all = self.received();
        let found = all.iter().rev().find(|r| r.kind() == kind);
        found
            .unwrap_or_else(|| {
                panic!(
                    "no {kind} came, but {:?}",
                    all.iter().map(Received::kind).collect::<Vec<_>>()
                )
            })
            .body
            .clone()
    }

    /// Calls the Web API with the bot's token.
    pub(crate) async fn api(&self, method: &str, args: Value) -> Value {
        self.call(method, &self.slack.tokens().bot, args).await.1
    }

    pub(crate) async fn call(&self, method: &str, token: &str, args: Value) -> (HeaderMap, Value) {
        call(&self.slack.api_url(), method, token, args).await
    }

    /// The app's conversation with somebody.
    pub(crate) async fn dm(&self, user: &str) -> String {
        let id = self.slack.person(user).id().to_owned();
        let answer = self.api("conversations.open", json!({"users": id})).await;
        answer["channel"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }
}

async fn receive(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, raw: Bytes) -> Response {
    let kind = headers
        .get("content-type")
        .and_then(|v| v.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let body = if kind.starts_with("application/json") {
        serde_json::from_slice(&raw).unwrap()
    } else {
        let fields: serde_json::Map<String, Value> = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&raw)
            .unwrap()
            .into_iter()
            .map(|(k, v)| (k, json!(v)))
            .collect();
        match fields.get("payload").and_then(Value::as_str) {
            Some(payload) => serde_json::from_str(payload).unwrap(),
            None => Value::Object(fields),
        }
    };
    let received = Received {
        path: uri.path().to_owned(),
        headers,
        raw,
        body,
    };
    if received.kind() == "url_verification" {
        let challenge = received.body["challenge"].as_str().unwrap().to_owned();
        shared.received.lock().unwrap().push(received);
        return challenge.into_response();
    }
    let number = {
        let mut all = shared.received.lock().unwrap();
        all.push(received.clone());
        all.len()
    };
    let answer = shared.say.lock().unwrap()(&received, number);
    tokio::time::sleep(answer.after).await;
    let mut response = (StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response();
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

pub(crate) type Http = Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>;

pub(crate) fn http() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

/// A call of the Web API with JSON. The status stands in the answer's `status` when it is not 200.
pub(crate) async fn call(api: &str, method: &str, token: &str, args: Value) -> (HeaderMap, Value) {
    let request = Request::post(format!("{api}/{method}"))
        .header("content-type", "application/json; charset=utf-8")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(args.to_string())))
        .unwrap();
    let response = http().request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let mut body: Value =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| json!({"page": String::from_utf8_lossy(&bytes)}));
    if parts.status != StatusCode::OK {
        body["status"] = json!(parts.status.as_u16());
    }
    (parts.headers, body)
}

/// A post of JSON anywhere.
pub(crate) async fn post(url: &str, body: Value) -> (u16, Value) {
    let request = Request::post(url)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let response = http().request(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))),
    )
}

/// A read of JSON anywhere.
pub(crate) async fn get(url: &str) -> (u16, Value) {
    let response = http().get(url.parse().unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))),
    )
}

/// A modal with a text, a choice that dispatches, a search and a submit button.
pub(crate) fn modal(title: &str) -> Value {
    json!({
        "type": "modal", "callback_id": "form", "title": plain(title), "submit": plain("Send"),
        "close": plain("Cancel"), "private_metadata": "kept",
        "blocks": [
            {"type": "input", "block_id": "reason", "label": plain("Reason"),
             "element": {"type": "plain_text_input", "action_id": "reason_text", "max_length": 40}},
            {"type": "input", "block_id": "kind", "label": plain("Kind"), "optional": true, "dispatch_action": true,
             "element": {"type": "static_select", "action_id": "kind_select", "options": [
                 {"text": plain("Small"), "value": "s"}, {"text": plain("Large"), "value": "l"}]}},
            {"type": "input", "block_id": "what", "label": plain("What"), "optional": true,
             "element": {"type": "external_select", "action_id": "what_select", "min_query_length": 1}},
        ],
    })
}

pub(crate) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

/// A message with a button.
pub(crate) fn with_button(channel: &str, text: &str) -> Value {
    json!({
        "channel": channel, "text": text,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text}},
            {"type": "actions", "block_id": "row", "elements": [
                {"type": "button", "action_id": "yes", "text": plain("Approve"), "value": "1", "style": "primary"},
                {"type": "button", "action_id": "no", "text": plain("Deny"), "value": "0"}]},
        ],
    })
}
