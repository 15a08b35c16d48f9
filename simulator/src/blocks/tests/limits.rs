//! The lengths and the required fields of the rarer places, one line each.

use super::*;

/// A good block, its strings with the most characters each may have, and its objects with what each must have.
type Row = (
    Value,
    &'static [(&'static str, usize)],
    &'static [(&'static str, &'static str)],
);

fn rows() -> Vec<Row> {
    let url = "https://example.com";
    let image = json!({"type": "image", "image_url": url, "alt_text": "a"});
    let boxed = json!({"text": plain("a"), "value": "a", "description": plain("a")});
    let entry = with(&boxed, json!({"url": url}));
    let confirm = json!({"title": plain("a"), "text": plain("a"), "confirm": plain("a"), "deny": plain("a")});
    let thumb = json!({"text": plain("a"), "value": "a", "accessibility_label": "a"});
    let actions = |element: Value| json!({"type": "actions", "elements": [element]});
    let input = |element: Value| json!({"type": "input", "label": plain("a"), "element": element});
    let rich = |part: Value| json!({"type": "rich_text", "elements": [part]});
    let word = |word: Value| rich(json!({"type": "rich_text_section", "elements": [word]}));
    vec![
        (json!({"type": "header", "text": plain("a")}), &[], &[("", "text")]),
        (json!({"type": "markdown", "text": "a"}), &[], &[("", "text")]),
        (
            json!({"type": "context", "elements": [mrkdwn("a")]}),
            &[("/elements/0/text", 3000)],
            &[("", "elements")],
        ),
        (
            json!({"type": "context", "elements": [image]}),
            &[("/elements/0/alt_text", 2000), ("/elements/0/image_url", 3000)],
            &[("/elements/0", "alt_text"), ("/elements/0", "image_url")],
        ),
        (
            json!({"type": "context_actions", "elements": [
                {"type": "feedback_buttons", "positive_button": thumb, "negative_button": thumb}]}),
            &[
                ("/elements/0/positive_button/text/text", 75),
                ("/elements/0/negative_button/value", 2000),
                ("/elements/0/negative_button/accessibility_label", 75),
            ],
            &[
                ("", "elements"),
                ("/elements/0", "positive_button"),
                ("/elements/0", "negative_button"),
                ("/elements/0/positive_button", "text"),
                ("/elements/0/positive_button", "value"),
            ],
        ),
        (
            json!({"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("a"),
                "value": "a", "accessibility_label": "a"}]}),
            &[
                ("/elements/0/text/text", 75),
                ("/elements/0/value", 2000),
                ("/elements/0/accessibility_label", 75),
            ],
            &[("/elements/0", "icon"), ("/elements/0", "text")],
        ),
        (
            json!({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a"}),
            &[("/slack_file/id", 255)],
            &[("", "slack_file"), ("", "alt_text")],
        ),
        (
            json!({"type": "image", "slack_file": {"url": url}, "alt_text": "a"}),
            &[("/slack_file/url", 3000)],
            &[],
        ),
        (
            json!({"type": "file", "external_id": "a", "source": "remote"}),
            &[("/external_id", 255)],
            &[("", "external_id"), ("", "source")],
        ),
        (
            json!({"type": "video", "alt_text": "a", "title": plain("a"), "video_url": url, "thumbnail_url": url,
                "title_url": url, "author_name": "a", "description": plain("a"), "provider_icon_url": url, "provider_name": "a"}),
            &[
                ("/alt_text", 2000),
                ("/title/text", 199),
                ("/video_url", 3000),
                ("/thumbnail_url", 3000),
                ("/title_url", 3000),
                ("/author_name", 49),
                ("/description/text", 199),
                ("/provider_icon_url", 3000),
                ("/provider_name", 255),
            ],
            &[
                ("", "alt_text"),
                ("", "title"),
                ("", "video_url"),
                ("", "thumbnail_url"),
            ],
        ),
        (
            json!({"type": "card", "title": mrkdwn("a"), "subtitle": mrkdwn("a"), "body": mrkdwn("a")}),
            &[("/title/text", 150), ("/subtitle/text", 150), ("/body/text", 200)],
            &[],
        ),
        (
            json!({"type": "alert", "text": plain("a")}),
            &[("/text/text", 3000)],
            &[("", "text")],
        ),
        (
            actions(json!({"type": "overflow", "options": [entry], "confirm": confirm})),
            &[
                ("/elements/0/options/0/text/text", 75),
                ("/elements/0/options/0/value", 150),
                ("/elements/0/options/0/description/text", 75),
                ("/elements/0/options/0/url", 3000),
            ],
            &[
                ("/elements/0", "options"),
                ("/elements/0/options/0", "text"),
                ("/elements/0/options/0", "value"),
                ("/elements/0/confirm", "title"),
                ("/elements/0/confirm", "text"),
                ("/elements/0/confirm", "confirm"),
                ("/elements/0/confirm", "deny"),
            ],
        ),
        (
            actions(json!({"type": "checkboxes", "options": [boxed]})),
            &[
                ("/elements/0/options/0/text/text", 75),
                ("/elements/0/options/0/value", 150),
                ("/elements/0/options/0/description/text", 75),
            ],
            &[
                ("/elements/0", "options"),
                ("/elements/0/options/0", "text"),
                ("/elements/0/options/0", "value"),
            ],
        ),
        (
            actions(json!({"type": "workflow_button", "text": plain("a"), "workflow": {}, "accessibility_label": "a"})),
            &[("/elements/0/text/text", 75), ("/elements/0/accessibility_label", 75)],
            &[("/elements/0", "text"), ("/elements/0", "workflow")],
        ),
        (
            input(json!({"type": "static_select", "option_groups": [{"label": plain("a"), "options": options(1)}]})),
            &[],
            &[
                ("/element/option_groups/0", "label"),
                ("/element/option_groups/0", "options"),
                ("/element/option_groups/0/options/0", "text"),
                ("/element/option_groups/0/options/0", "value"),
            ],
        ),
        (
            input(json!({"type": "url_text_input", "initial_value": "a"})),
            &[("/element/initial_value", 3000)],
            &[],
        ),
        (
            json!({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}),
            &[("/rows/0/0/text", 3000)],
            &[("", "rows"), ("/rows/0/0", "text")],
        ),
        (
            json!({"type": "table", "rows": [[{"type": "raw_number", "value": 1}]]}),
            &[],
            &[("/rows/0/0", "value")],
        ),
        (
            rich(json!({"type": "rich_text_quote", "elements": []})),
            &[],
            &[("", "elements"), ("/elements/0", "elements")],
        ),
        (
            rich(json!({"type": "rich_text_section", "elements": []})),
            &[],
            &[("/elements/0", "elements")],
        ),
        (
            rich(json!({"type": "rich_text_preformatted", "elements": []})),
            &[],
            &[("/elements/0", "elements")],
        ),
        (
            rich(json!({"type": "rich_text_list", "style": "bullet", "elements": []})),
            &[],
            &[("/elements/0", "elements"), ("/elements/0", "style")],
        ),
        (
            word(json!({"type": "text", "text": "a"})),
            &[],
            &[("/elements/0/elements/0", "text")],
        ),
        (
            word(json!({"type": "broadcast", "range": "here"})),
            &[],
            &[("/elements/0/elements/0", "range")],
        ),
        (
            word(json!({"type": "channel", "channel_id": "C1"})),
            &[("/elements/0/elements/0/channel_id", 255)],
            &[("/elements/0/elements/0", "channel_id")],
        ),
        (
            word(json!({"type": "usergroup", "usergroup_id": "S1"})),
            &[],
            &[("/elements/0/elements/0", "usergroup_id")],
        ),
        (
            word(json!({"type": "team", "team_id": "T1"})),
            &[],
            &[("/elements/0/elements/0", "team_id")],
        ),
        (
            word(json!({"type": "emoji", "name": "wave"})),
            &[],
            &[("/elements/0/elements/0", "name")],
        ),
        (
            word(json!({"type": "color", "value": "#fff"})),
            &[],
            &[("/elements/0/elements/0", "value")],
        ),
        (
            word(json!({"type": "link", "url": "https://example.com", "text": "a"})),
            &[
                ("/elements/0/elements/0/url", 3000),
                ("/elements/0/elements/0/text", 3000),
            ],
            &[],
        ),
        (
            word(
                json!({"type": "date", "timestamp": 1, "format": "{date}", "fallback": "a", "url": "https://example.com"}),
            ),
            &[
                ("/elements/0/elements/0/format", 3000),
                ("/elements/0/elements/0/fallback", 3000),
                ("/elements/0/elements/0/url", 3000),
            ],
            &[
                ("/elements/0/elements/0", "timestamp"),
                ("/elements/0/elements/0", "format"),
            ],
        ),
    ]
}

/// An alert is only for modals, all else here for messages.
fn checked(block: &Value) -> Result<(), Problems> {
    match block["type"].as_str() {
        Some("alert") => check_view(&json!({"type": "modal", "title": plain("a"), "blocks": [block]})),
        _ => message_of(block),
    }
}

#[test]
fn lengths() {
    for (good, lengths, _) in rows() {
        assert_eq!(checked(&good), Ok(()), "{good}");
        for (pointer, most) in lengths {
            let of = |length: usize| {
                let mut block = good.clone();
                let place = block.pointer_mut(pointer).expect("the pointer fits the block");
                let start = if place.as_str().is_some_and(|text| text.contains("://")) {
                    "https://e.com/"
                } else {
                    ""
                };
                *place = json!(format!("{start}{}", x(length - start.len())));
                checked(&block)
            };
            assert_eq!(of(*most), Ok(()), "{pointer} of {good}");
            let found = of(most + 1).expect_err(pointer);
            assert_eq!(found.messages.len(), 1, "{found}");
            assert!(
                found.messages[0].starts_with(&format!("[ERROR] must be less than {} characters", most + 1)),
                "{found}"
            );
            assert!(found.messages[0].ends_with(&format!("/0{pointer}]")), "{found}");
        }
    }
}

#[test]
fn required_fields() {
    for (good, _, required) in rows() {
        for (pointer, name) in required {
            let mut block = good.clone();
            let object = block
                .pointer_mut(pointer)
                .and_then(Value::as_object_mut)
                .expect("the pointer fits the block");
            object.remove(*name).expect("the good block has it");
            let found = checked(&block).expect_err(name);
            // Without its file an image lacks what images mostly have.
            let name = if *name == "slack_file" { "image_url" } else { name };
            assert_eq!(found.messages.len(), 1, "{found}");
            assert!(
                found.messages[0].starts_with(&format!("[ERROR] missing required field: {name} [")),
                "{found}"
            );
            assert!(found.messages[0].ends_with(&format!("/0{pointer}]")), "{found}");
        }
    }
}
