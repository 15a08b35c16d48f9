//! The state: a workspace with its people, conversations and views. Everything here is plain data behind one lock;
//! what has to reach the app or the page is put into an outbox and sent after the lock is gone.

pub(crate) mod channel;
pub(crate) mod elements;
pub(crate) mod group;
pub(crate) mod message;
pub(crate) mod normal;
pub(crate) mod reactions;
pub(crate) mod typed;
pub(crate) mod user;
pub(crate) mod view;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::{Seed, Team};
use crate::manifest::Manifest;
use crate::rules;
use channel::{Channel, Kind};
use group::Group;
use user::User;
use view::View;

/// Ids of the app; one simulator serves one app.
pub(crate) const APP_ID: &str = "A0SIM0000";
pub(crate) const BOT_ID: &str = "B0SIM0000";
pub(crate) const BOT_USER: &str = "U0SIM0000";
pub(crate) const SLACKBOT: &str = "USLACKBOT";
/// The old verification token; nobody should look at it.
pub(crate) const VERIFICATION_TOKEN: &str = "verification-token";

/// So long a trigger is remembered after it was made.
const TRIGGER_MEMORY: Duration = Duration::from_secs(60);

/// What must leave the world after the lock is gone.
#[derive(Debug)]
pub(crate) enum Out {
    /// An event for the app.
    Event(Value),
    /// Something the page shows has changed.
    Changed(Change),
}

/// Tells the page what to read again.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    pub(crate) version: u64,
    /// Whom it concerns; nobody in particular means everybody.
    #[serde(skip)]
    pub(crate) only: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) user: String,
    made: Duration,
    used: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ResponseUrl {
    pub(crate) user: String,
    pub(crate) channel: String,
    /// The message it belongs to, with the thread, when it came from a click.
    pub(crate) message: Option<String>,
    pub(crate) thread: Option<String>,
    made: Duration,
    uses: u32,
}

impl ResponseUrl {
    /// For the direct answer to a command.
    pub(crate) fn of_command(user: &str, channel: &str, now: Duration) -> ResponseUrl {
        ResponseUrl {
            user: user.to_owned(),
            channel: channel.to_owned(),
            message: None,
            thread: None,
            made: now,
            uses: 0,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) team: Team,
    people: BTreeMap<String, User>,
    pub(crate) channels: BTreeMap<String, Channel>,
    /// The app's conversation with each person.
    app_dms: HashMap<String, String>,
    /// Conversations of two people, by both ids.
    pairs: HashMap<String, String>,
    pub(crate) groups: Vec<Group>,
    views: HashMap<String, View>,
    stacks: HashMap<String, Vec<String>>,
    homes: HashMap<String, String>,
    external_ids: HashMap<String, String>,
    response_urls: HashMap<String, ResponseUrl>,
    /// The oldest first, so that nothing is searched when they run out.
    response_url_order: VecDeque<(String, Duration)>,
    counter: u64,
    last_ts: u64,
    pub(crate) version: u64,

    /// Where the workspace is reached, and pictures of people with it.
    #[serde(skip)]
    pub(crate) url: String,
    #[serde(skip)]
    by_email: HashMap<String, String>,
    #[serde(skip)]
    triggers: HashMap<String, Trigger>,
    #[serde(skip)]
    trigger_order: VecDeque<(String, Duration)>,
    #[serde(skip)]
    pub(crate) manifest: Arc<Manifest>,
    #[serde(skip)]
    pub(crate) now: Duration,
    #[serde(skip)]
    out: Vec<Out>,
    /// The app was taken off the workspace: its token is dead.
    pub(crate) uninstalled: bool,
}

impl World {
    pub(crate) fn from_seed(seed: &Seed, manifest: Arc<Manifest>, now: Duration) -> World {
        let mut world = World {
            team: seed.team.clone(),
            manifest,
            now,
            ..World::default()
        };
        world.add_own_people();
        for person in &seed.people {
            world.add_person(person.clone());
        }
        for channel in &seed.channels {
            world.add_channel(channel);
        }
        for group in &seed.user_groups {
            let members = group.members.iter().filter_map(|m| world.find_person(m)).collect();
            let id = if group.id.is_empty() {
                world.new_id('S')
            } else {
                group.id.clone()
            };
            let now = world.now.as_secs();
            world.groups.push(Group {
                id,
                handle: group.handle.clone(),
                name: if group.name.is_empty() {
                    group.handle.clone()
                } else {
                    group.name.clone()
                },
                members,
                created: now,
                updated: now,
                deleted: 0,
            });
        }
        world.out.clear();
        world
    }

    /// After loading: what is not saved is built again.
    pub(crate) fn revive(&mut self, manifest: Arc<Manifest>) {
        self.manifest = manifest;
        self.by_email = self
            .people
            .values()
            .map(|u| (u.email.to_lowercase(), u.id.clone()))
            .filter(|(e, _)| !e.is_empty())
            .collect();
        self.add_own_people();
        self.out.clear();
    }

    fn add_own_people(&mut self) {
        let bot_name = self.manifest.bot_name.clone();
        let name: String = bot_name
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .collect();
        let mut bot = User::named(BOT_USER, &name, &bot_name);
        bot.is_bot = true;
        bot.bot_id = Some(BOT_ID.to_owned());
        bot.updated = self.now.as_secs();
        self.people.insert(BOT_USER.to_owned(), bot);
        let mut slackbot = User::named(SLACKBOT, "slackbot", "Slackbot");
        slackbot.updated = 0;
        self.people.insert(SLACKBOT.to_owned(), slackbot);
    }

    /// A new id, for example `D…`; ids grow, so that runs are alike.
    pub(crate) fn new_id(&mut self, prefix: char) -> String {
        self.counter += 1;
        format!("{prefix}0{}", base36(self.counter, 8))
    }

    /// A short id as Slack gives to blocks without one.
    pub(crate) fn new_short_id(&mut self) -> String {
        self.counter += 1;
        base36(self.counter.wrapping_mul(0x9E37_79B9) & 0x3FF_FFFF, 5)
    }

    /// A new timestamp: later than every one before.
    pub(crate) fn new_ts(&mut self) -> String {
        let micros = u64::try_from(self.now.as_micros()).unwrap_or(u64::MAX);
        self.last_ts = micros.max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    pub(crate) fn take_out(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    pub(crate) fn changed(&mut self, kind: &'static str) -> &mut Change {
        self.version += 1;
        let change = Change {
            kind,
            channel: None,
            thread: None,
            text: None,
            version: self.version,
            only: None,
        };
        self.out.push(Out::Changed(change));
        match self.out.last_mut() {
            Some(Out::Changed(change)) => change,
            _ => unreachable!("it was pushed a line above"),
        }
    }

    pub(crate) fn changed_for(&mut self, kind: &'static str, user: &str) {
        self.changed(kind).only = Some(user.to_owned());
    }

    pub(crate) fn toast(&mut self, user: &str, text: &str) {
        let change = self.changed("toast");
        change.only = Some(user.to_owned());
        change.text = Some(text.to_owned());
    }

    /// Sends an event if the manifest asks for it.
    pub(crate) fn emit(&mut self, subscription: &str, event: impl FnOnce(&mut World) -> Value) {
        if self.manifest.listens_to(subscription) && !self.uninstalled {
            let event = event(self);
            self.out.push(Out::Event(event));
        }
    }

    /// Sends an event whatever the manifest says.
    pub(crate) fn send(&mut self, event: Value) {
        self.out.push(Out::Event(event));
    }

    // ---- triggers and response URLs

    pub(crate) fn new_trigger(&mut self, user: &str) -> String {
        let now = self.now;
        // Old ones are kept a while, so that "expired" can be told from "never was".
        while let Some((id, made)) = self.trigger_order.front() {
            if now.saturating_sub(*made) < TRIGGER_MEMORY {
                break;
            }
            self.triggers.remove(id);
            self.trigger_order.pop_front();
        }
        self.counter += 1;
        let id = format!(
            "{}.{}.{:016x}{:016x}",
            self.counter,
            self.last_ts % 100_000,
            rand::random::<u64>(),
            rand::random::<u64>()
        );
        self.trigger_order.push_back((id.clone(), now));
        self.triggers.insert(
            id.clone(),
            Trigger {
                user: user.to_owned(),
                made: now,
                used: false,
            },
        );
        id
    }

    /// Whose trigger it is; it is used up by this.
    pub(crate) fn exchange_trigger(&mut self, id: &str) -> Result<String, &'static str> {
        let now = self.now;
        let trigger = self.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.used {
            return Err("exchanged_trigger_id");
        }
        if now.saturating_sub(trigger.made) > rules::TRIGGER_LIFE {
            return Err("expired_trigger_id");
        }
        trigger.used = true;
        Ok(trigger.user.clone())
    }

    pub(crate) fn new_response_url(
        &mut self,
        user: &str,
        channel: &str,
        message: Option<&str>,
        thread: Option<&str>,
    ) -> String {
        let now = self.now;
        while let Some((id, made)) = self.response_url_order.front() {
            if now.saturating_sub(*made) < rules::RESPONSE_URL_LIFE {
                break;
            }
            self.response_urls.remove(id);
            self.response_url_order.pop_front();
        }
        let id = uuid::Uuid::new_v4().simple().to_string();
        self.response_url_order.push_back((id.clone(), now));
        self.response_urls.insert(
            id.clone(),
            ResponseUrl {
                user: user.to_owned(),
                channel: channel.to_owned(),
                message: message.map(str::to_owned),
                thread: thread.map(str::to_owned),
                made: now,
                uses: 0,
            },
        );
        id
    }

    pub(crate) fn use_response_url(&mut self, id: &str) -> Result<ResponseUrl, &'static str> {
        let now = self.now;
        let url = self.response_urls.get_mut(id).ok_or("expired_url")?;
        if now.saturating_sub(url.made) > rules::RESPONSE_URL_LIFE {
            return Err("expired_url");
        }
        if url.uses >= rules::RESPONSE_URL_USES {
            return Err("used_url");
        }
        url.uses += 1;
        Ok(url.clone())
    }

    // ---- conversations

    /// The app's conversation with a person, opened when there is none. The flag says whether it was there.
    pub(crate) fn app_dm(&mut self, user: &str) -> (String, bool) {
        if let Some(id) = self.app_dms.get(user) {
            return (id.clone(), true);
        }
        let id = self.new_id('D');
        let channel = Channel::direct(id.clone(), Kind::App, [user, BOT_USER], self.now.as_secs());
        self.channels.insert(id.clone(), channel);
        self.app_dms.insert(user.to_owned(), id.clone());
        self.changed_for("state", user);
        (id, false)
    }

    /// Takes the conversation between the app and a person away.
    pub(crate) fn close_app_dm(&mut self, user: &str) {
        if let Some(id) = self.app_dms.remove(user) {
            self.channels.remove(&id);
            self.changed_for("state", user);
        }
    }

    pub(crate) fn app_dm_if_open(&self, user: &str) -> Option<String> {
        self.app_dms.get(user).cloned()
    }

    pub(crate) fn pair_dm(&mut self, one: &str, other: &str) -> String {
        let key = if one < other {
            format!("{one}+{other}")
        } else {
            format!("{other}+{one}")
        };
        if let Some(id) = self.pairs.get(&key) {
            return id.clone();
        }
        let id = self.new_id('D');
        let channel = Channel::direct(id.clone(), Kind::Im, [one, other], self.now.as_secs());
        self.channels.insert(id.clone(), channel);
        self.pairs.insert(key, id.clone());
        self.changed_for("state", one);
        self.changed_for("state", other);
        id
    }

    /// The person on the other side of a direct conversation.
    pub(crate) fn other_side<'a>(&self, channel: &'a Channel, of: &str) -> &'a str {
        channel.members.iter().find(|m| *m != of).map_or("", String::as_str)
    }

    pub(crate) fn team_json(&self) -> Value {
        json!({"id": self.team.id, "domain": self.team.domain})
    }
}

pub(crate) fn base36(mut n: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::try_from(n % 36).unwrap_or(0)];
        n /= 36;
    }
    String::from_utf8(digits).expect("ASCII digits")
}
