//! The door for the page and for scripts in any language: `/sim/*`, plain JSON.

mod act;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::Stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::act::{ActError, MessageRef, Outcome, Person};
use crate::config::Delivery;
use crate::faults::{DeliveryFault, Fault};
use crate::inner::Inner;
use crate::sync::Locked;
use crate::world::channel::{Channel, Kind};
use crate::world::{APP_ID, BOT_USER, Change, SLACKBOT, World};

pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/sim/state", get(state))
        .route("/sim/messages", get(messages))
        .route("/sim/home", get(home))
        .route("/sim/modals", get(modals))
        .route("/sim/stream", get(stream))
        .route("/sim/act", post(act::act))
        .route("/sim/calls", get(calls))
        .route("/sim/fault", post(fault))
        .route("/sim/advance", post(advance))
        .route("/sim/idle", get(idle))
        .route("/sim/refresh", post(refresh))
}

#[derive(Deserialize)]
struct As {
    #[serde(rename = "as", default)]
    user: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    thread: Option<String>,
}

fn answer(json: Value) -> Response {
    (
        [
            ("content-type", "application/json; charset=utf-8"),
            ("cache-control", "no-store"),
        ],
        json.to_string(),
    )
        .into_response()
}

fn refused(error: &ActError) -> Response {
    let mut body = json!({"ok": false, "error": error.error});
    if !error.errors.is_empty() {
        body["errors"] = json!(error.errors);
    }
    answer(body)
}

/// The person of a request; without a name the first one of the workspace.
fn person(inner: &Arc<Inner>, name: &str) -> Outcome<Person> {
    let id = inner.look(|w| {
        if name.is_empty() {
            let first = w
                .people()
                .into_iter()
                .find(|u| !u.is_bot && u.id != SLACKBOT && !u.deleted);
            return first.map(|u| u.id.clone());
        }
        w.find_person(name)
    });
    Ok(Person::new(Arc::clone(inner), id.ok_or("user_not_found")?))
}

async fn state(State(inner): State<Arc<Inner>>, Query(query): Query<As>) -> Response {
    let person = match person(&inner, &query.user) {
        Ok(person) => person,
        Err(error) => return (StatusCode::NOT_FOUND, refused(&error)).into_response(),
    };
    answer(inner.with_world(|w| {
        // The app stands in everybody's list, opened or not.
        let _ = w.app_dm(&person.id);
        state_json(&inner, w, &person.id)
    }))
}

fn state_json(inner: &Inner, world: &World, user: &str) -> Value {
    let people: Vec<Value> = world
        .people()
        .into_iter()
        .filter(|u| u.id != BOT_USER && u.id != SLACKBOT)
        .map(person_json)
        .collect();
    let mut channels: Vec<&Channel> = world.channels.values().filter(|c| c.seen_by(user)).collect();
    channels.sort_by_key(|c| (c.kind != Kind::App, c.kind == Kind::Im, c.name.clone()));
    let manifest = &inner.manifest;
    let commands = manifest.commands.iter();
    let commands: Vec<Value> = commands
        .map(|c| json!({"command": c.command, "description": c.description, "usage_hint": c.usage_hint}))
        .collect();
    let shortcuts = manifest.shortcuts.iter();
    let shortcuts: Vec<Value> = shortcuts
        .map(|s| json!({"name": s.name, "callback_id": s.callback_id, "description": s.description, "type": s.kind}))
        .collect();
    json!({
        "title": inner.title, "controls": inner.controls, "team": world.team, "version": world.version,
        "now": inner.clock.now().as_secs_f64(),
        "app": {"id": APP_ID, "name": manifest.name, "bot_user_id": BOT_USER, "icon": null,
                "home_tab": manifest.home_tab, "messages_tab": manifest.messages_tab,
                "messages_read_only": manifest.messages_read_only},
        "manifest": {"commands": commands, "shortcuts": shortcuts},
        "me": world.user(user).map(person_json),
        "people": people,
        "channels": channels.into_iter().map(|c| channel_json(world, c, user)).collect::<Vec<_>>(),
        "usergroups": world.groups.iter().map(|g| json!({
            "id": g.id, "handle": g.handle, "name": g.name, "users": g.members,
        })).collect::<Vec<_>>(),
        "emoji": {},
    })
}

fn person_json(user: &crate::world::user::User) -> Value {
    json!({
        "id": user.id, "name": user.name, "real_name": user.real_name, "title": user.title, "email": user.email,
        "tz": user.tz, "avatar_color": format!("#{}", user.color()), "initials": user.initials(),
        "is_bot": user.is_bot, "is_admin": user.is_admin, "deleted": user.deleted, "restricted": user.is_guest(),
    })
}

fn channel_json(world: &World, channel: &Channel, user: &str) -> Value {
    let (kind, other) = match channel.kind {
        Kind::Channel => ("channel", ""),
        Kind::Im => ("im", world.other_side(channel, user)),
        Kind::App => ("app", BOT_USER),
    };
    let name = match channel.kind {
        Kind::Channel => channel.name.clone(),
        Kind::Im => world.shown_name(other),
        Kind::App => world.manifest.name.clone(),
    };
    json!({
        "id": channel.id, "name": name, "kind": kind, "topic": channel.topic, "unread": channel.unread(user),
        "user": if other.is_empty() { Value::Null } else { json!(other) }, "private": channel.private,
        "archived": channel.archived, "member": channel.members.contains(user), "members": channel.members,
    })
}

async fn messages(State(inner): State<Arc<Inner>>, Query(query): Query<As>) -> Response {
    let person = match person(&inner, &query.user) {
        Ok(person) => person,
        Err(error) => return (StatusCode::NOT_FOUND, refused(&error)).into_response(),
    };
    let shown = match query.thread.filter(|t| !t.is_empty()) {
        Some(ts) => person.thread(MessageRef {
            channel: query.channel,
            ts,
        }),
        None => person.messages(&query.channel),
    };
    answer(json!({"messages": shown.iter().map(|m| m.json()).collect::<Vec<_>>()}))
}

async fn home(State(inner): State<Arc<Inner>>, Query(query): Query<As>) -> Response {
    let shown = person(&inner, &query.user).ok().and_then(|p| p.home());
    answer(shown.map_or(Value::Null, |view| view_json(&view)))
}

async fn modals(State(inner): State<Arc<Inner>>, Query(query): Query<As>) -> Response {
    let shown = person(&inner, &query.user).map(|p| p.modals()).unwrap_or_default();
    answer(shown.iter().map(view_json).collect())
}

fn view_json(view: &crate::act::ViewSnapshot) -> Value {
    let mut json = view.json().clone();
    json["errors"] = json!(view.errors());
    json
}

/// What changes, as server-sent events.
async fn stream(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<As>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let user = person(&inner, &query.user).map(|p| p.id).unwrap_or_default();
    let changes = inner.changes.subscribe();
    let stop = inner.stop.clone();
    let events = futures::stream::unfold((changes, inner, user), move |(mut changes, inner, user)| {
        let stop = stop.clone();
        async move {
            loop {
                let received = tokio::select! {
                    () = stop.cancelled() => return None,
                    received = changes.recv() => received,
                };
                let change = match received {
                    Ok(change) if concerns(&inner, &change, &user) => change,
                    Ok(_) => continue,
                    // Too much at once: the page reads everything again.
                    Err(RecvError::Lagged(_)) => Change {
                        kind: "state",
                        channel: None,
                        thread: None,
                        text: None,
                        version: inner.look(|w| w.version),
                        only: None,
                    },
                    Err(RecvError::Closed) => return None,
                };
                let event = Event::default().data(json!(change).to_string());
                return Some((Ok(event), (changes, inner, user)));
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn concerns(inner: &Inner, change: &Change, user: &str) -> bool {
    if change.only.as_ref().is_some_and(|only| only != user) {
        return false;
    }
    match &change.channel {
        None => true,
        Some(id) => inner.look(|w| w.channels.get(id).is_some_and(|c| c.seen_by(user))),
    }
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: Option<u64>,
}

/// The calls remembered; with `since` only those after that total.
async fn calls(State(inner): State<Arc<Inner>>, Query(query): Query<Since>) -> Response {
    let calls = inner.calls.locked();
    let (calls, total) = calls.since(query.since.unwrap_or(0));
    let shown = calls
        .iter()
        .map(|c| json!({"method": c.method, "args": c.args, "at": c.at.as_secs_f64(), "outcome": c.outcome}));
    answer(json!({"calls": shown.collect::<Vec<_>>(), "total": total}))
}

/// `{"method": "chat.update", "fault": {"rate_limited": {"retry_after": 3}}, "times": 1, "where": {"channel": "D…"}}`,
/// `{"delivery": "drop_socket"}` or `{"clear": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    fault: Option<Fault>,
    /// 0: until cleared.
    #[serde(default)]
    times: Option<u32>,
    #[serde(default, rename = "where")]
    only: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default)]
    delivery: Option<DeliveryFault>,
    #[serde(default)]
    clear: bool,
}

async fn fault(State(inner): State<Arc<Inner>>, body: Bytes) -> Response {
    let request: FaultRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return (StatusCode::BAD_REQUEST, refused(&error.to_string().into())).into_response(),
    };
    if request.clear {
        inner.faults.clear();
    }
    if let (Some(method), Some(fault)) = (&request.method, request.fault) {
        let only = request.only.and_then(|only| only.into_iter().next());
        match (only, request.times.unwrap_or(1)) {
            (None, 0) => inner.faults.until_cleared(method, fault),
            (None, times) => inner.faults.times(method, fault, times),
            (Some((name, value)), 0) => inner.faults.until_cleared_where(method, &name, &value, fault),
            (Some((name, value)), times) => inner.faults.times_where(method, &name, &value, fault, times),
        }
    }
    if let Some(fault) = request.delivery {
        inner.faults.delivery(fault);
    }
    answer(json!({"ok": true, "waiting": inner.faults.waiting()}))
}

#[derive(Deserialize)]
struct Advance {
    seconds: f64,
}

async fn advance(State(inner): State<Arc<Inner>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Advance>(&body).map(|a| Duration::try_from_secs_f64(a.seconds)) {
        Ok(Ok(by)) => {
            inner.clock.advance(by);
            answer(json!({"ok": true, "now": inner.clock.now().as_secs_f64()}))
        }
        _ => (
            StatusCode::BAD_REQUEST,
            refused(&"seconds must be a number, not below 0".into()),
        )
            .into_response(),
    }
}

/// Whether nothing is on its way; with `?wait=1` it answers only then, at most after half a minute.
async fn idle(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Response {
    if query.contains_key("wait") {
        let _ = tokio::time::timeout(Duration::from_secs(30), inner.queue.pending.wait()).await;
    }
    let delivery = match &*inner.delivery.locked() {
        Delivery::Socket => json!({"kind": "socket", "connections": inner.sockets.count()}),
        Delivery::Http { base } => json!({"kind": "http", "base": base.as_str()}),
    };
    answer(json!({"ok": true, "idle": inner.queue.pending.is_idle(), "delivery": delivery}))
}

/// Tells all pages to read everything again: a control may have changed what they cannot know of.
async fn refresh(State(inner): State<Arc<Inner>>) -> Response {
    inner.with_world(|w| {
        w.changed("state");
    });
    answer(json!({"ok": true}))
}
