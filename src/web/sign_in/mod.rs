//! Signing in with Slack: the page that offers it, the way there, the way back, and signing out.

mod provider;

pub use provider::SignIn;

use super::{Frame, Web, cookies, page, visitor::Anybody};
use crate::usecases::{
    Error,
    sign_in::{self, Secret, local},
};
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use provider::Trouble;
use serde::Deserialize;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/sign-in", get(offer))
        .route("/auth/slack", get(leave))
        .route("/auth/slack/callback", get(arrive))
        .route("/sign-out", post(leave_for_good))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Offer<'a> {
    frame: Frame,
    /// Leads to Slack; `None`: signing in is not set up.
    way: Option<String>,
    /// The workspace's name, once it is known.
    workspace: Option<&'a str>,
    /// What went otherwise than wanted.
    trouble: Option<&'a str>,
    /// Opens our app in Slack.
    slack: Option<String>,
    /// The request that is waited for.
    request: Option<&'a str>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    to: String,
}

impl Web {
    fn offer(&self, status: StatusCode, goes_to: &str, trouble: Option<&str>) -> Response {
        let goes_to = local(goes_to);
        page(
            status,
            &Offer {
                frame: Frame::of("Sign in", None),
                way: self.0.sign_in.is_some().then(|| format!("/auth/slack?to={goes_to}")),
                workspace: self.0.workspace.get().map(|workspace| workspace.name.as_str()),
                trouble,
                slack: self.slack_link(),
                request: goes_to
                    .strip_prefix("/requests/")
                    .filter(|id| id.bytes().all(|b| b.is_ascii_digit())),
            },
        )
    }
}

const WORDS_ARE_KEPT: &str = "You were signed out before this was sent, so nothing has happened. What you wrote is kept for \
                              half an hour: sign in, and it stands in its form again.";

async fn offer(
    State(web): State<Web>,
    Anybody(visitor): Anybody,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    match visitor {
        Some(_) => Redirect::to(local(&wanted.to)).into_response(),
        None => {
            let kept = cookies::read(&headers, cookies::KEPT, web.0.secure).is_some();
            web.offer(StatusCode::OK, &wanted.to, kept.then_some(WORDS_ARE_KEPT))
        }
    }
}

/// Sends somebody to Slack, who says who they are.
async fn leave(State(web): State<Web>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response {
    let Some(slack) = &web.0.sign_in else {
        return web.offer(StatusCode::NOT_FOUND, &wanted.to, None);
    };
    let secure = web.0.secure;
    // A browser that sets out twice, in two tabs, can come back twice.
    let browser = cookies::read(&headers, cookies::BROWSER, secure).unwrap_or_else(Secret::random);
    let departure = match sign_in::set_out(web.system(), &browser, &wanted.to).await {
        Ok(departure) => departure,
        Err(error) => return web.failed(error, None),
    };
    let team = web.0.workspace.get().map(|workspace| workspace.team_id.as_str());
    match slack.way(&departure, team).await {
        Ok(way) => {
            let mut response = Redirect::to(way.as_str()).into_response();
            let keep = cookies::keep(cookies::BROWSER, &browser, secure);
            response.headers_mut().append(header::SET_COOKIE, keep);
            response
        }
        Err(trouble) => web.troubled(&trouble, &wanted.to),
    }
}

/// What Slack sends along.
#[derive(Deserialize)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

const OVER: &str = "This attempt to sign in is over: it was used already, took longer than ten minutes, or was begun in \
                    another browser. Please begin again.";

/// Takes back somebody whom Slack sends.
async fn arrive(State(web): State<Web>, headers: HeaderMap, Query(answer): Query<Answer>) -> Response {
    let secure = web.0.secure;
    let Some(slack) = &web.0.sign_in else {
        return web.offer(StatusCode::NOT_FOUND, "/", None);
    };
    let browser = cookies::read(&headers, cookies::BROWSER, secure);
    let state = answer.state.as_deref().and_then(Secret::read);
    let (Some(browser), Some(state)) = (browser, state) else {
        return web.offer(StatusCode::BAD_REQUEST, "/", Some(OVER));
    };
    let (departure, goes_to) = match sign_in::come_back(web.system(), &browser, state).await {
        Ok(Some(back)) => back,
        Ok(None) => return web.offer(StatusCode::BAD_REQUEST, "/", Some(OVER)),
        Err(error) => return web.failed(error, None),
    };
    let code = match (&answer.code, answer.error.as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) => {
            let declined = "You are not signed in: at Slack, you chose not to.";
            return web.offer(StatusCode::FORBIDDEN, &goes_to, Some(declined));
        }
        _ => return web.troubled(&Trouble::Refused("no code".to_owned()), &goes_to),
    };
    let account = match slack.redeem(code, &departure).await {
        Ok(account) => account,
        Err(trouble) => return web.troubled(&trouble, &goes_to),
    };
    let Some(workspace) = web.0.workspace.get() else {
        let starting = "c1 is only just starting. Please try again in a moment.";
        return web.offer(StatusCode::SERVICE_UNAVAILABLE, &goes_to, Some(starting));
    };
    if account.team != workspace.team_id {
        let elsewhere = format!(
            "You signed in to another Slack workspace. This c1 belongs to {}: please choose that one at Slack.",
            workspace.name
        );
        return web.offer(StatusCode::FORBIDDEN, &goes_to, Some(&elsewhere));
    }
    let earlier = cookies::read(&headers, cookies::SESSION, secure);
    let signed_in = match sign_in::sign_in(web.system(), &workspace.key, &account.user, earlier.as_ref()).await {
        // Somebody Slack knows and we do not is looked up once, there and then.
        Err(Error::NotFound) => {
            (workspace.meet)(account.user.clone()).await;
            sign_in::sign_in(web.system(), &workspace.key, &account.user, earlier.as_ref()).await
        }
        other => other,
    };
    match signed_in {
        Ok((session, _)) => {
            let mut response = Redirect::to(local(&goes_to)).into_response();
            let kept = [
                cookies::keep(cookies::SESSION, &session, secure),
                cookies::forget(cookies::BROWSER, secure),
            ];
            for cookie in kept {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(Error::NotFound) => {
            let stranger = "Slack says who you are, but c1 does not know you.";
            web.offer(StatusCode::FORBIDDEN, &goes_to, Some(stranger))
        }
        Err(Error::Refused(refusal)) => web.offer(StatusCode::FORBIDDEN, &goes_to, Some(&refusal.sentence())),
        Err(error) => web.failed(error, None),
    }
}

impl Web {
    /// Slack could not be asked, or what it said does not count.
    fn troubled(&self, trouble: &Trouble, goes_to: &str) -> Response {
        let (status, sentence) = match trouble {
            Trouble::NotReached(why) => {
                tracing::warn!(why, "Slack could not be asked who somebody is");
                (
                    StatusCode::BAD_GATEWAY,
                    "Slack does not answer at the moment. Please try again.",
                )
            }
            Trouble::Refused(why) => {
                tracing::warn!(why, "Slack refused a sign-in");
                (
                    StatusCode::BAD_GATEWAY,
                    "Slack did not accept this attempt to sign in. Please begin again.",
                )
            }
            Trouble::Unproven(why) => {
                tracing::error!(why, "an answer about who somebody is does not prove it");
                (
                    StatusCode::FORBIDDEN,
                    "It is not certain that this answer comes from Slack, so it does not count. Please begin again.",
                )
            }
        };
        self.offer(status, goes_to, Some(sentence))
    }
}

async fn leave_for_good(State(web): State<Web>, headers: HeaderMap) -> Response {
    let secure = web.0.secure;
    if let Some(session) = cookies::read(&headers, cookies::SESSION, secure)
        && let Err(error) = sign_in::sign_out(web.system(), &session).await
    {
        return web.failed(error, None);
    }
    let mut response = web.offer(StatusCode::OK, "/", Some("You are signed out."));
    let forget = cookies::forget(cookies::SESSION, secure);
    response.headers_mut().append(header::SET_COOKIE, forget);
    response
}
