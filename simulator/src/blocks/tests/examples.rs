//! Whole messages and views that Slack takes, and junk that must not bring anything down.

use super::*;

/// A message with a block of every kind it may have, and every element of an actions block.
fn message() -> Value {
    let confirm = json!({"title": plain("Sure?"), "text": mrkdwn("*Really*"), "confirm": plain("Yes"), "deny": plain("No"),
        "style": "danger"});
    json!({
        "text": "fallback",
        "blocks": [
            {"type": "header", "block_id": "h", "text": plain("Access to github")},
            {"type": "section", "text": mrkdwn("<@U1> asks for <https://example.com/a?b=1&amp;c=2|github>"),
             "accessory": {"type": "overflow", "action_id": "more", "options": options(2), "confirm": confirm}},
            {"type": "section", "fields": [mrkdwn("*Role*\nadmin"), mrkdwn("*Until*\ntomorrow")]},
            {"type": "divider"},
            {"type": "context", "elements": [mrkdwn("asked <!date^1700000000^{date}|on Tuesday>"), plain("by hand")]},
            {"type": "image", "title": plain("Map"), "image_url": "https://example.com/a.png", "alt_text": "a map"},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "user", "user_id": "U1"}, {"type": "text", "text": " says hi", "style": {"bold": true}}]}]},
            {"type": "markdown", "text": "**bold**"},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_number", "value": 3}]]},
            {"type": "video", "alt_text": "a", "title": plain("Tour"), "video_url": "https://example.com/v",
             "thumbnail_url": "https://example.com/t.png"},
            {"type": "file", "external_id": "plan", "source": "remote"},
            {"type": "actions", "block_id": "act", "elements": [
                {"type": "button", "action_id": "ok", "text": plain("Approve"), "style": "primary", "value": "1", "confirm": confirm},
                {"type": "static_select", "action_id": "s", "placeholder": plain("Pick"), "options": options(3), "initial_option": option("1")},
                {"type": "external_select", "action_id": "e", "min_query_length": 0},
                {"type": "users_select", "action_id": "u", "initial_user": "U1"},
                {"type": "channels_select", "action_id": "c"},
                {"type": "conversations_select", "action_id": "v", "filter": {"include": ["im"]}},
                {"type": "multi_users_select", "action_id": "mu", "max_selected_items": 3},
                {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-21"},
                {"type": "timepicker", "action_id": "t", "initial_time": "09:30"},
                {"type": "datetimepicker", "action_id": "dt", "initial_date_time": 1_700_000_000},
                {"type": "checkboxes", "action_id": "cb", "options": options(2), "initial_options": [option("0")]},
                {"type": "radio_buttons", "action_id": "rb", "options": options(2)},
                {"type": "overflow", "action_id": "o", "options": options(2)},
            ]},
            {"type": "input", "block_id": "note", "label": plain("Note"), "dispatch_action": true, "element":
                {"type": "plain_text_input", "action_id": "text", "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]}}},
        ],
        "attachments": [{"color": "#36a64f", "fallback": "a", "fields": [{"title": "a", "value": "b"}]}],
        "state": {"values": {"note": {"text": {"type": "plain_text_input", "value": "typed"}}}},
    })
}

/// A modal with every element of an input block.
fn form() -> Value {
    let inputs = [
        json!({"type": "plain_text_input", "multiline": true, "min_length": 1, "max_length": 200, "focus_on_load": true}),
        json!({"type": "email_text_input"}),
        json!({"type": "url_text_input", "placeholder": plain("https://")}),
        json!({"type": "number_input", "is_decimal_allowed": true, "min_value": "0", "max_value": "9"}),
        json!({"type": "rich_text_input"}),
        json!({"type": "file_input", "max_files": 2}),
        json!({"type": "static_select", "option_groups": [{"label": plain("g"), "options": options(2)}]}),
        json!({"type": "multi_static_select", "options": options(2), "initial_options": options(1)}),
        json!({"type": "external_select", "initial_option": option("9")}),
        json!({"type": "multi_external_select", "max_selected_items": 1}),
        json!({"type": "conversations_select", "default_to_current_conversation": true, "response_url_enabled": true}),
        json!({"type": "multi_conversations_select"}),
        json!({"type": "channels_select"}),
        json!({"type": "multi_channels_select"}),
        json!({"type": "users_select"}),
        json!({"type": "multi_users_select", "initial_users": ["U1"]}),
        json!({"type": "datepicker"}),
        json!({"type": "timepicker"}),
        json!({"type": "datetimepicker"}),
        json!({"type": "checkboxes", "options": options(2)}),
        json!({"type": "radio_buttons", "options": options(2)}),
    ];
    let blocks: Vec<_> = inputs
        .iter()
        .map(|element| json!({"type": "input", "label": plain("Label"), "hint": plain("Hint"), "optional": true, "element": element}))
        .collect();
    json!({"type": "modal", "title": plain("Ask"), "submit": plain("Send"), "close": plain("Later"), "blocks": blocks,
        "callback_id": "ask", "private_metadata": "{}", "notify_on_close": true})
}

#[test]
fn one_of_everything_passes() {
    assert_eq!(check_message(&message()["blocks"]), Ok(()));
    assert_eq!(check_attachments(&message()["attachments"]), Ok(()));
    assert_eq!(check_view(&form()), Ok(()));
}

/// Every place of a good message and view is spoilt in turn: the checker and the renderer answer, whatever they are given.
#[test]
fn junk_brings_nothing_down() {
    let junk = [Value::Null, json!(-1), json!("<@"), json!([[]]), json!({"type": 1})];
    for good in [message(), form()] {
        for pointer in places(&good, String::new()) {
            for bad in &junk {
                let mut spoilt = good.clone();
                *spoilt.pointer_mut(&pointer).expect("listed from the same value") = bad.clone();
                _ = check_message(&spoilt["blocks"]);
                _ = check_attachments(&spoilt["attachments"]);
                _ = check_view(&spoilt);
                _ = check_suggestions(&spoilt);
                _ = render_message(&spoilt, &());
                _ = render_view(&spoilt, bad, bad, &());
            }
        }
    }
}

fn places(value: &Value, at: String) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (format!("{at}/{name}"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (format!("{at}/{index}"), value))
            .collect(),
        _ => Vec::new(),
    };
    let mut out = vec![at];
    for (at, value) in below {
        out.extend(places(value, at));
    }
    out
}
