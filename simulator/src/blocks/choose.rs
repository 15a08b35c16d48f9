//! What several elements share: options, groups, the confirm dialog, the filter of conversations.

use serde_json::Value;

use super::check::{Check, Kind, Object, Shape, may, must, nothing_else};

/// docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
pub(super) static CONFIRM: Shape = Shape {
    fields: &[
        must("title", Kind::Plain(100)),
        must("text", Kind::Text(300)),
        must("confirm", Kind::Plain(30)),
        must("deny", Kind::Plain(30)),
        may("style", Kind::Of(&["primary", "danger"])),
    ],
    also: nothing_else,
};

/// docs.slack.dev/reference/block-kit/composition-objects/option-object, as selects have it.
pub(super) static OPTION: Shape = Shape {
    fields: &[
        must("text", Kind::Plain(75)),
        must("value", Kind::Str(1, 150)),
        may("description", Kind::Plain(75)),
    ],
    also: nothing_else,
};

/// An option of checkboxes and radio buttons: mrkdwn is allowed.
pub(super) static BOX: Shape = Shape {
    fields: &[
        must("text", Kind::Text(75)),
        must("value", Kind::Str(1, 150)),
        may("description", Kind::Text(75)),
    ],
    also: nothing_else,
};

/// An option of an overflow menu: it may open a page.
pub(super) static ENTRY: Shape = Shape {
    fields: &[
        must("text", Kind::Plain(75)),
        must("value", Kind::Str(1, 150)),
        may("description", Kind::Plain(75)),
        may("url", Kind::Link(3000)),
    ],
    also: nothing_else,
};

/// docs.slack.dev/reference/block-kit/composition-objects/option-group-object
pub(super) static GROUP: Shape = Shape {
    fields: &[
        must("label", Kind::Plain(75)),
        must("options", Kind::List(&Kind::Object(&OPTION), 1, 100)),
    ],
    also: nothing_else,
};

/// docs.slack.dev/reference/block-kit/composition-objects/conversation-filter-object
pub(super) static FILTER: Shape = Shape {
    fields: &[
        may(
            "include",
            Kind::List(&Kind::Of(&["im", "mpim", "private", "public"]), 1, 4),
        ),
        may("exclude_external_shared_channels", Kind::Flag),
        may("exclude_bot_users", Kind::Flag),
    ],
    also: |check, object| {
        if object.map.is_empty() {
            check.say(
                "must have at least one of: include, exclude_external_shared_channels, exclude_bot_users",
                &object.at,
            );
        }
    },
};

/// docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object
pub(super) static DISPATCH: Shape = Shape {
    fields: &[may(
        "trigger_actions_on",
        Kind::List(&Kind::Of(&["on_enter_pressed", "on_character_entered"]), 1, 2),
    )],
    also: nothing_else,
};

/// A select has either options or groups, and what is chosen at first is one of them.
pub(super) fn options_or_groups(check: &mut Check, object: &Object<'_>) {
    match (object.has("options"), object.has("option_groups")) {
        (true, true) => check.say("must provide only one of: options, option_groups", &object.at),
        (false, false) => check.say("missing required field: options", &object.at),
        _ => {}
    }
    initial_among_options(check, object);
}

/// `initial_option` and `initial_options` repeat options of the element.
pub(super) fn initial_among_options(check: &mut Check, object: &Object<'_>) {
    let groups = object
        .get("option_groups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let grouped = groups.filter_map(|group| group.get("options")?.as_array()).flatten();
    let options: Vec<_> = object
        .get("options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .chain(grouped)
        .map(identity)
        .collect();
    if let Some(initial) = object.get("initial_option")
        && !options.contains(&identity(initial))
    {
        check.say("must match one of the options", &object.below("initial_option"));
    }
    for (index, initial) in object
        .get("initial_options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        if !options.contains(&identity(initial)) {
            check.say(
                "must match one of the options",
                &format!("{}/initial_options/{index}", object.at),
            );
        }
    }
}

/// No more is chosen at first than may be chosen.
pub(super) fn at_most_selected(check: &mut Check, object: &Object<'_>) {
    let Some(most) = object.get("max_selected_items").and_then(Value::as_u64) else {
        return;
    };
    for name in [
        "initial_options",
        "initial_users",
        "initial_conversations",
        "initial_channels",
    ] {
        let chosen = object.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        if chosen as u64 > most {
            check.say(format_args!("no more than {most} items allowed"), &object.below(name));
        }
    }
}

/// What makes an option the same: flags such as `emoji` may differ, since Slack fills them in.
fn identity(option: &Value) -> (Option<&str>, Option<&str>, Option<&str>) {
    let text = option.get("text");
    (
        option.get("value").and_then(Value::as_str),
        text.and_then(|text| text.get("type")).and_then(Value::as_str),
        text.and_then(|text| text.get("text")).and_then(Value::as_str),
    )
}

/// The answer to a `block_suggestion`.
pub(super) fn suggestions(check: &mut Check, answer: &Value) {
    static ANSWER: Shape = Shape {
        fields: &[
            may(
                "options",
                Kind::List(&Kind::Object(&OPTION), 0, crate::rules::SUGGESTIONS),
            ),
            may(
                "option_groups",
                Kind::List(&Kind::Object(&GROUP), 0, crate::rules::SUGGESTIONS),
            ),
        ],
        also: |check, object| match (object.has("options"), object.has("option_groups")) {
            (true, true) => check.say("must provide only one of: options, option_groups", &object.at),
            (false, false) => check.say("missing required field: options", &object.at),
            _ => {}
        },
    };
    if let Some(object) = check.object(answer, "") {
        check.shape(&object, &ANSWER);
    }
}
