//! The floors: the least a Rust program can do for the same work, each in a process of its own.
//!
//! - [`Floor::Ack`] checks Slack's signature and answers; nothing else.
//! - [`Floor::Whole`] does the durable work of the little app, without a framework: a command opens a modal; a submitted
//!   form becomes a request, a step and an audit row in one transaction, then a message to the approver; "Approve"
//!   becomes an update and an audit row, then a new message text and a note; a comment is stored and copied. It forgets
//!   whatever it was about to say when it is killed.

use super::payload::SECRET;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{io::AsyncReadExt as _, net::TcpListener};

/// As many as c1 uses.
const CONNECTIONS: u32 = 16;

/// The floor's tables, and the owners it asks.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE entitlements (id bigint PRIMARY KEY, owner text NOT NULL);
    CREATE TABLE requests (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, requester text NOT NULL,
        entitlement bigint NOT NULL REFERENCES entitlements (id), reason text NOT NULL,
        state text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE steps (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request_id bigint NOT NULL REFERENCES requests (id),
        approver text NOT NULL, state text NOT NULL DEFAULT 'open', channel text, ts text);
    CREATE INDEX steps_by_message ON steps (channel, ts);
    CREATE TABLE comments (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request_id bigint NOT NULL REFERENCES requests (id),
        author text NOT NULL, body text NOT NULL);
    CREATE TABLE audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request_id bigint NOT NULL REFERENCES requests (id),
        at timestamptz NOT NULL DEFAULT now(), event jsonb NOT NULL);";

/// Which floor.
#[derive(Clone, Debug)]
pub(crate) enum Floor {
    Ack,
    Whole { database: String, slack: String },
}

/// Serves until standard input ends, which it does with the process that made this one.
pub(crate) fn serve(floor: Floor, listen: SocketAddr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let app = match floor {
            Floor::Ack => None,
            Floor::Whole { database, slack } => Some(App {
                pool: PgPoolOptions::new()
                    .max_connections(CONNECTIONS)
                    .connect(&database)
                    .await?,
                client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
                slack,
            }),
        };
        let mac = Hmac::new_from_slice(SECRET.as_bytes())?;
        let door = Arc::new(Door { mac, app });
        let listener = TcpListener::bind(listen).await?;
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let _faster = stream.set_nodelay(true);
                let door = Arc::clone(&door);
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let door = Arc::clone(&door);
                        async move { Ok::<_, Infallible>(door.answer(request).await) }
                    });
                    let _ended = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let _ended = tokio::io::stdin().read(&mut [0; 1]).await;
        Ok(())
    })
}

struct Door {
    mac: Hmac<Sha256>,
    app: Option<App>,
}

impl Door {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return answer(StatusCode::BAD_REQUEST);
        };
        let body = body.to_bytes();
        if !self.is_slacks(&head.headers, &body) {
            return answer(StatusCode::UNAUTHORIZED);
        }
        let Some(app) = &self.app else {
            return answer(StatusCode::OK);
        };
        let done = match head.uri.path() {
            "/slack/commands" => app.command(&body),
            "/slack/interactions" => app.interaction(&body).await,
            "/slack/events" => app.event(&body).await,
            _ => return answer(StatusCode::NOT_FOUND),
        };
        answer(if done.is_ok() {
            StatusCode::OK
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }

    fn is_slacks(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(signature), Some(at)) = (text("x-slack-signature"), text("x-slack-request-timestamp")) else {
            return false;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut claimed = [0; 32];
        let hex = signature.strip_prefix("v0=").unwrap_or_default();
        if at.parse::<u64>().is_ok_and(|at| now.abs_diff(at) <= 300) && hex::decode_to_slice(hex, &mut claimed).is_ok()
        {
            let mut mac = self.mac.clone();
            for part in [b"v0:", at.as_bytes(), b":", body] {
                mac.update(part);
            }
            mac.verify_slice(&claimed).is_ok()
        } else {
            false
        }
    }
}

fn answer(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

#[derive(Clone)]
struct App {
    pool: PgPool,
    client: Client<HttpConnector, Full<Bytes>>,
    slack: String,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Interaction {
    user: Id,
    #[serde(default)]
    view: Option<View>,
    #[serde(default)]
    actions: Vec<Action>,
    #[serde(default)]
    container: Option<Container>,
}

#[derive(Deserialize)]
struct View {
    private_metadata: String,
    state: Value,
}

#[derive(Deserialize)]
struct Notes {
    entitlement: i64,
}

#[derive(Deserialize)]
struct Action {
    value: String,
}

#[derive(Deserialize)]
struct Container {
    channel_id: String,
    message_ts: String,
}

#[derive(Deserialize)]
struct Delivery {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    user: String,
    channel: String,
    text: String,
    thread_ts: String,
}

#[derive(Deserialize)]
struct Posted {
    channel: String,
    ts: String,
}

impl App {
    fn command(&self, body: &[u8]) -> anyhow::Result<()> {
        let trigger = url::form_urlencoded::parse(body).find(|(key, _)| key == "trigger_id");
        let Some((_, trigger)) = trigger else {
            anyhow::bail!("a command has a trigger")
        };
        let view = json!({ "trigger_id": trigger, "view": form() });
        let app = self.clone();
        tokio::spawn(async move { app.call("views.open", &view).await });
        Ok(())
    }

    async fn interaction(&self, body: &[u8]) -> anyhow::Result<()> {
        let payload = url::form_urlencoded::parse(body).find(|(key, _)| key == "payload");
        let Some((_, payload)) = payload else {
            anyhow::bail!("an interaction has a payload")
        };
        let Interaction {
            user,
            view,
            actions,
            container,
        } = serde_json::from_str(&payload)?;
        match (view, actions.into_iter().next(), container) {
            (Some(view), _, _) => self.submitted(user.id, &view).await,
            (None, Some(action), Some(container)) => self.approved(user.id, &action, container).await,
            _ => anyhow::bail!("neither a form nor a button"),
        }
    }

    async fn submitted(&self, requester: String, view: &View) -> anyhow::Result<()> {
        let Notes { entitlement } = serde_json::from_str(&view.private_metadata)?;
        let reason = view.state["values"]["reason"]["form_reason"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut tx = self.pool.begin().await?;
        let request: i64 = sqlx::query_scalar(
            "INSERT INTO requests (requester, entitlement, reason) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(&requester)
        .bind(entitlement)
        .bind(&reason)
        .fetch_one(&mut *tx)
        .await?;
        let (step, approver): (i64, String) = sqlx::query_as(
            "INSERT INTO steps (request_id, approver) SELECT $1, owner FROM entitlements WHERE id = $2 RETURNING id, approver",
        )
        .bind(request)
        .bind(entitlement)
        .fetch_one(&mut *tx)
        .await?;
        self.audit(
            &mut tx,
            request,
            json!({ "type": "submitted", "by": requester, "entitlement": entitlement }),
        )
        .await?;
        tx.commit().await?;
        let app = self.clone();
        tokio::spawn(async move { app.ask(step, &approver, &requester, &reason).await });
        Ok(())
    }

    async fn ask(&self, step: i64, approver: &str, requester: &str, reason: &str) -> anyhow::Result<()> {
        let message = json!({ "channel": approver, "text": "Somebody asks for access", "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": "Somebody asks for access" } },
            { "type": "section", "text": { "type": "mrkdwn", "text": format!("<@{requester}> asks for access: {reason}") } },
            { "type": "actions", "elements": [
                { "type": "button", "action_id": "approve", "style": "primary", "value": step.to_string(), "text": { "type": "plain_text", "text": "Approve" } },
                { "type": "button", "action_id": "deny", "style": "danger", "value": step.to_string(), "text": { "type": "plain_text", "text": "Deny" } }
            ] }
        ] });
        let posted: Posted = serde_json::from_slice(&self.call("chat.postMessage", &message).await?)?;
        sqlx::query("UPDATE steps SET channel = $2, ts = $3 WHERE id = $1")
            .bind(step)
            .bind(&posted.channel)
            .bind(&posted.ts)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn approved(&self, approver: String, action: &Action, at: Container) -> anyhow::Result<()> {
        let mut tx = self.pool.begin().await?;
        let request: i64 = sqlx::query_scalar(
            "UPDATE steps SET state = 'approved' WHERE id = $1 AND approver = $2 AND state = 'open' RETURNING request_id",
        )
        .bind(action.value.parse::<i64>()?)
        .bind(&approver)
        .fetch_one(&mut *tx)
        .await?;
        let (requester, reason): (String, String) =
            sqlx::query_as("UPDATE requests SET state = 'approved' WHERE id = $1 RETURNING requester, reason")
                .bind(request)
                .fetch_one(&mut *tx)
                .await?;
        self.audit(&mut tx, request, json!({ "type": "approved", "by": approver }))
            .await?;
        tx.commit().await?;
        let app = self.clone();
        tokio::spawn(async move {
            let shown = json!({ "channel": at.channel_id, "ts": at.message_ts, "text": "You approved", "blocks": [
                { "type": "section", "text": { "type": "mrkdwn", "text": format!("<@{requester}>: {reason}. You approved.") } }
            ] });
            let note = json!({ "channel": requester, "text": format!("<@{approver}> approved: {reason}") });
            let (shown, noted) = tokio::join!(app.call("chat.update", &shown), app.call("chat.postMessage", &note));
            shown.and(noted)
        });
        Ok(())
    }

    async fn event(&self, body: &[u8]) -> anyhow::Result<()> {
        let Delivery { event } = serde_json::from_slice(body)?;
        let (request, requester): (i64, String) = sqlx::query_as(
            "SELECT r.id, r.requester FROM steps s JOIN requests r ON r.id = s.request_id WHERE s.channel = $1 AND s.ts = $2",
        )
        .bind(&event.channel)
        .bind(&event.thread_ts)
        .fetch_one(&self.pool)
        .await?;
        sqlx::query("INSERT INTO comments (request_id, author, body) VALUES ($1, $2, $3)")
            .bind(request)
            .bind(&event.user)
            .bind(&event.text)
            .execute(&self.pool)
            .await?;
        let copy = json!({ "channel": requester, "text": format!("<@{}>: {}", event.user, event.text) });
        let app = self.clone();
        tokio::spawn(async move { app.call("chat.postMessage", &copy).await });
        Ok(())
    }

    async fn audit(&self, tx: &mut sqlx::PgTransaction<'_>, request: i64, event: Value) -> anyhow::Result<()> {
        sqlx::query("INSERT INTO audit (request_id, event) VALUES ($1, $2)")
            .bind(request)
            .bind(event)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    async fn call(&self, method: &str, body: &Value) -> anyhow::Result<Bytes> {
        let request = Request::post(format!("{}/{method}", self.slack))
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("authorization", "Bearer xoxb-bench")
            .body(Full::from(body.to_string()))?;
        Ok(self
            .client
            .request(request)
            .await?
            .into_body()
            .collect()
            .await?
            .to_bytes())
    }
}

fn form() -> Value {
    let select = |block: &str, label: &str| {
        json!({
            "type": "input", "block_id": block, "label": { "type": "plain_text", "text": label },
            "element": { "type": "external_select", "action_id": block, "min_query_length": 0, "placeholder": { "type": "plain_text", "text": "Choose" } }
        })
    };
    json!({
        "type": "modal", "callback_id": "request_form", "title": { "type": "plain_text", "text": "Submit a request" },
        "submit": { "type": "plain_text", "text": "Submit" }, "close": { "type": "plain_text", "text": "Cancel" },
        "blocks": [
            select("app", "Which app do you need?"),
            select("entitlement", "What access do you need?"),
            { "type": "input", "block_id": "reason", "label": { "type": "plain_text", "text": "Why do you need it?" },
              "element": { "type": "plain_text_input", "action_id": "form_reason", "multiline": true } }
        ]
    })
}
