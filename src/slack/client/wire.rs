//! The HTTP connection under slack-morphism's session.
//!
//! Its own connector waits forever on a silent Slack, reads a proxy's HTML page as an empty success, cannot say whether a failed
//! call was sent, and prints bodies in errors; a session over this one has none of that.

use super::error::{by_code, by_status};
use super::{CallError, ScopesSeen};
use crate::http::connector::{Connector, TO_CONNECT, connector};
use crate::slack::gateway::raw::Text;
use anyhow::Context as _;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;
use slack_morphism::errors::{SlackClientError, SlackClientSystemError};
use slack_morphism::prelude::*;
use slack_morphism::{ClientResult, SlackClientApiCallContext, SlackClientHttpConnector};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A page of `users.list` is some hundred kilobytes; nothing Slack answers is larger than this.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Slack closes idle connections after a while; ours go first, so that none is lost under a call.
const IDLE: Duration = Duration::from_secs(30);

type HttpClient = Client<Connector, Full<Bytes>>;

/// Carries calls to Slack, each within its time.
#[derive(Clone)]
pub(super) struct Wire {
    client: HttpClient,
    api_url: String,
    within: Duration,
    scopes: Arc<ScopesSeen>,
}

impl Wire {
    /// # Errors
    /// When the machine has no root certificates though the address needs them.
    pub(super) fn new(api_url: &Url, within: Duration, scopes: Arc<ScopesSeen>) -> anyhow::Result<Self> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector(api_url)?);
        Ok(Self {
            client,
            api_url: api_url.as_str().trim_end_matches('/').to_owned(),
            within,
            scopes,
        })
    }

    /// Opens a WebSocket: the upgraded connection, ready for frames.
    ///
    /// Over the same client as the calls, so that certificates and limits are set up in one place.
    ///
    /// # Errors
    /// When Slack is out of reach or does not speak WebSocket there.
    pub(super) async fn upgrade(&self, url: &Url) -> anyhow::Result<hyper::upgrade::Upgraded> {
        use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
        let plain = url.as_str().replacen("ws", "http", 1);
        let key = generate_key();
        let request = Request::builder()
            .uri(plain)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", &key)
            .body(Full::default())?;
        let upgraded = async {
            // The address is a ticket; errors of the client do not repeat it.
            let response = self.client.request(request).await.context("cannot connect")?;
            anyhow::ensure!(
                response.status() == 101,
                "answered {} instead of switching protocols",
                response.status()
            );
            let accepted = response
                .headers()
                .get("Sec-WebSocket-Accept")
                .map(HeaderValue::as_bytes);
            anyhow::ensure!(
                accepted == Some(derive_accept_key(key.as_bytes()).as_bytes()),
                "the handshake does not fit"
            );
            hyper::upgrade::on(response).await.context("cannot switch protocols")
        };
        tokio::time::timeout(self.within + TO_CONNECT, upgraded)
            .await
            .context("took too long")?
    }

    /// Sends and reads one answer within the time, whatever it says.
    pub(super) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(u16, HeaderMap, Bytes), CallError> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                tracing::debug!(error = %chain(&error), "no answer from Slack");
                if error.is_connect() {
                    CallError::UNSENT
                } else {
                    CallError::UNCERTAIN
                }
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER)
                .collect()
                .await
                .map_err(|_| CallError::UNCERTAIN)?;
            Ok((head.status.as_u16(), head.headers, body.to_bytes()))
        };
        tokio::time::timeout(self.within, exchange)
            .await
            .unwrap_or(Err(CallError::UNCERTAIN))
    }

    async fn call<A: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
        token: Option<&SlackApiToken>,
    ) -> Result<A, CallError> {
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(token) = token {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.token_value.0))
                .map_err(|_| CallError::Dead("not_authed".to_owned()))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json; charset=utf-8");
        }
        let request = request
            .body(Full::new(body.unwrap_or_default().into()))
            .map_err(|_| CallError::Ours("bad_request: the address or a header cannot be sent".to_owned()))?;
        let (status, headers, body) = self.exchange(request).await?;
        if status != 200 {
            return Err(by_status(status, &body, retry_after(&headers)));
        }
        // A proxy's page with status 200 is not Slack's yes.
        let answer: Status = serde_json::from_slice(&body).map_err(|_| CallError::UNCERTAIN)?;
        self.scopes.note(&headers);
        if !answer.ok {
            return Err(
                match (by_code(&answer.error.0, &answer.explanation()), retry_after(&headers)) {
                    (CallError::Retry { uncertain, .. }, after) => CallError::Retry { after, uncertain },
                    (error, _) => error,
                },
            );
        }
        serde_json::from_slice(&body).map_err(|_| CallError::UNCERTAIN)
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// What every answer of the Web API says.
#[derive(Deserialize)]
struct Status {
    ok: bool,
    #[serde(default)]
    error: Text,
    #[serde(default)]
    needed: Text,
    #[serde(default)]
    response_metadata: Option<StatusMetadata>,
}

#[derive(Deserialize, Default)]
struct StatusMetadata {
    #[serde(default)]
    messages: Vec<Text>,
}

impl Status {
    fn explanation(&self) -> String {
        let mut parts: Vec<&str> = self
            .response_metadata
            .iter()
            .flat_map(|m| &m.messages)
            .map(|text| text.0.as_str())
            .collect();
        let needed;
        if let Some(scope) = self.needed.get() {
            needed = format!("needs {scope}");
            parts.push(&needed);
        }
        parts.join("; ")
    }
}

/// slack-morphism's error type has no room for ours: it travels inside and is taken out again.
fn wrapped<A>(result: Result<A, CallError>) -> ClientResult<A> {
    result.map_err(|error| SlackClientError::SystemError(SlackClientSystemError::new().with_cause(Box::new(error))))
}

/// Takes our error out of the session's.
pub(super) fn unwrapped(error: SlackClientError) -> CallError {
    match error {
        SlackClientError::SystemError(SlackClientSystemError { cause: Some(cause), .. }) => cause
            .downcast::<CallError>()
            .map_or(CallError::UNCERTAIN, |error| *error),
        _ => CallError::Ours("session: the call could not be built".to_owned()),
    }
}

impl SlackClientHttpConnector for Wire {
    fn create_method_uri_path(&self, method_relative_uri: &str) -> ClientResult<Url> {
        Ok(format!("{}/{method_relative_uri}", self.api_url).parse()?)
    }

    fn http_get_uri<'a, RS>(
        &'a self,
        full_uri: Url,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        async move { wrapped(self.call(Method::GET, full_uri, None, context.token).await) }.boxed()
    }

    fn http_post_uri<'a, RQ, RS>(
        &'a self,
        full_uri: Url,
        request_body: &'a RQ,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RQ: serde::Serialize + Send + Sync,
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        async move {
            let body = serde_json::to_vec(request_body).map_err(|_| CallError::Ours("unserialisable".to_owned()));
            match body {
                Ok(body) => wrapped(self.call(Method::POST, full_uri, Some(body), context.token).await),
                Err(error) => wrapped(Err(error)),
            }
        }
        .boxed()
    }

    // The rest of the trait serves sign-in with a client secret and file uploads, which c1 does not do through here.

    fn http_get_with_client_secret<'a, RS>(
        &'a self,
        _: Url,
        _: &'a SlackClientId,
        _: &'a SlackClientSecret,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        std::future::ready(unused()).boxed()
    }

    fn http_post_uri_multipart_form<'a, 'p, RS, PT, TS>(
        &'a self,
        _: Url,
        _: Option<slack_morphism::multipart_form::FileMultipartData<'p>>,
        _: &'p PT,
        _: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
        PT: IntoIterator<Item = (&'p str, Option<TS>)> + Clone,
        TS: AsRef<str> + 'p + Send,
    {
        std::future::ready(unused()).boxed()
    }

    fn http_post_uri_binary<'a, 'p, RS>(
        &'a self,
        _: Url,
        _: String,
        _: &'a [u8],
        _: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        std::future::ready(unused()).boxed()
    }
}

fn unused<A>() -> ClientResult<A> {
    wrapped(Err(CallError::Ours("unsupported: no such kind of call".to_owned())))
}
