//! `POST /sim/act`: what a person does at the page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, person, refused};
use crate::act::{ActError, ActionFields, Container, MessageRef, Outcome, ProfileChange, SubmitOutcome};
use crate::inner::Inner;

/// The fields of an act; which ones are needed depends on the act.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Act {
    #[serde(rename = "as")]
    user_id: String,
    act: String,
    channel: String,
    ts: String,
    thread: Option<String>,
    text: String,
    broadcast: bool,
    container: Option<Container>,
    block_id: String,
    action_id: String,
    view_id: Option<String>,
    home: Option<Value>,
    query: String,
    values: Option<Value>,
    all: bool,
    callback_id: String,
    name: String,
    remove: bool,
    size: u64,
    mimetype: String,
    tab: String,
    dispatch: Option<bool>,
    user: String,
    /// Everything else: the value fields of an action, or of a profile.
    #[serde(flatten)]
    more: ActionFields,
}

impl Act {
    fn message(&self) -> MessageRef {
        MessageRef {
            channel: self.channel.clone(),
            ts: self.ts.clone(),
        }
    }

    fn place(&self) -> Outcome<Container> {
        if let Some(container) = &self.container {
            return Ok(container.clone());
        }
        if let Some(view_id) = &self.view_id {
            return Ok(Container::View {
                view_id: view_id.clone(),
            });
        }
        if self.home.as_ref().is_some_and(|h| *h != Value::Bool(false)) {
            return Ok(Container::Home);
        }
        if self.channel.is_empty() || self.ts.is_empty() {
            return Err("missing container".into());
        }
        Ok(Container::Message {
            channel: self.channel.clone(),
            ts: self.ts.clone(),
        })
    }
}

pub(super) async fn act(State(inner): State<Arc<Inner>>, body: Bytes) -> Response {
    let act: Act = match serde_json::from_slice(&body) {
        Ok(act) => act,
        Err(error) => return (StatusCode::BAD_REQUEST, refused(&error.to_string().into())).into_response(),
    };
    match run(&inner, act).await {
        Ok(mut out) => {
            out["ok"] = json!(true);
            answer(out)
        }
        Err(error) => refused(&error),
    }
}

async fn run(inner: &Arc<Inner>, mut act: Act) -> Outcome<Value> {
    let me = person(inner, &act.user_id)?;
    let done = json!({});
    match act.act.as_str() {
        "command" => {
            let response = me.runs(&act.channel, &act.text).await?;
            let ephemeral = response.ephemeral.map(|m| m.json().clone());
            Ok(json!({"ephemeral": ephemeral, "in_channel": response.in_channel.map(|m| m.json().clone())}))
        }
        "say" => me
            .says(&act.channel, &act.text)
            .await
            .map(|m| json!({"channel": m.channel, "ts": m.ts})),
        "reply" => {
            let thread = act.thread.as_deref().ok_or("thread_not_found")?;
            let message = me.writes(&act.channel, Some(thread), &act.text, act.broadcast)?;
            Ok(json!({"channel": message.channel, "ts": message.ts}))
        }
        "edit" => me.edits(act.message(), &act.text).await.map(|()| done),
        "delete" => me.deletes(act.message()).await.map(|()| done),
        "react" => me.reaction(&act.message(), &act.name, !act.remove).map(|()| done),
        "file" => {
            let thread = act.thread.as_deref().filter(|t| !t.is_empty());
            let message = me.shares(&act.channel, thread, &act.name, act.size, &act.mimetype, &act.text)?;
            Ok(json!({"channel": message.channel, "ts": message.ts}))
        }
        "click" | "select" | "overflow" => {
            let fields = std::mem::take(&mut act.more);
            me.acts(act.place()?, &act.block_id, &act.action_id, fields, act.dispatch)
                .await
                .map(|()| done)
        }
        "type" => {
            let fields = std::mem::take(&mut act.more);
            let dispatch = Some(act.dispatch.unwrap_or(false));
            me.acts(act.place()?, &act.block_id, &act.action_id, fields, dispatch)
                .await
                .map(|()| done)
        }
        "options" => {
            me.options(act.place()?, &act.block_id, &act.action_id, &act.query)
                .await
        }
        "submit" => {
            let view_id = act.view_id.as_deref().ok_or("missing view_id")?;
            submitted(me.submits_view(view_id, act.values.as_ref()).await?)
        }
        "close" => me
            .closes_view(act.view_id.as_deref().ok_or("missing view_id")?, act.all)
            .map(|()| done),
        "open_home" => me.opens_home().await.map(|()| done),
        "open_app" => me
            .opens(if act.tab == "home" { "home" } else { "messages" })
            .map(|()| done),
        "open_dm" => {
            let other = if act.user.is_empty() { &act.channel } else { &act.user };
            let name = format!("@{}", other.trim_start_matches('@'));
            let id = inner.with_world(|w| me.place(w, &name))?;
            Ok(json!({"channel": id}))
        }
        "global_shortcut" => me.global_shortcut(&act.callback_id).await.map(|()| done),
        "message_shortcut" => me
            .message_shortcut(act.message(), &act.callback_id)
            .await
            .map(|()| done),
        "mark_read" => {
            let ts = Some(act.ts.as_str()).filter(|t| !t.is_empty());
            me.marks_read(&act.channel, ts).map(|()| done)
        }
        "set_user" => {
            let whom = if act.user.is_empty() {
                me
            } else {
                person(inner, &act.user)?
            };
            let change: ProfileChange =
                serde_json::from_value(Value::Object(act.more)).map_err(|e| ActError::from(e.to_string()))?;
            whom.changes_profile(change).await.map(|()| done)
        }
        other => Err(format!("no such act: {other}").into()),
    }
}

fn submitted(outcome: SubmitOutcome) -> Outcome<Value> {
    match outcome {
        SubmitOutcome::Closed => Ok(json!({"outcome": "closed"})),
        SubmitOutcome::Updated => Ok(json!({"outcome": "updated"})),
        SubmitOutcome::Pushed => Ok(json!({"outcome": "pushed"})),
        SubmitOutcome::Errors(errors) => Err(ActError {
            error: "errors".to_owned(),
            errors,
        }),
        SubmitOutcome::Trouble(text) => Err(text.into()),
    }
}
