//! A Slack that costs next to nothing: answers every call with yes, and remembers what arrived when.
//!
//! It knows whom a message is about by the mark in its text (see [`super::payload::mark`]), or by its thread's parent.

use super::payload::{self, TEAM};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, runtime::Runtime};

/// How many were started.
static WORKSPACES: AtomicU64 = AtomicU64::new(0);

/// Accounts on a page of `users.list`.
const PAGE: usize = 200;

/// A small Slack for one who is measured.
#[derive(Clone)]
pub(crate) struct Slack(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    accounts: usize,
    calls: AtomicU64,
    next_ts: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// What was said about each mark, in order.
    told: HashMap<u32, Vec<Told>>,
    /// When the modal for a trigger was opened.
    opened: HashMap<String, Instant>,
    /// The mark of every message.
    marks: HashMap<String, u32>,
    /// Every conversation, oldest first: for whoever looks a message up.
    history: HashMap<String, Vec<Kept>>,
    /// Threads of the load that wait for something about a mark or a trigger.
    waiting: HashMap<String, Thread>,
    /// The conversation that is at its rate limit, and when its last message was.
    hot: Option<(String, Instant)>,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Posted,
    Updated,
}

/// A message that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at: Instant,
    pub(crate) how: How,
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) thread: Option<String>,
    /// What travels with it: kind and number.
    pub(crate) key: Option<String>,
    /// The value of its button "Approve".
    pub(crate) approve: Option<String>,
}

#[derive(Clone)]
struct Kept {
    ts: String,
    thread: Option<String>,
    metadata: Option<Value>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ts: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    thread_ts: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    trigger_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    users: Option<Cow<'a, str>>,
    #[serde(default)]
    metadata: Option<Value>,
}

impl Slack {
    /// Starts one with so many accounts.
    pub(crate) fn start(runtime: &Runtime, accounts: usize) -> anyhow::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let slack = Self(Arc::new(Inner {
            address: listener.local_addr()?,
            accounts,
            calls: AtomicU64::new(0),
            // No two workspaces name a message alike: a database may have served another one before.
            next_ts: AtomicU64::new(WORKSPACES.fetch_add(1, Ordering::Relaxed) * 1_000_000_000_000),
            seen: Mutex::default(),
        }));
        let serving = slack.clone();
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let _faster = stream.set_nodelay(true);
                let slack = serving.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let slack = slack.clone();
                        async move { Ok::<_, Infallible>(slack.answer(request).await) }
                    });
                    let _ended = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(slack)
    }

    /// Where the Web API is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/api", self.0.address)
    }

    /// Lets one conversation take a message a second, and refuse all others with "wait a second".
    pub(crate) fn heat(&self, channel: Option<String>) {
        self.seen().hot = channel.map(|channel| (channel, Instant::now()));
    }

    /// Forgets what arrived; conversations stay.
    pub(crate) fn forget(&self) {
        let mut seen = self.seen();
        seen.opened.clear();
        seen.told.clear();
    }

    /// Waits until nobody has called for a while.
    pub(crate) fn settle(&self, quiet: Duration) {
        let mut last = (self.0.calls.load(Ordering::Relaxed), Instant::now());
        while last.1.elapsed() < quiet {
            thread::sleep(Duration::from_millis(20));
            let calls = self.0.calls.load(Ordering::Relaxed);
            if calls != last.0 {
                last = (calls, Instant::now());
            }
        }
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// What has arrived about a mark.
    pub(crate) fn told(&self, token: u32) -> Vec<Told> {
        self.seen().told.get(&token).cloned().unwrap_or_default()
    }

    /// Waits for the first thing about a mark that fits.
    pub(crate) fn wait(&self, token: u32, within: Duration, fits: impl Fn(&Told) -> bool) -> Option<Told> {
        self.wait_for(payload::mark(token), within, |seen| {
            seen.told.get(&token)?.iter().find(|told| fits(told)).cloned()
        })
    }

    /// Waits for a modal.
    pub(crate) fn wait_opened(&self, trigger: &str, within: Duration) -> Option<Instant> {
        self.wait_for(trigger.to_owned(), within, |seen| seen.opened.get(trigger).copied())
    }

    fn wait_for<T>(&self, name: String, within: Duration, look: impl Fn(&Seen) -> Option<T>) -> Option<T> {
        let until = Instant::now() + within;
        loop {
            {
                let mut seen = self.seen();
                if let Some(found) = look(&seen) {
                    seen.waiting.remove(&name);
                    return Some(found);
                }
                seen.waiting.insert(name.clone(), thread::current());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.seen().waiting.remove(&name);
                return None;
            }
            // Who writes unparks; the bound only ends a wait that is in vain.
            thread::park_timeout(left.min(Duration::from_secs(1)));
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return json_answer("{\"ok\":false,\"error\":\"no_text\"}".into());
        };
        let body = body.to_bytes();
        let at = Instant::now();
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        let method = head.uri.path().rsplit('/').next().unwrap_or_default();
        let query = head.uri.query().unwrap_or_default();
        match method {
            "chat.postMessage" => self.message(How::Posted, at, &body),
            "chat.update" => self.message(How::Updated, at, &body),
            "views.open" => self.modal(at, &body),
            "views.update" | "views.push" | "views.publish" => {
                json_answer("{\"ok\":true,\"view\":{\"id\":\"V0000001\",\"hash\":\"1.a\"}}".into())
            }
            "auth.test" => joined(),
            "users.list" => json_answer(self.accounts(query)),
            "conversations.open" => {
                let call: Option<Call<'_>> = serde_json::from_slice(&body).ok();
                let user = call
                    .as_ref()
                    .and_then(|call| call.users.as_deref())
                    .unwrap_or("U0000000");
                json_answer(json!({ "ok": true, "channel": { "id": payload::dm(user) } }).to_string())
            }
            "conversations.history" | "conversations.replies" => json_answer(self.history(query)),
            _ => json_answer("{\"ok\":true}".into()),
        }
    }

    fn message(&self, how: How, at: Instant, body: &Bytes) -> Response<Full<Bytes>> {
        let Ok(call) = serde_json::from_slice::<Call<'_>>(body) else {
            return json_answer("{\"ok\":false,\"error\":\"invalid_json\"}".into());
        };
        let text = std::str::from_utf8(body).unwrap_or_default();
        let channel = call.channel.as_deref().unwrap_or_default();
        let channel = if channel.starts_with('U') {
            payload::dm(channel)
        } else {
            channel.to_owned()
        };
        let ts = match (&call.ts, how) {
            (Some(ts), How::Updated) => ts.to_string(),
            _ => self.next_ts(),
        };
        let thread = call.thread_ts.as_deref().map(str::to_owned);
        let key = call.metadata.as_ref().and_then(|metadata| {
            let key = metadata["event_payload"]["key"].as_str()?;
            Some(format!("{} {key}", metadata["event_type"].as_str()?))
        });
        let mut seen = self.seen();
        if let Some((hot, last)) = &mut seen.hot
            && *hot == channel
        {
            if last.elapsed() < Duration::from_secs(1) {
                return limited();
            }
            *last = at;
        }
        let parent = thread.as_ref().and_then(|thread| seen.marks.get(thread)).copied();
        if how == How::Posted {
            let kept = Kept {
                ts: ts.clone(),
                thread: thread.clone(),
                metadata: call.metadata,
            };
            seen.history.entry(channel.clone()).or_default().push(kept);
        }
        if let Some(token) = payload::marked(text).or(parent) {
            seen.marks.entry(ts.clone()).or_insert(token);
            let approve = approve_value(text);
            let told = Told {
                at,
                how,
                channel: channel.clone(),
                ts: ts.clone(),
                thread,
                key,
                approve,
            };
            seen.told.entry(token).or_default().push(told);
            if let Some(thread) = seen.waiting.get(&payload::mark(token)) {
                thread.unpark();
            }
        }
        drop(seen);
        json_answer(format!(
            "{{\"ok\":true,\"channel\":\"{channel}\",\"ts\":\"{ts}\",\"message\":{{\"ts\":\"{ts}\"}}}}"
        ))
    }

    fn modal(&self, at: Instant, body: &Bytes) -> Response<Full<Bytes>> {
        let call: Option<Call<'_>> = serde_json::from_slice(body).ok();
        if let Some(trigger) = call.as_ref().and_then(|call| call.trigger_id.as_deref()) {
            let mut seen = self.seen();
            seen.opened.insert(trigger.to_owned(), at);
            if let Some(thread) = seen.waiting.get(trigger) {
                thread.unpark();
            }
        }
        json_answer("{\"ok\":true,\"view\":{\"id\":\"V0000001\",\"hash\":\"1.a\"}}".into())
    }

    fn next_ts(&self) -> String {
        let count = self.0.next_ts.fetch_add(1, Ordering::Relaxed);
        format!("{}.{:06}", 1_700_000_000 + count / 1_000_000, count % 1_000_000)
    }

    fn accounts(&self, query: &str) -> String {
        let from: usize = parameter(query, "cursor")
            .and_then(|cursor| cursor.parse().ok())
            .unwrap_or(0);
        let to = (from + PAGE).min(self.0.accounts);
        let members: Vec<Value> = (from..to).map(account).collect();
        let next = if to < self.0.accounts {
            to.to_string()
        } else {
            String::new()
        };
        json!({ "ok": true, "members": members, "response_metadata": { "next_cursor": next } }).to_string()
    }

    /// Newest first, or a thread from its parent on.
    fn history(&self, query: &str) -> String {
        let channel = parameter(query, "channel").unwrap_or_default();
        let parent = parameter(query, "ts");
        let from: usize = parameter(query, "cursor")
            .and_then(|cursor| cursor.parse().ok())
            .unwrap_or(0);
        let seen = self.seen();
        let all = seen.history.get(&channel).map(Vec::as_slice).unwrap_or_default();
        let fits = |kept: &&Kept| match &parent {
            Some(parent) => kept.ts == *parent || kept.thread.as_ref() == Some(parent),
            None => kept.thread.is_none(),
        };
        let found: Vec<&Kept> = all.iter().rev().filter(fits).skip(from).take(PAGE + 1).collect();
        let next = if found.len() > PAGE {
            (from + PAGE).to_string()
        } else {
            String::new()
        };
        let messages: Vec<Value> = found
            .into_iter()
            .take(PAGE)
            .map(|kept| json!({ "type": "message", "ts": kept.ts, "thread_ts": kept.thread, "user": "U0BENCHBOT", "bot_id": "B0BENCH", "text": "…", "metadata": kept.metadata }))
            .collect();
        json!({ "ok": true, "messages": messages, "response_metadata": { "next_cursor": next } }).to_string()
    }
}

fn account(place: usize) -> Value {
    json!({
        "id": payload::user(place), "team_id": TEAM, "name": format!("person{place}"), "real_name": format!("Person {place}"),
        "tz": "Europe/Berlin", "is_email_confirmed": true, "is_bot": false, "deleted": false,
        "profile": { "real_name": format!("Person {place}"), "email": format!("person{place}@bench.test"), "title": "Engineer" }
    })
}

/// The value of the first button "approve", wherever it stands.
fn approve_value(text: &str) -> Option<String> {
    if !text.contains("\"approve\"") {
        return None;
    }
    fn look(value: &Value) -> Option<&str> {
        match value {
            Value::Object(fields) if fields.get("action_id").is_some_and(|id| id == "approve") => {
                fields.get("value")?.as_str()
            }
            Value::Object(fields) => fields.values().find_map(look),
            Value::Array(items) => items.iter().find_map(look),
            _ => None,
        }
    }
    look(&serde_json::from_str(text).ok()?).map(str::to_owned)
}

fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn json_answer(body: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(body));
    let kind = hyper::header::HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    answer
}

fn joined() -> Response<Full<Bytes>> {
    let mut answer = json_answer(
        json!({
            "ok": true, "url": "https://bench.slack.test/", "team": "Bench", "team_id": TEAM, "user": "c1",
            "user_id": "U0BENCHBOT", "bot_id": "B0BENCH", "app_id": "A0BENCH"
        })
        .to_string(),
    );
    let scopes = hyper::header::HeaderValue::from_static("chat:write,commands,im:history,im:write,users:read");
    answer.headers_mut().insert("x-oauth-scopes", scopes);
    answer
}

fn limited() -> Response<Full<Bytes>> {
    let mut answer = json_answer("{\"ok\":false,\"error\":\"ratelimited\"}".into());
    *answer.status_mut() = hyper::StatusCode::TOO_MANY_REQUESTS;
    answer
        .headers_mut()
        .insert(hyper::header::RETRY_AFTER, hyper::header::HeaderValue::from_static("1"));
    answer
}
