//! Block Kit as Slack takes it: a strict checker, and a plain-text rendering for people and for test snapshots.
//!
//! The checker knows the shapes and the limits; it looks nothing up (whether a user or a file exists is the server's
//! business). It refuses what Slack refuses and also what Slack overlooks but never means, such as a field nobody knows.

mod attachment;
mod check;
mod choose;
mod element;
mod layout;
mod mrkdwn;
mod render;
mod render_input;
mod render_rich;
mod rich;
mod text;
mod view;

use serde_json::{Value, json};

use check::{Check, Surface};

/// What Slack would have refused, in Slack's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The `error` of the answer: `invalid_blocks`, `invalid_blocks_format`, `invalid_attachments`,
    /// `too_many_attachments` for a message; `invalid_arguments`, `view_too_large` for a view.
    pub code: &'static str,
    /// `response_metadata.messages`: `[ERROR] must be less than 76 characters [json-pointer:/blocks/0/…]`.
    pub messages: Vec<String>,
}

impl Problems {
    /// The body of the answer. Messages also get `errors`: the same without `[ERROR]`.
    pub fn answer(&self) -> Value {
        let mut answer = json!({"ok": false, "error": self.code, "response_metadata": {"messages": self.messages}});
        if self.code == "invalid_blocks" {
            let errors: Vec<_> = self
                .messages
                .iter()
                .map(|message| message.trim_start_matches("[ERROR] "))
                .collect();
            answer["errors"] = json!(errors);
        }
        answer
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.messages.join("; "))
    }
}

impl std::error::Error for Problems {}

/// How ids in a text become words; `&()` knows nobody and leaves the ids.
pub trait Names {
    /// `U…` or `W…`; the name without `@`.
    fn person(&self, _id: &str) -> Option<String> {
        None
    }
    /// `C…`, `G…` or `D…`; the name without `#`.
    fn channel(&self, _id: &str) -> Option<String> {
        None
    }
    /// `S…`; the handle without `@`.
    fn group(&self, _id: &str) -> Option<String> {
        None
    }
}

impl Names for () {}

/// Checks the `blocks` array of a message.
///
/// # Errors
/// `invalid_blocks`, or `invalid_blocks_format` where it is no array.
pub fn check_message(blocks: &Value) -> Result<(), Problems> {
    if !blocks.is_array() {
        return Err(Problems {
            code: "invalid_blocks_format",
            messages: vec!["[ERROR] must provide an array".into()],
        });
    }
    let mut check = Check::new(Surface::Message);
    layout::blocks(&mut check, blocks, "/blocks");
    check.into_result("invalid_blocks")
}

/// Checks the `attachments` array of a message, the blocks inside included.
///
/// # Errors
/// `too_many_attachments`, `invalid_attachments`.
pub fn check_attachments(attachments: &Value) -> Result<(), Problems> {
    attachment::check(attachments)
}

/// Checks the `view` of `views.open`, `push`, `update` or `publish`: a modal or a Home tab.
///
/// # Errors
/// `invalid_arguments`, `view_too_large`.
pub fn check_view(view: &Value) -> Result<(), Problems> {
    view::check(view)
}

/// Checks the answer to a `block_suggestion`: `{"options": […]}` or `{"option_groups": […]}`, of which an empty list is
/// a lawful answer. Slack tells the app nothing of these: its client shows no options.
///
/// # Errors
/// `invalid_arguments`, with what is wrong.
pub fn check_suggestions(answer: &Value) -> Result<(), Problems> {
    let mut check = Check::new(Surface::Modal);
    choose::suggestions(&mut check, answer);
    check.into_result("invalid_arguments")
}

/// A message as text: its blocks, attachments and files, or its `text` where it has no blocks. What stands in its inputs
/// is read from `state` (as `block_actions` has it) where the message has one.
pub fn render_message(message: &Value, names: &dyn Names) -> String {
    render::message(message, names)
}

/// A view as text. `state` is `view.state` or its `values`; `errors` maps block ids to the text beneath the input.
pub fn render_view(view: &Value, state: &Value, errors: &Value, names: &dyn Names) -> String {
    render::view(view, state, errors, names)
}

#[cfg(test)]
mod tests;
