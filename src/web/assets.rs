//! The style sheet and the script, compiled in; their addresses change with their contents, so that browsers may keep them.

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// Name, kind, contents.
const FILES: [(&str, &str, &str); 3] = [
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("style.css", "text/css; charset=utf-8", include_str!("assets/style.css")),
    (
        "live.js",
        "text/javascript; charset=utf-8",
        include_str!("assets/live.js"),
    ),
];

/// What changes when any of them does.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    FILES.iter().for_each(|(_, _, text)| hash.update(text));
    hex::encode(&hash.finalize()[..6])
});

/// Where a file is.
pub(super) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

pub(super) fn router() -> Router {
    Router::new().route("/assets/{version}/{name}", get(file))
}

async fn file(Path((_, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, *text).into_response()
}
