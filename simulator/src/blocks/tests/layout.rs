//! Blocks in messages.

use super::*;

fn section(fields: Value) -> Value {
    with(&json!({"type": "section", "text": mrkdwn("hello")}), fields)
}

#[test]
fn sections() {
    all(
        message_of,
        vec![
            case(
                section(json!({"text": mrkdwn(x(3000))})),
                section(json!({"text": mrkdwn(x(3001))})),
                "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            ),
            case(
                section(json!({})),
                section(json!({"text": mrkdwn("")})),
                "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]",
            ),
            case(
                section(json!({"text": null, "fields": [mrkdwn("a")]})),
                section(json!({"text": null})),
                "[ERROR] missing required field: text [json-pointer:/blocks/0]",
            ),
            case(
                section(json!({"fields": [mrkdwn(x(2000))]})),
                section(json!({"fields": [mrkdwn(x(2001))]})),
                "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
            ),
            case(
                section(json!({"fields": times(10, &mrkdwn("a"))})),
                section(json!({"fields": times(11, &mrkdwn("a"))})),
                "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/fields]",
            ),
            case(
                section(json!({"fields": [mrkdwn("a")]})),
                section(json!({"fields": []})),
                "[ERROR] no less than 1 items allowed [json-pointer:/blocks/0/fields]",
            ),
            case(
                section(json!({"accessory": {"type": "button", "text": plain("Go")}})),
                section(json!({"accessory": {"type": "plain_text_input"}})),
                "[ERROR] unsupported type: plain_text_input [json-pointer:/blocks/0/accessory/type]",
            ),
            case(
                section(json!({"expand": true})),
                section(json!({"expand": "yes"})),
                "[ERROR] must provide a boolean [json-pointer:/blocks/0/expand]",
            ),
            case(
                section(json!({"block_id": "a"})),
                section(json!({"blockid": "a"})),
                "[ERROR] invalid additional property: blockid [json-pointer:/blocks/0]",
            ),
            case(
                section(json!({"block_id": x(255)})),
                section(json!({"block_id": x(256)})),
                "[ERROR] must be less than 256 characters [json-pointer:/blocks/0/block_id]",
            ),
            case(
                section(json!({"block_id": "a"})),
                section(json!({"block_id": 1})),
                "[ERROR] must provide a string [json-pointer:/blocks/0/block_id]",
            ),
        ],
    );
}

#[test]
fn text_objects() {
    let of = |text: Value| json!({"type": "section", "text": text});
    all(
        message_of,
        vec![
            case(
                of(plain("a")),
                of(json!("a")),
                "[ERROR] must provide an object [json-pointer:/blocks/0/text]",
            ),
            case(
                of(plain("a")),
                of(json!({"text": "a"})),
                "[ERROR] missing required field: type [json-pointer:/blocks/0/text]",
            ),
            case(
                of(plain("a")),
                of(json!({"type": "plain_text"})),
                "[ERROR] missing required field: text [json-pointer:/blocks/0/text]",
            ),
            case(
                of(mrkdwn("a")),
                of(json!({"type": "markdown", "text": "a"})),
                "[ERROR] unsupported type: markdown [json-pointer:/blocks/0/text/type]",
            ),
            case(
                of(json!({"type": "plain_text", "text": "a", "emoji": true})),
                of(json!({"type": "mrkdwn", "text": "a", "emoji": true})),
                "[ERROR] invalid additional property: emoji [json-pointer:/blocks/0/text]",
            ),
            case(
                of(json!({"type": "mrkdwn", "text": "a", "verbatim": true})),
                of(json!({"type": "plain_text", "text": "a", "verbatim": true})),
                "[ERROR] invalid additional property: verbatim [json-pointer:/blocks/0/text]",
            ),
            case(
                of(plain("5")),
                of(json!({"type": "plain_text", "text": 5})),
                "[ERROR] must provide a string [json-pointer:/blocks/0/text/text]",
            ),
        ],
    );
}

/// Slack counts what it stores: characters, and `&`, `<`, `>` as entities.
#[test]
fn characters_are_counted_after_escaping() {
    let too_long = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]";
    let of = |text: Value| json!({"type": "section", "text": text});
    let link = "<https://example.com|a>";
    all(
        message_of,
        vec![
            case(of(mrkdwn("é".repeat(3000))), of(mrkdwn("é".repeat(3001))), too_long),
            case(of(mrkdwn("🙂".repeat(3000))), of(mrkdwn("🙂".repeat(3001))), too_long),
            case(
                of(mrkdwn("&amp;".repeat(600))),
                of(mrkdwn("&amp;".repeat(3000))),
                too_long,
            ),
            case(of(mrkdwn("&".repeat(600))), of(mrkdwn("&".repeat(601))), too_long),
            case(of(plain("<".repeat(750))), of(plain("<".repeat(751))), too_long),
            case(
                of(mrkdwn(x(3000 - link.len()) + link)),
                of(plain(x(3000 - link.len()) + link)),
                too_long,
            ),
            case(of(mrkdwn(x(2994) + "<@U12>")), of(mrkdwn(x(2995) + "<@U12>")), too_long),
        ],
    );
}

#[test]
fn headers_dividers_and_context() {
    let header = |text: Value| json!({"type": "header", "text": text});
    let context = |elements: Vec<Value>| json!({"type": "context", "elements": elements});
    let image = json!({"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"});
    all(
        message_of,
        vec![
            case(
                header(plain(x(150))),
                header(plain(x(151))),
                "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]",
            ),
            case(
                header(plain("a")),
                header(mrkdwn("a")),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
            ),
            case(
                json!({"type": "divider"}),
                json!({"type": "divider", "text": "a"}),
                "[ERROR] invalid additional property: text [json-pointer:/blocks/0]",
            ),
            case(
                context(times(10, &mrkdwn("a"))),
                context(times(11, &mrkdwn("a"))),
                "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/elements]",
            ),
            case(
                context(vec![plain("a"), image.clone()]),
                context(vec![]),
                "[ERROR] no less than 1 items allowed [json-pointer:/blocks/0/elements]",
            ),
            case(
                context(vec![image]),
                context(vec![json!({"type": "button", "text": plain("Go")})]),
                "[ERROR] unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
            ),
            case(
                context(vec![mrkdwn("a")]),
                context(vec![mrkdwn("")]),
                "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/elements/0/text]",
            ),
        ],
    );
}

#[test]
fn actions() {
    let actions = |elements: Vec<Value>| json!({"type": "actions", "elements": elements});
    let button = json!({"type": "button", "text": plain("Go")});
    let named = |id: &str| with(&button, json!({"action_id": id}));
    all(
        message_of,
        vec![
            case(
                actions(times(25, &button)),
                actions(times(26, &button)),
                "[ERROR] no more than 25 items allowed [json-pointer:/blocks/0/elements]",
            ),
            case(
                actions(vec![button.clone()]),
                actions(vec![]),
                "[ERROR] no less than 1 items allowed [json-pointer:/blocks/0/elements]",
            ),
            case(
                actions(vec![named("a"), named("b")]),
                actions(vec![named("a"), named("a")]),
                "[ERROR] `action_id` \"a\" already exists [json-pointer:/blocks/0/elements/1/action_id]",
            ),
            case(
                actions(vec![button.clone()]),
                actions(vec![json!({"type": "plain_text_input"})]),
                "[ERROR] unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
            ),
            case(
                actions(vec![button.clone()]),
                json!({"type": "actions"}),
                "[ERROR] missing required field: elements [json-pointer:/blocks/0]",
            ),
            case(
                actions(vec![button]),
                json!({"type": "actions", "elements": {}}),
                "[ERROR] must provide an array [json-pointer:/blocks/0/elements]",
            ),
        ],
    );
}

#[test]
fn an_action_id_may_return_in_another_block_but_a_block_id_may_not() {
    let button = json!({"type": "button", "text": plain("Go"), "action_id": "go"});
    let actions = |id: &str| json!({"type": "actions", "block_id": id, "elements": [button.clone()]});
    all(
        check_message,
        vec![case(
            json!([actions("a"), actions("b")]),
            json!([actions("a"), actions("a")]),
            "[ERROR] `block_id` \"a\" already exists [json-pointer:/blocks/1/block_id]",
        )],
    );
}

#[test]
fn inputs() {
    let input = json!({"type": "input", "label": plain("Why"), "element": {"type": "plain_text_input"}});
    let of = |fields: Value| with(&input, fields);
    all(
        message_of,
        vec![
            case(
                of(json!({"label": plain(x(2000))})),
                of(json!({"label": plain(x(2001))})),
                "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/label/text]",
            ),
            case(
                of(json!({"hint": plain(x(2000))})),
                of(json!({"hint": plain(x(2001))})),
                "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/hint/text]",
            ),
            case(
                of(json!({"label": plain("a")})),
                of(json!({"label": mrkdwn("a")})),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/label/type]",
            ),
            case(
                of(json!({"optional": true, "dispatch_action": true})),
                of(json!({"label": null})),
                "[ERROR] missing required field: label [json-pointer:/blocks/0]",
            ),
            case(
                of(json!({})),
                of(json!({"element": null})),
                "[ERROR] missing required field: element [json-pointer:/blocks/0]",
            ),
            case(
                of(json!({"element": {"type": "users_select"}})),
                of(json!({"element": {"type": "button", "text": plain("Go")}})),
                "[ERROR] unsupported type: button [json-pointer:/blocks/0/element/type]",
            ),
            case(
                of(json!({"element": {"type": "datepicker"}})),
                of(json!({"element": {"type": "overflow", "options": options(2)}})),
                "[ERROR] unsupported type: overflow [json-pointer:/blocks/0/element/type]",
            ),
            case(
                of(json!({"element": {"type": "file_input"}})),
                of(json!({"element": {"type": "file_input"}, "dispatch_action": true})),
                "[ERROR] `dispatch_action` cannot be used with `file_input` [json-pointer:/blocks/0]",
            ),
        ],
    );
}

#[test]
fn images_videos_and_files() {
    let image = json!({"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"});
    let image = |fields: Value| with(&image, fields);
    let video = json!({"type": "video", "alt_text": "a", "title": plain("a"), "video_url": "https://example.com/v",
        "thumbnail_url": "https://example.com/t.png"});
    let video = |fields: Value| with(&video, fields);
    all(
        message_of,
        vec![
            case(
                image(json!({"alt_text": x(2000), "title": plain(x(2000))})),
                image(json!({"alt_text": x(2001)})),
                "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/alt_text]",
            ),
            case(
                image(json!({})),
                image(json!({"alt_text": null})),
                "[ERROR] missing required field: alt_text [json-pointer:/blocks/0]",
            ),
            case(
                image(json!({"title": plain("a")})),
                image(json!({"title": plain(x(2001))})),
                "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/title/text]",
            ),
            case(
                image(json!({"image_url": null, "slack_file": {"id": "F1"}})),
                image(json!({"image_url": null})),
                "[ERROR] missing required field: image_url [json-pointer:/blocks/0]",
            ),
            case(
                image(json!({})),
                image(json!({"slack_file": {"id": "F1"}})),
                "[ERROR] must provide only one of: image_url, slack_file [json-pointer:/blocks/0]",
            ),
            case(
                image(json!({"image_url": null, "slack_file": {"url": "https://files.example.com/F1"}})),
                image(json!({"image_url": null, "slack_file": {}})),
                "[ERROR] must provide one of: id, url [json-pointer:/blocks/0/slack_file]",
            ),
            case(
                image(json!({"image_url": format!("https://example.com/{}", x(2980))})),
                image(json!({"image_url": format!("https://example.com/{}", x(2981))})),
                "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/image_url]",
            ),
            case(
                image(json!({})),
                image(json!({"image_url": "a.png"})),
                "[ERROR] must be a valid url [json-pointer:/blocks/0/image_url]",
            ),
            case(
                video(json!({"author_name": "Ana"})),
                video(json!({"video_url": null})),
                "[ERROR] missing required field: video_url [json-pointer:/blocks/0]",
            ),
            case(
                video(json!({"title": plain(x(199))})),
                video(json!({"title": plain(x(200))})),
                "[ERROR] must be less than 200 characters [json-pointer:/blocks/0/title/text]",
            ),
            case(
                json!({"type": "file", "external_id": "a", "source": "remote"}),
                json!({"type": "file", "external_id": "a", "source": "local"}),
                "[ERROR] must be a valid enum value: remote [json-pointer:/blocks/0/source]",
            ),
        ],
    );
}

#[test]
fn markdown_is_counted_over_the_message() {
    let markdown = |length: usize| json!({"type": "markdown", "text": x(length)});
    all(
        check_message,
        vec![
            case(
                json!([markdown(12_000)]),
                json!([markdown(12_001)]),
                "[ERROR] must be less than 12001 characters [json-pointer:/blocks/0/text]",
            ),
            case(
                json!([markdown(6000), markdown(6000)]),
                json!([markdown(6000), markdown(6001)]),
                "[ERROR] must be less than 12001 characters in all markdown blocks [json-pointer:/blocks/1/text]",
            ),
        ],
    );
}

#[test]
fn tables() {
    let cell = json!({"type": "raw_text", "text": "a"});
    let table = |rows: usize, cells: usize| json!({"type": "table", "rows": vec![times(cells, &cell); rows]});
    all(
        check_message,
        vec![
            case(
                json!([table(100, 20)]),
                json!([table(101, 1)]),
                "[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/rows]",
            ),
            case(
                json!([table(1, 20)]),
                json!([table(1, 21)]),
                "[ERROR] no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
            ),
            case(
                json!([table(1, 1)]),
                json!([table(1, 1), table(1, 1)]),
                "[ERROR] only one table is allowed in a message [json-pointer:/blocks/1]",
            ),
            case(
                json!([with(
                    &table(1, 1),
                    json!({"column_settings": [{"align": "right", "is_wrapped": true}]})
                )]),
                json!([with(&table(1, 1), json!({"column_settings": [{"align": "top"}]}))]),
                "[ERROR] must be a valid enum value: left, center, right [json-pointer:/blocks/0/column_settings/0/align]",
            ),
            case(
                json!([{"type": "table", "rows": [[{"type": "rich_text", "elements": []}]]}]),
                json!([{"type": "table", "rows": [[mrkdwn("a")]]}]),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/rows/0/0/type]",
            ),
        ],
    );
}

#[test]
fn rich_text() {
    let rich = |part: Value| json!({"type": "rich_text", "elements": [part]});
    let section = |word: Value| rich(json!({"type": "rich_text_section", "elements": [word]}));
    all(
        message_of,
        vec![
            case(
                section(json!({"type": "text", "text": "a", "style": {"bold": true}})),
                section(json!({"type": "text", "text": ""})),
                "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]",
            ),
            case(
                section(json!({"type": "user", "user_id": "U1"})),
                section(json!({"type": "user"})),
                "[ERROR] missing required field: user_id [json-pointer:/blocks/0/elements/0/elements/0]",
            ),
            case(
                section(json!({"type": "link", "url": "https://example.com", "text": "a"})),
                section(json!({"type": "link", "text": "a"})),
                "[ERROR] missing required field: url [json-pointer:/blocks/0/elements/0/elements/0]",
            ),
            case(
                section(json!({"type": "emoji", "name": "wave"})),
                section(json!({"type": "mrkdwn", "text": "a"})),
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/elements/0/type]",
            ),
            case(
                section(json!({"type": "broadcast", "range": "here"})),
                section(json!({"type": "broadcast", "range": "all"})),
                "[ERROR] must be a valid enum value: here, channel, everyone [json-pointer:/blocks/0/elements/0/elements/0/range]",
            ),
            case(
                section(json!({"type": "date", "timestamp": 1_700_000_000, "format": "{date}"})),
                section(json!({"type": "date", "timestamp": "1700000000", "format": "{date}"})),
                "[ERROR] must provide an integer [json-pointer:/blocks/0/elements/0/elements/0/timestamp]",
            ),
            case(
                rich(json!({"type": "rich_text_list", "style": "bullet", "indent": 1,
                    "elements": [{"type": "rich_text_section", "elements": []}]})),
                rich(json!({"type": "rich_text_list", "style": "dash", "elements": []})),
                "[ERROR] must be a valid enum value: bullet, ordered [json-pointer:/blocks/0/elements/0/style]",
            ),
            case(
                rich(
                    json!({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a"}], "border": 0}),
                ),
                rich(json!({"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U1"}]})),
                "[ERROR] unsupported type: user [json-pointer:/blocks/0/elements/0/elements/0/type]",
            ),
            case(
                rich(json!({"type": "rich_text_quote", "elements": [{"type": "text", "text": "a"}]})),
                rich(json!({"type": "text", "text": "a"})),
                "[ERROR] unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
            ),
        ],
    );
}

#[test]
fn newer_blocks() {
    let card = json!({"type": "card", "title": mrkdwn("a"), "actions": [{"type": "button", "text": plain("Go")}]});
    let feedback = json!({"type": "feedback_buttons", "positive_button": {"text": plain("Good"), "value": "1"},
        "negative_button": {"text": plain("Bad"), "value": "0"}});
    let actions = |elements: Vec<Value>| json!({"type": "context_actions", "elements": elements});
    all(
        message_of,
        vec![
            case(
                card.clone(),
                json!({"type": "card", "subtitle": mrkdwn("a")}),
                "[ERROR] must have at least one of: hero_image, title, actions, body [json-pointer:/blocks/0]",
            ),
            case(
                json!({"type": "carousel", "elements": times(10, &card)}),
                json!({"type": "carousel", "elements": times(11, &card)}),
                "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/elements]",
            ),
            case(
                actions(vec![
                    feedback.clone(),
                    json!({"type": "icon_button", "icon": "trash", "text": plain("Drop")}),
                ]),
                actions(vec![json!({"type": "button", "text": plain("Go")})]),
                "[ERROR] unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
            ),
            case(
                actions(times(5, &feedback)),
                actions(times(6, &feedback)),
                "[ERROR] no more than 5 items allowed [json-pointer:/blocks/0/elements]",
            ),
        ],
    );
}

#[test]
fn whole_messages() {
    let divider = json!({"type": "divider"});
    all(
        check_message,
        vec![
            case(
                json!(times(50, &divider)),
                json!(times(51, &divider)),
                "[ERROR] no more than 50 items allowed [json-pointer:/blocks]",
            ),
            case(
                json!([]),
                json!(["divider"]),
                "[ERROR] must provide an object [json-pointer:/blocks/0]",
            ),
            case(
                json!([divider]),
                json!([{}]),
                "[ERROR] missing required field: type [json-pointer:/blocks/0]",
            ),
            case(
                json!([divider]),
                json!([{"type": "foo"}]),
                "[ERROR] unsupported type: foo [json-pointer:/blocks/0/type]",
            ),
            case(
                json!([divider]),
                json!([{"type": "alert", "text": plain("a")}]),
                "[ERROR] unsupported type: alert [json-pointer:/blocks/0/type]",
            ),
        ],
    );
    let problems = check_message(&json!({"type": "divider"})).expect_err("no array");
    assert_eq!(problems.code, "invalid_blocks_format");
}

#[test]
fn the_answer_has_slacks_form() {
    let problems = check_message(&json!([{"type": "header", "text": plain(x(151))}])).expect_err("too long");
    assert_eq!(
        problems.answer(),
        json!({
            "ok": false,
            "error": "invalid_blocks",
            "errors": ["must be less than 151 characters [json-pointer:/blocks/0/text/text]"],
            "response_metadata": {"messages": ["[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"]},
        })
    );
}
