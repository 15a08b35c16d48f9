//! Text objects, and how Slack counts their characters.

use serde_json::Value;

use super::check::Check;

/// Checks a text object whose type must be one of `types`.
pub(super) fn check(check: &mut Check, value: &Value, types: &[&str], most: usize, at: &str) {
    let Some(object) = check.object(value, at) else { return };
    let mut plain = false;
    match object.get("type").map(|name| name.as_str()) {
        None => check.say("missing required field: type", at),
        Some(None) => check.say("must provide a string", &object.below("type")),
        Some(Some(name)) if !types.contains(&name) => {
            check.say(format_args!("unsupported type: {name}"), &object.below("type"));
        }
        Some(Some(name)) => plain = name == "plain_text",
    }
    let own = if plain { "emoji" } else { "verbatim" };
    for (name, value) in object.map {
        match name.as_str() {
            "type" => {}
            "text" => match value.as_str() {
                Some(text) => check.length(length(text, plain), 1, most, &object.below("text")),
                None => check.say("must provide a string", &object.below("text")),
            },
            name if name == own => {
                if !value.is_boolean() {
                    check.say("must provide a boolean", &object.below(name));
                }
            }
            name => check.say(format_args!("invalid additional property: {name}"), at),
        }
    }
    if !object.has("text") {
        check.say("missing required field: text", at);
    }
}

/// The length of a text as Slack stores it: `&`, `<` and `>` become entities unless they already are part of one or, in
/// mrkdwn, of a link or a mention.
pub(super) fn length(text: &str, plain: bool) -> usize {
    let mut length = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '&' => ["&amp;", "&lt;", "&gt;"]
                .into_iter()
                .find(|entity| rest.starts_with(entity))
                .map(str::len),
            '<' if !plain => reference(rest),
            _ => None,
        };
        match taken {
            Some(bytes) => {
                length += rest[..bytes].chars().count();
                rest = &rest[bytes..];
            }
            None => {
                length += match first {
                    '&' => 5,
                    '<' | '>' => 4,
                    _ => 1,
                };
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    length
}

/// The bytes of a link, mention or date that starts here: `<https://…|…>`, `<@U1>`, `<#C1>`, `<!here>`.
pub(super) fn reference(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let end = inner.find(['>', '<', '\n'])?;
    let inner = &inner[..end];
    let known = inner.starts_with(['@', '#', '!'])
        || ["http://", "https://", "mailto:", "tel:", "slack://"]
            .iter()
            .any(|scheme| inner.starts_with(scheme));
    (text[1 + end..].starts_with('>') && known && inner.len() > 1).then_some(end + 2)
}
