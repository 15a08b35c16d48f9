//! Messages, and how the Web API, the events and the page show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::channel::Channel;
use super::elements::Values;
use super::{APP_ID, BOT_ID, BOT_USER, World};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) ts: String,
    pub(crate) user: String,
    pub(crate) subtype: Option<String>,
    pub(crate) text: String,
    pub(crate) blocks: Option<Value>,
    pub(crate) attachments: Option<Value>,
    pub(crate) files: Vec<Value>,
    /// The parent's ts, in replies only.
    pub(crate) thread_ts: Option<String>,
    pub(crate) broadcast: bool,
    /// Who changed it, and when.
    pub(crate) edited: Option<(String, String)>,
    pub(crate) metadata: Option<Value>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) icon_url: Option<String>,
    /// Ephemeral: only this person sees it.
    pub(crate) only: Option<String>,
    /// What each person has chosen or typed in it.
    pub(crate) states: BTreeMap<String, Values>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) name: String,
    pub(crate) users: Vec<String>,
}

impl Message {
    pub(crate) fn by_app(&self) -> bool {
        self.user == BOT_USER
    }

    /// All blocks in it: its own, and those of its attachments.
    pub(crate) fn all_blocks(&self) -> Vec<&Value> {
        let own = self.blocks.iter().filter_map(Value::as_array).flatten();
        let attached = self
            .attachments
            .iter()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|a| a.get("blocks").and_then(Value::as_array))
            .flatten();
        own.chain(attached).collect()
    }
}

impl World {
    pub(crate) fn bot_profile(&self) -> Value {
        json!({
            "id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER, "name": self.manifest.name, "deleted": false,
            "updated": 1_700_000_000, "team_id": self.team.id,
            "icons": {"image_36": "https://avatars.example.com/app-36.png",
                      "image_48": "https://avatars.example.com/app-48.png",
                      "image_72": "https://avatars.example.com/app-72.png"},
        })
    }

    /// As `conversations.history` and the events show it.
    pub(crate) fn message_json(&self, channel: &Channel, message: &Message, with_metadata: bool) -> Value {
        let mut out = json!({
            "type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": self.team.id,
        });
        if let Some(id) = &message.client_msg_id {
            out["client_msg_id"] = json!(id);
        }
        if let Some(subtype) = &message.subtype {
            out["subtype"] = json!(subtype);
            if subtype == "tombstone" {
                out["hidden"] = json!(true);
            }
        }
        if message.by_app() {
            out["bot_id"] = json!(BOT_ID);
            out["app_id"] = json!(APP_ID);
            out["bot_profile"] = self.bot_profile();
        }
        if let Some(username) = &message.username {
            out["username"] = json!(username);
            out["subtype"] = json!(message.subtype.as_deref().unwrap_or("bot_message"));
        }
        if let Some(icon) = &message.icon_url {
            out["icons"] = json!({"image_64": icon});
        }
        for (name, value) in [("blocks", &message.blocks), ("attachments", &message.attachments)] {
            if let Some(value) = value {
                out[name] = value.clone();
            }
        }
        if !message.files.is_empty() {
            out["files"] = json!(message.files);
            out["upload"] = json!(false);
        }
        if let Some((user, ts)) = &message.edited {
            out["edited"] = json!({"user": user, "ts": ts});
        }
        if let (Some(metadata), true) = (&message.metadata, with_metadata) {
            out["metadata"] = metadata.clone();
        }
        if !message.reactions.is_empty() {
            let reactions = message.reactions.iter();
            out["reactions"] = reactions
                .map(|r| json!({"name": r.name, "users": r.users, "count": r.users.len()}))
                .collect();
        }
        if let Some(parent) = &message.thread_ts {
            out["thread_ts"] = json!(parent);
            if let Some(parent) = channel.messages.get(parent) {
                out["parent_user_id"] = json!(parent.user);
            }
        } else if let Some(thread) = channel.threads.get(&message.ts).filter(|t| !t.replies.is_empty()) {
            out["thread_ts"] = json!(message.ts);
            out["reply_count"] = json!(thread.replies.len());
            out["reply_users_count"] = json!(thread.users.len());
            out["reply_users"] = json!(thread.users);
            out["latest_reply"] = json!(thread.replies.last());
            out["is_locked"] = json!(false);
            out["subscribed"] = json!(thread.users.iter().any(|u| u == BOT_USER) || message.by_app());
        }
        out
    }

    /// Puts a message into a conversation, and tells app and page. The answer is its ts.
    pub(crate) fn post(&mut self, channel_id: &str, mut message: Message) -> String {
        let ts = self.new_ts();
        message.ts.clone_from(&ts);
        if message.thread_ts.is_some() && message.broadcast {
            message.subtype = Some("thread_broadcast".to_owned());
        }
        let thread = message.thread_ts.clone();
        let ephemeral = message.only.clone();
        let Some(channel) = self.channels.get_mut(channel_id) else {
            return ts;
        };
        if ephemeral.is_some() {
            channel.ephemerals.insert(ts.clone(), message);
        } else {
            channel.insert(message);
            self.message_event(channel_id, &ts);
        }
        let change = self.changed("message");
        change.channel = Some(channel_id.to_owned());
        change.only = ephemeral;
        if thread.is_some() {
            change.thread.clone_from(&thread);
            let change = self.changed("thread");
            change.channel = Some(channel_id.to_owned());
            change.thread = thread;
        }
        ts
    }

    fn message_event(&mut self, channel_id: &str, ts: &str) {
        let Some(channel) = self.channels.get(channel_id) else {
            return;
        };
        let Some((subscription, kind)) = channel.subscription() else {
            return;
        };
        let mentions = !channel.is_direct()
            && channel
                .messages
                .get(ts)
                .is_some_and(|m| m.text.contains(&format!("<@{BOT_USER}")) && !m.by_app());
        let (channel_id, ts) = (channel_id.to_owned(), ts.to_owned());
        let event = move |w: &mut World| {
            let channel = &w.channels[&channel_id];
            let message = &channel.messages[&ts];
            let mut event = w.message_json(channel, message, true);
            event["channel"] = json!(channel_id);
            event["channel_type"] = json!(kind);
            event["event_ts"] = json!(ts);
            if message.subtype.as_deref() == Some("thread_broadcast") {
                let parent = message.thread_ts.as_ref().and_then(|t| channel.messages.get(t));
                event["root"] = parent.map(|p| w.message_json(channel, p, true)).unwrap_or_default();
            }
            event
        };
        if mentions {
            let same = event.clone();
            self.emit("app_mention", |w| {
                let mut event = same(w);
                event["type"] = json!("app_mention");
                event
                    .as_object_mut()
                    .expect("an event is an object")
                    .remove("channel_type");
                event
            });
        }
        self.emit(subscription, event);
    }

    /// Changes a message. `edited_by` marks it as edited; without it the change is silent, as of a link's preview.
    pub(crate) fn change_message(
        &mut self,
        channel_id: &str,
        ts: &str,
        edited_by: Option<&str>,
        change: impl FnOnce(&mut Message),
    ) -> bool {
        let new_ts = self.new_ts();
        let Some(channel) = self.channels.get(channel_id) else {
            return false;
        };
        let Some(message) = channel.messages.get(ts) else {
            return false;
        };
        let subscription = channel
            .subscription()
            .filter(|(name, _)| self.manifest.listens_to(name));
        let previous = subscription.map(|_| self.message_json(channel, message, true));
        let channel = self.channels.get_mut(channel_id).expect("it was there a line above");
        let message = channel.messages.get_mut(ts).expect("it was there a line above");
        change(message);
        if let Some(user) = edited_by {
            message.edited = Some((user.to_owned(), new_ts.clone()));
        }
        let thread = message.thread_ts.clone();
        if message.broadcast {
            channel.tops.insert(ts.to_owned());
        }
        if let (Some((name, kind)), Some(previous)) = (subscription, previous) {
            self.emit(name, |w| {
                let channel = &w.channels[channel_id];
                let message = w.message_json(channel, &channel.messages[ts], true);
                json!({
                    "type": "message", "subtype": "message_changed", "message": message, "previous_message": previous,
                    "channel": channel_id, "hidden": true, "ts": new_ts, "event_ts": new_ts, "channel_type": kind,
                })
            });
        }
        let change = self.changed("message");
        change.channel = Some(channel_id.to_owned());
        change.thread.clone_from(&thread);
        if thread.is_some() {
            let change = self.changed("thread");
            change.channel = Some(channel_id.to_owned());
            change.thread = thread;
        }
        true
    }

    /// Takes a message away; a parent with replies leaves a tombstone.
    pub(crate) fn delete_message(&mut self, channel_id: &str, ts: &str) -> bool {
        let Some(channel) = self.channels.get_mut(channel_id) else {
            return false;
        };
        if channel.ephemerals.remove(ts).is_some() {
            self.changed("message").channel = Some(channel_id.to_owned());
            return true;
        }
        let Some(message) = channel.messages.get(ts) else {
            return false;
        };
        let has_replies = channel.threads.get(ts).is_some_and(|t| !t.replies.is_empty());
        if has_replies && message.subtype.as_deref() != Some("tombstone") {
            return self.change_message(channel_id, ts, None, |m| {
                m.subtype = Some("tombstone".to_owned());
                m.text = "This message was deleted.".to_owned();
                m.user = super::SLACKBOT.to_owned();
                m.blocks = None;
                m.attachments = None;
                m.files.clear();
                m.metadata = None;
                m.reactions.clear();
            });
        }
        let channel = &self.channels[channel_id];
        let subscription = channel
            .subscription()
            .filter(|(name, _)| self.manifest.listens_to(name));
        let previous = subscription.map(|_| self.message_json(channel, &channel.messages[ts], true));
        let channel = self.channels.get_mut(channel_id).expect("it was there a line above");
        let thread = channel.remove(ts);
        if let (Some((name, kind)), Some(previous)) = (subscription, previous) {
            let new_ts = self.new_ts();
            self.emit(name, |_| {
                json!({
                    "type": "message", "subtype": "message_deleted", "previous_message": previous,
                    "channel": channel_id, "hidden": true, "deleted_ts": ts, "ts": new_ts, "event_ts": new_ts,
                    "channel_type": kind,
                })
            });
        }
        let change = self.changed("message");
        change.channel = Some(channel_id.to_owned());
        if thread.is_some() {
            let change = self.changed("thread");
            change.channel = Some(channel_id.to_owned());
            change.thread = thread;
        }
        true
    }
}
