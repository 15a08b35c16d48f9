//! The web: pages in the browser, for people who signed in with Slack.
//!
//! `sign_in` finds out who somebody is, `visitor` remembers it by a cookie, `pages` show and let act through the same use
//! cases as Slack, `view` puts into words, `live` keeps open pages up to date, and `headers` keeps browsers strict.
//!
//! Invariant: whoever may not see a request gets the very answer of one that does not exist.
//! Invariant: every page works without script and without anything from elsewhere; all it may load from elsewhere are the
//! pictures of people in a conversation.

mod assets;
mod cookies;
mod headers;
mod live;
mod pages;
mod sign_in;
mod view;
mod visitor;

pub use sign_in::SignIn;

use crate::{
    db::{self, audit::Mark},
    domain::{ids::RequestId, person::Person},
    usecases::{Error, System},
};
use askama::Template;
use axum::{
    Router,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};
use futures::future::BoxFuture;
use live::Live;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Has somebody looked up in Slack whom c1 does not know yet.
pub type Meet = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// The Slack workspace whose people come here.
#[derive(Clone)]
pub struct Workspace {
    /// Its id.
    pub team_id: String,
    /// The key under which its people are stored.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The id of our app there, if Slack told it.
    pub app: Option<String>,
    /// Has somebody looked up there.
    pub meet: Meet,
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace")
            .field("team_id", &self.team_id)
            .finish_non_exhaustive()
    }
}

/// What the pages work with.
#[derive(Clone, Debug)]
pub struct Web(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    system: System,
    /// How people are told apart; `None`: it is not set up.
    sign_in: Option<SignIn>,
    /// Known as soon as Slack has answered.
    workspace: Arc<OnceLock<Workspace>>,
    live: Live,
    /// Are we reached by https alone? Then cookies say so.
    secure: bool,
}

impl Web {
    /// The pages of a c1 that is reached at `base_url`.
    #[must_use]
    pub fn new(
        system: System,
        sign_in: Option<SignIn>,
        workspace: Arc<OnceLock<Workspace>>,
        base_url: Option<&Url>,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            system,
            sign_in,
            workspace,
            live: Live::new(stop),
            secure: base_url.is_some_and(|url| url.scheme() == "https"),
        }))
    }

    /// All addresses.
    pub fn router(self, base_url: Option<&Url>) -> Router {
        let pages = Router::new()
            .merge(sign_in::router())
            .merge(pages::router())
            .fallback(visitor::nothing_here)
            .with_state(self);
        headers::strict(pages, base_url).merge(assets::router())
    }

    /// Keeps open pages up to date, until stopped.
    pub async fn keep_live(self) {
        self.live().clone().run(self.system().db.clone()).await;
    }

    fn live(&self) -> &Live {
        &self.0.live
    }

    fn system(&self) -> &System {
        &self.0.system
    }

    /// What changes with a request.
    async fn mark(&self, id: RequestId) -> Result<Mark, Error> {
        let marks = db::audit::marks(&self.system().db, &[id]).await?;
        Ok(marks.into_iter().next().map(|(_, mark)| mark).unwrap_or_default())
    }

    /// A link that opens our app in Slack, once it is known.
    fn slack_link(&self) -> Option<String> {
        let workspace = self.0.workspace.get()?;
        let app = workspace.app.as_ref()?;
        Some(format!("slack://app?team={}&id={app}&tab=messages", workspace.team_id))
    }
}

/// What every page has.
#[derive(Clone, Debug)]
struct Frame {
    title: String,
    /// Who is signed in, by name.
    name: Option<String>,
    icon: String,
    style: String,
}

impl Frame {
    fn of(title: impl Into<String>, person: Option<&Person>) -> Self {
        Self {
            title: title.into(),
            name: person.map(|person| person.name.clone()),
            icon: assets::address("icon.svg"),
            style: assets::address("style.css"),
        }
    }
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: Frame,
    sentence: &'a str,
    /// Opens our app in Slack.
    slack: Option<String>,
}

impl Web {
    fn says(&self, status: StatusCode, title: &str, sentence: &str, person: Option<&Person>) -> Response {
        page(
            status,
            &Message {
                frame: Frame::of(title, person),
                sentence,
                slack: self.slack_link(),
            },
        )
    }

    /// What is not there, and what is not for this person to see: the same to the last byte.
    fn not_found(&self, person: Option<&Person>) -> Response {
        let sentence = "There is nothing here, or it is not for you to see.";
        self.says(StatusCode::NOT_FOUND, "Not found", sentence, person)
    }

    /// Something broke: the details are for the log, and a reference leads to them.
    fn broke(&self, error: &anyhow::Error, person: Option<&Person>) -> Response {
        let reference = uuid::Uuid::new_v4().simple().to_string();
        let reference = &reference[..8];
        tracing::error!(error = format!("{error:#}"), reference, "a page could not be made");
        let sentence =
            format!("Something went wrong on our side. Please try again; if it stays so, say this: {reference}.");
        self.says(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong",
            &sentence,
            person,
        )
    }

    /// An error where a page was wanted.
    fn failed(&self, error: Error, person: Option<&Person>) -> Response {
        match error {
            Error::NotFound => self.not_found(person),
            Error::Refused(refusal) => self.says(StatusCode::CONFLICT, "Not possible", &refusal.sentence(), person),
            Error::Internal(error) => self.broke(&error, person),
        }
    }
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template could not be filled in");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
