//! Rich text as plain text, with the marks one would have typed.

use serde_json::Value;

use super::Names;
use super::mrkdwn::{channel, group, instant, person};

/// A `rich_text` block.
pub(super) fn block(block: &Value, names: &dyn Names) -> String {
    let mut out = Vec::new();
    for part in elements(block) {
        let lines = match part["type"].as_str().unwrap_or_default() {
            "rich_text_list" => list(part, names),
            "rich_text_quote" => inline(part, names)
                .lines()
                .map(|line| format!("> {line}"))
                .collect::<Vec<_>>()
                .join("\n"),
            "rich_text_preformatted" => format!("```\n{}\n```", inline(part, names)),
            _ => inline(part, names),
        };
        out.push(lines);
    }
    out.join("\n")
}

fn elements(part: &Value) -> &[Value] {
    part["elements"].as_array().map_or(&[], Vec::as_slice)
}

fn list(part: &Value, names: &dyn Names) -> String {
    let indent = "  ".repeat(usize::try_from(part["indent"].as_u64().unwrap_or(0).min(8)).unwrap_or(0));
    let first = part["offset"].as_u64().unwrap_or(0).saturating_add(1);
    let ordered = part["style"] == "ordered";
    let line = |(number, item): (u64, &Value)| {
        let mark = if ordered {
            format!("{number}.")
        } else {
            "•".to_owned()
        };
        format!("{indent}{mark} {}", inline(item, names))
    };
    (first..).zip(elements(part)).map(line).collect::<Vec<_>>().join("\n")
}

fn inline(part: &Value, names: &dyn Names) -> String {
    elements(part)
        .iter()
        .map(|word| styled(word, &words(word, names)))
        .collect()
}

fn words(word: &Value, names: &dyn Names) -> String {
    let field = |name: &str| word[name].as_str().unwrap_or_default();
    match word["type"].as_str().unwrap_or_default() {
        "text" => field("text").to_owned(),
        "link" => match word["text"]
            .as_str()
            .filter(|text| !text.is_empty() && *text != field("url"))
        {
            Some(text) => format!("{text} ({})", field("url")),
            None => field("url").to_owned(),
        },
        "user" => person(field("user_id"), None, names),
        "channel" => channel(field("channel_id"), None, names),
        "usergroup" => group(field("usergroup_id"), None, names),
        "broadcast" => format!("@{}", field("range")),
        "emoji" => format!(":{}:", field("name")),
        "color" => field("value").to_owned(),
        "team" => field("team_id").to_owned(),
        "date" => match word["fallback"].as_str() {
            Some(fallback) => fallback.to_owned(),
            None => word["timestamp"].as_i64().and_then(instant).unwrap_or_default(),
        },
        _ => String::new(),
    }
}

/// `*bold*`, `_italic_`, `~strike~`, `` `code` ``; spaces at the ends stay outside the marks.
fn styled(word: &Value, text: &str) -> String {
    let inner = text.trim();
    if inner.is_empty() {
        return text.to_owned();
    }
    let mut marked = inner.to_owned();
    for (style, mark) in [("code", '`'), ("strike", '~'), ("italic", '_'), ("bold", '*')] {
        if word["style"][style] == true {
            marked = format!("{mark}{marked}{mark}");
        }
    }
    let start = text.len() - text.trim_start().len();
    format!("{}{marked}{}", &text[..start], &text[start + inner.len()..])
}
