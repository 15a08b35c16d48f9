//! What people and snapshots see.

use super::*;

struct People;

impl Names for People {
    fn person(&self, id: &str) -> Option<String> {
        (id == "U1").then(|| "Ana".to_owned())
    }
    fn channel(&self, id: &str) -> Option<String> {
        (id == "C1").then(|| "general".to_owned())
    }
    fn group(&self, id: &str) -> Option<String> {
        (id == "S1").then(|| "oncall".to_owned())
    }
}

fn shown(blocks: Value) -> String {
    render_message(&json!({"blocks": blocks}), &People)
}

#[test]
fn markup_becomes_words() {
    for (text, expected) in [
        ("*bold* _it_ `code`", "*bold* _it_ `code`"),
        ("hello <@U1> and <@U2>", "hello @Ana and @U2"),
        ("<@U2|bob>", "@bob"),
        ("in <#C1> or <#C2|random>", "in #general or #random"),
        ("<!subteam^S1> <!subteam^S2|@ops> <!subteam^S3>", "@oncall @ops @S3"),
        ("<!here> <!channel|channel>", "@here channel"),
        ("<!date^1700000000^{date_short}|Nov 14>", "Nov 14"),
        ("<!date^1700000000^{date_short}^https://example.com|Nov 14>", "Nov 14"),
        ("<!date^1700000000^{date_short}>", "2023-11-14 22:13 UTC"),
        (
            "<https://example.com/?a=1&amp;b=2|docs>",
            "docs (https://example.com/?a=1&b=2)",
        ),
        ("<https://example.com>", "https://example.com"),
        ("<https://example.com|https://example.com>", "https://example.com"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("1 &lt; 2 &amp;&amp; 3 > 2, 1 < 2 <b>", "1 < 2 && 3 > 2, 1 < 2 <b>"),
        ("&amp;lt;", "&lt;"),
    ] {
        assert_eq!(shown(json!([{"type": "section", "text": mrkdwn(text)}])), expected);
    }
    assert_eq!(
        shown(json!([{"type": "section", "text": plain("<@U1> &amp; co")}])),
        "<@U1> & co"
    );
}

#[test]
fn a_card() {
    let card = json!({
        "text": "fallback",
        "blocks": [
            {"type": "header", "text": plain("Access request")},
            {"type": "section", "text": mrkdwn("<@U1> asks for *github / admin*")},
            {"type": "section", "fields": [
                mrkdwn("*Reason:*\nINC-42\nand more"), mrkdwn("*Time*\n4 hours"), mrkdwn("no label"),
            ]},
            {"type": "divider"},
            {"type": "context", "elements": [mrkdwn("asked <!date^1^{time}|at noon>"), plain("request 7"),
                {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "logo"}]},
            {"type": "actions", "elements": [
                {"type": "button", "text": plain("Approve"), "style": "primary"},
                {"type": "button", "text": plain("Deny"), "style": "danger"},
                {"type": "button", "text": plain("Open"), "url": "https://example.com"},
                {"type": "overflow", "options": [option("Edit"), option("Hand over")]},
            ]},
        ],
    });
    assert_eq!(
        render_message(&card, &People),
        "\
# Access request
@Ana asks for *github / admin*
Reason  INC-42
        and more
Time    4 hours
no label
───
· asked at noon · request 7 · (image: logo)
[Approve](primary)  [Deny](danger)  [Open](https://example.com)  [⋯ Edit | Hand over]"
    );
}

#[test]
fn a_message_without_blocks_shows_its_text_attachments_and_files() {
    let message = json!({
        "text": "hi <@U1>",
        "attachments": [
            {"pretext": "before", "title": "Build", "text": "two\nlines", "fields": [{"title": "Took", "value": "3 s"}], "footer": "ci"},
            {"color": "#ff0000", "blocks": [{"type": "section", "text": mrkdwn("inside")}]},
            {"fallback": "only this"},
        ],
        "files": [{"name": "a.png"}],
    });
    assert_eq!(
        render_message(&message, &People),
        "\
hi @Ana
before
│ *Build*
│ two
│ lines
│ Took  3 s
│ · ci
│ inside
│ only this
(file: a.png)"
    );
}

fn form() -> Value {
    let input = |id: &str, label: &str, element: Value| json!({"type": "input", "block_id": id, "label": plain(label), "element": with(&element, json!({"action_id": "a"}))});
    json!({
        "type": "modal",
        "title": plain("Request access"),
        "submit": plain("Send"),
        "blocks": [
            input("app", "App", json!({"type": "external_select", "placeholder": plain("Choose an app")})),
            input("role", "Role", json!({"type": "static_select", "options": options(2), "initial_option": option("1")})),
            with(&input("why", "Why", json!({"type": "plain_text_input", "placeholder": plain("What for?")})),
                json!({"hint": plain("Shown to the approver"), "optional": true})),
            input("days", "Days", json!({"type": "checkboxes", "options": options(2), "initial_options": [option("0")]})),
            input("how", "How", json!({"type": "radio_buttons", "options": [
                {"text": mrkdwn("*Fast*"), "value": "fast", "description": plain("at once")}, option("slow")]})),
            input("who", "Who", json!({"type": "multi_users_select", "initial_users": ["U1", "U2"]})),
            input("where", "Where", json!({"type": "conversations_select"})),
            input("from", "From", json!({"type": "datepicker", "initial_date": "2026-11-21"})),
            input("at", "At", json!({"type": "datetimepicker", "initial_date_time": 1_700_000_000})),
            input("n", "Number", json!({"type": "number_input", "is_decimal_allowed": false, "initial_value": "3"})),
            input("file", "File", json!({"type": "file_input"})),
            input("rich", "Rich", json!({"type": "rich_text_input"})),
        ],
    })
}

#[test]
fn an_untouched_form() {
    assert_eq!(
        render_view(&form(), &Value::Null, &Value::Null, &People),
        "\
=== Request access ===
App: ‹Choose an app›▾
Role: 1▾
Why (optional): ____ (What for?)
  Shown to the approver
Days:
  ☑ 0
  ☐ 1
How:
  ○ *Fast* – at once
  ○ slow
Who: @Ana, @U2▾
Where: ‹Choose›▾
From: 2026-11-21▾
At: 2023-11-14 22:13 UTC▾
Number: 3
File: ‹Upload›
Rich: ____
[Cancel]  [Send](primary)"
    );
}

#[test]
fn a_filled_form_with_errors() {
    let state = json!({"values": {
        "app": {"a": {"type": "external_select", "selected_option": option("github")}},
        "role": {"a": {"type": "static_select", "selected_option": null}},
        "why": {"a": {"type": "plain_text_input", "value": "first line\nsecond line"}},
        "days": {"a": {"type": "checkboxes", "selected_options": []}},
        "how": {"a": {"type": "radio_buttons", "selected_option": option("slow")}},
        "who": {"a": {"type": "multi_users_select", "selected_users": []}},
        "where": {"a": {"type": "conversations_select", "selected_conversation": "C1"}},
        "from": {"a": {"type": "datepicker", "selected_date": null}},
        "n": {"a": {"type": "number_input", "value": null}},
        "file": {"a": {"type": "file_input", "files": [{"id": "F1", "name": "a.png"}]}},
        "rich": {"a": {"type": "rich_text_input", "rich_text_value": {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "hi "}, {"type": "user", "user_id": "U1"}]}]}}},
    }});
    let errors = json!({"why": "too long", "n": "is needed"});
    let expected = "\
=== Request access ===
App: github▾
Role: ‹Choose›▾
Why (optional):
  first line
  second line
  Shown to the approver
! too long
Days:
  ☐ 0
  ☐ 1
How:
  ○ *Fast* – at once
  ◉ slow
Who: ‹Choose›▾
Where: #general▾
From: ‹Choose›▾
At: 2023-11-14 22:13 UTC▾
Number: ____
! is needed
File: a.png
Rich: hi @Ana
[Cancel]  [Send](primary)";
    assert_eq!(render_view(&form(), &state, &errors, &People), expected);
    assert_eq!(
        render_view(&form(), &state["values"], &errors, &People),
        expected,
        "the values alone do as well"
    );
}

#[test]
fn home_tabs_have_no_frame_and_a_modal_without_submit_closes() {
    let blocks = json!([{"type": "header", "text": plain("Hello")}]);
    let home = json!({"type": "home", "blocks": blocks});
    assert_eq!(render_view(&home, &Value::Null, &Value::Null, &()), "# Hello");
    let modal = json!({"type": "modal", "title": plain("Done"), "blocks": blocks});
    assert_eq!(
        render_view(&modal, &Value::Null, &Value::Null, &()),
        "=== Done ===\n# Hello\n[Close]"
    );
}

#[test]
fn rich_text() {
    let text = |text: &str, style: Value| json!({"type": "text", "text": text, "style": style});
    let section = |words: Vec<Value>| json!({"type": "rich_text_section", "elements": words});
    let rich = json!([{"type": "rich_text", "elements": [
        section(vec![
            text("bold ", json!({"bold": true})),
            text("both", json!({"bold": true, "italic": true})),
            json!({"type": "text", "text": " then "}),
            json!({"type": "link", "url": "https://example.com", "text": "docs"}),
            json!({"type": "text", "text": " <raw> "}),
            json!({"type": "emoji", "name": "wave"}),
            json!({"type": "broadcast", "range": "here"}),
            json!({"type": "usergroup", "usergroup_id": "S1"}),
        ]),
        {"type": "rich_text_list", "style": "ordered", "elements": [
            section(vec![text("one", json!({"code": true}))]), section(vec![json!({"type": "channel", "channel_id": "C1"})])]},
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(vec![text("gone", json!({"strike": true}))])]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a\nb"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "let a = 1;"}]},
    ]}]);
    assert_eq!(
        shown(rich),
        "\
*bold* *_both_* then docs (https://example.com) <raw> :wave:@here@oncall
1. `one`
2. #general
  • ~gone~
> a
> b
```
let a = 1;
```"
    );
}

#[test]
fn the_other_blocks() {
    assert_eq!(
        shown(json!([
            {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a map", "title": plain("Map")},
            {"type": "markdown", "text": "**bold**"},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_number", "value": 3}]]},
            {"type": "video", "title": plain("Tour")},
            {"type": "file", "external_id": "plan"},
            {"type": "card", "title": mrkdwn("Title"), "body": mrkdwn("Body"), "actions": [{"type": "button", "text": plain("Go")}]},
            {"type": "alert", "level": "error", "text": mrkdwn("no")},
            {"type": "unheard_of"},
        ])),
        "\
(image: a map) Map
**bold**
a | 3
(video: Tour)
(file: plan)
Title
Body
[Go]
(error) no
(unheard_of)"
    );
}
