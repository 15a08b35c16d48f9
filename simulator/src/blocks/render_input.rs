//! Elements with what stands in them: typed, chosen, or the text that invites.

use serde_json::Value;

use super::mrkdwn::{channel, instant, person, plain};
use super::render::{Shown, label, text};
use super::{Names, render_rich};

/// `Label: value`, the hint beneath.
pub(super) fn input(block: &Value, id: &str, shown: &Shown<'_>) -> String {
    let optional = if block["optional"] == true { " (optional)" } else { "" };
    let label_text = label(&block["label"]).unwrap_or_default();
    let value = element(&block["element"], id, shown);
    // Several lines stand beneath the label, each a little to the right.
    let value = if value.contains('\n') {
        format!("\n{value}").replace('\n', "\n  ")
    } else {
        format!(" {value}")
    };
    let hint = label(&block["hint"])
        .map(|hint| format!("\n  {hint}"))
        .unwrap_or_default();
    format!("{label_text}{optional}:{value}{hint}")
}

/// An element with its present value.
pub(super) fn element(element: &Value, block_id: &str, shown: &Shown<'_>) -> String {
    let state = element["action_id"]
        .as_str()
        .and_then(|action_id| shown.state(block_id, action_id));
    // A state wins over what the app put in at first, an emptied one too.
    let present = |now: &str, first: &str| match state {
        Some(state) => state[now].clone(),
        None => element[first].clone(),
    };
    let names = shown.names;
    match element["type"].as_str().unwrap_or_default() {
        "button" | "workflow_button" => button(element),
        "icon_button" => format!("[{}]", label(&element["text"]).unwrap_or_default()),
        "feedback_buttons" => ["positive_button", "negative_button"]
            .map(|name| format!("[{}]", label(&element[name]["text"]).unwrap_or_default()))
            .join("  "),
        "image" => format!("(image: {})", element["alt_text"].as_str().unwrap_or_default()),
        "overflow" => {
            let entries: Vec<_> = options(element)
                .iter()
                .map(|option| text(&option["text"], names))
                .collect();
            format!("[⋯ {}]", entries.join(" | "))
        }
        "checkboxes" => boxes(
            element,
            &present("selected_options", "initial_options"),
            ["☐", "☑"],
            names,
        ),
        "radio_buttons" => {
            let chosen = Value::Array(vec![present("selected_option", "initial_option")]);
            boxes(element, &chosen, ["○", "◉"], names)
        }
        "static_select" | "external_select" => {
            let option = present("selected_option", "initial_option");
            choice(element, option.is_object().then(|| text(&option["text"], names)))
        }
        "multi_static_select" | "multi_external_select" => {
            let chosen = present("selected_options", "initial_options");
            choice(element, list(&chosen, |option| text(&option["text"], names)))
        }
        "users_select" => choice(element, id(&present("selected_user", "initial_user"), person, names)),
        "channels_select" => choice(
            element,
            id(&present("selected_channel", "initial_channel"), channel, names),
        ),
        "conversations_select" => choice(
            element,
            id(
                &present("selected_conversation", "initial_conversation"),
                conversation,
                names,
            ),
        ),
        "multi_users_select" => choice(element, ids(&present("selected_users", "initial_users"), person, names)),
        "multi_channels_select" => choice(
            element,
            ids(&present("selected_channels", "initial_channels"), channel, names),
        ),
        "multi_conversations_select" => choice(
            element,
            ids(
                &present("selected_conversations", "initial_conversations"),
                conversation,
                names,
            ),
        ),
        "datepicker" => choice(element, string(&present("selected_date", "initial_date"))),
        "timepicker" => choice(element, string(&present("selected_time", "initial_time"))),
        "datetimepicker" => {
            let seconds = present("selected_date_time", "initial_date_time");
            choice(element, seconds.as_i64().and_then(instant))
        }
        "file_input" => {
            let files = present("files", "initial_files");
            list(&files, |file| {
                file["name"]
                    .as_str()
                    .or(file["id"].as_str())
                    .unwrap_or("file")
                    .to_owned()
            })
            .unwrap_or_else(|| "‹Upload›".to_owned())
        }
        "rich_text_input" => {
            let value = present("rich_text_value", "initial_value");
            typed(element, Some(render_rich::block(&value, names)))
        }
        _ => typed(element, string(&present("value", "initial_value"))),
    }
}

/// `[Approve](primary)`; a button that opens a page says where.
fn button(button: &Value) -> String {
    let about: Vec<_> = ["style", "url"]
        .iter()
        .filter_map(|name| button[*name].as_str())
        .collect();
    let about = if about.is_empty() {
        String::new()
    } else {
        format!("({})", about.join(", "))
    };
    format!("[{}]{about}", label(&button["text"]).unwrap_or_default())
}

/// The chosen, or the placeholder in `‹›`.
fn choice(element: &Value, chosen: Option<String>) -> String {
    let chosen = chosen.filter(|chosen| !chosen.is_empty());
    let shown = chosen.unwrap_or_else(|| format!("‹{}›", placeholder(element).unwrap_or_else(|| "Choose".to_owned())));
    format!("{shown}▾")
}

/// The typed, or a line to write on and the placeholder.
fn typed(element: &Value, value: Option<String>) -> String {
    value
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| match placeholder(element) {
            Some(placeholder) => format!("____ ({placeholder})"),
            None => "____".to_owned(),
        })
}

fn placeholder(element: &Value) -> Option<String> {
    label(&element["placeholder"])
}

/// One line for each option.
fn boxes(element: &Value, chosen: &Value, [off, on]: [&str; 2], names: &dyn Names) -> String {
    let chosen: Vec<_> = chosen
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| &option["value"])
        .collect();
    let line = |option: &Value| {
        let mark = if chosen.contains(&&option["value"]) { on } else { off };
        let more = match option["description"].is_object() {
            true => format!(" – {}", text(&option["description"], names)),
            false => String::new(),
        };
        format!("{mark} {}{more}", text(&option["text"], names))
    };
    options(element).iter().map(line).collect::<Vec<_>>().join("\n")
}

fn options(element: &Value) -> &[Value] {
    element["options"].as_array().map_or(&[], Vec::as_slice)
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(plain)
}

type Named = fn(&str, Option<String>, &dyn Names) -> String;

fn id(value: &Value, named: Named, names: &dyn Names) -> Option<String> {
    value.as_str().map(|id| named(id, None, names))
}

fn ids(value: &Value, named: Named, names: &dyn Names) -> Option<String> {
    list(value, |each| named(each.as_str().unwrap_or_default(), None, names))
}

/// A conversation may be one with a person.
fn conversation(id: &str, label: Option<String>, names: &dyn Names) -> String {
    if id.starts_with(['U', 'W']) {
        person(id, label, names)
    } else {
        channel(id, label, names)
    }
}

fn list(value: &Value, one: impl Fn(&Value) -> String) -> Option<String> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    Some(items.iter().map(one).collect::<Vec<_>>().join(", "))
}
