//! HTTP plumbing: the listener, limits, the addresses operators look at, and asking others. Knows nothing of what is served.

pub mod client;
pub mod connector;
mod probes;
mod serve;

pub use probes::{Check, probes};
pub use serve::{Front, Site, serve};

use axum::Router;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// The largest body a page or the API takes, in bytes.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// How long a page or an API call may take.
const WITHIN: Duration = Duration::from_secs(30);

/// Puts the usual limits around routes: body size, time, and a 500 instead of a dropped connection when a handler panics.
pub fn limited(routes: Router) -> Router {
    routes
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            WITHIN,
        ))
        .layer(CatchPanicLayer::new())
}
