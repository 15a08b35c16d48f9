//! The interactive elements in a list of blocks, and what people have put into them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What was chosen or typed: by block id and action id, as Slack puts it into `state.values`.
pub(crate) type Values = BTreeMap<String, BTreeMap<String, Value>>;

/// One interactive element and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) block_id: &'a str,
    pub(crate) action_id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) json: &'a Value,
    /// The block around it, when it is an input block.
    pub(crate) input: Option<&'a Value>,
}

fn text_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

/// All interactive elements, from the top to the bottom.
pub(crate) fn elements<'a>(blocks: impl IntoIterator<Item = &'a Value>) -> Vec<Element<'a>> {
    let mut found = Vec::new();
    for block in blocks {
        let block_id = text_of(block, "block_id");
        let is_input = text_of(block, "type") == "input";
        let single = block.get("accessory").or_else(|| block.get("element"));
        let several = match text_of(block, "type") {
            "actions" | "context_actions" => block.get("elements").and_then(Value::as_array),
            _ => None,
        };
        for json in single.into_iter().chain(several.into_iter().flatten()) {
            let Some(action_id) = json.get("action_id").and_then(Value::as_str) else {
                continue;
            };
            let input = is_input.then_some(block);
            found.push(Element {
                block_id,
                action_id,
                kind: text_of(json, "type"),
                json,
                input,
            });
        }
    }
    found
}

impl Element<'_> {
    /// The field in which its value stands, in an action and in the state.
    pub(crate) fn field(&self) -> Option<&'static str> {
        field(self.kind)
    }

    /// What is written on it or beside it, in all the ways one may call it.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let texts = [
            Some(self.action_id),
            Some(self.block_id),
            self.json.pointer("/text/text").and_then(Value::as_str),
            self.json.pointer("/accessibility_label").and_then(Value::as_str),
            self.input
                .and_then(|b| b.pointer("/label/text"))
                .and_then(Value::as_str),
            self.json.pointer("/placeholder/text").and_then(Value::as_str),
        ];
        texts.into_iter().flatten().any(|t| t == name)
    }

    pub(crate) fn dispatches(&self) -> bool {
        self.input
            .is_none_or(|b| b.get("dispatch_action") == Some(&Value::Bool(true)))
    }

    /// Whether typing tells the app at `moment`: `on_enter_pressed` (the default) or `on_character_entered`.
    pub(crate) fn dispatches_on(&self, moment: &str) -> bool {
        if !self.dispatches() {
            return false;
        }
        match self
            .json
            .pointer("/dispatch_action_config/trigger_actions_on")
            .and_then(Value::as_array)
        {
            Some(on) => on.iter().any(|m| m == moment),
            None => moment == "on_enter_pressed",
        }
    }

    fn initial(&self) -> Value {
        let Some(field) = self.field() else { return Value::Null };
        let name = match field {
            "value" | "rich_text_value" => "initial_value".to_owned(),
            "files" => return json!([]),
            other => other.replacen("selected", "initial", 1),
        };
        match self.json.get(&name) {
            Some(value) => value.clone(),
            None if is_multi(self.kind) => json!([]),
            None => Value::Null,
        }
    }

    /// The value now: what the person put in, or what the app proposed.
    pub(crate) fn state(&self, values: &Values) -> Option<Value> {
        let field = self.field()?;
        let stored = values.get(self.block_id).and_then(|b| b.get(self.action_id));
        if let Some(stored) = stored.filter(|s| text_of(s, "type") == self.kind) {
            return Some(stored.clone());
        }
        Some(json!({"type": self.kind, field: self.initial()}))
    }
}

pub(crate) fn is_multi(kind: &str) -> bool {
    kind.starts_with("multi_") || kind == "checkboxes" || kind == "file_input"
}

pub(crate) fn field(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "plain_text_input" | "number_input" | "email_text_input" | "url_text_input" => "value",
        "rich_text_input" => "rich_text_value",
        "static_select" | "external_select" | "radio_buttons" => "selected_option",
        "multi_static_select" | "multi_external_select" | "checkboxes" => "selected_options",
        "users_select" => "selected_user",
        "multi_users_select" => "selected_users",
        "conversations_select" => "selected_conversation",
        "multi_conversations_select" => "selected_conversations",
        "channels_select" => "selected_channel",
        "multi_channels_select" => "selected_channels",
        "datepicker" => "selected_date",
        "timepicker" => "selected_time",
        "datetimepicker" => "selected_date_time",
        "file_input" => "files",
        _ => return None,
    })
}

/// `state.values` as the app gets it: every element that holds a value, touched or not.
pub(crate) fn state_of<'a>(blocks: impl IntoIterator<Item = &'a Value>, values: &Values) -> Value {
    let mut out: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for element in elements(blocks) {
        if let Some(state) = element.state(values) {
            out.entry(element.block_id)
                .or_default()
                .insert(element.action_id, state);
        }
    }
    json!(out)
}

/// Forgets what belongs to elements that are no longer there.
pub(crate) fn keep_present<'a>(blocks: impl IntoIterator<Item = &'a Value>, values: &mut Values) {
    let present = elements(blocks);
    values.retain(|block_id, actions| {
        actions.retain(|action_id, state| {
            present
                .iter()
                .any(|e| e.block_id == block_id && e.action_id == action_id && e.kind == text_of(state, "type"))
        });
        !actions.is_empty()
    });
}
