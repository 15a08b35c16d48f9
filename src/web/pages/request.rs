//! The page of a request: who may see it sees everything they may, and all they may do.

use crate::{
    domain::ids::RequestId,
    usecases::{
        Error,
        queries::details::{Details, details},
    },
    web::{
        Frame, Web, assets, page,
        view::{
            acts::Act,
            request::{RequestView, view},
        },
        visitor::Visitor,
    },
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/requests/{id}", get(show))
}

/// What somebody typed into a form that was refused, and why: nothing of it is lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) act: &'static str,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) refusal: String,
    /// Is its form gone, because something else happened?
    pub(super) homeless: bool,
}

impl Typed {
    fn is(&self, act: &str) -> bool {
        self.act == act
    }

    /// The words among what was typed.
    fn words(&self) -> Option<&str> {
        let words = ["reason", "body"].iter().find_map(|field| self.fields.get(*field));
        words.map(String::as_str).filter(|words| !words.trim().is_empty())
    }

    fn value(&self, act: &str, field: &str) -> &str {
        let value = self.fields.get(field).filter(|_| self.is(act));
        value.map_or("", String::as_str)
    }

    fn refusal(&self, act: &str) -> Option<&str> {
        self.is(act).then_some(self.refusal.as_str())
    }
}

#[derive(Template)]
#[template(path = "request.html")]
struct Page<'a> {
    frame: Frame,
    script: String,
    r: RequestView,
    revision: i64,
    /// Which state of things this shows.
    mark: &'a str,
    /// What has just been done.
    said: Option<&'static str>,
    typed: Typed,
}

/// A page that was led to after something was done says so.
#[derive(Deserialize)]
struct After {
    done: Option<String>,
}

async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(after): Query<After>,
) -> Response {
    let said = after.done.as_deref().and_then(Act::read).map(Act::done);
    match drawn(&web, &visitor, &id, said, None).await {
        Ok(response) => response,
        Err(error) => web.failed(error, Some(&visitor.person)),
    }
}

/// The request of an address, for this person.
pub(super) async fn seen(web: &Web, visitor: &Visitor, id: &str) -> Result<(RequestId, Details), Error> {
    // Other ways to write a number are other addresses, and there is nothing there.
    let number: RequestId = id.parse().map_err(|_| Error::NotFound)?;
    if number.to_string() != id {
        return Err(Error::NotFound);
    }
    let details = details(web.system(), number, &visitor.person).await?;
    Ok((number, details.ok_or(Error::NotFound)?))
}

/// The page, with what was just done or refused.
pub(super) async fn drawn(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    said: Option<&'static str>,
    typed: Option<Typed>,
) -> Result<Response, Error> {
    // Read before what it marks: what changes in between is shown once more, and nothing is missed.
    let mark = match id.parse() {
        Ok(id) => web.mark(id).await?,
        Err(_) => return Err(Error::NotFound),
    };
    let (_, details) = seen(web, visitor, id).await?;
    let status = if typed.is_some() {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    let r = view(&details);
    let mut typed = typed.unwrap_or_default();
    typed.homeless = !typed.act.is_empty() && !r.has_form_of(typed.act);
    Ok(page(
        status,
        &Page {
            frame: Frame::of(format!("#{} {}", r.id, r.title), Some(&visitor.person)),
            script: assets::address("live.js"),
            revision: details.revision,
            r,
            mark: &mark,
            said,
            typed,
        },
    ))
}
