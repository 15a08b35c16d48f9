//! What people do: everything Slack's client lets them do, as methods of a [`Person`].

mod conversation;
mod element;
mod home;
mod modal;
mod payload;
mod person;
mod snapshot;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use person::{Person, ProfileChange};
pub use snapshot::{Choice, MessageRef, MessageSnapshot, Response, SubmitOutcome, ViewSnapshot};

/// The id of a conversation: `C…` or `D…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChannelId(pub String);

impl std::fmt::Display for ChannelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ChannelId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for ChannelId {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// Why something did not go, in the words of Slack or of its client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct ActError {
    /// `operation_timeout`, `dispatch_failed`, `no such button`, …
    pub error: String,
    /// What is wrong with which block of a form.
    pub errors: BTreeMap<String, String>,
}

impl From<&str> for ActError {
    fn from(error: &str) -> ActError {
        ActError {
            error: error.to_owned(),
            errors: BTreeMap::new(),
        }
    }
}

impl From<String> for ActError {
    fn from(error: String) -> ActError {
        ActError {
            error,
            errors: BTreeMap::new(),
        }
    }
}

/// What an act comes to.
pub type Outcome<T = ()> = Result<T, ActError>;

/// Where an element stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Container {
    /// In a message everybody in the conversation sees.
    Message {
        /// The conversation.
        channel: String,
        /// The message.
        ts: String,
    },
    /// In a message only this person sees.
    Ephemeral {
        /// The conversation.
        channel: String,
        /// The message.
        ts: String,
    },
    /// In a modal.
    View {
        /// The modal.
        view_id: String,
    },
    /// In the Home tab of the person.
    Home,
}

/// Where a person looks for something to click: a message, a modal, the Home tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A message, ephemeral or not.
    Message(MessageRef),
    /// The top modal.
    Modal,
    /// The Home tab.
    Home,
}

impl From<MessageRef> for Target {
    fn from(message: MessageRef) -> Target {
        Target::Message(message)
    }
}

impl From<&MessageRef> for Target {
    fn from(message: &MessageRef) -> Target {
        Target::Message(message.clone())
    }
}

impl From<&MessageSnapshot> for Target {
    fn from(message: &MessageSnapshot) -> Target {
        Target::Message(message.reference())
    }
}

impl From<&ViewSnapshot> for Target {
    fn from(view: &ViewSnapshot) -> Target {
        if view.is_home() { Target::Home } else { Target::Modal }
    }
}

/// The fields of an action as Slack sends them, for example `{"selected_option": {…}}`.
pub type ActionFields = serde_json::Map<String, Value>;
