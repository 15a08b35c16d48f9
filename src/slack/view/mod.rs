//! What people see in Slack: pure functions from read models to Block Kit.
//!
//! [`request_form`] asks ([`preview`] says whom it will reach), [`request_card`] shows a request to whoever is
//! concerned, [`comment`] carries what is said into other threads, [`home`] and [`lists`] show what there is, [`decision`]
//! and [`notices`] are the small things between.
//! [`state`] says in words how requests and access stand, once for all of them; [`phrase`] is the sentence they are
//! made of, [`text`] what keeps typed words harmless, [`limits`] Slack's numbers.
//!
//! Invariant: nothing here awaits, reads a clock or knows the database; the same input gives the same JSON, byte for
//! byte, so that its hash says whether a message has to be updated.

mod approver;
pub mod away;
pub mod bulk;
pub mod bundle;
pub mod comment;
pub mod decision;
pub mod desk;
pub mod home;
mod kit;
pub mod limits;
pub mod lists;
pub mod notices;
pub mod phrase;
pub mod preview;
pub mod request_card;
pub mod request_form;
pub mod review;
pub mod state;
pub mod text;

pub use text::Mentions;

use serde_json::{Value, json};
use slack_morphism::prelude::SlackBlock;

/// A message in the form Slack reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// What notifications and screen readers say, in Slack's markup.
    pub text: String,
    /// What people see.
    pub blocks: Vec<Value>,
}

impl Message {
    /// A message of at most as many blocks as Slack takes.
    fn new(text: &phrase::Phrase, blocks: Vec<SlackBlock>) -> Self {
        let blocks = blocks.iter().take(limits::MESSAGE_BLOCKS).map(kit::json_of).collect();
        // Notifications do not translate mentions and moments, so both are written out.
        let text = text::escape(&text.plain(limits::TEXT), limits::TEXT);
        let text = if text.is_empty() {
            text::NOTHING.to_owned()
        } else {
            text
        };
        Self { text, blocks }
    }

    /// `{text, blocks}`.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "text": self.text, "blocks": self.blocks })
    }
}
