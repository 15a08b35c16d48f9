//! Delivery by signed HTTP requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use crate::config::Delivery;
use crate::deliver::{Kind, NotTaken, Reply, Retry, Trouble};
use crate::inner::Inner;
use crate::rules;
use crate::sync::Locked;
use crate::world::VERIFICATION_TOKEN;

pub(crate) type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// Longer answers are not read.
const ANSWER: usize = 1024 * 1024;
/// So long the events URL is asked for its challenge while the app may still be starting.
const VERIFY_FOR: Duration = Duration::from_secs(60);

pub(crate) fn client() -> HttpClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Debug, Clone, Copy)]
enum Failure {
    Timeout,
    Connection,
    Redirects,
}

/// `v0=…` over the time and the raw body.
pub(crate) fn signature(secret: &str, timestamp: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length will do");
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(
    inner: &Inner,
    base: &Url,
    path: &str,
    content_type: &str,
    body: Bytes,
    retry: Option<Retry>,
) -> Result<Answer, Failure> {
    let mut target = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let work = async {
        for _ in 0..=rules::EVENT_REDIRECTS {
            let timestamp = inner.clock.now().as_secs();
            let mut request = Request::post(target.as_str())
                .header("content-type", content_type)
                .header("accept", "application/json,*/*")
                .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
                .header("x-slack-request-timestamp", timestamp)
                .header(
                    "x-slack-signature",
                    signature(&inner.tokens.signing_secret, timestamp, &body),
                );
            if let Some(retry) = retry {
                request = request
                    .header("x-slack-retry-num", retry.number)
                    .header("x-slack-retry-reason", retry.reason);
            }
            let request = request.body(Full::new(body.clone())).map_err(|_| Failure::Connection)?;
            let response = inner.http.request(request).await.map_err(|_| Failure::Connection)?;
            let (parts, incoming) = response.into_parts();
            let location = parts.headers.get("location").and_then(|l| l.to_str().ok());
            if let (true, Some(location)) = (parts.status.is_redirection(), location) {
                let from = Url::parse(&target).map_err(|_| Failure::Connection)?;
                target = from.join(location).map_err(|_| Failure::Connection)?.to_string();
                continue;
            }
            let body = Limited::new(incoming, ANSWER)
                .collect()
                .await
                .map_err(|_| Failure::Connection)?
                .to_bytes();
            return Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body,
            });
        }
        Err(Failure::Redirects)
    };
    tokio::time::timeout(inner.answer_within, work)
        .await
        .unwrap_or(Err(Failure::Timeout))
}

pub(crate) async fn event(
    inner: &Arc<Inner>,
    base: &Url,
    payload: &Value,
    retry: Option<Retry>,
) -> Result<(), NotTaken> {
    let body = Bytes::from(payload.to_string());
    let path = &inner.manifest.events_path;
    match post(inner, base, path, "application/json", body, retry).await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => {
            let give_up = answer.headers.get("x-slack-no-retry").is_some_and(|v| v == "1");
            Err(NotTaken {
                reason: "http_error",
                give_up,
            })
        }
        Err(failure) => {
            let reason = match failure {
                Failure::Timeout => "http_timeout",
                Failure::Connection => "connection_failed",
                Failure::Redirects => "too_many_redirects",
            };
            Err(NotTaken { reason, give_up: false })
        }
    }
}

pub(crate) async fn ask(inner: &Arc<Inner>, base: &Url, kind: &Kind, payload: &Value) -> Result<Reply, Trouble> {
    let path = match kind {
        Kind::Command { path } => path,
        Kind::Interactive(_) => &inner.manifest.interactions_path,
        Kind::Options => &inner.manifest.options_path,
    };
    let form = match kind {
        Kind::Command { .. } => {
            let fields = payload.as_object().into_iter().flatten();
            let pairs: Vec<(&str, &str)> = fields.filter_map(|(k, v)| Some((k.as_str(), v.as_str()?))).collect();
            serde_urlencoded::to_string(pairs)
        }
        _ => serde_urlencoded::to_string([("payload", payload.to_string())]),
    };
    let body = Bytes::from(form.map_err(|_| Trouble::Failed)?);
    match post(inner, base, path, "application/x-www-form-urlencoded", body, None).await {
        // Exactly 200: other codes of success are none to Slack's client.
        Ok(answer) if answer.status == StatusCode::OK => Ok(read(&answer.body)),
        Ok(_) | Err(Failure::Connection | Failure::Redirects) => Err(Trouble::Failed),
        Err(Failure::Timeout) => Err(Trouble::Timeout),
    }
}

fn read(body: &[u8]) -> Reply {
    if body.is_empty() {
        return Reply::Empty;
    }
    match serde_json::from_slice(body) {
        Ok(json @ Value::Object(_)) => Reply::Json(json),
        _ => Reply::Text(String::from_utf8_lossy(body).into_owned()),
    }
}

/// Asks the events URL for its challenge, as Slack does when somebody enters it; waits for an app that is starting.
pub(crate) async fn verify(inner: Arc<Inner>, base: Url) {
    let started = tokio::time::Instant::now();
    loop {
        let result = verify_once(&inner, &base).await;
        let current = Delivery::Http { base: base.clone() };
        if *inner.delivery.locked() != current {
            return;
        }
        let done = result.is_ok() || started.elapsed() > VERIFY_FOR;
        if let (true, Err(problem)) = (done, &result) {
            tracing::warn!(problem, "the events URL was not verified");
        }
        *inner.verified.locked() = Some(result);
        if done {
            return;
        }
        tokio::select! {
            () = inner.stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(250)) => {}
        }
    }
}

async fn verify_once(inner: &Arc<Inner>, base: &Url) -> Result<(), String> {
    let challenge = hex::encode(rand::random::<[u8; 24]>());
    let payload = json!({"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"});
    let body = Bytes::from(payload.to_string());
    let answer = post(inner, base, &inner.manifest.events_path, "application/json", body, None)
        .await
        .map_err(|failure| format!("no answer: {failure:?}"))?;
    let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
    let in_json = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|v| Some(v.get("challenge")?.as_str()? == challenge));
    match answer.status {
        StatusCode::OK if text == challenge || in_json == Some(true) => Ok(()),
        StatusCode::OK => Err("the answer was not the challenge".to_owned()),
        status => Err(format!("the answer was {status}")),
    }
}
