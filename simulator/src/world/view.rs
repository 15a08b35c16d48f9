//! Modals in their stacks, and the Home tab.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::elements::{self, Values};
use super::{APP_ID, BOT_ID, World};
use crate::rules;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) user: String,
    /// As the app sent it, with Slack's ids and defaults.
    pub(crate) body: Value,
    pub(crate) hash: String,
    pub(crate) root: String,
    pub(crate) previous: Option<String>,
    pub(crate) values: Values,
    /// What stands in red beneath the inputs.
    pub(crate) errors: BTreeMap<String, String>,
}

impl View {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Value::as_str).unwrap_or("")
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.body.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Value> {
        self.body.get("blocks").and_then(Value::as_array).into_iter().flatten()
    }

    pub(crate) fn is_modal(&self) -> bool {
        self.text("type") == "modal"
    }

    /// As the payloads show it.
    pub(crate) fn json(&self, team: &str) -> Value {
        let body = |name: &str| self.body.get(name).cloned().unwrap_or(Value::Null);
        json!({
            "id": self.id, "team_id": team, "type": self.text("type"), "blocks": body("blocks"),
            "private_metadata": self.text("private_metadata"), "callback_id": self.text("callback_id"),
            "state": {"values": elements::state_of(self.blocks(), &self.values)}, "hash": self.hash,
            "title": body("title"), "clear_on_close": self.flag("clear_on_close"),
            "notify_on_close": self.flag("notify_on_close"), "close": body("close"), "submit": body("submit"),
            "previous_view_id": self.previous, "root_view_id": self.root, "app_id": APP_ID,
            "external_id": self.text("external_id"), "app_installed_team_id": team, "bot_id": BOT_ID,
        })
    }

    /// What may still be wanting before the person can submit: Slack's client says so without asking the app.
    pub(crate) fn missing(&self) -> BTreeMap<String, String> {
        let mut missing = BTreeMap::new();
        for element in elements::elements(self.blocks()) {
            let (Some(input), Some(field), Some(state)) = (element.input, element.field(), element.state(&self.values))
            else {
                continue;
            };
            let value = &state[field];
            let empty = match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty(),
                _ => false,
            };
            if empty {
                if input.get("optional") != Some(&Value::Bool(true)) {
                    missing.insert(
                        element.block_id.to_owned(),
                        "Please complete this required field.".to_owned(),
                    );
                }
            } else if let Some(problem) = element_problem(element.kind, element.json, value) {
                missing.insert(element.block_id.to_owned(), problem);
            }
        }
        missing
    }
}

fn element_problem(kind: &str, json: &Value, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let number = |name: &str| {
        json.get(name)
            .and_then(Value::as_u64)
            .and_then(|n| usize::try_from(n).ok())
    };
    let length = text.chars().count();
    match kind {
        "plain_text_input" => match (number("min_length"), number("max_length")) {
            (Some(min), _) if length < min => Some(format!("This entry must be at least {min} characters.")),
            (_, Some(max)) if length > max => Some(format!("This entry must be at most {max} characters.")),
            (_, None) if length > 3000 => Some("This entry must be at most 3000 characters.".to_owned()),
            _ => None,
        },
        "number_input" => {
            let decimal = json.get("is_decimal_allowed") == Some(&Value::Bool(true));
            let parsed: Option<f64> = text.parse().ok().filter(|_| decimal || !text.contains('.'));
            let Some(parsed) = parsed else {
                return Some("Please enter a number.".to_owned());
            };
            let bound = |name: &str| {
                json.get(name)
                    .and_then(Value::as_str)
                    .and_then(|b| b.parse::<f64>().ok())
            };
            match (bound("min_value"), bound("max_value")) {
                (Some(min), _) if parsed < min => Some(format!("This number must be at least {min}.")),
                (_, Some(max)) if parsed > max => Some(format!("This number must be at most {max}.")),
                _ => None,
            }
        }
        "email_text_input" if !text.contains('@') => Some("Please enter a valid email address.".to_owned()),
        "url_text_input" if url::Url::parse(text).is_err() => Some("Please enter a valid URL.".to_owned()),
        _ => None,
    }
}

/// The fields of a view the app may set.
const FIELDS: [&str; 11] = [
    "type",
    "title",
    "blocks",
    "close",
    "submit",
    "private_metadata",
    "callback_id",
    "clear_on_close",
    "notify_on_close",
    "external_id",
    "submit_disabled",
];

impl World {
    fn new_hash(&mut self) -> String {
        self.counter += 1;
        format!("{}.{}", self.now.as_secs(), super::base36(self.counter, 8))
    }

    fn clean_view(&mut self, view: &Value) -> Value {
        let mut body = serde_json::Map::new();
        for name in FIELDS {
            if let Some(value) = view.get(name).filter(|v| !v.is_null()) {
                body.insert(name.to_owned(), value.clone());
            }
        }
        let mut body = Value::Object(body);
        if let Some(blocks) = body.get_mut("blocks") {
            self.normalise_blocks(blocks);
        }
        for name in ["title", "close", "submit"] {
            if let Some(text) = body.get_mut(name).and_then(Value::as_object_mut) {
                text.entry("emoji").or_insert(json!(true));
            }
        }
        body
    }

    fn external_id_is_taken(&self, view: &Value, by_other_than: &str) -> bool {
        let id = view.get("external_id").and_then(Value::as_str).unwrap_or("");
        !id.is_empty() && self.external_ids.get(id).is_some_and(|v| v != by_other_than)
    }

    pub(crate) fn view(&self, id: &str) -> Option<&View> {
        self.views.get(id)
    }

    pub(crate) fn view_mut(&mut self, id: &str) -> Option<&mut View> {
        self.views.get_mut(id)
    }

    pub(crate) fn view_by_external_id(&self, id: &str) -> Option<String> {
        self.external_ids.get(id).cloned()
    }

    /// From the bottom to the top.
    pub(crate) fn stack(&self, user: &str) -> Vec<&View> {
        self.stacks
            .get(user)
            .into_iter()
            .flatten()
            .filter_map(|id| self.views.get(id))
            .collect()
    }

    pub(crate) fn top_view(&self, user: &str) -> Option<&View> {
        self.stacks
            .get(user)
            .and_then(|s| s.last())
            .and_then(|id| self.views.get(id))
    }

    pub(crate) fn home(&self, user: &str) -> Option<&View> {
        self.homes.get(user).and_then(|id| self.views.get(id))
    }

    /// A new stack with one view. What stood open before is gone.
    pub(crate) fn open_view(&mut self, user: &str, view: &Value) -> Result<String, &'static str> {
        self.check_external_id(view)?;
        self.clear_stack(user);
        Ok(self.put_on_stack(user, view))
    }

    fn check_external_id(&self, view: &Value) -> Result<(), &'static str> {
        if self.external_id_is_taken(view, "") {
            Err("duplicate_external_id")
        } else {
            Ok(())
        }
    }

    /// One more view on the stack.
    pub(crate) fn push_view(&mut self, user: &str, view: &Value) -> Result<String, &'static str> {
        self.check_external_id(view)?;
        match self.stacks.get(user).map_or(0, Vec::len) {
            0 => Err("not_found"),
            rules::MODAL_STACK.. => Err("push_limit_reached"),
            _ => Ok(self.put_on_stack(user, view)),
        }
    }

    fn put_on_stack(&mut self, user: &str, view: &Value) -> String {
        let body = self.clean_view(view);
        let id = self.new_id('V');
        let previous = self.stacks.get(user).and_then(|s| s.last()).cloned();
        let root = self.stacks.get(user).and_then(|s| s.first()).unwrap_or(&id).clone();
        self.add_view(View {
            id: id.clone(),
            user: user.to_owned(),
            body,
            hash: String::new(),
            root,
            previous,
            values: Values::new(),
            errors: BTreeMap::new(),
        });
        self.stacks.entry(user.to_owned()).or_default().push(id.clone());
        self.changed_for("modals", user);
        id
    }

    fn add_view(&mut self, mut view: View) {
        view.hash = self.new_hash();
        let external_id = view.text("external_id");
        if !external_id.is_empty() {
            self.external_ids.insert(external_id.to_owned(), view.id.clone());
        }
        self.views.insert(view.id.clone(), view);
    }

    /// Another content for a view that is open. Inputs keep what is in them where block id and action id stay.
    pub(crate) fn update_view(&mut self, id: &str, view: &Value, hash: Option<&str>) -> Result<(), &'static str> {
        let open = self.views.get(id).ok_or("not_found")?;
        if hash.is_some_and(|h| h != open.hash) {
            return Err("hash_conflict");
        }
        if self.external_id_is_taken(view, id) {
            return Err("duplicate_external_id");
        }
        let user = open.user.clone();
        let old_external = open.text("external_id").to_owned();
        let body = self.clean_view(view);
        let hash = self.new_hash();
        self.external_ids.remove(&old_external);
        let view = self.views.get_mut(id).ok_or("not_found")?;
        view.body = body;
        view.hash = hash;
        view.errors.clear();
        elements::keep_present(
            view.body.get("blocks").and_then(Value::as_array).into_iter().flatten(),
            &mut view.values,
        );
        let external = view.text("external_id").to_owned();
        let kind = if view.is_modal() { "modals" } else { "home" };
        if !external.is_empty() {
            self.external_ids.insert(external, id.to_owned());
        }
        self.changed_for(kind, &user);
        Ok(())
    }

    /// The Home tab of a person.
    pub(crate) fn publish_home(
        &mut self,
        user: &str,
        view: &Value,
        hash: Option<&str>,
    ) -> Result<String, &'static str> {
        if let Some(id) = self.homes.get(user).cloned() {
            self.update_view(&id, view, hash)?;
            return Ok(id);
        }
        if hash.is_some() {
            return Err("hash_conflict");
        }
        self.check_external_id(view)?;
        let body = self.clean_view(view);
        let id = self.new_id('V');
        self.add_view(View {
            id: id.clone(),
            user: user.to_owned(),
            body,
            hash: String::new(),
            root: id.clone(),
            previous: None,
            values: Values::new(),
            errors: BTreeMap::new(),
        });
        self.homes.insert(user.to_owned(), id.clone());
        self.changed_for("home", user);
        Ok(id)
    }

    fn forget_view(&mut self, id: &str) -> Option<View> {
        let view = self.views.remove(id)?;
        self.external_ids.remove(view.text("external_id"));
        Some(view)
    }

    /// Closes one view, and with it what lies above. The answer is what was closed, the top first.
    pub(crate) fn close_view(&mut self, user: &str, id: &str) -> Vec<View> {
        let Some(stack) = self.stacks.get_mut(user) else {
            return Vec::new();
        };
        let Some(at) = stack.iter().position(|v| v == id) else {
            return Vec::new();
        };
        let gone = stack.split_off(at);
        if stack.is_empty() {
            self.stacks.remove(user);
        }
        let closed = gone.iter().rev().filter_map(|id| self.forget_view(id)).collect();
        self.changed_for("modals", user);
        closed
    }

    /// Closes everything. The answer is what was closed, the top first.
    pub(crate) fn clear_stack(&mut self, user: &str) -> Vec<View> {
        match self.stacks.get(user).and_then(|s| s.first()).cloned() {
            Some(root) => self.close_view(user, &root),
            None => Vec::new(),
        }
    }

    /// Puts what a person chose or typed into a view.
    pub(crate) fn store_value(&mut self, id: &str, block_id: &str, action_id: &str, state: Value) {
        let Some(view) = self.views.get_mut(id) else { return };
        view.values
            .entry(block_id.to_owned())
            .or_default()
            .insert(action_id.to_owned(), state);
        view.errors.remove(block_id);
    }
}
