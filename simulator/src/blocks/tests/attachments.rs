//! Attachments, with blocks and without.

use super::*;

#[test]
fn attachments() {
    let of = |fields: Value| json!([with(&json!({"fallback": "a"}), fields)]);
    let section = json!({"type": "section", "text": mrkdwn("a")});
    all(
        check_attachments,
        vec![
            case(
                of(json!({"color": "#36a64f", "blocks": [section]})),
                of(json!({"blocks": [{"type": "section"}]})),
                "[ERROR] missing required field: text [json-pointer:/attachments/0/blocks/0]",
            ),
            case(
                of(json!({"color": "good"})),
                of(json!({"color": "green"})),
                "[ERROR] must be a valid color [json-pointer:/attachments/0/color]",
            ),
            case(
                of(json!({"text": "a"})),
                of(json!({"txt": "a"})),
                "[ERROR] invalid additional property: txt [json-pointer:/attachments/0]",
            ),
            case(
                of(json!({"fields": [{"title": "a", "value": "b", "short": true}]})),
                of(json!({"fields": [{"title": "a", "value": 1}]})),
                "[ERROR] must provide a string [json-pointer:/attachments/0/fields/0/value]",
            ),
            case(
                of(json!({})),
                of(json!({"fallback": null, "color": "#000000"})),
                "[ERROR] must have at least one of: blocks, text, fallback [json-pointer:/attachments/0]",
            ),
            case(
                of(json!({"blocks": times(50, &section)})),
                of(json!({"blocks": times(51, &section)})),
                "[ERROR] no more than 50 items allowed [json-pointer:/attachments/0/blocks]",
            ),
            case(
                json!(times(100, &json!({"text": "a"}))),
                json!(times(101, &json!({"text": "a"}))),
                "[ERROR] no more than 100 items allowed [json-pointer:/attachments]",
            ),
            case(
                json!([]),
                json!({}),
                "[ERROR] must provide an array [json-pointer:/attachments]",
            ),
        ],
    );
    let found = check_attachments(&json!(times(101, &json!({"text": "a"})))).expect_err("too many");
    assert_eq!(found.code, "too_many_attachments");
}
