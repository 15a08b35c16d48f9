//! Modals and Home tabs: docs.slack.dev/reference/views.

use serde_json::Value;

use super::check::{Check, Kind, Shape, Surface, may, must, nothing_else};
use super::{Problems, layout};
use crate::rules::{PRIVATE_METADATA, VIEW_BYTES, VIEW_ID, VIEW_TITLE};

static MODAL: Shape = Shape {
    fields: &[
        must("title", Kind::Plain(VIEW_TITLE)),
        must("blocks", Kind::Any),
        may("close", Kind::Plain(VIEW_TITLE)),
        may("submit", Kind::Plain(VIEW_TITLE)),
        may("private_metadata", Kind::Str(0, PRIVATE_METADATA)),
        may("callback_id", Kind::Str(0, VIEW_ID)),
        may("external_id", Kind::Str(0, VIEW_ID)),
        may("clear_on_close", Kind::Flag),
        may("notify_on_close", Kind::Flag),
    ],
    also: |check, object| {
        let blocks = object.get("blocks").and_then(Value::as_array).into_iter().flatten();
        let kinds = blocks.map(|block| block.get("type").and_then(Value::as_str));
        if let Some(index) = kinds
            .into_iter()
            .position(|kind| kind == Some("input"))
            .filter(|_| !object.has("submit"))
        {
            check.say(
                "must define `submit` to use `input` block",
                &format!("{}/blocks/{index}/input", object.at),
            );
        }
    },
};

static HOME: Shape = Shape {
    fields: &[
        must("blocks", Kind::Any),
        may("private_metadata", Kind::Str(0, PRIVATE_METADATA)),
        may("callback_id", Kind::Str(0, VIEW_ID)),
        may("external_id", Kind::Str(0, VIEW_ID)),
    ],
    also: nothing_else,
};

pub(super) fn check(view: &Value) -> Result<(), Problems> {
    // Slack looks at the size first and says no more.
    if view.to_string().len() > VIEW_BYTES {
        return Err(Problems {
            code: "view_too_large",
            messages: Vec::new(),
        });
    }
    let surface = if view.get("type").and_then(Value::as_str) == Some("home") {
        Surface::Home
    } else {
        Surface::Modal
    };
    let mut check = Check::new(surface);
    // Slack itself writes null for what a view does not have, so apps send it back.
    let view = match view {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        ),
        other => other.clone(),
    };
    check.typed(&view, "/view", shape, &["modal", "home"]);
    if let Some(blocks) = view.get("blocks") {
        layout::blocks(&mut check, blocks, "/view/blocks");
    }
    check.into_result("invalid_arguments")
}

fn shape(name: &str) -> Option<&'static Shape> {
    match name {
        "modal" => Some(&MODAL),
        "home" => Some(&HOME),
        _ => None,
    }
}
