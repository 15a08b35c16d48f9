//! The few sentences the gateway says by itself, and the shapes it says them in.

use super::Answer;
use super::reply::{Message, ViewBody, plain};
use crate::slack::client::ResponseMessage;
use crate::slack::surface;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) const STILL_WORKING: &str = "Still working on it. The answer will follow here in a moment.";
pub(super) const FOREIGN: &str = "This c1 belongs to another Slack workspace, so it cannot help you here.";
pub(super) const TOO_LATE: &str = "Slack did not let me open the form in time. Please try again.";
pub(super) const DONE: &str = "Done. You can close this window.";
const ERRORS_LATE: &str = "That could not be sent. Please open the form again.";

/// How many characters of mrkdwn a section holds.
const SECTION: usize = 3000;

/// How many characters a modal's title holds.
const TITLE: usize = 24;

pub(super) fn failed(reference: &str) -> String {
    format!(
        "Sorry, something went wrong on our side. Please try again; if it happens once more, tell your c1 administrators the reference {reference}."
    )
}

pub(super) fn ephemeral(message: Message) -> ResponseMessage {
    ResponseMessage::Ephemeral {
        text: message.text,
        blocks: message.blocks,
    }
}

/// A small modal that only says something.
pub(super) fn notice(title: &str, message: &Message) -> ViewBody {
    small(surface::VIEW_NOTICE, title, message)
}

/// The modal in the place of a form whose handler is late.
pub(super) fn waiting(title: &str) -> ViewBody {
    small(
        surface::VIEW_WAITING,
        title,
        &Message::text("Still working on it. This window shows the result in a moment."),
    )
}

fn small(callback_id: &str, title: &str, message: &Message) -> ViewBody {
    let blocks = if message.blocks.is_empty() {
        let text: String = message.text.chars().take(SECTION).collect();
        vec![json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })]
    } else {
        message.blocks.0.clone()
    };
    let title: String = if title.is_empty() {
        "c1".to_owned()
    } else {
        title.chars().take(TITLE).collect()
    };
    ViewBody(json!({
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(&title),
        "close": plain("Close"),
        "blocks": blocks,
    }))
}

pub(super) fn submission(action: &str, view: &ViewBody) -> Answer {
    Answer::Json(json!({ "response_action": action, "view": view.0 }))
}

/// Field errors at their blocks. Slack shows them at input blocks only; one meant for another block goes to the last input, and
/// where there is none, into a small modal.
pub(super) fn field_errors(title: &str, inputs: &[String], errors: BTreeMap<String, String>) -> Answer {
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for (block_id, sentence) in errors {
        let block_id = if inputs.contains(&block_id) {
            Some(&block_id)
        } else {
            inputs.last()
        };
        let Some(block_id) = block_id else {
            return submission("update", &notice(title, &Message::text(sentence)));
        };
        let at = shown.entry(block_id.clone()).or_default();
        if !at.is_empty() {
            at.push(' ');
        }
        at.push_str(&sentence);
    }
    Answer::Json(json!({ "response_action": "errors", "errors": shown }))
}

/// Field errors that came after the form was replaced by the waiting view.
pub(super) fn late_errors(errors: &BTreeMap<String, String>) -> Message {
    let sentences = errors.values().map(|sentence| format!("\n• {sentence}"));
    Message::text(
        std::iter::once(ERRORS_LATE.to_owned())
            .chain(sentences)
            .collect::<String>(),
    )
}
