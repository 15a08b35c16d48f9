//! Conversations: channels, the app's conversations with people, and people's with each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::Message;
use super::{BOT_USER, World};
use crate::config::SeedChannel;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Channel,
    /// Of the app with a person.
    App,
    /// Of two people.
    Im,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) topic: String,
    pub(crate) created: u64,
    pub(crate) members: BTreeSet<String>,
    pub(crate) messages: BTreeMap<String, Message>,
    /// What stands in the conversation itself and not in a thread only.
    pub(crate) tops: BTreeSet<String>,
    /// By the parent's ts.
    pub(crate) threads: BTreeMap<String, Thread>,
    pub(crate) ephemerals: BTreeMap<String, Message>,
    /// Up to where each person has read.
    pub(crate) read: HashMap<String, String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) replies: BTreeSet<String>,
    /// Who wrote in it, first come first.
    pub(crate) users: Vec<String>,
}

impl Channel {
    pub(crate) fn direct(id: String, kind: Kind, members: [&str; 2], created: u64) -> Channel {
        Channel {
            id,
            name: String::new(),
            kind,
            private: true,
            archived: false,
            topic: String::new(),
            created,
            members: members.iter().map(|m| (*m).to_owned()).collect(),
            messages: BTreeMap::new(),
            tops: BTreeSet::new(),
            threads: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            read: HashMap::new(),
        }
    }

    pub(crate) fn is_direct(&self) -> bool {
        self.kind != Kind::Channel
    }

    pub(crate) fn has_app(&self) -> bool {
        self.kind != Kind::Im && self.members.contains(BOT_USER)
    }

    pub(crate) fn seen_by(&self, user: &str) -> bool {
        self.members.contains(user) || (self.kind == Kind::Channel && !self.private)
    }

    /// The subscription under which the app hears of messages here, and the `channel_type` in them.
    pub(crate) fn subscription(&self) -> Option<(&'static str, &'static str)> {
        if !self.has_app() {
            return None;
        }
        Some(match (self.kind, self.private) {
            (Kind::App | Kind::Im, _) => ("message.im", "im"),
            (Kind::Channel, false) => ("message.channels", "channel"),
            (Kind::Channel, true) => ("message.groups", "group"),
        })
    }

    pub(crate) fn insert(&mut self, message: Message) {
        let ts = message.ts.clone();
        if let Some(parent) = &message.thread_ts {
            let thread = self.threads.entry(parent.clone()).or_default();
            thread.replies.insert(ts.clone());
            if !thread.users.contains(&message.user) {
                thread.users.push(message.user.clone());
            }
        }
        if message.thread_ts.is_none() || message.broadcast {
            self.tops.insert(ts.clone());
        }
        self.messages.insert(ts, message);
    }

    /// The answer is the thread it stood in.
    pub(crate) fn remove(&mut self, ts: &str) -> Option<String> {
        let message = self.messages.remove(ts)?;
        self.tops.remove(ts);
        let parent = message.thread_ts?;
        if let Some(thread) = self.threads.get_mut(&parent) {
            thread.replies.remove(ts);
            if thread.replies.is_empty() {
                self.threads.remove(&parent);
            }
        }
        Some(parent)
    }

    /// How many messages of others a person has not read yet; counts no further than 100.
    pub(crate) fn unread(&self, user: &str) -> usize {
        let from = self.read.get(user).cloned().unwrap_or_default();
        let after = (std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded);
        self.tops
            .range(after)
            .filter(|ts| self.messages.get(*ts).is_some_and(|m| m.user != user))
            .take(100)
            .count()
    }
}

impl World {
    pub(crate) fn add_channel(&mut self, seed: &SeedChannel) -> String {
        let id = self.new_id('C');
        let mut members: BTreeSet<String> = if seed.members.is_empty() {
            self.people()
                .iter()
                .filter(|u| !u.is_bot && !u.deleted && u.id != super::SLACKBOT)
                .map(|u| u.id.clone())
                .collect()
        } else {
            seed.members.iter().filter_map(|m| self.find_person(m)).collect()
        };
        if seed.with_app {
            members.insert(BOT_USER.to_owned());
        }
        let mut channel = Channel::direct(id.clone(), Kind::Channel, ["", ""], self.now.as_secs());
        channel.name.clone_from(&seed.name);
        channel.topic.clone_from(&seed.topic);
        channel.private = seed.private;
        channel.members = members;
        self.channels.insert(id.clone(), channel);
        id
    }

    /// By id, or by name with or without `#`.
    pub(crate) fn find_channel(&self, name: &str) -> Option<String> {
        if self.channels.contains_key(name) {
            return Some(name.to_owned());
        }
        let name = name.trim_start_matches('#');
        self.channels
            .values()
            .find(|c| c.kind == Kind::Channel && c.name == name)
            .map(|c| c.id.clone())
    }

    /// What the payloads call a conversation.
    pub(crate) fn payload_name(&self, channel: &Channel) -> String {
        match channel.kind {
            Kind::App | Kind::Im => "directmessage".to_owned(),
            Kind::Channel if channel.private => "privategroup".to_owned(),
            Kind::Channel => channel.name.clone(),
        }
    }

    /// As `conversations.info` shows it.
    pub(crate) fn channel_json(&self, channel: &Channel) -> Value {
        if channel.is_direct() {
            let user = self.other_side(channel, BOT_USER);
            return json!({
                "id": channel.id, "created": channel.created, "is_archived": false, "is_im": true,
                "is_org_shared": false, "context_team_id": self.team.id, "updated": channel.created * 1000,
                "user": user, "is_user_deleted": self.user(user).is_some_and(|u| u.deleted), "is_open": true,
                "priority": 0, "latest": null,
            });
        }
        json!({
            "id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_channel": !channel.private,
            "is_group": channel.private, "is_im": false, "is_mpim": false, "is_private": channel.private,
            "created": channel.created, "is_archived": channel.archived, "is_general": channel.name == "general",
            "unlinked": 0, "is_shared": false, "is_org_shared": false, "is_ext_shared": false,
            "is_pending_ext_shared": false, "pending_shared": [], "shared_team_ids": [self.team.id],
            "context_team_id": self.team.id, "updated": channel.created * 1000, "creator": super::SLACKBOT,
            "is_member": channel.has_app(), "parent_conversation": null, "previous_names": [],
            "topic": {"value": channel.topic, "creator": super::SLACKBOT, "last_set": channel.created},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        })
    }
}
