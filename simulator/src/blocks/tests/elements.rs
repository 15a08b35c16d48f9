//! Elements, in an actions or an input block.

use super::*;

fn in_actions(element: &Value) -> Result<(), Problems> {
    message_of(&json!({"type": "actions", "elements": [element]}))
}

fn in_input(element: &Value) -> Result<(), Problems> {
    message_of(&json!({"type": "input", "label": plain("a"), "element": element}))
}

#[test]
fn buttons() {
    let button = json!({"type": "button", "text": plain("Go")});
    let of = |fields: Value| with(&button, fields);
    all(
        in_actions,
        vec![
            case(
                of(json!({"text": plain(x(75))})),
                of(json!({"text": plain(x(76))})),
                "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
            ),
            case(
                of(json!({})),
                of(json!({"text": mrkdwn("Go")})),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]",
            ),
            case(
                of(json!({})),
                of(json!({"text": null})),
                "[ERROR] missing required field: text [json-pointer:/blocks/0/elements/0]",
            ),
            case(
                of(json!({"value": x(2000)})),
                of(json!({"value": x(2001)})),
                "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
            ),
            case(
                of(json!({"value": "1"})),
                of(json!({"value": 1})),
                "[ERROR] must provide a string [json-pointer:/blocks/0/elements/0/value]",
            ),
            case(
                of(json!({"url": format!("https://e.com/{}", x(2986))})),
                of(json!({"url": format!("https://e.com/{}", x(2987))})),
                "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
            ),
            case(
                of(json!({"url": "slack://app?team=T1&id=A1&tab=home"})),
                of(json!({"url": "javascript:alert(1)"})),
                "[ERROR] must be a valid url [json-pointer:/blocks/0/elements/0/url]",
            ),
            case(
                of(json!({"style": "danger"})),
                of(json!({"style": "default"})),
                "[ERROR] must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
            ),
            case(
                of(json!({"accessibility_label": x(75)})),
                of(json!({"accessibility_label": x(76)})),
                "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/accessibility_label]",
            ),
            case(
                of(json!({"action_id": x(255)})),
                of(json!({"action_id": x(256)})),
                "[ERROR] must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
            ),
            case(
                of(json!({"value": "1"})),
                of(json!({"valeu": "1"})),
                "[ERROR] invalid additional property: valeu [json-pointer:/blocks/0/elements/0]",
            ),
            case(
                json!({"type": "workflow_button", "text": plain("Go"), "workflow": {"trigger": {"url": "https://e.com"}}}),
                json!({"type": "workflow_button", "text": plain("Go")}),
                "[ERROR] missing required field: workflow [json-pointer:/blocks/0/elements/0]",
            ),
        ],
    );
}

#[test]
fn confirm_dialogs() {
    let confirm = json!({"title": plain("a"), "text": mrkdwn("a"), "confirm": plain("Yes"), "deny": plain("No")});
    let of = |fields: Value| json!({"type": "button", "text": plain("Go"), "confirm": with(&confirm, fields)});
    all(
        in_actions,
        vec![
            case(
                of(json!({"title": plain(x(100))})),
                of(json!({"title": plain(x(101))})),
                "[ERROR] must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
            ),
            case(
                of(json!({"text": plain(x(300))})),
                of(json!({"text": plain(x(301))})),
                "[ERROR] must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
            ),
            case(
                of(json!({"confirm": plain(x(30))})),
                of(json!({"confirm": plain(x(31))})),
                "[ERROR] must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]",
            ),
            case(
                of(json!({"deny": plain(x(30))})),
                of(json!({"deny": plain(x(31))})),
                "[ERROR] must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
            ),
            case(
                of(json!({"style": "danger"})),
                of(json!({"style": "loud"})),
                "[ERROR] must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/confirm/style]",
            ),
            case(
                of(json!({})),
                of(json!({"deny": null})),
                "[ERROR] missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]",
            ),
        ],
    );
}

#[test]
fn static_selects() {
    let select = json!({"type": "static_select", "options": options(2)});
    let of = |fields: Value| with(&select, fields);
    let group = |count: usize| json!({"label": plain("g"), "options": options(count)});
    let grouped = |groups: Vec<Value>| of(json!({"options": null, "option_groups": groups}));
    all(
        in_input,
        vec![
            case(
                of(json!({"options": options(100)})),
                of(json!({"options": options(101)})),
                "[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/element/options]",
            ),
            case(
                of(json!({})),
                of(json!({"options": []})),
                "[ERROR] no less than 1 items allowed [json-pointer:/blocks/0/element/options]",
            ),
            case(
                of(json!({})),
                of(json!({"options": null})),
                "[ERROR] missing required field: options [json-pointer:/blocks/0/element]",
            ),
            case(
                grouped(vec![group(1)]),
                of(json!({"option_groups": [group(1)]})),
                "[ERROR] must provide only one of: options, option_groups [json-pointer:/blocks/0/element]",
            ),
            case(
                grouped(times(100, &group(100))),
                grouped(times(101, &group(1))),
                "[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/element/option_groups]",
            ),
            case(
                grouped(vec![group(100)]),
                grouped(vec![group(101)]),
                "[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/element/option_groups/0/options]",
            ),
            case(
                grouped(vec![json!({"label": plain(x(75)), "options": options(1)})]),
                grouped(vec![json!({"label": plain(x(76)), "options": options(1)})]),
                "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/element/option_groups/0/label/text]",
            ),
            case(
                of(json!({"initial_option": option("1")})),
                of(json!({"initial_option": option("7")})),
                "[ERROR] must match one of the options [json-pointer:/blocks/0/element/initial_option]",
            ),
            case(
                of(
                    json!({"initial_option": {"text": {"type": "plain_text", "text": "1", "emoji": true}, "value": "1"}}),
                ),
                of(json!({"initial_option": {"text": plain("2"), "value": "1"}})),
                "[ERROR] must match one of the options [json-pointer:/blocks/0/element/initial_option]",
            ),
            case(
                with(&grouped(vec![group(2)]), json!({"initial_option": option("1")})),
                with(&grouped(vec![group(2)]), json!({"initial_option": option("2")})),
                "[ERROR] must match one of the options [json-pointer:/blocks/0/element/initial_option]",
            ),
            case(
                of(json!({"placeholder": plain(x(150))})),
                of(json!({"placeholder": plain(x(151))})),
                "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/element/placeholder/text]",
            ),
            case(
                of(json!({"placeholder": plain("a")})),
                of(json!({"placeholder": mrkdwn("a")})),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/element/placeholder/type]",
            ),
            case(
                of(json!({})),
                of(json!({"min_query_length": 1})),
                "[ERROR] invalid additional property: min_query_length [json-pointer:/blocks/0/element]",
            ),
        ],
    );
}

#[test]
fn the_parts_of_an_option() {
    let of = |fields: Value| json!({"type": "static_select", "options": [with(&option("1"), fields)]});
    all(
        in_input,
        vec![
            case(
                of(json!({"text": plain(x(75))})),
                of(json!({"text": plain(x(76))})),
                "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/element/options/0/text/text]",
            ),
            case(
                of(json!({})),
                of(json!({"text": mrkdwn("a")})),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/element/options/0/text/type]",
            ),
            case(
                of(json!({"value": x(150)})),
                of(json!({"value": x(151)})),
                "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/element/options/0/value]",
            ),
            case(
                of(json!({})),
                of(json!({"value": ""})),
                "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/element/options/0/value]",
            ),
            case(
                of(json!({"description": plain(x(75))})),
                of(json!({"description": plain(x(76))})),
                "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/element/options/0/description/text]",
            ),
            case(
                of(json!({})),
                of(json!({"url": "https://example.com"})),
                "[ERROR] invalid additional property: url [json-pointer:/blocks/0/element/options/0]",
            ),
            case(
                of(json!({})),
                of(json!({"type": "option"})),
                "[ERROR] invalid additional property: type [json-pointer:/blocks/0/element/options/0]",
            ),
        ],
    );
}

#[test]
fn multi_selects() {
    let select = json!({"type": "multi_static_select", "options": options(3)});
    let of = |fields: Value| with(&select, fields);
    all(
        in_input,
        vec![
            case(
                of(json!({"initial_options": [option("0"), option("2")]})),
                of(json!({"initial_options": [option("0"), option("3")]})),
                "[ERROR] must match one of the options [json-pointer:/blocks/0/element/initial_options/1]",
            ),
            case(
                of(json!({"max_selected_items": 1})),
                of(json!({"max_selected_items": 0})),
                "[ERROR] must be greater than 0 [json-pointer:/blocks/0/element/max_selected_items]",
            ),
            case(
                of(json!({"max_selected_items": 2, "initial_options": [option("0"), option("2")]})),
                of(json!({"max_selected_items": 1, "initial_options": [option("0"), option("2")]})),
                "[ERROR] no more than 1 items allowed [json-pointer:/blocks/0/element/initial_options]",
            ),
            case(
                json!({"type": "multi_users_select", "initial_users": ["U1"]}),
                json!({"type": "multi_users_select", "initial_users": "U1"}),
                "[ERROR] must provide an array [json-pointer:/blocks/0/element/initial_users]",
            ),
            case(
                json!({"type": "multi_channels_select", "initial_channels": ["C1"], "max_selected_items": 1}),
                json!({"type": "multi_channels_select", "initial_channels": ["C1", "C2"], "max_selected_items": 1}),
                "[ERROR] no more than 1 items allowed [json-pointer:/blocks/0/element/initial_channels]",
            ),
        ],
    );
}

#[test]
fn external_and_conversation_selects() {
    all(
        in_input,
        vec![
            case(
                json!({"type": "external_select", "min_query_length": 0, "initial_option": option("7")}),
                json!({"type": "external_select", "min_query_length": -1}),
                "[ERROR] must be greater than -1 [json-pointer:/blocks/0/element/min_query_length]",
            ),
            case(
                json!({"type": "external_select"}),
                json!({"type": "external_select", "options": options(1)}),
                "[ERROR] invalid additional property: options [json-pointer:/blocks/0/element]",
            ),
            case(
                json!({"type": "multi_external_select", "min_query_length": 1}),
                json!({"type": "multi_external_select", "min_query_length": "1"}),
                "[ERROR] must provide an integer [json-pointer:/blocks/0/element/min_query_length]",
            ),
            case(
                json!({"type": "users_select", "initial_user": "U1"}),
                json!({"type": "users_select", "initial_users": ["U1"]}),
                "[ERROR] invalid additional property: initial_users [json-pointer:/blocks/0/element]",
            ),
            case(
                json!({"type": "conversations_select", "filter": {"include": ["im", "public"]}}),
                json!({"type": "conversations_select", "filter": {"include": ["channel"]}}),
                "[ERROR] must be a valid enum value: im, mpim, private, public [json-pointer:/blocks/0/element/filter/include/0]",
            ),
            case(
                json!({"type": "conversations_select", "filter": {"exclude_bot_users": true}}),
                json!({"type": "conversations_select", "filter": {}}),
                "[ERROR] must have at least one of: include, exclude_external_shared_channels, exclude_bot_users [json-pointer:/blocks/0/element/filter]",
            ),
            case(
                json!({"type": "channels_select", "response_url_enabled": false}),
                json!({"type": "channels_select", "response_url_enabled": true}),
                "[ERROR] `response_url_enabled` can only be used in `input` blocks of modals [json-pointer:/blocks/0/element]",
            ),
        ],
    );
}

#[test]
fn overflow_checkboxes_and_radio_buttons() {
    let mrkdwn_option = json!({"text": mrkdwn("*a*"), "value": "a", "description": mrkdwn("b")});
    all(
        in_actions,
        vec![
            case(
                json!({"type": "overflow", "options": options(5)}),
                json!({"type": "overflow", "options": options(6)}),
                "[ERROR] no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
            ),
            case(
                json!({"type": "overflow", "options": options(1)}),
                json!({"type": "overflow", "options": []}),
                "[ERROR] no less than 1 items allowed [json-pointer:/blocks/0/elements/0/options]",
            ),
            case(
                json!({"type": "overflow", "options": [with(&option("1"), json!({"url": "https://example.com"}))]}),
                json!({"type": "overflow", "options": [with(&option("1"), json!({"url": "example"}))]}),
                "[ERROR] must be a valid url [json-pointer:/blocks/0/elements/0/options/0/url]",
            ),
            case(
                json!({"type": "checkboxes", "options": options(10)}),
                json!({"type": "checkboxes", "options": options(11)}),
                "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
            ),
            case(
                json!({"type": "checkboxes", "options": [mrkdwn_option], "initial_options": [mrkdwn_option]}),
                json!({"type": "checkboxes", "options": options(2), "initial_options": [option("2")]}),
                "[ERROR] must match one of the options [json-pointer:/blocks/0/elements/0/initial_options/0]",
            ),
            case(
                json!({"type": "radio_buttons", "options": options(10)}),
                json!({"type": "radio_buttons", "options": options(11)}),
                "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
            ),
            case(
                json!({"type": "radio_buttons", "options": options(2), "initial_option": option("1")}),
                json!({"type": "radio_buttons", "options": options(2), "initial_option": option("2")}),
                "[ERROR] must match one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
            ),
            case(
                json!({"type": "radio_buttons", "options": options(2)}),
                json!({"type": "radio_buttons"}),
                "[ERROR] missing required field: options [json-pointer:/blocks/0/elements/0]",
            ),
        ],
    );
}

#[test]
fn dates_and_times() {
    all(
        in_actions,
        vec![
            case(
                json!({"type": "datepicker", "initial_date": "2028-02-29"}),
                json!({"type": "datepicker", "initial_date": "2027-02-29"}),
                "[ERROR] must match the format YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]",
            ),
            case(
                json!({"type": "datepicker", "initial_date": "2027-02-01"}),
                json!({"type": "datepicker", "initial_date": "2027-2-1"}),
                "[ERROR] must match the format YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]",
            ),
            case(
                json!({"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/Berlin"}),
                json!({"type": "timepicker", "initial_time": "24:00"}),
                "[ERROR] must match the format HH:mm [json-pointer:/blocks/0/elements/0/initial_time]",
            ),
            case(
                json!({"type": "timepicker", "initial_time": "09:05"}),
                json!({"type": "timepicker", "initial_time": "9:05"}),
                "[ERROR] must match the format HH:mm [json-pointer:/blocks/0/elements/0/initial_time]",
            ),
            case(
                json!({"type": "datetimepicker", "initial_date_time": 1_700_000_000}),
                json!({"type": "datetimepicker", "initial_date_time": 1_700_000_000_000_i64}),
                "[ERROR] must be less than 10000000000 [json-pointer:/blocks/0/elements/0/initial_date_time]",
            ),
            case(
                json!({"type": "datetimepicker"}),
                json!({"type": "datetimepicker", "placeholder": plain("a")}),
                "[ERROR] invalid additional property: placeholder [json-pointer:/blocks/0/elements/0]",
            ),
        ],
    );
}

#[test]
fn text_inputs() {
    let of = |fields: Value| with(&json!({"type": "plain_text_input"}), fields);
    let rich = |part: &str| json!({"type": "rich_text_input", "initial_value": {"type": "rich_text", "elements": [{"type": part, "elements": []}]}});
    all(
        in_input,
        vec![
            case(
                of(json!({"min_length": 3000})),
                of(json!({"min_length": 3001})),
                "[ERROR] must be less than 3001 [json-pointer:/blocks/0/element/min_length]",
            ),
            case(
                of(json!({"max_length": 1})),
                of(json!({"max_length": 0})),
                "[ERROR] must be greater than 0 [json-pointer:/blocks/0/element/max_length]",
            ),
            case(
                of(json!({"min_length": 5, "max_length": 5})),
                of(json!({"min_length": 6, "max_length": 5})),
                "[ERROR] `min_length` must not be greater than `max_length` [json-pointer:/blocks/0/element]",
            ),
            case(
                of(json!({"max_length": 3, "initial_value": "abc"})),
                of(json!({"max_length": 3, "initial_value": "abcd"})),
                "[ERROR] must be less than 4 characters [json-pointer:/blocks/0/element/initial_value]",
            ),
            case(
                of(json!({"initial_value": x(3000), "multiline": true})),
                of(json!({"initial_value": x(3001)})),
                "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/element/initial_value]",
            ),
            case(
                of(
                    json!({"dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]}}),
                ),
                of(json!({"dispatch_action_config": {"trigger_actions_on": ["on_blur"]}})),
                "[ERROR] must be a valid enum value: on_enter_pressed, on_character_entered [json-pointer:/blocks/0/element/dispatch_action_config/trigger_actions_on/0]",
            ),
            case(
                of(json!({"placeholder": plain(x(150))})),
                of(json!({"placeholder": plain(x(151))})),
                "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/element/placeholder/text]",
            ),
            case(
                json!({"type": "email_text_input", "initial_value": "a@example.com"}),
                json!({"type": "email_text_input", "multiline": true}),
                "[ERROR] invalid additional property: multiline [json-pointer:/blocks/0/element]",
            ),
            case(
                json!({"type": "url_text_input", "focus_on_load": true}),
                json!({"type": "url_text_input", "max_length": 3}),
                "[ERROR] invalid additional property: max_length [json-pointer:/blocks/0/element]",
            ),
            case(
                rich("rich_text_section"),
                rich("section"),
                "[ERROR] unsupported type: section [json-pointer:/blocks/0/element/initial_value/elements/0/type]",
            ),
        ],
    );
}

#[test]
fn numbers_and_files() {
    let of = |fields: Value| with(&json!({"type": "number_input", "is_decimal_allowed": false}), fields);
    all(
        in_input,
        vec![
            case(
                of(json!({"min_value": "-1", "max_value": "5", "initial_value": "5"})),
                of(json!({"min_value": "6", "max_value": "5"})),
                "[ERROR] `min_value` must not be greater than `max_value` [json-pointer:/blocks/0/element]",
            ),
            case(
                of(json!({"min_value": "10", "max_value": "100", "initial_value": "9".repeat(2)})),
                of(json!({"min_value": "10", "max_value": "100", "initial_value": "9"})),
                "[ERROR] must be between `min_value` and `max_value` [json-pointer:/blocks/0/element/initial_value]",
            ),
            case(
                of(json!({"is_decimal_allowed": true, "initial_value": "1.5"})),
                of(json!({"initial_value": "1.5"})),
                "[ERROR] must be an integer [json-pointer:/blocks/0/element/initial_value]",
            ),
            case(
                of(json!({"min_value": "1"})),
                of(json!({"min_value": 1})),
                "[ERROR] must provide a string [json-pointer:/blocks/0/element/min_value]",
            ),
            case(
                of(json!({})),
                of(json!({"is_decimal_allowed": null})),
                "[ERROR] missing required field: is_decimal_allowed [json-pointer:/blocks/0/element]",
            ),
            case(
                json!({"type": "file_input", "max_files": 10, "filetypes": ["pdf"]}),
                json!({"type": "file_input", "max_files": 11}),
                "[ERROR] must be less than 11 [json-pointer:/blocks/0/element/max_files]",
            ),
        ],
    );
}

#[test]
fn suggestions() {
    all(
        check_suggestions,
        vec![
            case(
                json!({"options": options(100)}),
                json!({"options": options(101)}),
                "[ERROR] no more than 100 items allowed [json-pointer:/options]",
            ),
            case(
                json!({"options": []}),
                json!({}),
                "[ERROR] missing required field: options [json-pointer:]",
            ),
            case(
                json!({"option_groups": [{"label": plain("a"), "options": options(1)}]}),
                json!({"option_groups": [{"label": plain("a"), "options": []}]}),
                "[ERROR] no less than 1 items allowed [json-pointer:/option_groups/0/options]",
            ),
            case(
                json!({"options": options(1)}),
                json!({"options": options(1), "option_groups": []}),
                "[ERROR] must provide only one of: options, option_groups [json-pointer:]",
            ),
            case(
                json!({"options": options(1)}),
                json!({"options": [{"text": plain(x(76)), "value": "a"}]}),
                "[ERROR] must be less than 76 characters [json-pointer:/options/0/text/text]",
            ),
        ],
    );
}
