//! Modals and Home tabs.

use super::*;

fn modal(fields: Value) -> Value {
    with(
        &json!({"type": "modal", "title": plain("Ask"), "blocks": [{"type": "divider"}]}),
        fields,
    )
}

fn input(element: Value) -> Value {
    json!({"type": "input", "label": plain("a"), "element": element})
}

#[test]
fn modals() {
    let divider = json!({"type": "divider"});
    let inputs = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|_| input(json!({"type": "plain_text_input", "focus_on_load": true})))
            .collect()
    };
    all(
        check_view,
        vec![
            case(
                modal(json!({"title": plain(x(24))})),
                modal(json!({"title": plain(x(25))})),
                "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
            ),
            case(
                modal(json!({})),
                modal(json!({"title": null})),
                "[ERROR] missing required field: title [json-pointer:/view]",
            ),
            case(
                modal(json!({})),
                modal(json!({"title": mrkdwn("a")})),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/view/title/type]",
            ),
            case(
                modal(json!({"submit": plain(x(24))})),
                modal(json!({"submit": plain(x(25))})),
                "[ERROR] must be less than 25 characters [json-pointer:/view/submit/text]",
            ),
            case(
                modal(json!({"close": plain(x(24))})),
                modal(json!({"close": plain(x(25))})),
                "[ERROR] must be less than 25 characters [json-pointer:/view/close/text]",
            ),
            case(
                modal(json!({"blocks": [divider, input(json!({"type": "plain_text_input"}))], "submit": plain("Go")})),
                modal(json!({"blocks": [divider, input(json!({"type": "plain_text_input"}))]})),
                "[ERROR] must define `submit` to use `input` block [json-pointer:/view/blocks/1/input]",
            ),
            case(
                modal(json!({"blocks": times(100, &divider)})),
                modal(json!({"blocks": times(101, &divider)})),
                "[ERROR] no more than 100 items allowed [json-pointer:/view/blocks]",
            ),
            case(
                modal(json!({})),
                modal(json!({"blocks": null})),
                "[ERROR] missing required field: blocks [json-pointer:/view]",
            ),
            case(
                modal(json!({})),
                modal(json!({"blocks": "none"})),
                "[ERROR] must provide an array [json-pointer:/view/blocks]",
            ),
            case(
                modal(json!({"private_metadata": x(3000)})),
                modal(json!({"private_metadata": x(3001)})),
                "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]",
            ),
            case(
                modal(json!({"private_metadata": "{}"})),
                modal(json!({"private_metadata": {}})),
                "[ERROR] must provide a string [json-pointer:/view/private_metadata]",
            ),
            case(
                modal(json!({"callback_id": x(255)})),
                modal(json!({"callback_id": x(256)})),
                "[ERROR] must be less than 256 characters [json-pointer:/view/callback_id]",
            ),
            case(
                modal(json!({"external_id": x(255)})),
                modal(json!({"external_id": x(256)})),
                "[ERROR] must be less than 256 characters [json-pointer:/view/external_id]",
            ),
            case(
                modal(json!({"notify_on_close": true, "clear_on_close": true})),
                modal(json!({"notify_on_close": "true"})),
                "[ERROR] must provide a boolean [json-pointer:/view/notify_on_close]",
            ),
            case(
                modal(json!({})),
                modal(json!({"id": "V1"})),
                "[ERROR] invalid additional property: id [json-pointer:/view]",
            ),
            case(
                modal(json!({"submit": plain("Go"), "blocks": inputs(1)})),
                modal(json!({"submit": plain("Go"), "blocks": inputs(2)})),
                "[ERROR] `focus_on_load` can only be true for one element [json-pointer:/view/blocks/1/element/focus_on_load]",
            ),
            case(
                modal(json!({"blocks": [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "b"}]})),
                modal(json!({"blocks": [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]})),
                "[ERROR] `block_id` \"a\" already exists [json-pointer:/view/blocks/1/block_id]",
            ),
            case(
                modal(json!({"blocks": [{"type": "alert", "text": mrkdwn("a"), "level": "info"}]})),
                modal(json!({"blocks": [{"type": "markdown", "text": "a"}]})),
                "[ERROR] unsupported type: markdown [json-pointer:/view/blocks/0/type]",
            ),
            case(
                modal(
                    json!({"submit": plain("Go"), "blocks": [input(json!({"type": "conversations_select", "response_url_enabled": true}))]}),
                ),
                modal(
                    json!({"blocks": [{"type": "actions", "elements": [{"type": "conversations_select", "response_url_enabled": true}]}]}),
                ),
                "[ERROR] `response_url_enabled` can only be used in `input` blocks of modals [json-pointer:/view/blocks/0/elements/0]",
            ),
        ],
    );
}

#[test]
fn an_absent_field_may_be_null() {
    let view = json!({"type": "modal", "title": plain("Ask"), "submit": null, "blocks": []});
    assert_eq!(check_view(&view), Ok(()));
}

#[test]
fn home_tabs() {
    let home = |fields: Value| with(&json!({"type": "home", "blocks": []}), fields);
    let divider = json!({"type": "divider"});
    all(
        check_view,
        vec![
            case(
                home(json!({"blocks": times(100, &divider), "callback_id": "a", "private_metadata": "b"})),
                home(json!({"blocks": times(101, &divider)})),
                "[ERROR] no more than 100 items allowed [json-pointer:/view/blocks]",
            ),
            case(
                home(json!({"external_id": "a"})),
                home(json!({"title": plain("a")})),
                "[ERROR] invalid additional property: title [json-pointer:/view]",
            ),
            case(
                home(json!({"blocks": [input(json!({"type": "plain_text_input"}))]})),
                home(json!({"blocks": [{"type": "table", "rows": []}]})),
                "[ERROR] unsupported type: table [json-pointer:/view/blocks/0/type]",
            ),
        ],
    );
}

#[test]
fn other_views() {
    all(
        check_view,
        vec![
            case(
                modal(json!({})),
                json!({"type": "dialog"}),
                "[ERROR] unsupported type: dialog [json-pointer:/view/type]",
            ),
            case(
                modal(json!({})),
                json!({}),
                "[ERROR] missing required field: type [json-pointer:/view]",
            ),
            case(
                modal(json!({})),
                json!("{}"),
                "[ERROR] must provide an object [json-pointer:/view]",
            ),
        ],
    );
    let found = check_view(&json!({})).expect_err("no type");
    assert_eq!(found.code, "invalid_arguments");
}

#[test]
fn a_view_has_at_most_250_kilobytes() {
    let section = json!({"type": "section", "text": mrkdwn(x(2900))});
    assert_eq!(check_view(&modal(json!({"blocks": times(80, &section)}))), Ok(()));
    let found = check_view(&modal(json!({"blocks": times(90, &section)}))).expect_err("too large");
    assert_eq!(found.code, "view_too_large");
}

#[test]
fn every_mistake_is_told() {
    let view =
        modal(json!({"title": plain(x(25)), "blocks": [input(json!({"type": "static_select", "options": []}))]}));
    let found = check_view(&view).expect_err("three mistakes");
    assert_eq!(
        found.messages,
        [
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
            "[ERROR] must define `submit` to use `input` block [json-pointer:/view/blocks/0/input]",
            "[ERROR] no less than 1 items allowed [json-pointer:/view/blocks/0/element/options]",
        ]
    );
}
