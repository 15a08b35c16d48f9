//! Asking another service by HTTP: within a time, with an answer of bounded size, and without being led elsewhere.
//!
//! Invariant: neither a header nor a body is ever part of an error, so that no secret reaches a log through one.

use super::connector::connector;
use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full, Limited};
use hyper::{
    Request, Response, Uri,
    header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT},
};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use secrecy::{ExposeSecret as _, SecretString};
use std::{net::IpAddr, time::Duration};
use url::{Host, Url};

/// How long a whole call may take.
const WITHIN: Duration = Duration::from_secs(10);

/// The largest answer, in bytes.
const LARGEST_ANSWER: usize = 1 << 20;

/// May this address be called? By https; by http only on this machine.
#[must_use]
pub fn may_call(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => false,
    }
}

/// Reads what is at an address, showing `secret`. A redirection is no answer: the secret is meant for this address alone.
///
/// # Errors
/// A few words, to follow "because": not reached, not in time, not a success, too large.
pub async fn get(url: &Url, accept: &'static str, secret: &SecretString) -> anyhow::Result<Bytes> {
    anyhow::ensure!(may_call(url), "its address is neither https nor on this machine");
    let mut shown =
        HeaderValue::try_from(secret.expose_secret()).map_err(|_| anyhow::anyhow!("its token is no token"))?;
    shown.set_sensitive(true);
    tokio::time::timeout(WITHIN, call(url, accept, shown))
        .await
        .map_err(|_| anyhow::anyhow!("it did not answer within {} seconds", WITHIN.as_secs()))?
}

/// Carries a call that somebody else's protocol made, with its body; whatever the answer's status, it is an answer.
///
/// # Errors
/// A few words, to follow "because": not allowed, not reached, not in time, too large.
pub async fn carry(mut request: Request<Vec<u8>>) -> anyhow::Result<Response<Vec<u8>>> {
    let url = Url::parse(&request.uri().to_string()).context("its address cannot be read")?;
    anyhow::ensure!(may_call(&url), "its address is neither https nor on this machine");
    let ours = HeaderValue::from_static(concat!("c1/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().insert(USER_AGENT, ours);
    let answered = async {
        let client = Client::builder(TokioExecutor::new()).build(connector(&url)?);
        let answer = client
            .request(request.map(|body| Full::new(Bytes::from(body))))
            .await
            .map_err(|_| anyhow::anyhow!("it cannot be reached"))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|_| anyhow::anyhow!("its answer broke off, or is larger than {} MB", LARGEST_ANSWER >> 20))?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    tokio::time::timeout(WITHIN, answered)
        .await
        .map_err(|_| anyhow::anyhow!("it did not answer within {} seconds", WITHIN.as_secs()))?
}

async fn call(url: &Url, accept: &'static str, secret: HeaderValue) -> anyhow::Result<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build(connector(url)?);
    let uri: Uri = url.as_str().parse().context("its address cannot be read")?;
    let request = Request::get(uri)
        .header(USER_AGENT, concat!("c1/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, accept)
        .header(AUTHORIZATION, secret)
        .body(Empty::<Bytes>::new())
        .context("its address cannot be read")?;
    let answer = client
        .request(request)
        .await
        .map_err(|_| anyhow::anyhow!("it cannot be reached"))?;
    let status = answer.status();
    anyhow::ensure!(status.is_success(), "it answered {}", status.as_u16());
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER)
        .collect()
        .await
        .map_err(|_| anyhow::anyhow!("its answer broke off, or is larger than {} MB", LARGEST_ANSWER >> 20))?;
    Ok(body.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_called_and_http_on_this_machine() {
        for (url, may) in [
            ("https://api.pagerduty.com/oncalls", true),
            ("http://127.0.0.1:8080/x", true),
            ("http://localhost/x", true),
            ("http://[::1]/x", true),
            ("http://api.pagerduty.com/oncalls", false),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
            ("ftp://127.0.0.1/", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(may_call(&url.parse().expect(url)), may, "{url}");
        }
    }
}
