//! The HTTP mouth: who sent it, how large it is, what form it has; then the one pipe.
//!
//! Refusing costs little and happens in this order: size, signature over the raw bytes, age, form. Nothing is parsed before the
//! signature fits. One address serves all kinds (Bolt apps do so); the separate ones exist because the manifest can name them.

use super::decode::{self, Undecodable};
use super::{Answer, Gateway};
use crate::clock::SharedClock;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::time::Duration;

/// Where Slack may send to; all of them take every kind.
pub const PATHS: [&str; 4] = [
    "/slack/commands",
    "/slack/interactions",
    "/slack/options",
    "/slack/events",
];

/// The largest body read. Slack's own largest (a view of 250 KB with its state, percent-encoded) stays well below.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// How far a request's time may be from ours, either way.
const MAX_AGE_SECONDS: u64 = 300;

/// A body that takes longer than Slack itself waits is no longer of use.
const TO_READ: Duration = Duration::from_secs(3);

const SIGNATURE: HeaderName = HeaderName::from_static("x-slack-signature");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-slack-request-timestamp");
const RETRY_NUM: HeaderName = HeaderName::from_static("x-slack-retry-num");
const NO_RETRY: HeaderName = HeaderName::from_static("x-slack-no-retry");

/// Answers Slack's requests.
#[derive(Clone)]
pub struct HttpMouth {
    gateway: Gateway,
    verifier: Verifier,
}

impl HttpMouth {
    /// A mouth for the gateway. `clock` tells the time requests are signed with: the machine's, unless Slack is a stand-in.
    #[must_use]
    pub fn new(gateway: Gateway, signing_secret: &SecretString, clock: SharedClock) -> Self {
        Self {
            gateway,
            verifier: Verifier::new(signing_secret, clock),
        }
    }

    /// Answers one request to one of [`PATHS`] within the gateway's deadline.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            // Slack tests certificates with a GET.
            let is_check = head.uri.query().is_some_and(|query| query.contains("ssl_check=1"));
            return if is_check { empty(StatusCode::OK) } else { not_allowed() };
        }
        if !PATHS.contains(&head.uri.path()) {
            return refused(StatusCode::NOT_FOUND, "Slack's requests go to /slack/events.");
        }
        if body.size_hint().lower() > LARGEST_BODY as u64 {
            return too_large();
        }
        let bytes = match tokio::time::timeout(TO_READ, Limited::new(body, LARGEST_BODY).collect()).await {
            Ok(Ok(collected)) => collected.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return too_large(),
            Ok(Err(_)) => return refused(StatusCode::BAD_REQUEST, "The body ended early."),
            Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, "The body took too long."),
        };
        if let Err(forged) = self.verifier.verify(&head.headers, &bytes) {
            // Tests of the certificate may come unsigned; the answer tells nothing and does nothing.
            if bytes.starts_with(b"ssl_check=1") {
                return empty(StatusCode::OK);
            }
            metrics::counter!("c1_slack_forged_total", "cause" => forged.cause()).increment(1);
            tracing::debug!(cause = forged.cause(), "refused a request that Slack did not sign");
            return refused(StatusCode::UNAUTHORIZED, forged.sentence());
        }
        let retry = head
            .headers
            .get(RETRY_NUM)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        match decode::body(&bytes, self.gateway.installation(), retry) {
            Ok(delivery) => response(self.gateway.answer(delivery).await),
            Err(undecodable) => {
                metrics::counter!("c1_slack_deliveries_total", "kind" => "broken").increment(1);
                tracing::warn!(cause = %undecodable, bytes = bytes.len(), "a signed request has a body of no known form");
                broken(undecodable)
            }
        }
    }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    match answer {
        // Byte-exact nothing: any other body makes Slack report trouble to the person who submitted a modal.
        Answer::Empty => empty(StatusCode::OK),
        Answer::Json(value) => with_body(
            StatusCode::OK,
            "application/json; charset=utf-8",
            value.to_string().into(),
        ),
        Answer::Challenge(challenge) => with_body(StatusCode::OK, "text/plain; charset=utf-8", challenge.into()),
        Answer::Resend => with_body(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            "Not handled; send it again.\n".into(),
        ),
    }
}

fn with_body(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// A refusal with a sentence; sending it again would change nothing, and Slack is told so.
fn refused(status: StatusCode, sentence: &'static str) -> Response<Full<Bytes>> {
    let mut response = with_body(
        status,
        "text/plain; charset=utf-8",
        Bytes::from_static(sentence.as_bytes()),
    );
    response.headers_mut().insert(NO_RETRY, HeaderValue::from_static("1"));
    response
}

fn not_allowed() -> Response<Full<Bytes>> {
    let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, "Slack's requests are POST.");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

fn too_large() -> Response<Full<Bytes>> {
    let mut response = refused(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 1 MiB.");
    // What follows on this connection is the rest of the body.
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn broken(undecodable: Undecodable) -> Response<Full<Bytes>> {
    refused(
        StatusCode::BAD_REQUEST,
        match undecodable {
            Undecodable::NotJson => "The body is not a JSON object.",
            Undecodable::NoPayload => "The form has neither a command nor a payload.",
        },
    )
}

/// Checks that Slack signed a request, and lately.
///
/// By hand and not by slack-morphism's verifier: that one wants the body as text, sets the key up anew for every request, and
/// asks the machine for the time. A test holds the two against each other.
#[derive(Clone)]
pub(super) struct Verifier {
    /// Keyed once; cloning skips half of the work of a signature.
    mac: Hmac<Sha256>,
    clock: SharedClock,
}

/// Why a request counts as forged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forged {
    Unsigned,
    WrongAge,
    WrongSignature,
}

impl Forged {
    fn cause(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::WrongAge => "age",
            Self::WrongSignature => "signature",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Unsigned => "The request is not signed by Slack.",
            Self::WrongAge => "The request's timestamp is too far from the present time.",
            Self::WrongSignature => "The request's signature does not fit.",
        }
    }
}

impl Verifier {
    pub(super) fn new(signing_secret: &SecretString, clock: SharedClock) -> Self {
        let mac =
            Hmac::new_from_slice(signing_secret.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
        Self { mac, clock }
    }

    pub(super) fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Forged> {
        let (signature, timestamp) = headers
            .get(SIGNATURE)
            .zip(headers.get(TIMESTAMP))
            .ok_or(Forged::Unsigned)?;
        let timestamp = timestamp.as_bytes();
        let signed_at: i64 = std::str::from_utf8(timestamp)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(Forged::WrongAge)?;
        if self.clock.now().timestamp().abs_diff(signed_at) > MAX_AGE_SECONDS {
            return Err(Forged::WrongAge);
        }
        let hex = signature
            .as_bytes()
            .strip_prefix(b"v0=")
            .ok_or(Forged::WrongSignature)?;
        let mut claimed = [0; 32];
        hex::decode_to_slice(hex, &mut claimed).map_err(|_| Forged::WrongSignature)?;
        let mut mac = self.mac.clone();
        for part in [b"v0:", timestamp, b":", body] {
            mac.update(part);
        }
        // Compares in constant time.
        mac.verify_slice(&claimed).map_err(|_| Forged::WrongSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use slack_morphism::prelude::SlackSigningSecret;
    use slack_morphism::signature_verifier::SlackEventSignatureVerifier;
    use std::sync::Arc;

    fn signed(secret: &str, timestamp: &str, body: &[u8]) -> HeaderMap {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("v0:{timestamp}:").as_bytes());
        mac.update(body);
        let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
        HeaderMap::from_iter([
            (SIGNATURE, HeaderValue::from_str(&signature).unwrap()),
            (TIMESTAMP, HeaderValue::from_str(timestamp).unwrap()),
        ])
    }

    #[test]
    fn agrees_with_slack_morphism() {
        let clock = Arc::new(SystemClock);
        let now = crate::clock::Clock::now(&*clock).timestamp();
        let ours = Verifier::new(&"8f742231b10e8888abcd99yyyzzz85a5".into(), clock);
        let theirs = SlackEventSignatureVerifier::new(&SlackSigningSecret("8f742231b10e8888abcd99yyyzzz85a5".into()));
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&command=%2Fc1&text=a+b";
        for age in [0, 299, -299, 302, -302, 600, -600] {
            for (secret, sent) in [
                ("8f742231b10e8888abcd99yyyzzz85a5", body),
                ("other", body),
                ("8f742231b10e8888abcd99yyyzzz85a5", "token=1"),
            ] {
                let at = (now - age).to_string();
                let headers = signed(secret, &at, body.as_bytes());
                let signature = headers[SIGNATURE].to_str().unwrap();
                let (mine, crate_says) = (
                    ours.verify(&headers, sent.as_bytes()),
                    theirs.verify(signature, sent, &at),
                );
                assert_eq!(
                    mine.is_ok(),
                    crate_says.is_ok(),
                    "age {age}, {sent}: {mine:?} {crate_says:?}"
                );
            }
        }
    }

    #[test]
    fn refuses_what_is_no_signature() {
        let ours = Verifier::new(&"s".into(), Arc::new(SystemClock));
        let now = crate::clock::Clock::now(&SystemClock).timestamp().to_string();
        let good = signed("s", &now, b"x");
        assert_eq!(ours.verify(&good, b"x"), Ok(()));
        assert_eq!(ours.verify(&HeaderMap::new(), b"x"), Err(Forged::Unsigned));
        let with = |name: HeaderName, value: &str| {
            let mut headers = good.clone();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            ours.verify(&headers, b"x")
        };
        for signature in [
            "",
            "v0=",
            "v0=zz",
            "v1=00",
            "v0=0000",
            good[SIGNATURE].to_str().unwrap().trim_start_matches("v0="),
        ] {
            assert_eq!(with(SIGNATURE, signature), Err(Forged::WrongSignature), "{signature}");
        }
        for timestamp in ["", "now", "-1", "1e9", "99999999999999999999", "1.5"] {
            assert_eq!(with(TIMESTAMP, timestamp), Err(Forged::WrongAge), "{timestamp}");
        }
    }
}
