//! Whoever looks at a page: somebody who signed in, or nobody yet.

use super::{Web, cookies};
use crate::{
    domain::{ids::PersonId, person::Person},
    usecases::sign_in::{Secret, signed_in, whose},
};
use axum::{
    extract::{FromRequestParts, OriginalUri, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};

/// What our script says when it asks and not the person.
pub(super) const BY_ITSELF: &str = "x-c1-live";

/// Somebody who signed in. Whoever has not is sent to where they can, and back to the page they wanted.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) person: Person,
    /// What their browser carries.
    pub(super) session: Secret,
}

/// Who signed in, if anybody did.
pub(super) struct Anybody(pub(super) Option<Visitor>);

impl FromRequestParts<Web> for Anybody {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Some(session) = cookies::read(&parts.headers, cookies::SESSION, web.0.secure) else {
            return Ok(Self(None));
        };
        // A page that keeps itself up to date, for nobody in particular, does not keep its session alive.
        let used = !parts.headers.contains_key(BY_ITSELF) && !parts.uri.path().ends_with("/events");
        match signed_in(web.system(), &session, used).await {
            Ok(person) => Ok(Self(person.map(|person| Visitor { person, session }))),
            Err(error) => Err(web.failed(error, None)),
        }
    }
}

/// Whoever sends a form.
pub(super) enum Sender {
    /// Somebody who signed in.
    Visitor(Visitor),
    /// Somebody who has not, or whose session is over; who it was, where that is known still.
    Nobody(Option<PersonId>),
}

impl FromRequestParts<Web> for Sender {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        // Asked first: a session that is found to be over is forgotten.
        let whose = match cookies::read(&parts.headers, cookies::SESSION, web.0.secure) {
            Some(session) => whose(web.system(), &session).await,
            None => Ok(None),
        };
        let whose = whose.map_err(|error| web.failed(error, None))?;
        let Anybody(visitor) = Anybody::from_request_parts(parts, web).await?;
        Ok(visitor.map_or(Self::Nobody(whose), Self::Visitor))
    }
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Anybody(visitor) = Anybody::from_request_parts(parts, web).await?;
        visitor.ok_or_else(|| {
            let wanted = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
            web.signed_out(wanted.path(), &parts.headers)
        })
    }
}

impl Web {
    /// Leads whoever is not signed in (any more) to where they can.
    pub(super) fn signed_out(&self, path: &str, headers: &HeaderMap) -> Response {
        let mut response = to_sign_in(path);
        if cookies::read(headers, cookies::SESSION, self.0.secure).is_some() {
            let forget = cookies::forget(cookies::SESSION, self.0.secure);
            response.headers_mut().append(header::SET_COOKIE, forget);
        }
        response
    }
}

/// Leads to where one signs in, and from there to the page of a request.
fn to_sign_in(path: &str) -> Response {
    // What is done to a request is done on its page.
    let mut parts = path.split('/').skip(1);
    let page = match (parts.next(), parts.next()) {
        (Some("requests"), Some(id)) => format!("/requests/{id}"),
        _ => "/".to_owned(),
    };
    let page = crate::usecases::sign_in::local(&page);
    Redirect::to(&format!("/sign-in?to={page}")).into_response()
}

/// Whatever else is asked for.
pub(super) async fn nothing_here(State(web): State<Web>, Anybody(visitor): Anybody) -> Response {
    web.not_found(visitor.as_ref().map(|visitor| &visitor.person))
}
