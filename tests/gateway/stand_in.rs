//! A stand-in for Slack: says yes to every call unless told otherwise, and remembers them.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::any;
use c1::clock::{Clock as _, SystemClock};
use c1::slack::client::{Settings, Slack};
use c1::slack::gateway::http::HttpMouth;
use c1::slack::gateway::inbound::{Inbound, Installation};
use c1::slack::gateway::reply::{Failure, Reply};
use c1::slack::gateway::{Gateway, Handler};
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
pub(crate) const BOT_TOKEN: &str = "xoxb-never-to-be-seen";

/// One call that was made.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) body: Value,
    pub(crate) authorization: String,
}

/// What to answer instead of yes.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    Json(Value),
    Status(u16, Vec<(&'static str, String)>, String),
    Hang,
}

#[derive(Default)]
pub(crate) struct StandIn {
    calls: Mutex<Vec<Call>>,
    scripts: Mutex<HashMap<String, VecDeque<Script>>>,
    pub(crate) url: Mutex<String>,
}

impl StandIn {
    pub(crate) async fn start() -> Arc<Self> {
        Self::start_with(Router::new()).await
    }

    pub(crate) async fn start_with(more: Router) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stand_in = Arc::new(Self::default());
        *stand_in.url.lock().unwrap() = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/api/{method}", any(answer))
            .route("/{response}", any(answer))
            .with_state(Arc::clone(&stand_in))
            .merge(more);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        stand_in
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.url.lock().unwrap()).parse().unwrap()
    }

    pub(crate) fn next(&self, method: &str, script: Script) {
        self.scripts
            .lock()
            .unwrap()
            .entry(method.to_owned())
            .or_default()
            .push_back(script);
    }

    pub(crate) fn error(&self, method: &str, code: &str) {
        self.next(method, Script::Json(json!({ "ok": false, "error": code })));
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls of these methods so far, as `method`.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.method).collect()
    }

    /// Waits for the next call of a method.
    pub(crate) async fn call(&self, method: &str) -> Value {
        self.nth_call(method, 0).await
    }

    pub(crate) async fn nth_call(&self, method: &str, n: usize) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        loop {
            if let Some(call) = self.calls().into_iter().filter(|call| call.method == method).nth(n) {
                return call.body;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{method} was not called; only {:?}",
                self.methods()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            api_url: self.url("/api"),
            bot_token: BOT_TOKEN.into(),
            app_token: Some("xapp-never-to-be-seen".into()),
            within: Duration::from_secs(2),
            paced: true,
        }
    }

    pub(crate) fn slack(&self) -> Slack {
        Slack::new(&self.settings()).unwrap()
    }
}

async fn answer(
    State(stand_in): State<Arc<StandIn>>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = match query {
        Some(query) => url::form_urlencoded::parse(query.as_bytes())
            .map(|(k, v)| (k.into_owned(), Value::from(v)))
            .collect(),
        None => serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let authorization = headers
        .get("authorization")
        .map(|v| v.to_str().unwrap().to_owned())
        .unwrap_or_default();
    stand_in.calls.lock().unwrap().push(Call {
        method: method.clone(),
        body,
        authorization,
    });
    let script = stand_in
        .scripts
        .lock()
        .unwrap()
        .get_mut(&method)
        .and_then(VecDeque::pop_front);
    let (status, more, text) = match script {
        Some(Script::Hang) => std::future::pending().await,
        Some(Script::Status(status, headers, text)) => (status, headers, text),
        Some(Script::Json(value)) => (200, Vec::new(), value.to_string()),
        None => (200, Vec::new(), usual(&stand_in, &method).to_string()),
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json; charset=utf-8")
        .header("x-oauth-scopes", "commands,chat:write");
    for (name, value) in more {
        response = response.header(name, value);
    }
    response.body(text.into()).unwrap()
}

fn usual(stand_in: &StandIn, method: &str) -> Value {
    match method {
        "chat.postMessage" | "chat.update" => json!({ "ok": true, "channel": "D1", "ts": "1700000000.000100" }),
        "views.open" | "views.push" | "views.update" | "views.publish" => {
            json!({ "ok": true, "view": { "id": "V9", "hash": "h9" } })
        }
        "apps.connections.open" => {
            let url = stand_in.url("/socket").as_str().replacen("http", "ws", 1);
            json!({ "ok": true, "url": url })
        }
        _ => json!({ "ok": true }),
    }
}

pub(crate) fn ours() -> Installation {
    Installation {
        team_id: "T111".into(),
        enterprise_id: None,
        team: "Example".into(),
        url: "https://example.slack.com/".into(),
        bot_user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        app_id: Some("A111".into()),
        scopes: Vec::new(),
    }
}

/// A handler from a plain async function.
pub(crate) fn handler<F>(handle: impl Fn(Inbound) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<Reply, Failure>> + Send + 'static,
{
    Arc::new(move |inbound| Box::pin(handle(inbound)))
}

/// A handler that always answers the same.
pub(crate) fn always(reply: Reply) -> Handler {
    handler(move |_| {
        let reply = reply.clone();
        async move { Ok(reply) }
    })
}

/// The HTTP mouth with a handler behind it and a stand-in around it.
pub(crate) struct World {
    pub(crate) slack: Arc<StandIn>,
    pub(crate) gateway: Gateway,
    pub(crate) mouth: HttpMouth,
}

pub(crate) async fn world(handle: Handler) -> World {
    world_of(handle, Gateway::DEADLINE).await
}

pub(crate) async fn world_of(handle: Handler, deadline: Duration) -> World {
    let slack = StandIn::start().await;
    let gateway = Gateway::new(handle, slack.slack(), ours(), deadline);
    let mouth = HttpMouth::new(gateway.clone(), &SECRET.into(), Arc::new(SystemClock));
    World { slack, gateway, mouth }
}

/// What came back: status, content type, body.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json; charset=utf-8");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// 200 with a body of no bytes.
    pub(crate) fn is_empty(&self) -> bool {
        self.status == 200 && self.body.is_empty()
    }
}

impl World {
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Got {
        let (head, body) = self.mouth.handle(request).await.into_parts();
        Got {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Posts a body signed as Slack would.
    pub(crate) async fn post(&self, body: impl Into<Bytes>) -> Got {
        self.send(signed("/slack/events", body.into(), 0)).await
    }

    /// Posts an interaction.
    pub(crate) async fn interaction(&self, payload: &Value) -> Got {
        self.post(form_of(payload)).await
    }
}

pub(crate) fn form_of(payload: &Value) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// A signed request, sent so many seconds ago.
pub(crate) fn signed(path: &str, body: Bytes, age: i64) -> Request<Full<Bytes>> {
    let timestamp = (SystemClock.now().timestamp() - age).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    for part in [b"v0:", timestamp.as_bytes(), b":", &body] {
        mac.update(part);
    }
    Request::post(path)
        .header("x-slack-request-timestamp", timestamp)
        .header(
            "x-slack-signature",
            format!("v0={}", hex::encode(mac.finalize().into_bytes())),
        )
        .body(Full::new(body))
        .unwrap()
}

/// Slack's own payloads: where the file is, what it holds.
pub(crate) fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(format!(
        "{}/tests/data/slack",
        env!("CARGO_MANIFEST_DIR")
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "json" || kind == "txt") {
                found.push((path.to_string_lossy().into_owned(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 200, "the payloads are missing");
    found
}

/// One of Slack's own payloads, by the end of its file name.
pub(crate) fn fixture(name: &str) -> Value {
    let (_, bytes) = fixtures()
        .into_iter()
        .find(|(path, _)| path.ends_with(name))
        .unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_slice(&bytes).unwrap()
}
