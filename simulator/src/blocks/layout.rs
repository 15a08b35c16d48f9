//! The blocks: docs.slack.dev/reference/block-kit/blocks, a page for each.

use serde_json::Value;

use super::check::{Check, Kind, Object, Shape, Surface, may, must, nothing_else};
use super::element::{self, ACCESSORIES, ACTIONS, INPUTS, SLACK_FILE, one_source};
use super::{rich, text};
use crate::rules::{MARKDOWN_TEXT, MESSAGE_BLOCKS, VIEW_BLOCKS};

/// Checks an array of blocks standing at `at`.
pub(super) fn blocks(check: &mut Check, blocks: &Value, at: &str) {
    let Some(blocks) = blocks.as_array() else {
        return check.say("must provide an array", at);
    };
    let most = if check.surface == Surface::Message {
        MESSAGE_BLOCKS
    } else {
        VIEW_BLOCKS
    };
    check.count(blocks.len(), 0, most, at);
    let allowed: Vec<&str> = KINDS
        .iter()
        .filter(|kind| kind.surfaces.contains(&check.surface))
        .map(|kind| kind.name)
        .collect();
    for (index, block) in blocks.iter().enumerate() {
        check.begin_block(block.get("type").and_then(Value::as_str).unwrap_or_default());
        check.typed(block, &format!("{at}/{index}"), shape, &allowed);
    }
}

struct BlockKind {
    name: &'static str,
    shape: &'static Shape,
    surfaces: &'static [Surface],
}

const EVERYWHERE: &[Surface] = &[Surface::Message, Surface::Modal, Surface::Home];
const MESSAGES: &[Surface] = &[Surface::Message];
const MODALS: &[Surface] = &[Surface::Modal];

static KINDS: &[BlockKind] = &[
    BlockKind {
        name: "actions",
        shape: &ACTIONS_BLOCK,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "alert",
        shape: &ALERT,
        surfaces: MODALS,
    },
    BlockKind {
        name: "card",
        shape: &CARD,
        surfaces: MESSAGES,
    },
    BlockKind {
        name: "carousel",
        shape: &CAROUSEL,
        surfaces: MESSAGES,
    },
    BlockKind {
        name: "context",
        shape: &CONTEXT,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "context_actions",
        shape: &CONTEXT_ACTIONS,
        surfaces: MESSAGES,
    },
    BlockKind {
        name: "divider",
        shape: &DIVIDER,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "file",
        shape: &FILE,
        surfaces: MESSAGES,
    },
    BlockKind {
        name: "header",
        shape: &HEADER,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "image",
        shape: &IMAGE,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "input",
        shape: &INPUT,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "markdown",
        shape: &MARKDOWN,
        surfaces: MESSAGES,
    },
    BlockKind {
        name: "rich_text",
        shape: &rich::BLOCK,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "section",
        shape: &SECTION,
        surfaces: EVERYWHERE,
    },
    BlockKind {
        name: "table",
        shape: &TABLE,
        surfaces: MESSAGES,
    },
    BlockKind {
        name: "video",
        shape: &VIDEO,
        surfaces: EVERYWHERE,
    },
];

fn shape(name: &str) -> Option<&'static Shape> {
    KINDS.iter().find(|kind| kind.name == name).map(|kind| kind.shape)
}

static ACTIONS_BLOCK: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("elements", Kind::List(&Kind::Typed(element::shape, ACTIONS), 1, 25)),
    ],
    also: nothing_else,
};

static ALERT: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("text", Kind::Text(3000)),
        may("level", Kind::Of(&["default", "info", "warning", "error", "success"])),
    ],
    also: nothing_else,
};

static CARD: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        may("hero_image", Kind::Typed(element::shape, &["image"])),
        may("icon", Kind::Typed(element::shape, &["image"])),
        may("title", Kind::Text(150)),
        may("subtitle", Kind::Text(150)),
        may("body", Kind::Text(200)),
        may("actions", Kind::List(&Kind::Typed(element::shape, &["button"]), 1, 25)),
    ],
    also: |check, object| {
        if !["hero_image", "title", "actions", "body"]
            .iter()
            .any(|name| object.has(name))
        {
            check.say(
                "must have at least one of: hero_image, title, actions, body",
                &object.at,
            );
        }
    },
};

static CAROUSEL: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("elements", Kind::List(&Kind::Typed(shape, &["card"]), 1, 10)),
    ],
    also: nothing_else,
};

static CONTEXT: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must(
            "elements",
            Kind::List(&Kind::Typed(context_part, &["image", "mrkdwn", "plain_text"]), 1, 10),
        ),
    ],
    also: nothing_else,
};

fn context_part(name: &str) -> Option<&'static Shape> {
    match name {
        "mrkdwn" | "plain_text" => Some(&WORDS),
        _ => element::shape(name),
    }
}

/// A text object met where its type was already looked at.
static WORDS: Shape = Shape {
    fields: &[
        may("text", Kind::Any),
        may("emoji", Kind::Any),
        may("verbatim", Kind::Any),
    ],
    also: |check, object| {
        let value = Value::Object(object.map.clone());
        text::check(check, &value, &["plain_text", "mrkdwn"], 3000, &object.at);
    },
};

static CONTEXT_ACTIONS: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must(
            "elements",
            Kind::List(&Kind::Typed(element::shape, &["feedback_buttons", "icon_button"]), 1, 5),
        ),
    ],
    also: nothing_else,
};

static DIVIDER: Shape = Shape {
    fields: &[may("block_id", Kind::Id)],
    also: nothing_else,
};

/// Of files only those kept elsewhere can be put in by an app.
static FILE: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("external_id", Kind::Str(1, 255)),
        must("source", Kind::Of(&["remote"])),
    ],
    also: nothing_else,
};

static HEADER: Shape = Shape {
    fields: &[may("block_id", Kind::Id), must("text", Kind::Plain(150))],
    also: nothing_else,
};

static IMAGE: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("alt_text", Kind::Str(1, 2000)),
        may("image_url", Kind::Url(3000)),
        may("slack_file", Kind::Object(&SLACK_FILE)),
        may("title", Kind::Plain(2000)),
    ],
    also: one_source,
};

static INPUT: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("label", Kind::Plain(2000)),
        must("element", Kind::Typed(element::shape, INPUTS)),
        may("dispatch_action", Kind::Flag),
        may("hint", Kind::Plain(2000)),
        may("optional", Kind::Flag),
    ],
    also: |check, object| {
        let dispatches = object.get("dispatch_action").and_then(Value::as_bool) == Some(true);
        let element = object
            .get("element")
            .and_then(|element| element.get("type"))
            .and_then(Value::as_str);
        if dispatches && element == Some("file_input") {
            check.say("`dispatch_action` cannot be used with `file_input`", &object.at);
        }
    },
};

/// The limit is for all markdown of a message.
static MARKDOWN: Shape = Shape {
    fields: &[may("block_id", Kind::Id), must("text", Kind::Str(1, MARKDOWN_TEXT))],
    also: |check, object| {
        let length = object.str("text").map_or(0, |text| text.chars().count());
        let before = check.markdown;
        check.markdown += length;
        if length <= MARKDOWN_TEXT && before <= MARKDOWN_TEXT && check.markdown > MARKDOWN_TEXT {
            let what = format!(
                "must be less than {} characters in all markdown blocks",
                MARKDOWN_TEXT + 1
            );
            check.say(what, &object.below("text"));
        }
    },
};

static SECTION: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        may("text", Kind::Text(3000)),
        may("fields", Kind::List(&Kind::Text(2000), 1, 10)),
        may("accessory", Kind::Typed(element::shape, ACCESSORIES)),
        may("expand", Kind::Flag),
    ],
    also: |check, object| {
        if !object.has("text") && !object.has("fields") {
            check.say("missing required field: text", &object.at);
        }
    },
};

static TABLE: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must(
            "rows",
            Kind::List(
                &Kind::List(
                    &Kind::Typed(rich::cell, &["raw_text", "raw_number", "rich_text"]),
                    1,
                    20,
                ),
                1,
                100,
            ),
        ),
        may("column_settings", Kind::List(&Kind::Object(&COLUMN), 1, 20)),
    ],
    also: one_table,
};

static COLUMN: Shape = Shape {
    fields: &[
        may("align", Kind::Of(&["left", "center", "right"])),
        may("is_wrapped", Kind::Flag),
    ],
    also: nothing_else,
};

fn one_table(check: &mut Check, object: &Object<'_>) {
    check.tables += 1;
    if check.tables > 1 {
        check.say("only one table is allowed in a message", &object.at);
    }
}

static VIDEO: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("alt_text", Kind::Str(1, 2000)),
        must("title", Kind::Plain(199)),
        must("thumbnail_url", Kind::Url(3000)),
        must("video_url", Kind::Url(3000)),
        may("title_url", Kind::Url(3000)),
        may("author_name", Kind::Str(1, 49)),
        may("description", Kind::Plain(199)),
        may("provider_icon_url", Kind::Url(3000)),
        may("provider_name", Kind::Str(1, 255)),
    ],
    also: nothing_else,
};
