//! Floor 2: the use cases. One verb per file, called by every door; each makes one decision in one transaction and
//! writes state, audit and jobs together.
//!
//! Invariant: nothing here talks to the outside. What has to happen there is a [`job::Job`], written with the decision.

pub mod administer;
pub mod apply_catalog;
pub mod ask_one_by_one;
pub mod ask_requester;
pub mod authorize;
pub mod be_away;
pub mod cancel_request;
pub mod change;
pub mod claim_step;
pub mod comment;
pub mod consequences;
pub mod decide_step;
pub mod delete_comment;
pub mod digest;
pub mod drill;
pub mod edit_comment;
pub mod end_grant;
pub mod escalate_request;
pub mod explain;
pub mod facts;
pub mod job;
pub mod keep_words;
pub mod link_slack;
pub mod open_review;
pub mod preview;
pub mod queries;
pub mod raise_alarm;
pub mod react;
pub mod read_audit;
pub mod read_status;
pub mod reassign_step;
pub mod record_provisioning;
pub mod record_rotation;
pub mod remind;
pub mod replay;
pub mod request_bundle;
pub mod review_emergency;
pub mod shorten_request;
pub mod sign_in;
pub mod submit_request;
pub mod take_alarm;
pub mod test_policy;
pub mod tick;

use crate::{
    clock::SharedClock,
    db::{Db, DbError},
    domain::{ids::PersonId, refusal::Refusal},
};

/// What every use case works with.
#[derive(Clone, Debug)]
pub struct System {
    /// The database.
    pub db: Db,
    /// The hour.
    pub clock: SharedClock,
    /// The address under which people reach c1's pages, if it has one.
    pub base_url: Option<String>,
}

impl System {
    /// The details page of a request, if c1 knows its own address.
    #[must_use]
    pub fn request_url(&self, id: crate::domain::ids::RequestId) -> Option<String> {
        self.base_url
            .as_ref()
            .map(|base| format!("{}/requests/{id}", base.trim_end_matches('/')))
    }
}

/// Who acts, and through which door. Doors make it from a proven identity, never from what a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who; `None`: c1 itself.
    pub person: Option<PersonId>,
    /// The door.
    pub via: Via,
}

impl Actor {
    /// Time, a rule, or c1's own work.
    pub const SYSTEM: Self = Self {
        person: None,
        via: Via::System,
    };

    /// Somebody in Slack, and Slack does not say who.
    pub const SLACK: Self = Self {
        person: None,
        via: Via::Slack,
    };

    /// Somebody in Slack.
    #[must_use]
    pub fn slack(person: PersonId) -> Self {
        Self {
            person: Some(person),
            via: Via::Slack,
        }
    }

    /// Somebody on c1's own pages.
    #[must_use]
    pub fn web(person: PersonId) -> Self {
        Self {
            person: Some(person),
            via: Via::Web,
        }
    }

    /// Somebody whom the operator acts for on the command line.
    #[must_use]
    pub fn operator(person: PersonId) -> Self {
        Self {
            person: Some(person),
            via: Via::Operator,
        }
    }

    /// The person, who must be one: c1 itself asks for nothing and decides nothing.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for c1 itself.
    pub fn somebody(&self) -> Result<PersonId, Refusal> {
        self.person.ok_or(Refusal::NotAllowed)
    }
}

/// The door through which somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A Slack message, form or thread.
    Slack,
    /// c1's own pages.
    Web,
    /// The operator's command line.
    Operator,
    /// Time, a rule, a connector.
    System,
}

impl Via {
    /// The word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Web => "web",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A polite no.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// It does not exist, or not for this person.
    #[error("not found")]
    NotFound,
    /// Something broke; the details are for the log.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::Internal(error.into())
    }
}
