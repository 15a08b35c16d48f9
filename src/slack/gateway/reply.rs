//! What a handler answers. Handlers return, they do not call: only the gateway opens modals and speaks to Slack.

use serde_json::{Value, json};
use slack_morphism::prelude::{SlackBlock, SlackView};
use std::collections::BTreeMap;

/// The answer to an [`Inbound`](super::inbound::Inbound).
///
/// Every answer is possible to everything; where Slack has no way to show it as asked, the nearest that has is used, and the
/// variants say which.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing to show. A submitted modal closes.
    Ack,
    /// A message only the person sees: in the answer to a command, through the response URL for messages and message shortcuts
    /// (which stay as they are), as a small modal in modals, on the Home tab and after a global shortcut.
    Ephemeral(Message),
    /// Puts this in the place of the message the person acted on, which may be one only they see.
    ReplaceMessage(Message),
    /// Takes away the message the person acted on: for one only they see.
    DeleteMessage,
    /// Opens a modal. To a submission: takes the submitted modal's place.
    OpenModal(ViewBody),
    /// Puts a modal on top of the one in use. Without one: opens it.
    PushModal(ViewBody),
    /// Redraws the modal in use (with its hash; an older redraw never overtakes a newer). Without one: opens it.
    UpdateModal(ViewBody),
    /// Keeps the submitted modal open with a sentence at each input block (block id to sentence).
    FieldErrors(BTreeMap<String, String>),
    /// Closes all modals of the stack after a submission.
    ClearModals,
    /// The options of a select.
    Options(Options),
    /// Draws the person's Home tab.
    PublishHome(ViewBody),
    /// Several in this order. The first travels with the acknowledgement if it can, the others follow.
    Several(Vec<Reply>),
}

impl Reply {
    /// A message only the person sees, of one sentence.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self::Ephemeral(Message::text(text))
    }

    /// One field error.
    #[must_use]
    pub fn field_error(block_id: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self::FieldErrors(BTreeMap::from([(block_id.into(), sentence.into())]))
    }
}

/// A message: the text for notifications and as a fallback, and blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// What notifications and screen readers say; escaped by the maker.
    pub text: String,
    /// What people see; empty: the text.
    pub blocks: Blocks,
}

impl Message {
    /// A message of plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            blocks: Blocks::default(),
        }
    }

    /// A message of blocks with a text for notifications.
    #[must_use]
    pub fn new(text: impl Into<String>, blocks: impl Into<Blocks>) -> Self {
        Self {
            text: text.into(),
            blocks: blocks.into(),
        }
    }
}

/// Blocks in the form Slack reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocks(pub Vec<Value>);

impl Blocks {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<Value>> for Blocks {
    fn from(blocks: Vec<Value>) -> Self {
        Self(blocks)
    }
}

impl From<Vec<SlackBlock>> for Blocks {
    fn from(blocks: Vec<SlackBlock>) -> Self {
        Self(blocks.iter().map(to_json).collect())
    }
}

/// A modal or Home tab in the form Slack reads: an object with `type`, `blocks` and, for modals, `title`.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewBody(pub Value);

impl From<Value> for ViewBody {
    fn from(view: Value) -> Self {
        Self(view)
    }
}

impl From<SlackView> for ViewBody {
    fn from(view: SlackView) -> Self {
        Self(to_json(&view))
    }
}

fn to_json(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).expect("Block Kit types have string keys and no fallible parts")
}

/// The options of a select that loads them; Slack shows at most 100, in at most 100 groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Options {
    /// One list.
    Flat(Vec<OptionItem>),
    /// Under headings (75 characters each).
    Grouped(Vec<(String, Vec<OptionItem>)>),
}

/// One option of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionItem {
    /// What people read, up to 75 characters.
    pub text: String,
    /// What comes back, up to 150 characters.
    pub value: String,
    /// A smaller second line, up to 75 characters.
    pub description: Option<String>,
}

impl OptionItem {
    /// An option without a second line.
    #[must_use]
    pub fn new(text: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            value: value.into(),
            description: None,
        }
    }

    /// The form Slack reads; also for `initial_option`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut option = json!({ "text": plain(&self.text), "value": self.value });
        if let Some(description) = &self.description {
            option["description"] = plain(description);
        }
        option
    }
}

impl Options {
    /// No options.
    #[must_use]
    pub fn none() -> Self {
        Self::Flat(Vec::new())
    }

    /// The form Slack reads.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = |items: &[OptionItem]| items.iter().map(OptionItem::to_json).collect::<Vec<_>>();
        match self {
            Self::Flat(items) => json!({ "options": list(items) }),
            Self::Grouped(groups) => {
                let groups: Vec<_> = groups
                    .iter()
                    .map(|(label, items)| json!({ "label": plain(label), "options": list(items) }))
                    .collect();
                json!({ "option_groups": groups })
            }
        }
    }
}

pub(crate) fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": true })
}

/// A handler could not finish: the person reads a polite sentence with a reference, the log gets the details, and
/// Slack resends events.
#[derive(Debug)]
pub struct Failure(pub anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
