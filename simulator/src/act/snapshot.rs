//! What a person sees, taken at one moment.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::blocks;
use crate::world::World;
use crate::world::channel::Channel;
use crate::world::message::Message;
use crate::world::view::View;

/// Which message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageRef {
    /// The conversation's id.
    pub channel: String,
    /// The message's ts.
    pub ts: String,
}

/// A message as a person sees it.
#[derive(Debug, Clone)]
pub struct MessageSnapshot {
    channel: String,
    json: Value,
    text: String,
}

impl MessageSnapshot {
    pub(crate) fn take(world: &World, channel: &Channel, message: &Message, person: &str) -> MessageSnapshot {
        let json = client_message(world, channel, message, person);
        let text = blocks::render_message(&json, world);
        MessageSnapshot {
            channel: channel.id.clone(),
            json,
            text,
        }
    }

    /// Its text as it is shown, blocks and buttons included, for snapshots of tests.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As the API shows it, with `ephemeral` and `state` beside.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// To click in it, answer it or change it.
    pub fn reference(&self) -> MessageRef {
        MessageRef {
            channel: self.channel.clone(),
            ts: self.ts().to_owned(),
        }
    }

    /// Its ts.
    pub fn ts(&self) -> &str {
        self.json["ts"].as_str().unwrap_or("")
    }

    /// The conversation it stands in.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The id of its author.
    pub fn user(&self) -> &str {
        self.json["user"].as_str().unwrap_or("")
    }

    /// The `text` field as the author sent it; [`MessageSnapshot::text`] is what is shown.
    pub fn raw_text(&self) -> &str {
        self.json["text"].as_str().unwrap_or("")
    }

    /// Only this person sees it.
    pub fn is_ephemeral(&self) -> bool {
        self.json["ephemeral"] == Value::Bool(true)
    }

    /// The app wrote it.
    pub fn is_by_app(&self) -> bool {
        self.json.get("bot_id").is_some()
    }

    /// It was changed after it was posted.
    pub fn is_edited(&self) -> bool {
        self.json.get("edited").is_some()
    }

    /// How many replies stand under it.
    pub fn reply_count(&self) -> u64 {
        self.json["reply_count"].as_u64().unwrap_or(0)
    }
}

/// A modal or a Home tab as its person sees it.
#[derive(Debug, Clone)]
pub struct ViewSnapshot {
    json: Value,
    text: String,
    errors: BTreeMap<String, String>,
}

impl ViewSnapshot {
    pub(crate) fn take(world: &World, view: &View) -> ViewSnapshot {
        let json = view.json(&world.team.id);
        let errors = serde_json::json!(view.errors);
        let text = blocks::render_view(&json, &json["state"], &errors, world);
        ViewSnapshot {
            text,
            errors: view.errors.clone(),
            json,
        }
    }

    /// As it is shown, with what stands in the inputs and the errors beneath them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As the payloads show it, `state.values` included.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// `V…`
    pub fn id(&self) -> &str {
        self.json["id"].as_str().unwrap_or("")
    }

    /// What the app called it.
    pub fn callback_id(&self) -> &str {
        self.json["callback_id"].as_str().unwrap_or("")
    }

    /// What stands in red, by block.
    pub fn errors(&self) -> &BTreeMap<String, String> {
        &self.errors
    }

    pub(crate) fn is_home(&self) -> bool {
        self.json["type"] == "home"
    }
}

/// What came of a slash command by the time the app had acknowledged it.
#[derive(Debug, Clone)]
pub struct Response {
    /// The message only the person sees, if the app sent one.
    pub ephemeral: Option<MessageSnapshot>,
    /// The message for everybody.
    pub in_channel: Option<MessageSnapshot>,
}

impl Response {
    /// What the person reads; empty when there was no message.
    pub fn text(&self) -> &str {
        self.ephemeral
            .as_ref()
            .or(self.in_channel.as_ref())
            .map_or("", MessageSnapshot::text)
    }
}

/// What came of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The modal closed; the flag of the API `clear` closed all.
    Closed,
    /// Words in red, by block id: from the app, or from the client where something required is empty.
    Errors(BTreeMap<String, String>),
    /// The app put other content into it.
    Updated,
    /// The app put another one above it.
    Pushed,
    /// "We had some trouble connecting. Try again?", and why.
    Trouble(String),
}

/// One line in the list of a select.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What is shown.
    pub text: String,
    /// What the app gets.
    pub value: String,
    /// The heading above it, if there are groups.
    pub group: Option<String>,
    /// The whole option.
    pub json: Value,
}

impl Choice {
    /// All choices in an answer with `options` or `option_groups`.
    pub(crate) fn all(json: &Value) -> Vec<Choice> {
        let one = |option: &Value, group: Option<&str>| Choice {
            text: option
                .pointer("/text/text")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned(),
            value: option["value"].as_str().unwrap_or("").to_owned(),
            group: group.map(str::to_owned),
            json: option.clone(),
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut out: Vec<Choice> = list(&json["options"]).iter().map(|o| one(o, None)).collect();
        for group in list(&json["option_groups"]) {
            let label = group.pointer("/label/text").and_then(Value::as_str);
            out.extend(list(&group["options"]).iter().map(|o| one(o, label)));
        }
        out
    }
}

/// A message as the page and the snapshots get it.
pub(crate) fn client_message(world: &World, channel: &Channel, message: &Message, person: &str) -> Value {
    let mut json = world.message_json(channel, message, false);
    let values = message.states.get(person);
    let empty = crate::world::elements::Values::new();
    let state = crate::world::elements::state_of(message.all_blocks(), values.unwrap_or(&empty));
    json["state"] = serde_json::json!({"values": state});
    if message.by_app() {
        json["bot"] = Value::Bool(true);
        // Long, the same in every message, and known from the state of the workspace.
        json.as_object_mut()
            .expect("a message is an object")
            .remove("bot_profile");
    }
    json["ephemeral"] = Value::Bool(message.only.is_some());
    json
}

impl blocks::Names for World {
    fn person(&self, id: &str) -> Option<String> {
        self.user(id).map(|_| self.shown_name(id))
    }

    fn channel(&self, id: &str) -> Option<String> {
        self.channels.get(id).map(|c| c.name.clone())
    }

    fn group(&self, id: &str) -> Option<String> {
        self.groups.iter().find(|g| g.id == id).map(|g| g.handle.clone())
    }
}
