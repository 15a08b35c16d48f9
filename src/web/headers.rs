//! Strictness for browsers: what a page may load, who may frame it, who may send forms to it, and that nobody keeps it.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use tower_http::csrf::CsrfLayer;
use url::Url;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

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
    let headers = response.headers_mut();
    let all: [(HeaderName, &str); 6] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
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
