//! The elements: docs.slack.dev/reference/block-kit/block-elements, a page for each.

use serde_json::Value;

use super::check::{Check, Kind, Object, Shape, Surface, may, must, nothing_else};
use super::choose::{
    BOX, CONFIRM, DISPATCH, ENTRY, FILTER, GROUP, OPTION, at_most_selected, initial_among_options, options_or_groups,
};
use super::rich;

/// The shape of an element of this type.
pub(super) fn shape(name: &str) -> Option<&'static Shape> {
    Some(match name {
        "button" => &BUTTON,
        "channels_select" => &CHANNELS,
        "checkboxes" => &CHECKBOXES,
        "conversations_select" => &CONVERSATIONS,
        "datepicker" => &DATE,
        "datetimepicker" => &DATE_TIME,
        "email_text_input" | "url_text_input" => &ONE_LINE,
        "external_select" => &EXTERNAL,
        "feedback_buttons" => &FEEDBACK,
        "file_input" => &FILES,
        "icon_button" => &ICON,
        "image" => &IMAGE,
        "multi_channels_select" => &MULTI_CHANNELS,
        "multi_conversations_select" => &MULTI_CONVERSATIONS,
        "multi_external_select" => &MULTI_EXTERNAL,
        "multi_static_select" => &MULTI_STATIC,
        "multi_users_select" => &MULTI_USERS,
        "number_input" => &NUMBER,
        "overflow" => &OVERFLOW,
        "plain_text_input" => &PLAIN_TEXT,
        "radio_buttons" => &RADIO,
        "rich_text_input" => &RICH_TEXT,
        "static_select" => &STATIC,
        "timepicker" => &TIME,
        "users_select" => &USERS,
        "workflow_button" => &WORKFLOW,
        _ => return None,
    })
}

/// What may stand beside the text of a section.
pub(super) const ACCESSORIES: &[&str] = &[
    "button",
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "external_select",
    "image",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
    "workflow_button",
];

/// What may stand in an actions block.
pub(super) const ACTIONS: &[&str] = &[
    "button",
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "external_select",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
    "workflow_button",
];

/// What may stand in an input block.
pub(super) const INPUTS: &[&str] = &[
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "email_text_input",
    "external_select",
    "file_input",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "number_input",
    "plain_text_input",
    "radio_buttons",
    "rich_text_input",
    "static_select",
    "timepicker",
    "url_text_input",
    "users_select",
];

const STYLE: Kind = Kind::Of(&["primary", "danger"]);
const PLACEHOLDER: Kind = Kind::Plain(150);
const LIST_OF_IDS: Kind = Kind::List(&Kind::Str(1, 255), 0, 100);
const OPTIONS: Kind = Kind::List(&Kind::Object(&OPTION), 1, 100);
const GROUPS: Kind = Kind::List(&Kind::Object(&GROUP), 1, 100);

static BUTTON: Shape = Shape {
    fields: &[
        must("text", Kind::Plain(75)),
        may("action_id", Kind::Id),
        may("url", Kind::Link(3000)),
        may("value", Kind::Str(0, 2000)),
        may("style", STYLE),
        may("confirm", Kind::Object(&CONFIRM)),
        may("accessibility_label", Kind::Str(1, 75)),
    ],
    also: nothing_else,
};

static WORKFLOW: Shape = Shape {
    fields: &[
        must("text", Kind::Plain(75)),
        must("workflow", Kind::Any),
        may("action_id", Kind::Id),
        may("style", STYLE),
        may("accessibility_label", Kind::Str(1, 75)),
    ],
    also: nothing_else,
};

static ICON: Shape = Shape {
    fields: &[
        must("icon", Kind::Of(&["trash"])),
        must("text", Kind::Plain(75)),
        may("action_id", Kind::Id),
        may("value", Kind::Str(0, 2000)),
        may("confirm", Kind::Object(&CONFIRM)),
        may("accessibility_label", Kind::Str(1, 75)),
        may("visible_to_user_ids", LIST_OF_IDS),
    ],
    also: nothing_else,
};

static FEEDBACK: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        must("positive_button", Kind::Object(&THUMB)),
        must("negative_button", Kind::Object(&THUMB)),
    ],
    also: nothing_else,
};

static THUMB: Shape = Shape {
    fields: &[
        must("text", Kind::Plain(75)),
        must("value", Kind::Str(1, 2000)),
        may("accessibility_label", Kind::Str(1, 75)),
    ],
    also: nothing_else,
};

/// As an element; as a block it may have a title.
static IMAGE: Shape = Shape {
    fields: &[
        must("alt_text", Kind::Str(1, 2000)),
        may("image_url", Kind::Url(3000)),
        may("slack_file", Kind::Object(&SLACK_FILE)),
    ],
    also: one_source,
};

pub(super) static SLACK_FILE: Shape = Shape {
    fields: &[may("id", Kind::Str(1, 255)), may("url", Kind::Url(3000))],
    also: |check, object| {
        if object.has("id") == object.has("url") {
            check.say("must provide one of: id, url", &object.at);
        }
    },
};

/// An image comes from one place.
pub(super) fn one_source(check: &mut Check, object: &Object<'_>) {
    match (object.has("image_url"), object.has("slack_file")) {
        (false, false) => check.say("missing required field: image_url", &object.at),
        (true, true) => check.say("must provide only one of: image_url, slack_file", &object.at),
        _ => {}
    }
}

static CHECKBOXES: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        must("options", Kind::List(&Kind::Object(&BOX), 1, 10)),
        may("initial_options", Kind::List(&Kind::Object(&BOX), 1, 10)),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: initial_among_options,
};

static RADIO: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        must("options", Kind::List(&Kind::Object(&BOX), 1, 10)),
        may("initial_option", Kind::Object(&BOX)),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: initial_among_options,
};

static OVERFLOW: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        must("options", Kind::List(&Kind::Object(&ENTRY), 1, 5)),
        may("confirm", Kind::Object(&CONFIRM)),
    ],
    also: nothing_else,
};

static STATIC: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("options", OPTIONS),
        may("option_groups", GROUPS),
        may("initial_option", Kind::Object(&OPTION)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: options_or_groups,
};

static MULTI_STATIC: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("options", OPTIONS),
        may("option_groups", GROUPS),
        may("initial_options", OPTIONS),
        may("max_selected_items", Kind::Whole(1, i64::MAX - 1)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: |check, object| {
        options_or_groups(check, object);
        at_most_selected(check, object);
    },
};

static EXTERNAL: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_option", Kind::Object(&OPTION)),
        may("min_query_length", Kind::Whole(0, i64::MAX - 1)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static MULTI_EXTERNAL: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_options", OPTIONS),
        may("min_query_length", Kind::Whole(0, i64::MAX - 1)),
        may("max_selected_items", Kind::Whole(1, i64::MAX - 1)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: at_most_selected,
};

static USERS: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_user", Kind::Str(1, 255)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static MULTI_USERS: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_users", LIST_OF_IDS),
        may("max_selected_items", Kind::Whole(1, i64::MAX - 1)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: at_most_selected,
};

static CONVERSATIONS: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_conversation", Kind::Str(1, 255)),
        may("default_to_current_conversation", Kind::Flag),
        may("response_url_enabled", Kind::Flag),
        may("filter", Kind::Object(&FILTER)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: response_url_in_modals,
};

static MULTI_CONVERSATIONS: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_conversations", LIST_OF_IDS),
        may("default_to_current_conversation", Kind::Flag),
        may("filter", Kind::Object(&FILTER)),
        may("max_selected_items", Kind::Whole(1, i64::MAX - 1)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: at_most_selected,
};

static CHANNELS: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_channel", Kind::Str(1, 255)),
        may("response_url_enabled", Kind::Flag),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: response_url_in_modals,
};

static MULTI_CHANNELS: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_channels", LIST_OF_IDS),
        may("max_selected_items", Kind::Whole(1, i64::MAX - 1)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: at_most_selected,
};

/// A response_url comes with the submission of a modal, so only an input there can ask for it.
fn response_url_in_modals(check: &mut Check, object: &Object<'_>) {
    let asked = object.get("response_url_enabled").and_then(Value::as_bool) == Some(true);
    if asked && (check.surface != Surface::Modal || check.block != "input") {
        check.say(
            "`response_url_enabled` can only be used in `input` blocks of modals",
            &object.at,
        );
    }
}

static DATE: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_date", Kind::Date),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static TIME: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_time", Kind::Time),
        may("timezone", Kind::Str(1, 255)),
        may("placeholder", PLACEHOLDER),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static DATE_TIME: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        // Seconds with ten digits: milliseconds are a common slip.
        may("initial_date_time", Kind::Whole(1_000_000_000, 9_999_999_999)),
        may("confirm", Kind::Object(&CONFIRM)),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static PLAIN_TEXT: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_value", Kind::Str(0, 3000)),
        may("multiline", Kind::Flag),
        may("min_length", Kind::Whole(0, 3000)),
        may("max_length", Kind::Whole(1, 3000)),
        may("dispatch_action_config", Kind::Object(&DISPATCH)),
        may("placeholder", PLACEHOLDER),
        may("focus_on_load", Kind::Flag),
    ],
    also: |check, object| {
        let least = object.get("min_length").and_then(Value::as_u64);
        let most = object.get("max_length").and_then(Value::as_u64);
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            check.say("`min_length` must not be greater than `max_length`", &object.at);
        }
        let length = object.str("initial_value").map_or(0, |value| value.chars().count());
        if let Some(most) = most.and_then(|most| usize::try_from(most).ok()) {
            check.length(length, 0, most, &object.below("initial_value"));
        }
    },
};

static ONE_LINE: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_value", Kind::Str(0, 3000)),
        may("dispatch_action_config", Kind::Object(&DISPATCH)),
        may("placeholder", PLACEHOLDER),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static RICH_TEXT: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("initial_value", Kind::Typed(rich::block, &["rich_text"])),
        may("dispatch_action_config", Kind::Object(&DISPATCH)),
        may("min_lines", Kind::Whole(1, 1000)),
        may("max_lines", Kind::Whole(1, 1000)),
        may("placeholder", PLACEHOLDER),
        may("focus_on_load", Kind::Flag),
    ],
    also: nothing_else,
};

static NUMBER: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        must("is_decimal_allowed", Kind::Flag),
        may("initial_value", Kind::Str(1, 255)),
        may("min_value", Kind::Str(1, 255)),
        may("max_value", Kind::Str(1, 255)),
        may("dispatch_action_config", Kind::Object(&DISPATCH)),
        may("placeholder", PLACEHOLDER),
        may("focus_on_load", Kind::Flag),
    ],
    also: numbers_in_order,
};

fn numbers_in_order(check: &mut Check, object: &Object<'_>) {
    let decimals = object.get("is_decimal_allowed").and_then(Value::as_bool) == Some(true);
    let mut number = |name: &str| {
        let text = object.str(name)?;
        let number = text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() && (decimals || !text.contains('.')));
        if number.is_none() {
            check.say(
                if decimals {
                    "must be a number"
                } else {
                    "must be an integer"
                },
                &object.below(name),
            );
        }
        number
    };
    let (least, initial, most) = (number("min_value"), number("initial_value"), number("max_value"));
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        check.say("`min_value` must not be greater than `max_value`", &object.at);
    }
    if least.zip(initial).is_some_and(|(least, initial)| initial < least)
        || most.zip(initial).is_some_and(|(most, initial)| initial > most)
    {
        check.say(
            "must be between `min_value` and `max_value`",
            &object.below("initial_value"),
        );
    }
}

static FILES: Shape = Shape {
    fields: &[
        may("action_id", Kind::Id),
        may("filetypes", Kind::List(&Kind::Str(1, 255), 1, 100)),
        may("max_files", Kind::Whole(1, 10)),
    ],
    also: nothing_else,
};
