//! Pictures of people: drawn here for whoever has none of their own, since a small Slack has no other place to keep them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::inner::Inner;

pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new().route("/avatars/{name}", get(picture))
}

async fn picture(State(inner): State<Arc<Inner>>, Path(name): Path<String>) -> Response {
    let id = name.split('-').next().unwrap_or_default();
    let drawn = inner.look(|world| world.user(id).map(|user| draw(user.color(), &user.initials())));
    match drawn {
        Some(drawn) => ([("content-type", "image/svg+xml")], drawn).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A head and shoulders in front of a colour, and the first letters of a name.
fn draw(color: &str, initials: &str) -> String {
    let initials = initials.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 72 72\" width=\"72\" height=\"72\">\
         <rect width=\"72\" height=\"72\" fill=\"#{color}\"/>\
         <g fill=\"#fff\" fill-opacity=\".22\"><circle cx=\"36\" cy=\"27\" r=\"15\"/>\
         <path d=\"M6 76c0-19 13-31 30-31s30 12 30 31z\"/></g>\
         <text x=\"36\" y=\"46\" font-family=\"system-ui, sans-serif\" font-size=\"28\" font-weight=\"700\" fill=\"#fff\" \
         text-anchor=\"middle\">{initials}</text></svg>"
    )
}
