//! What Slack sends, signed and ready for the wire. The same bytes go to everyone who is measured.

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use url::form_urlencoded::byte_serialize;

/// The secret between the workspace and everyone who is measured.
pub(crate) const SECRET: &str = "a-signing-secret-of-the-benchmark";
/// The workspace.
pub(crate) const TEAM: &str = "T0BENCH";

/// A mark that is found again in whatever is made of a text: `zq0000042qz`.
pub(crate) fn mark(token: u32) -> String {
    format!("zq{token:07}qz")
}

/// The first mark in a text.
pub(crate) fn marked(text: &str) -> Option<u32> {
    let mut rest = text;
    while let Some(at) = rest.find("zq") {
        let digits = rest.get(at + 2..at + 9);
        if rest.get(at + 9..at + 11) == Some("qz")
            && let Some(token) = digits.and_then(|digits| digits.parse().ok())
        {
            return Some(token);
        }
        rest = &rest[at + 2..];
    }
    None
}

/// The n-th account of the workspace.
pub(crate) fn user(place: usize) -> String {
    format!("U{place:07}")
}

/// The conversation of an account with the app.
pub(crate) fn dm(user: &str) -> String {
    format!("D{}", &user[1..])
}

/// A name that was never used before.
pub(crate) fn fresh(kind: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{kind}{:012}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A signed request.
pub(crate) fn signed(path: &str, body: &str) -> Vec<u8> {
    request(path, body, SECRET, 0, "")
}

/// A request that somebody else signed.
pub(crate) fn forged(path: &str, body: &str) -> Vec<u8> {
    request(path, body, "another-secret", 0, "")
}

/// A request signed so many seconds ahead.
pub(crate) fn ahead(path: &str, body: &str, seconds: u64) -> Vec<u8> {
    request(path, body, SECRET, seconds, "")
}

/// A signed request that Slack sends once more.
pub(crate) fn resent(path: &str, body: &str, times: usize) -> Vec<u8> {
    let retry = format!("X-Slack-Retry-Num: {times}\r\nX-Slack-Retry-Reason: http_timeout\r\n");
    request(path, body, SECRET, 0, &retry)
}

fn request(path: &str, body: &str, secret: &str, ahead: u64, more: &str) -> Vec<u8> {
    let now = ahead
        + SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("v0:{now}:").as_bytes());
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let kind = if body.starts_with('{') {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    format!(
        "POST {path} HTTP/1.1\r\nHost: c1.test\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n\
         Accept: application/json,*/*\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: v0={signature}\r\n{more}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// `/c1 …`.
pub(crate) fn command(user: &str, text: &str, trigger: &str) -> String {
    let text: String = byte_serialize(text.as_bytes()).collect();
    format!(
        "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id={TEAM}&team_domain=bench&channel_id=C0000001&channel_name=general\
         &user_id={user}&user_name=somebody&command=%2Fc1&text={text}&api_app_id=A0BENCH&is_enterprise_install=false\
         &response_url=https%3A%2F%2Fhooks.slack.test%2Fcommands%2F{TEAM}%2F1234567890%2FabcDEFghi&trigger_id={trigger}"
    )
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) app: i64,
    pub(crate) entitlement: i64,
}

/// The form, submitted: with the whole view, as Slack sends it.
pub(crate) fn submission(user: &str, view: &str, wish: Wish, reason: &str) -> String {
    let Wish { app, entitlement } = wish;
    let selects = [
        ("app".to_owned(), "form_app", "Which app do you need?", app),
        (
            format!("entitlement:{app}"),
            "form_entitlement",
            "What access do you need?",
            entitlement,
        ),
        (
            format!("length:{entitlement}:request"),
            "form_length",
            "How long do you need it?",
            14_400,
        ),
    ];
    let option = |value: i64| json!({ "text": { "type": "plain_text", "text": format!("Option {value}"), "emoji": true }, "value": value.to_string() });
    let mut values = serde_json::Map::new();
    let mut blocks = vec![json!({
        "type": "context", "block_id": "hint",
        "elements": [{ "type": "mrkdwn", "text": "Say what you need and why. The right people are asked at once, and you hear from me here in Slack.", "verbatim": false }]
    })];
    for (block, action, label, value) in &selects {
        let selected = json!({ "type": "external_select", "selected_option": option(*value) });
        values.insert(block.clone(), json!({ *action: selected }));
        blocks.push(json!({
            "type": "input", "block_id": block, "optional": false, "dispatch_action": true,
            "label": { "type": "plain_text", "text": label, "emoji": true },
            "element": {
                "type": "external_select", "action_id": action, "initial_option": option(*value), "min_query_length": 0,
                "placeholder": { "type": "plain_text", "text": "Choose one of these", "emoji": true }
            }
        }));
    }
    values.insert(
        "reason".to_owned(),
        json!({ "form_reason": { "type": "plain_text_input", "value": reason } }),
    );
    blocks.push(json!({
        "type": "input", "block_id": "reason", "optional": false, "dispatch_action": false,
        "label": { "type": "plain_text", "text": "Why do you need it?", "emoji": true },
        "element": {
            "type": "plain_text_input", "action_id": "form_reason", "multiline": true, "max_length": 2000,
            "placeholder": { "type": "plain_text", "text": "What will you do with it?", "emoji": true },
            "dispatch_action_config": { "trigger_actions_on": ["on_enter_pressed"] }
        }
    }));
    let notes = json!({ "v": 1, "app": app, "entitlement": entitlement });
    interaction(&json!({
        "type": "view_submission",
        "team": { "id": TEAM, "domain": "bench" },
        "user": person(user),
        "api_app_id": "A0BENCH",
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "trigger_id": fresh("t."),
        "view": {
            "id": view, "team_id": TEAM, "type": "modal", "blocks": blocks, "private_metadata": notes.to_string(),
            "callback_id": "request_form", "state": { "values": values }, "hash": "1596530385.abcdef",
            "title": { "type": "plain_text", "text": "Submit a request", "emoji": true }, "clear_on_close": false,
            "notify_on_close": false, "close": { "type": "plain_text", "text": "Cancel", "emoji": true },
            "submit": { "type": "plain_text", "text": "Submit", "emoji": true }, "previous_view_id": null,
            "root_view_id": view, "app_id": "A0BENCH", "external_id": "", "app_installed_team_id": TEAM, "bot_id": "B0BENCH"
        },
        "response_urls": [], "is_enterprise_install": false, "enterprise": null
    }))
}

/// A click on "Approve" in the message at (channel, ts).
pub(crate) fn approval(user: &str, channel: &str, ts: &str, value: &str) -> String {
    let about = "*GitHub* / payments / Admin for 4 hours, because of the incident of this morning. ".repeat(4);
    let button = |action: &str, style: &str| json!({ "type": "button", "action_id": action, "style": style, "value": value, "text": { "type": "plain_text", "text": action, "emoji": true } });
    interaction(&json!({
        "type": "block_actions",
        "user": person(user),
        "api_app_id": "A0BENCH",
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "container": { "type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false },
        "trigger_id": fresh("t."),
        "team": { "id": TEAM, "domain": "bench" },
        "enterprise": null, "is_enterprise_install": false,
        "channel": { "id": channel, "name": "directmessage" },
        "message": {
            "user": "U0BENCHBOT", "type": "message", "ts": ts, "bot_id": "B0BENCH", "app_id": "A0BENCH", "team": TEAM, "text": about,
            "blocks": [
                { "type": "header", "block_id": "h", "text": { "type": "plain_text", "text": "Somebody asks for access", "emoji": true } },
                { "type": "section", "block_id": "s", "text": { "type": "mrkdwn", "text": about, "verbatim": false } },
                { "type": "actions", "block_id": "a", "elements": [button("approve", "primary"), button("deny", "danger")] }
            ]
        },
        "state": { "values": { "decision_reason:0": { "decision_reason": { "type": "plain_text_input", "value": null } } } },
        "response_url": "https://hooks.slack.test/actions/T0BENCH/1234567890/abcDEFghi",
        "actions": [{
            "action_id": "approve", "block_id": "a", "text": { "type": "plain_text", "text": "Approve", "emoji": true },
            "value": value, "style": "primary", "type": "button", "action_ts": "1596530385.194939"
        }]
    }))
}

/// A letter typed into the picker of an app's entitlements.
pub(crate) fn keystroke(user: &str, app: i64, typed: &str) -> String {
    interaction(&json!({
        "type": "block_suggestion", "user": person(user), "team": { "id": TEAM, "domain": "bench" },
        "api_app_id": "A0BENCH", "token": "gIkuvaNzQIHg97ATvDxqgjtO", "action_id": "form_entitlement",
        "block_id": format!("entitlement:{app}"), "value": typed,
        "container": { "type": "view", "view_id": "V0000001" },
        "view": { "id": "V0000001", "type": "modal", "team_id": TEAM, "callback_id": "request_form", "state": { "values": {} }, "blocks": [] }
    }))
}

/// Somebody writes in the thread under the message `parent`.
pub(crate) fn comment(user: &str, channel: &str, parent: &str, ts: &str, event: &str, text: &str) -> String {
    json!({
        "token": "gIkuvaNzQIHg97ATvDxqgjtO", "team_id": TEAM, "api_app_id": "A0BENCH", "type": "event_callback",
        "event_id": event, "event_time": 1_596_530_385, "is_ext_shared_channel": false,
        "authorizations": [{ "enterprise_id": null, "team_id": TEAM, "user_id": "U0BENCHBOT", "is_bot": true }],
        "event_context": "4-eyJldCI6Im1lc3NhZ2UifQ",
        "event": {
            "type": "message", "channel_type": "im", "user": user, "team": TEAM, "channel": channel, "text": text,
            "ts": ts, "event_ts": ts, "thread_ts": parent, "client_msg_id": event
        }
    })
    .to_string()
}

fn person(user: &str) -> Value {
    json!({ "id": user, "username": "somebody", "name": "somebody", "team_id": TEAM })
}

fn interaction(payload: &Value) -> String {
    let payload: String = byte_serialize(payload.to_string().as_bytes()).collect();
    format!("payload={payload}")
}
