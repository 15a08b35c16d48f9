//! The first page: what waits for whoever is signed in, and what they asked for.

use crate::{
    db::DbError,
    usecases::{
        Error,
        queries::my_work::{self, RequestLine},
    },
    web::{
        Frame, Web, page,
        view::state::{self, Badge},
        visitor::Visitor,
    },
};
use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

/// As many of each as are shown; the rest is in Slack.
const SHOWN: i64 = 20;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "first.html")]
struct Page {
    frame: Frame,
    lists: [List; 2],
    slack: Option<String>,
}

/// Some requests, under a title.
struct List {
    id: &'static str,
    title: &'static str,
    /// What is said in place of an empty list.
    none: &'static str,
    lines: Vec<Line>,
    /// How many more there are.
    more: i64,
}

/// A request, in a line.
struct Line {
    id: i64,
    title: String,
    whom: String,
    emergency: bool,
    badge: Badge,
}

impl From<&RequestLine> for Line {
    fn from(line: &RequestLine) -> Self {
        let whom = if line.requester.id == line.subject.id {
            line.requester.name.clone()
        } else {
            format!("{}, for {}", line.requester.name, line.subject.name)
        };
        Self {
            id: line.id.0,
            title: line.title.clone(),
            whom,
            emergency: line.emergency,
            badge: state::badge(&line.standing, line.grant.map(|(state, _)| state)),
        }
    }
}

async fn show(State(web): State<Web>, visitor: Visitor) -> Response {
    match lists(&web, &visitor).await {
        Ok(lists) => page(
            StatusCode::OK,
            &Page {
                frame: Frame::of(format!("Hello, {}", visitor.person.name), Some(&visitor.person)),
                lists,
                slack: web.slack_link(),
            },
        ),
        Err(error) => web.failed(Error::from(error), Some(&visitor.person)),
    }
}

async fn lists(web: &Web, visitor: &Visitor) -> Result<[List; 2], DbError> {
    let (system, person) = (web.system(), visitor.person.id);
    let (waiting, requests) = tokio::try_join!(
        my_work::waiting(system, person, SHOWN),
        my_work::requests(system, person, SHOWN)
    )?;
    let list = |id, title, none, (lines, total): (Vec<RequestLine>, i64)| List {
        id,
        title,
        none,
        more: total - i64::try_from(lines.len()).unwrap_or(total),
        lines: lines.iter().map(Line::from).collect(),
    };
    Ok([
        list(
            "waiting",
            "Waiting for you",
            "Nothing waits for your decision.",
            waiting,
        ),
        list(
            "yours",
            "Your requests",
            "You have not asked for anything yet.",
            requests,
        ),
    ])
}
