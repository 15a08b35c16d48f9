//! The page of a request: who may see it sees everything they may, and all they may do.

use crate::{
    domain::{
        ids::RequestId,
        words::{Passage, Piece},
    },
    usecases::{
        Error,
        keep_words::{Fields, forget_words, kept_words},
        queries::{
            conversation::conversation,
            details::{Details, details},
        },
        sign_in::Secret,
    },
    web::{
        Frame, Web, assets, cookies,
        headers::PicturesFrom,
        page,
        view::{
            acts::Act,
            hours::Hours,
            request::{RequestView, view},
            talk::{self, TalkView},
        },
        visitor::{BY_ITSELF, Visitor},
    },
};
use askama::Template;
use axum::{
    Extension, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Deserialize;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/requests/{id}", get(show))
}

/// What somebody typed into a form that was refused, and why: nothing of it is lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) act: &'static str,
    pub(super) fields: Fields,
    pub(super) refusal: String,
    /// Is its form gone, because something else happened?
    pub(super) homeless: bool,
    /// Was nothing tried, because their session was over?
    pub(super) kept: bool,
}

/// The words among what was typed into a form.
pub(super) fn words_of(fields: &Fields) -> Option<&str> {
    let words = ["reason", "body"].iter().find_map(|field| fields.get(*field));
    words.map(String::as_str).filter(|words| !words.trim().is_empty())
}

impl Typed {
    fn is(&self, act: &str) -> bool {
        self.act == act
    }

    /// The words among what was typed.
    fn words(&self) -> Option<&str> {
        words_of(&self.fields)
    }

    fn value(&self, act: &str, field: &str) -> &str {
        let value = self.fields.get(field).filter(|_| self.is(act));
        value.map_or("", String::as_str)
    }

    /// Was it about this comment?
    fn is_about(&self, act: &str, comment: &i64) -> bool {
        self.is(act)
            && self
                .fields
                .get("comment")
                .is_some_and(|typed| *typed == comment.to_string())
    }

    fn refusal(&self, act: &str) -> Option<&str> {
        self.is(act).then_some(self.refusal.as_str())
    }
}

#[derive(Template)]
#[template(path = "request.html")]
struct Page {
    frame: Frame,
    script: String,
    r: RequestView,
    revision: i64,
    /// Which state of things this shows.
    mark: String,
    /// What has just been done.
    said: Option<&'static str>,
    typed: Typed,
    /// Names the comment that is written on this page, so that it counts once.
    once: String,
    talk: TalkView,
    hours: Hours,
}

impl Page {
    fn leads(&self, url: &str) -> bool {
        talk::leads(url)
    }

    fn unicode_of(&self, hex: &str) -> Option<String> {
        talk::unicode(hex)
    }

    fn moment(&self, at: &i64) -> String {
        chrono::DateTime::from_timestamp(*at, 0).map_or_else(|| "some time".to_owned(), |at| self.hours.when(at))
    }
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
    headers: HeaderMap,
) -> Response {
    let said = after.done.as_deref().and_then(Act::read).map(Act::done);
    let secret = cookies::read(&headers, cookies::KEPT, web.0.secure);
    let shown = match secret.filter(|_| !headers.contains_key(BY_ITSELF)) {
        Some(secret) => again(&web, &visitor, &id, said, &secret).await,
        None => drawn(&web, &visitor, &id, said, None).await,
    };
    shown.unwrap_or_else(|error| web.failed(error, Some(&visitor.person)))
}

const KEPT: &str =
    "You were signed out when you sent this, so nothing has happened yet. Please look at it, and send it again.";

/// The page, with what was typed into it when the session was over; once.
async fn again(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    said: Option<&'static str>,
    secret: &Secret,
) -> Result<Response, Error> {
    let kept = match id.parse() {
        Ok(request) => kept_words(web.system(), secret, visitor.person.id, request).await?,
        Err(_) => None,
    };
    let typed = kept.and_then(|(act, fields)| {
        Some(Typed {
            act: Act::read(&act)?.word(),
            fields,
            refusal: KEPT.to_owned(),
            kept: true,
            ..Typed::default()
        })
    });
    let is_shown = typed.is_some();
    let mut response = drawn(web, visitor, id, said, typed).await?;
    if is_shown {
        forget_words(web.system(), secret).await?;
        let forget = cookies::forget(cookies::KEPT, web.0.secure);
        response.headers_mut().append(header::SET_COOKIE, forget);
    }
    Ok(response)
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
    done: Option<&'static str>,
    typed: Option<Typed>,
) -> Result<Response, Error> {
    // Read before what it marks: what changes in between is shown once more, and nothing is missed.
    let mark = match id.parse() {
        Ok(id) => web.mark(id).await?,
        Err(_) => return Err(Error::NotFound),
    };
    let (_, details) = seen(web, visitor, id).await?;
    let status = if typed.as_ref().is_some_and(|typed| !typed.kept) {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    // It could be seen a moment ago, and the conversation goes with it.
    let said = conversation(web.system(), details.card.id, &visitor.person).await?;
    let r = view(&details, &said.ok_or(Error::NotFound)?);
    let mut typed = typed.unwrap_or_default();
    typed.homeless = !typed.act.is_empty() && !r.has_form_of(typed.act);
    let pictures = PicturesFrom(r.talk.pictures_from.clone());
    let shown = page(
        status,
        &Page {
            frame: Frame::of(format!("#{} {}", r.id, r.title), Some(&visitor.person)),
            script: assets::address("live.js"),
            revision: details.revision,
            mark: mark.for_reader(details.notes),
            said: done,
            once: Secret::random().as_str().to_owned(),
            hours: Hours::of(details.zone.as_deref(), details.now),
            talk: r.talk.clone(),
            r,
            typed,
        },
    );
    Ok((Extension(pictures), shown).into_response())
}
