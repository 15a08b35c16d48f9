//! The listener: one address for the Web API, the WebSockets, the page and the door for scripts.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::calls::Call;
use crate::faults::{Fault, HANG};
use crate::inner::Inner;
use crate::sync::Locked;
use crate::web_api::args::Args;
use crate::web_api::refusal::Refusal;
use crate::web_api::{self, Answer, Wants};
use crate::{avatars, inspect, openid, page, response_url, socket};

/// Bodies longer than this are refused.
const BODY: usize = 4 * 1024 * 1024;

/// Marks an answer which must never arrive: the connection breaks instead.
#[derive(Clone, Copy, Debug)]
struct Break;

fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/api/{method}", any(api))
        .route("/socket/{ticket}", get(open_socket))
        .route("/response/{id}", post(respond))
        .merge(inspect::router())
        .merge(avatars::router())
        .merge(page::router())
        .merge(openid::router())
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(inner)
}

/// Serves until the simulator stops.
pub(crate) async fn run(inner: Arc<Inner>, listener: TcpListener) {
    let router = router(Arc::clone(&inner));
    loop {
        let accepted = tokio::select! {
            () = inner.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        let (router, stop) = (router.clone(), inner.stop.clone());
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| serve(router.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            tokio::select! {
                _ = connection => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

/// Runs a request; an answer marked with [`Break`] ends the connection instead.
async fn serve(router: Router, request: hyper::Request<hyper::body::Incoming>) -> std::io::Result<Response> {
    let answer = router.oneshot(request.map(Body::new)).await;
    let response = answer.unwrap_or_else(|never| match never {});
    match response.extensions().get::<Break>() {
        Some(_) => Err(std::io::Error::other("a fault that was asked for")),
        None => Ok(response),
    }
}

fn break_connection() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(Break);
    response
}

fn html(status: u16) -> Response {
    let body = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>";
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("content-type", "text/html; charset=utf-8")], body).into_response()
}

async fn api(State(inner): State<Arc<Inner>>, Path(method): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let mut args = match Args::read(parts.uri.query(), header("content-type"), &body) {
        Ok(args) => args,
        Err(refusal) => return finish(&inner, method, Args::default(), Err(refusal)),
    };
    let bearer = header("authorization");
    let bearer = bearer
        .strip_prefix("Bearer ")
        .or_else(|| bearer.strip_prefix("bearer "));
    let token = bearer.map(|t| t.trim().to_owned()).or_else(|| args.text("token"));
    args.0.remove("token");
    // Basic authentication is another way to say who the client is.
    if let Some((id, secret)) = openid::basic(header("authorization")) {
        args.0.insert("client_id".to_owned(), json!(id));
        args.0.insert("client_secret".to_owned(), json!(secret));
    }
    let token = token.as_deref();
    let Some(fault) = inner.faults.take(&method, &args) else {
        let answer = call(&inner, &method, &args, token);
        return finish(&inner, method, args, answer);
    };
    note(&inner, method.clone(), &args, format!("fault: {fault:?}"));
    match fault {
        Fault::RateLimited { retry_after } => rate_limited(retry_after),
        Fault::ServerError(status) => html(status),
        Fault::BadBody => html(200),
        Fault::Error(error) => envelope(&inner, Err(Refusal::new(error))),
        Fault::Timeout => {
            tokio::select! {
                () = tokio::time::sleep(HANG) => {}
                () = inner.stop.cancelled() => {}
            }
            break_connection()
        }
        Fault::AppliedTimeout => {
            let _ = call(&inner, &method, &args, token);
            tokio::select! {
                () = tokio::time::sleep(HANG) => {}
                () = inner.stop.cancelled() => {}
            }
            break_connection()
        }
        Fault::AppliedNoAnswer => {
            let _ = call(&inner, &method, &args, token);
            break_connection()
        }
        Fault::AppliedServerError(status) => {
            let _ = call(&inner, &method, &args, token);
            html(status)
        }
        Fault::Slow { millis } => {
            let answer = call(&inner, &method, &args, token);
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
            envelope(&inner, answer)
        }
    }
}

fn finish(inner: &Inner, method: String, args: Args, answer: Answer) -> Response {
    let outcome = match &answer {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => refusal.error.clone(),
    };
    let call = Call {
        method,
        args: Value::Object(args.0),
        at: inner.clock.now(),
        outcome,
    };
    inner.calls.locked().add(call);
    envelope(inner, answer)
}

fn note(inner: &Inner, method: String, args: &Args, outcome: String) {
    let call = Call {
        method,
        args: Value::Object(args.0.clone()),
        at: inner.clock.now(),
        outcome,
    };
    inner.calls.locked().add(call);
}

/// Token, limits, arguments and scopes are looked at in this order; then the method runs.
fn call(inner: &Arc<Inner>, method: &str, args: &Args, token: Option<&str>) -> Answer {
    if !web_api::exists(method) {
        let mut refusal = Refusal::new("unknown_method");
        refusal.more.insert("req_method".to_owned(), json!(method));
        return Err(refusal);
    }
    check_token(inner, method, token)?;
    if let Some(limits) = &inner.limits {
        let channel = args.text("channel");
        let checked = limits.locked().check(method, channel.as_deref(), inner.clock.now());
        checked.map_err(Refusal::rate_limited)?;
    }
    if method == "apps.connections.open" {
        web_api::check_arguments(method, args, inner.strict)?;
        let ticket = inner.sockets.ticket();
        let base = inner.url().replacen("http", "ws", 1);
        let url = format!("{base}/socket/{ticket}?app_id={}", crate::world::APP_ID);
        return Ok(json!({"url": url}));
    }
    if method == "openid.connect.token" {
        web_api::check_arguments(method, args, inner.strict)?;
        return openid::token(inner, args);
    }
    if method == "openid.connect.userInfo" {
        return openid::user_info(inner, token.unwrap_or_default());
    }
    inner.with_world(|world| web_api::run(world, method, args, inner.strict))
}

fn check_token(inner: &Inner, method: &str, token: Option<&str>) -> Result<(), Refusal> {
    let wants = web_api::wants(method);
    if wants == Wants::Nothing {
        return Ok(());
    }
    let Some(token) = token.filter(|t| !t.is_empty()) else {
        return Err("not_authed".into());
    };
    let replaced = inner.new_bot_token.locked().clone();
    if replaced.is_some() && token == inner.tokens.bot {
        return Err("token_revoked".into());
    }
    let is_bot = token == replaced.as_deref().unwrap_or(&inner.tokens.bot);
    let is_app = token == inner.tokens.app;
    match wants {
        _ if !is_bot && !is_app => Err("invalid_auth".into()),
        Wants::BotToken if is_bot => {
            if inner.look(|world| world.uninstalled) {
                return Err("account_inactive".into());
            }
            Ok(())
        }
        Wants::AppToken if is_app => Ok(()),
        _ => Err("not_allowed_token_type".into()),
    }
}

fn rate_limited(retry_after: u64) -> Response {
    let body = json!({"ok": false, "error": "ratelimited"}).to_string();
    let headers = [
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("retry-after", retry_after.to_string()),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
}

/// The JSON and the headers of an answer.
fn envelope(inner: &Inner, answer: Answer) -> Response {
    let body = match answer {
        Ok(mut value) => {
            if let Some(fields) = value.as_object_mut() {
                fields.insert("ok".to_owned(), json!(true));
            }
            value
        }
        Err(refusal) if refusal.error == "ratelimited" => {
            return rate_limited(refusal.more.get("retry_after").and_then(Value::as_u64).unwrap_or(1));
        }
        Err(refusal) => refusal.json(),
    };
    let mut response = body.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    if let Ok(scopes) = HeaderValue::from_str(&inner.manifest.scopes.join(",")) {
        headers.insert("x-oauth-scopes", scopes);
    }
    response
}

async fn open_socket(
    State(inner): State<Arc<Inner>>,
    Path(ticket): Path<String>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !inner.sockets.redeem(&ticket) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let debug = query.is_some_and(|q| q.contains("debug_reconnects=true"));
    upgrade.on_upgrade(move |socket| socket::serve(inner, socket, debug))
}

async fn respond(State(inner): State<Arc<Inner>>, Path(id): Path<String>, body: Bytes) -> Response {
    match response_url::post(&inner, &id, &body) {
        Ok(()) => "ok".into_response(),
        Err((status, refusal)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            (
                status,
                [("content-type", "application/json")],
                refusal.json().to_string(),
            )
                .into_response()
        }
    }
}
