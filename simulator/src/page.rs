//! The page: the files of `client/`, compiled in.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::inner::Inner;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../client/", $name)))),*]
    };
}

/// All files, by name; `client/FILES` lists the same ones.
#[rustfmt::skip]
const FILES: &[(&str, &[u8])] = files![
    "api.js",
    "app.js",
    "apphome.js",
    "bar.css",
    "bar.js",
    "blocks.css",
    "blocks.js",
    "client.css",
    "client.js",
    "composer.js",
    "dates.js",
    "dom.js",
    "elements.js",
    "emoji.js",
    "icons.js",
    "index.html",
    "mentions.js",
    "messages.js",
    "modal.js",
    "mrkdwn.js",
    "parts.css",
    "person.js",
    "popover.js",
    "richtext.js",
    "select.js",
    "sidebar.js",
    "store.js",
    "surface.js",
    "time.js",
    "tokens.css",
];

pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new().route("/", get(|| async { file("index.html") })).route(
        "/client/{name}",
        get(|Path(name): Path<String>| async move { file(&name) }),
    )
}

fn file(name: &str) -> Response {
    let Some((name, bytes)) = FILES.iter().find(|(n, _)| *n == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.').map_or("", |(_, e)| e) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
    ([("content-type", kind), ("cache-control", "no-cache")], *bytes).into_response()
}

#[cfg(test)]
mod tests {
    /// A file that is written but not compiled in would be missed only in the browser.
    #[test]
    fn all_files_are_compiled_in() {
        let listed: Vec<&str> = include_str!("../client/FILES")
            .lines()
            .filter(|l| !l.is_empty())
            .collect();
        let held: Vec<&str> = super::FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(held, listed);
    }
}
