//! Rich text and table cells: docs.slack.dev/reference/block-kit/blocks/rich-text-block.

use super::check::{Kind, Shape, may, must, nothing_else};

/// The `rich_text` block.
pub(super) static BLOCK: Shape = Shape {
    fields: &[
        may("block_id", Kind::Id),
        must("elements", Kind::List(&Kind::Typed(part, PARTS), 0, usize::MAX - 1)),
    ],
    also: nothing_else,
};

/// The block where it stands as a value.
pub(super) fn block(_: &str) -> Option<&'static Shape> {
    Some(&BLOCK)
}

/// A cell of a table.
pub(super) fn cell(name: &str) -> Option<&'static Shape> {
    match name {
        "rich_text" => Some(&BLOCK),
        "raw_text" => Some(&RAW_TEXT),
        "raw_number" => Some(&RAW_NUMBER),
        _ => None,
    }
}

static RAW_TEXT: Shape = Shape {
    fields: &[must("text", Kind::Str(1, 3000))],
    also: nothing_else,
};
static RAW_NUMBER: Shape = Shape {
    fields: &[must("value", Kind::Any), may("text", Kind::Str(1, 3000))],
    also: nothing_else,
};

const PARTS: &[&str] = &[
    "rich_text_section",
    "rich_text_list",
    "rich_text_preformatted",
    "rich_text_quote",
];
const MANY: usize = usize::MAX - 1;

fn part(name: &str) -> Option<&'static Shape> {
    match name {
        "rich_text_section" => Some(&SECTION),
        "rich_text_list" => Some(&LIST),
        "rich_text_preformatted" => Some(&PREFORMATTED),
        "rich_text_quote" => Some(&QUOTE),
        _ => None,
    }
}

const WORDS: Kind = Kind::List(
    &Kind::Typed(
        word,
        &[
            "broadcast",
            "channel",
            "color",
            "date",
            "emoji",
            "link",
            "team",
            "text",
            "user",
            "usergroup",
        ],
    ),
    0,
    MANY,
);

static SECTION: Shape = Shape {
    fields: &[must("elements", WORDS)],
    also: nothing_else,
};

static QUOTE: Shape = Shape {
    fields: &[must("elements", WORDS), may("border", Kind::Whole(0, 1))],
    also: nothing_else,
};

static PREFORMATTED: Shape = Shape {
    fields: &[
        must("elements", Kind::List(&Kind::Typed(word, &["link", "text"]), 0, MANY)),
        may("border", Kind::Whole(0, 1)),
        may("language", Kind::Str(1, 255)),
    ],
    also: nothing_else,
};

static LIST: Shape = Shape {
    fields: &[
        must("style", Kind::Of(&["bullet", "ordered"])),
        must(
            "elements",
            Kind::List(&Kind::Typed(part, &["rich_text_section"]), 0, MANY),
        ),
        may("indent", Kind::Whole(0, 8)),
        may("offset", Kind::Whole(0, i64::MAX - 1)),
        may("border", Kind::Whole(0, 1)),
    ],
    also: nothing_else,
};

fn word(name: &str) -> Option<&'static Shape> {
    Some(match name {
        "broadcast" => &BROADCAST,
        "channel" => &CHANNEL,
        "color" => &COLOR,
        "date" => &DATE,
        "emoji" => &EMOJI,
        "link" => &LINK,
        "team" => &TEAM,
        "text" => &TEXT,
        "user" => &USER,
        "usergroup" => &GROUP,
        _ => return None,
    })
}

static STYLE: Shape = Shape {
    fields: &[
        may("bold", Kind::Flag),
        may("italic", Kind::Flag),
        may("strike", Kind::Flag),
        may("code", Kind::Flag),
        may("underline", Kind::Flag),
        may("highlight", Kind::Flag),
        may("client_highlight", Kind::Flag),
        may("unlink", Kind::Flag),
    ],
    also: nothing_else,
};
const STYLED: Kind = Kind::Object(&STYLE);
const ID: Kind = Kind::Str(1, 255);

static BROADCAST: Shape = Shape {
    fields: &[
        must("range", Kind::Of(&["here", "channel", "everyone"])),
        may("style", STYLED),
    ],
    also: nothing_else,
};
static CHANNEL: Shape = Shape {
    fields: &[must("channel_id", ID), may("style", STYLED)],
    also: nothing_else,
};
static COLOR: Shape = Shape {
    fields: &[must("value", ID), may("style", STYLED)],
    also: nothing_else,
};
static DATE: Shape = Shape {
    fields: &[
        must("timestamp", Kind::Whole(0, 9_999_999_999)),
        must("format", Kind::Str(1, 3000)),
        may("url", Kind::Link(3000)),
        may("fallback", Kind::Str(1, 3000)),
        may("style", STYLED),
    ],
    also: nothing_else,
};
static EMOJI: Shape = Shape {
    fields: &[
        must("name", ID),
        may("unicode", ID),
        may("url", Kind::Url(3000)),
        may("skin_tone", Kind::Whole(1, 6)),
        may("style", STYLED),
    ],
    also: nothing_else,
};
static LINK: Shape = Shape {
    fields: &[
        must("url", Kind::Str(1, 3000)),
        may("text", Kind::Str(0, 3000)),
        may("unsafe", Kind::Flag),
        may("style", STYLED),
    ],
    also: nothing_else,
};
static TEAM: Shape = Shape {
    fields: &[must("team_id", ID), may("style", STYLED)],
    also: nothing_else,
};
static TEXT: Shape = Shape {
    fields: &[must("text", Kind::Str(1, MANY)), may("style", STYLED)],
    also: nothing_else,
};
static USER: Shape = Shape {
    fields: &[must("user_id", ID), may("style", STYLED)],
    also: nothing_else,
};
static GROUP: Shape = Shape {
    fields: &[must("usergroup_id", ID), may("style", STYLED)],
    also: nothing_else,
};
