//! Attachments: docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments.

use serde_json::Value;

use super::check::{Check, Kind, Shape, Surface, may, must, nothing_else};
use super::{Problems, layout};
use crate::rules::ATTACHMENTS;

/// Long texts are cut by Slack, not refused.
const WORDS: Kind = Kind::Str(0, usize::MAX - 1);

static ATTACHMENT: Shape = Shape {
    fields: &[
        may("actions", Kind::Any),
        may("attachment_type", WORDS),
        may("author_icon", WORDS),
        may("author_link", WORDS),
        may("author_name", WORDS),
        may("blocks", Kind::Any),
        may("callback_id", WORDS),
        may("color", WORDS),
        may("fallback", WORDS),
        may("fields", Kind::List(&Kind::Object(&FIELD), 0, usize::MAX - 1)),
        may("footer", WORDS),
        may("footer_icon", WORDS),
        may("id", Kind::Any),
        may("image_url", WORDS),
        may("mrkdwn_in", Kind::List(&Kind::Of(&["text", "pretext", "fields"]), 0, 3)),
        may("pretext", WORDS),
        may("text", WORDS),
        may("thumb_url", WORDS),
        may("title", WORDS),
        may("title_link", WORDS),
        may("ts", Kind::Any),
    ],
    also: |check, object| {
        if let Some(color) = object.str("color")
            && !is_color(color)
        {
            check.say("must be a valid color", &object.below("color"));
        }
        if !object.map.iter().any(|(name, value)| shows(name, value)) {
            check.say("must have at least one of: blocks, text, fallback", &object.at);
        }
    },
};

static FIELD: Shape = Shape {
    fields: &[must("title", WORDS), must("value", WORDS), may("short", Kind::Flag)],
    also: nothing_else,
};

/// Whether a person would see something of it.
fn shows(name: &str, value: &Value) -> bool {
    let said = match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    said && !["attachment_type", "callback_id", "color", "mrkdwn_in"].contains(&name)
}

fn is_color(color: &str) -> bool {
    let digits = color.strip_prefix('#').unwrap_or(color);
    ["good", "warning", "danger"].contains(&color)
        || (matches!(digits.len(), 3 | 6) && digits.chars().all(|digit| digit.is_ascii_hexdigit()))
}

pub(super) fn check(attachments: &Value) -> Result<(), Problems> {
    let mut check = Check::new(Surface::Message);
    let Some(attachments) = attachments.as_array() else {
        check.say("must provide an array", "/attachments");
        return check.into_result("invalid_attachments");
    };
    if attachments.len() > ATTACHMENTS {
        check.say(format_args!("no more than {ATTACHMENTS} items allowed"), "/attachments");
        return check.into_result("too_many_attachments");
    }
    for (index, attachment) in attachments.iter().enumerate() {
        let at = format!("/attachments/{index}");
        if let Some(object) = check.object(attachment, &at) {
            check.shape(&object, &ATTACHMENT);
            if let Some(blocks) = object.get("blocks") {
                layout::blocks(&mut check, blocks, &object.below("blocks"));
            }
        }
    }
    check.into_result("invalid_attachments")
}
