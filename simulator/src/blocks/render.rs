//! Messages and views as plain text: one block after the other, a line or a few each.

use serde_json::Value;

use super::mrkdwn::{self, plain, words};
use super::render_input::{self, element};
use super::{Names, render_rich};

/// Whom the ids stand for, and what was typed and chosen so far.
pub(super) struct Shown<'a> {
    pub(super) names: &'a dyn Names,
    pub(super) values: &'a Value,
    pub(super) errors: &'a Value,
}

impl Shown<'_> {
    /// The present state of an element; `None` where it was never touched.
    pub(super) fn state(&self, block_id: &str, action_id: &str) -> Option<&Value> {
        self.values.get(block_id)?.get(action_id)
    }
}

pub(super) fn message(message: &Value, names: &dyn Names) -> String {
    let shown = Shown {
        names,
        values: values(&message["state"]),
        errors: &Value::Null,
    };
    let mut lines = Vec::new();
    // The app's own name is above all of its messages; another one is worth a line.
    lines.extend(message["username"].as_str().map(|name| format!("*{name}*")));
    match message["blocks"].as_array().filter(|blocks| !blocks.is_empty()) {
        Some(list) => lines.extend(blocks(list, &shown)),
        None => lines.extend(said(&message["text"], names)),
    }
    for attachment in message["attachments"].as_array().into_iter().flatten() {
        lines.extend(said(&attachment["pretext"], names));
        lines.extend(attached(attachment, &shown).lines().map(|line| format!("│ {line}")));
    }
    for file in message["files"].as_array().into_iter().flatten() {
        let name = file["title"]
            .as_str()
            .or(file["name"].as_str())
            .or(file["id"].as_str())
            .unwrap_or("file");
        lines.push(format!("(file: {name})"));
    }
    lines.join("\n")
}

pub(super) fn view(view: &Value, state: &Value, errors: &Value, names: &dyn Names) -> String {
    let shown = Shown {
        names,
        values: values(state),
        errors,
    };
    let body = blocks(view["blocks"].as_array().map_or(&[][..], Vec::as_slice), &shown);
    if view["type"] == "home" {
        return body.join("\n");
    }
    let mut lines = vec![format!("=== {} ===", label(&view["title"]).unwrap_or_default())];
    lines.extend(body);
    let submit = label(&view["submit"]);
    let close = label(&view["close"]).unwrap_or_else(|| if submit.is_some() { "Cancel" } else { "Close" }.to_owned());
    lines.push(match submit {
        Some(submit) => format!("[{close}]  [{submit}](primary)"),
        None => format!("[{close}]"),
    });
    lines.join("\n")
}

/// `state` or its `values`.
fn values(state: &Value) -> &Value {
    state.get("values").filter(|values| values.is_object()).unwrap_or(state)
}

pub(super) fn blocks(blocks: &[Value], shown: &Shown<'_>) -> Vec<String> {
    blocks
        .iter()
        .map(|item| block(item, shown))
        .filter(|text| !text.is_empty())
        .collect()
}

fn block(block: &Value, shown: &Shown<'_>) -> String {
    let id = block["block_id"].as_str().unwrap_or_default();
    let many = |name: &str| block[name].as_array().map_or(&[][..], Vec::as_slice);
    let text = match block["type"].as_str().unwrap_or_default() {
        "header" => format!("# {}", text(&block["text"], shown.names)),
        "divider" => "───".to_owned(),
        "section" => section(block, id, shown),
        "context" => {
            let parts: Vec<_> = many("elements")
                .iter()
                .map(|part| context_part(part, shown.names))
                .collect();
            format!("· {}", parts.join(" · "))
        }
        "actions" | "context_actions" => many("elements")
            .iter()
            .map(|part| element(part, id, shown))
            .collect::<Vec<_>>()
            .join("  "),
        "input" => render_input::input(block, id, shown),
        "image" => {
            let title = label(&block["title"])
                .map(|title| format!(" {title}"))
                .unwrap_or_default();
            format!("(image: {}){title}", block["alt_text"].as_str().unwrap_or_default())
        }
        "markdown" => block["text"].as_str().unwrap_or_default().to_owned(),
        "rich_text" => render_rich::block(block, shown.names),
        "table" => table(many("rows"), shown.names),
        "video" => format!("(video: {})", text(&block["title"], shown.names)),
        "file" => format!("(file: {})", block["external_id"].as_str().unwrap_or_default()),
        "alert" => format!(
            "({}) {}",
            block["level"].as_str().unwrap_or("default"),
            text(&block["text"], shown.names)
        ),
        "card" => card(block, id, shown),
        "carousel" => many("elements")
            .iter()
            .map(|each| card(each, id, shown))
            .collect::<Vec<_>>()
            .join("\n"),
        other => format!("({other})"),
    };
    match shown.errors[id].as_str().filter(|_| !id.is_empty()) {
        Some(error) => format!("{text}\n! {error}"),
        None => text,
    }
}

fn section(block: &Value, id: &str, shown: &Shown<'_>) -> String {
    let mut lines = Vec::new();
    if block["text"].is_object() {
        lines.push(text(&block["text"], shown.names));
    }
    lines.extend(fields(
        block["fields"].as_array().map_or(&[][..], Vec::as_slice),
        shown.names,
    ));
    if block["accessory"].is_object() {
        lines.push(element(&block["accessory"], id, shown));
    }
    lines.join("\n")
}

/// `*Label*\nvalue` becomes `Label  value`, the values one under the other.
fn fields(fields: &[Value], names: &dyn Names) -> Vec<String> {
    let fields: Vec<_> = fields.iter().map(|field| text(field, names)).collect();
    let pairs: Vec<_> = fields
        .iter()
        .map(|field| match field.split_once('\n') {
            Some((label, value)) => (label.trim_matches([' ', '*', ':']), Some(value)),
            None => (field.as_str(), None),
        })
        .collect();
    let with_value = pairs.iter().filter(|(_, value)| value.is_some());
    let width = with_value.map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let line = |(label, value): (&str, Option<&str>)| match value {
        Some(value) => format!("{label:width$}  {}", value.replace('\n', &format!("\n{:width$}  ", ""))),
        None => label.to_owned(),
    };
    pairs.into_iter().map(line).collect()
}

fn context_part(part: &Value, names: &dyn Names) -> String {
    match part["type"].as_str() {
        Some("image") => format!("(image: {})", part["alt_text"].as_str().unwrap_or_default()),
        _ => text(part, names),
    }
}

fn card(card: &Value, id: &str, shown: &Shown<'_>) -> String {
    let mut lines: Vec<_> = ["title", "subtitle", "body"]
        .iter()
        .filter(|name| card[**name].is_object())
        .map(|name| text(&card[*name], shown.names))
        .collect();
    let buttons: Vec<_> = card["actions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|button| element(button, id, shown))
        .collect();
    if !buttons.is_empty() {
        lines.push(buttons.join("  "));
    }
    lines.join("\n")
}

fn table(rows: &[Value], names: &dyn Names) -> String {
    let cell = |cell: &Value| match cell["type"].as_str() {
        Some("rich_text") => render_rich::block(cell, names),
        _ => cell["text"].as_str().map_or_else(|| cell["value"].to_string(), plain),
    };
    let row = |row: &Value| {
        row.as_array()
            .into_iter()
            .flatten()
            .map(cell)
            .collect::<Vec<_>>()
            .join(" | ")
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// What is inside an attachment, whose bar the caller draws.
fn attached(attachment: &Value, shown: &Shown<'_>) -> String {
    let names = shown.names;
    let mut lines = Vec::new();
    match attachment["blocks"].as_array().filter(|blocks| !blocks.is_empty()) {
        Some(list) => lines.extend(blocks(list, shown)),
        None => {
            lines.extend(said(&attachment["author_name"], names));
            lines.extend(said(&attachment["title"], names).map(|title| format!("*{title}*")));
            lines.extend(said(&attachment["text"], names));
            for field in attachment["fields"].as_array().into_iter().flatten() {
                let (title, value) = (said(&field["title"], names), said(&field["value"], names));
                lines.push(format!("{}  {}", title.unwrap_or_default(), value.unwrap_or_default()));
            }
            let buttons: Vec<_> = attachment["actions"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|action| format!("[{}]", action["text"].as_str().unwrap_or_default()))
                .collect();
            if !buttons.is_empty() {
                lines.push(buttons.join("  "));
            }
            lines.extend(said(&attachment["footer"], names).map(|footer| format!("· {footer}")));
            if lines.is_empty() {
                lines.extend(said(&attachment["fallback"], names));
            }
        }
    }
    lines.join("\n")
}

/// A string with markup, where there is one.
fn said(value: &Value, names: &dyn Names) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(|text| words(text, names))
}

/// A text object.
pub(super) fn text(object: &Value, names: &dyn Names) -> String {
    let text = object["text"].as_str().unwrap_or_default();
    if object["type"] == "mrkdwn" {
        words(text, names)
    } else {
        mrkdwn::plain(text)
    }
}

/// A plain text object, where there is one.
pub(super) fn label(object: &Value) -> Option<String> {
    object["text"].as_str().map(plain)
}
