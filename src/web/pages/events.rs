//! Tells an open page that its request has changed, as server-sent events; the page then asks for what it shows.

use super::request::seen;
use crate::{
    usecases::sign_in::still_signed_in,
    web::{
        Web,
        live::{Heard, Reader},
        visitor::{Anybody, Visitor},
    },
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use futures::stream;
use std::{convert::Infallible, time::Duration};

/// So often it is looked whether the session goes on, and something is sent, so that nobody cuts an idle connection.
const BEAT: Duration = Duration::from_secs(20);

pub(super) fn router() -> Router<Web> {
    Router::new().route("/requests/{id}/events", get(events))
}

async fn events(State(web): State<Web>, Anybody(visitor): Anybody, Path(id): Path<String>) -> Response {
    let Some(visitor) = visitor else {
        return Sse::new(stream::once(async { said("ended", "") })).into_response();
    };
    let (request, details) = match seen(&web, &visitor, &id).await {
        Ok(seen) => seen,
        Err(error) => return web.failed(error, Some(&visitor.person)),
    };
    let Some(mut reader) = web.live().read(request, visitor.session.as_str()) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let known = match reader.known() {
        Some(known) => Ok(known),
        None => web.mark(request).await,
    };
    match known {
        Ok(mark) => {
            let notes = details.notes;
            let open = Open {
                mark: mark.for_reader(notes),
                notes,
                web,
                visitor,
                id,
                reader,
                begun: false,
                over: false,
            };
            let told = stream::unfold(open, async |mut open| open.next().await.map(|event| (event, open)));
            // A proxy that gathers what it passes on would hold it back.
            ([("x-accel-buffering", "no")], Sse::new(told)).into_response()
        }
        Err(error) => web.failed(error, Some(&visitor.person)),
    }
}

fn said(name: &str, data: &str) -> Result<Event, Infallible> {
    Ok(Event::default().event(name).data(data))
}

/// An open page.
struct Open {
    web: Web,
    visitor: Visitor,
    id: String,
    reader: Reader,
    /// What it was told last; before the first, what it is to be told.
    mark: String,
    /// Does its reader read what the approvers say among themselves?
    notes: bool,
    begun: bool,
    over: bool,
}

impl Open {
    /// What to tell it next; `None`: nothing more.
    async fn next(&mut self) -> Option<Result<Event, Infallible>> {
        if self.over {
            return None;
        }
        if !std::mem::replace(&mut self.begun, true) {
            return Some(said("mark", &self.mark));
        }
        loop {
            let heard = match self.reader.next(BEAT).await {
                Heard::Stop => return None,
                // What is not theirs to hear has not happened.
                Heard::Mark(mark) if mark.for_reader(self.notes) == self.mark => continue,
                heard => heard,
            };
            if !goes_on(&self.web, &self.visitor).await {
                self.over = true;
                return Some(said("ended", ""));
            }
            let Heard::Mark(mark) = heard else {
                return Some(Ok(Event::default().comment("")));
            };
            // Who may not see it any more is told nothing more of it.
            let Ok((_, details)) = seen(&self.web, &self.visitor, &self.id).await else {
                self.over = true;
                return Some(said("gone", ""));
            };
            self.notes = details.notes;
            self.mark = mark.for_reader(self.notes);
            return Some(said("mark", &self.mark));
        }
    }
}

/// Does the session go on? An error is no end: the next look tells.
async fn goes_on(web: &Web, visitor: &Visitor) -> bool {
    still_signed_in(web.system(), &visitor.session).await.unwrap_or(true)
}
