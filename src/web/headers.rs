//! Strictness for browsers: what a page may load, who may frame it, who may send forms to it, and that nobody keeps it.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use std::collections::BTreeSet;
use tower_http::csrf::CsrfLayer;
use url::Url;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'; img-src 'self'";

/// Where the pictures on a page come from, as [`picture::origin`](crate::domain::picture::origin) says it; put on its
/// response, the page may load from there, and from nowhere else.
#[derive(Clone, Debug)]
pub(super) struct PicturesFrom(pub(super) BTreeSet<String>);

/// More places than pictures of one workspace come from.
const PLACES: usize = 8;

fn policy(response: &Response) -> HeaderValue {
    let mut policy = POLICY.to_owned();
    let places = response.extensions().get::<PicturesFrom>();
    for place in places.iter().flat_map(|places| places.0.iter().take(PLACES)) {
        policy.push(' ');
        policy.push_str(place);
    }
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Puts them around pages. Forms are taken from our own pages alone: browsers say where a form comes from
/// (`Sec-Fetch-Site`, `Origin`), and what comes from elsewhere is refused.
pub(super) fn strict(pages: Router, base_url: Option<&Url>) -> Router {
    let mut own = CsrfLayer::new();
    if let Some(base) = base_url {
        // A proxy may have changed the host that we see.
        own = own
            .add_trusted_origin(base.origin().ascii_serialization())
            .expect("the origin of a web address is one");
    }
    pages.layer(own).layer(middleware::from_fn(add))
}

async fn add(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = policy(&response);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    let all: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Our own addresses say which requests somebody looks at.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
