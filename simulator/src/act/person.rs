//! A person at the client.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::snapshot::{MessageRef, MessageSnapshot, ViewSnapshot};
use super::{ActError, Container, Outcome, Target};
use crate::deliver::{self, Kind, Reply, Trouble};
use crate::inner::Inner;
use crate::world::World;

/// Somebody who uses the workspace. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Person {
    pub(crate) inner: Arc<Inner>,
    pub(crate) id: String,
}

/// What to change in a profile; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProfileChange {
    /// Full name.
    pub real_name: Option<String>,
    /// What the person does.
    pub title: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Time zone.
    pub tz: Option<String>,
    /// Deactivated.
    pub deleted: Option<bool>,
    /// A guest in several channels.
    #[serde(alias = "is_restricted")]
    pub restricted: Option<bool>,
    /// A guest in one channel.
    #[serde(alias = "is_ultra_restricted")]
    pub ultra_restricted: Option<bool>,
    /// An administrator.
    pub is_admin: Option<bool>,
    /// The address of a picture of their own; empty: the one that Slack draws.
    pub picture: Option<String>,
    /// The emoji of the status, with colons; empty for none.
    pub status_emoji: Option<String>,
    /// When the status ends, in seconds since 1970; 0 for open.
    pub status_expiration: Option<u64>,
}

impl Person {
    pub(crate) fn new(inner: Arc<Inner>, id: String) -> Person {
        Person { inner, id }
    }

    /// `U…`
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The handle.
    pub fn name(&self) -> String {
        self.inner
            .look(|w| w.user(&self.id).map(|u| u.name.clone()).unwrap_or_default())
    }

    /// As the API shows the person.
    pub fn json(&self) -> Value {
        self.inner.look(|w| {
            w.user(&self.id)
                .map(|u| u.json(&w.team.id, &w.url, true))
                .unwrap_or_default()
        })
    }

    // ---- signing in elsewhere

    /// Follows an app's link to Sign in with Slack and agrees; the address the browser is sent back to.
    ///
    /// # Errors
    /// What Slack's page says in place of asking.
    pub fn signs_in(&self, address: &str) -> Result<String, String> {
        crate::openid::sign_in(&self.inner, address, &self.id)
    }

    /// The same, but does not agree.
    ///
    /// # Errors
    /// As there.
    pub fn declines_to_sign_in(&self, address: &str) -> Result<String, String> {
        crate::openid::sign_in(&self.inner, address, "")
    }

    // ---- what the person sees

    /// The modal on top.
    pub fn modal(&self) -> Option<ViewSnapshot> {
        self.inner
            .look(|w| w.top_view(&self.id).map(|v| ViewSnapshot::take(w, v)))
    }

    /// All modals, the top one last.
    pub fn modals(&self) -> Vec<ViewSnapshot> {
        self.inner.look(|w| {
            w.stack(&self.id)
                .into_iter()
                .map(|v| ViewSnapshot::take(w, v))
                .collect()
        })
    }

    /// The Home tab, if the app has published one.
    pub fn home(&self) -> Option<ViewSnapshot> {
        self.inner.look(|w| w.home(&self.id).map(|v| ViewSnapshot::take(w, v)))
    }

    /// The conversation with the app, ephemeral messages included, the oldest first; threads stand elsewhere.
    pub fn dm(&self) -> Vec<MessageSnapshot> {
        self.inner.look(|w| {
            w.app_dm_if_open(&self.id)
                .map(|id| self.conversation(w, &id))
                .unwrap_or_default()
        })
    }

    /// The last message of the conversation with the app.
    pub fn last_dm(&self) -> Option<MessageSnapshot> {
        self.dm().pop()
    }

    /// A conversation as this person sees it; empty when it is not for this person.
    pub fn messages(&self, channel: impl AsRef<str>) -> Vec<MessageSnapshot> {
        self.inner.look(|w| {
            self.seen(w, channel.as_ref())
                .map(|id| self.conversation(w, &id))
                .unwrap_or_default()
        })
    }

    /// A message and its replies.
    pub fn thread(&self, message: impl Into<MessageRef>) -> Vec<MessageSnapshot> {
        let message = message.into();
        self.inner.look(|w| {
            let Some(channel) = w.channels.get(&message.channel).filter(|c| c.seen_by(&self.id)) else {
                return Vec::new();
            };
            let given = channel.messages.get(&message.ts);
            let parent = given.and_then(|m| m.thread_ts.clone()).unwrap_or(message.ts);
            let replies = channel.threads.get(&parent).into_iter().flat_map(|t| &t.replies);
            let lasting = std::iter::once(&parent)
                .chain(replies)
                .filter_map(|ts| channel.messages.get(ts));
            let own = |m: &&crate::world::message::Message| {
                m.only.as_deref() == Some(self.id.as_str()) && m.thread_ts.as_ref() == Some(&parent)
            };
            let mut all: Vec<_> = lasting.chain(channel.ephemerals.values().filter(own)).collect();
            all.sort_by(|a, b| a.ts.cmp(&b.ts));
            all.into_iter()
                .map(|m| MessageSnapshot::take(w, channel, m, &self.id))
                .collect()
        })
    }

    /// One message as it is now.
    pub fn message(&self, message: impl Into<MessageRef>) -> Option<MessageSnapshot> {
        let message = message.into();
        self.inner.look(|w| {
            let channel = w.channels.get(&message.channel).filter(|c| c.seen_by(&self.id))?;
            let own = |m: &&crate::world::message::Message| m.only.as_deref() == Some(self.id.as_str());
            let found = channel.messages.get(&message.ts);
            let found = found.or_else(|| channel.ephemerals.get(&message.ts).filter(own))?;
            Some(MessageSnapshot::take(w, channel, found, &self.id))
        })
    }

    fn conversation(&self, world: &World, id: &str) -> Vec<MessageSnapshot> {
        let Some(channel) = world.channels.get(id) else {
            return Vec::new();
        };
        let own =
            |m: &&crate::world::message::Message| m.only.as_deref() == Some(self.id.as_str()) && m.thread_ts.is_none();
        let mut all: Vec<_> = channel.tops.iter().filter_map(|ts| channel.messages.get(ts)).collect();
        all.extend(channel.ephemerals.values().filter(own));
        all.sort_by(|a, b| a.ts.cmp(&b.ts));
        all.into_iter()
            .map(|m| MessageSnapshot::take(world, channel, m, &self.id))
            .collect()
    }

    /// The id of a conversation the person may see.
    pub(crate) fn seen(&self, world: &World, name: &str) -> Option<String> {
        let id = match name {
            "dm" | "app" => world.app_dm_if_open(&self.id)?,
            _ => world.find_channel(name)?,
        };
        world.channels.get(&id).filter(|c| c.seen_by(&self.id)).map(|_| id)
    }

    /// The same, and the conversation with the app or with a person (`@name`) is opened when there is none.
    pub(crate) fn place(&self, world: &mut World, name: &str) -> Outcome<String> {
        if name == "dm" || name == "app" {
            return Ok(world.app_dm(&self.id).0);
        }
        if name.starts_with('@') {
            let other = world.find_person(name).ok_or("user_not_found")?;
            return Ok(if other == crate::world::BOT_USER {
                world.app_dm(&self.id).0
            } else {
                world.pair_dm(&self.id, &other)
            });
        }
        self.seen(world, name).ok_or_else(|| "channel_not_found".into())
    }

    // ---- how the person reaches the app

    /// A deactivated person cannot do anything.
    pub(crate) fn must_be_active(&self, world: &World) -> Outcome {
        match world.user(&self.id) {
            Some(user) if !user.deleted => Ok(()),
            Some(_) => Err("account_inactive".into()),
            None => Err("user_not_found".into()),
        }
    }

    /// Sends an interaction; trouble is shown to the person as Slack's client does.
    pub(crate) async fn ask(&self, kind: Kind, payload: &Value, what: &str) -> Outcome<Reply> {
        deliver::ask(&self.inner, kind, payload)
            .await
            .map_err(|trouble| self.in_trouble(trouble, what))
    }

    pub(crate) fn in_trouble(&self, trouble: Trouble, what: &str) -> ActError {
        let text = format!("{what} failed with the error \"{}\"", trouble.name());
        self.inner.with_world(|w| w.toast(&self.id, &text));
        trouble.name().into()
    }

    /// Where the target is now.
    pub(crate) fn container(&self, world: &World, target: &Target) -> Outcome<Container> {
        match target {
            Target::Home => world
                .home(&self.id)
                .map(|_| Container::Home)
                .ok_or_else(|| "no home tab".into()),
            Target::Modal => {
                let view = world.top_view(&self.id).ok_or("no modal is open")?;
                Ok(Container::View {
                    view_id: view.id.clone(),
                })
            }
            Target::Message(MessageRef { channel, ts }) => {
                let place = world
                    .channels
                    .get(channel)
                    .filter(|c| c.seen_by(&self.id))
                    .ok_or("channel_not_found")?;
                let (channel, ts) = (channel.clone(), ts.clone());
                if place.messages.contains_key(&ts) {
                    Ok(Container::Message { channel, ts })
                } else if place
                    .ephemerals
                    .get(&ts)
                    .is_some_and(|m| m.only.as_deref() == Some(self.id.as_str()))
                {
                    Ok(Container::Ephemeral { channel, ts })
                } else {
                    Err("message_not_found".into())
                }
            }
        }
    }
}

impl From<&MessageSnapshot> for MessageRef {
    fn from(message: &MessageSnapshot) -> MessageRef {
        message.reference()
    }
}

impl From<&MessageRef> for MessageRef {
    fn from(message: &MessageRef) -> MessageRef {
        message.clone()
    }
}
