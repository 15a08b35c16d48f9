//! The first page: who is signed in, and where everything else is.

use crate::web::{Web, visitor::Visitor};
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

pub(super) fn router() -> Router<Web> {
    Router::new().route("/", get(show))
}

async fn show(State(web): State<Web>, visitor: Visitor) -> Response {
    let title = format!("Hello, {}", visitor.person.name);
    let sentence = "Requests are opened by the links on their cards in Slack.";
    web.says(StatusCode::OK, &title, sentence, Some(&visitor.person))
}
