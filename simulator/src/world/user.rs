//! People, and how the Web API shows them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{APP_ID, BOT_USER, World};
use crate::config::SeedPerson;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) real_name: String,
    pub(crate) email: String,
    pub(crate) title: String,
    pub(crate) tz: String,
    pub(crate) is_admin: bool,
    pub(crate) is_bot: bool,
    pub(crate) is_restricted: bool,
    pub(crate) is_ultra_restricted: bool,
    pub(crate) is_stranger: bool,
    pub(crate) deleted: bool,
    pub(crate) bot_id: Option<String>,
    /// The address of a picture of their own; else one is drawn.
    pub(crate) picture: Option<String>,
    pub(crate) status_emoji: String,
    pub(crate) status_expiration: u64,
    /// No notifications from then until then.
    pub(crate) paused: Option<(u64, u64)>,
    pub(crate) updated: u64,
    /// The place in the workspace's list.
    pub(crate) position: u64,
}

const COLORS: [&str; 8] = [
    "4bbe2e", "e7392d", "3c989f", "674b1b", "9f69e7", "d58247", "684b6c", "2b6836",
];

impl User {
    pub(crate) fn named(id: &str, name: &str, real_name: &str) -> User {
        User {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            tz: "Europe/Amsterdam".to_owned(),
            ..User::default()
        }
    }

    pub(crate) fn color(&self) -> &'static str {
        let sum: usize = self.id.bytes().map(usize::from).sum();
        COLORS[sum % COLORS.len()]
    }

    pub(crate) fn initials(&self) -> String {
        self.real_name
            .split_whitespace()
            .filter_map(|w| w.chars().next())
            .take(2)
            .flat_map(char::to_uppercase)
            .collect()
    }

    pub(crate) fn is_guest(&self) -> bool {
        self.is_restricted || self.is_ultra_restricted
    }

    /// As `users.info` shows it; the address only to apps which may see it.
    pub(crate) fn json(&self, team: &str, url: &str, with_email: bool) -> Value {
        let (label, offset) = zone(&self.tz);
        let mut words = self.real_name.splitn(2, ' ');
        let mut profile = json!({
            "title": self.title, "phone": "", "skype": "",
            "real_name": self.real_name, "real_name_normalized": self.real_name,
            "display_name": self.name, "display_name_normalized": self.name,
            "first_name": words.next().unwrap_or(""), "last_name": words.next().unwrap_or(""),
            "fields": {}, "status_text": "", "status_emoji": self.status_emoji, "status_expiration": self.status_expiration,
            "avatar_hash": format!("g{}", self.color()),
            "team": team,
        });
        for size in ["24", "32", "48", "72", "192", "512"] {
            let drawn = || format!("{url}/avatars/{}-{size}.svg", self.id);
            profile[format!("image_{size}")] = json!(self.picture.clone().unwrap_or_else(drawn));
        }
        if let Some(bot_id) = &self.bot_id {
            profile["bot_id"] = json!(bot_id);
            profile["api_app_id"] = json!(APP_ID);
        } else if with_email && !self.email.is_empty() {
            profile["email"] = json!(self.email);
        }
        let mut user = json!({
            "id": self.id, "team_id": if self.is_stranger { "T0OTHER00" } else { team }, "name": self.name,
            "deleted": self.deleted, "profile": profile, "is_bot": self.is_bot, "is_app_user": false,
            "updated": self.updated,
        });
        if self.is_stranger {
            user["is_stranger"] = json!(true);
        }
        if !self.deleted {
            let more = json!({
                "color": self.color(), "real_name": self.real_name,
                "tz": self.tz, "tz_label": label, "tz_offset": offset,
                "is_admin": self.is_admin, "is_owner": false, "is_primary_owner": false,
                "is_restricted": self.is_restricted || self.is_ultra_restricted,
                "is_ultra_restricted": self.is_ultra_restricted,
                "is_email_confirmed": !self.is_bot, "who_can_share_contact_card": "EVERYONE",
            });
            merge(&mut user, more);
        }
        user
    }
}

/// Puts the fields of `more` into `into`.
pub(crate) fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

fn zone(tz: &str) -> (&'static str, i64) {
    match tz {
        "America/Los_Angeles" => ("Pacific Standard Time", -28800),
        "America/New_York" => ("Eastern Standard Time", -18000),
        "Europe/London" => ("Greenwich Mean Time", 0),
        "Asia/Kolkata" => ("India Standard Time", 19800),
        "Asia/Tokyo" => ("Japan Standard Time", 32400),
        "UTC" | "Etc/UTC" => ("Coordinated Universal Time", 0),
        _ => ("Central European Time", 3600),
    }
}

impl World {
    pub(crate) fn add_person(&mut self, seed: SeedPerson) -> String {
        let id = if seed.id.is_empty() { self.new_id('U') } else { seed.id };
        self.counter += 1;
        let user = User {
            id: id.clone(),
            real_name: if seed.real_name.is_empty() {
                seed.name.clone()
            } else {
                seed.real_name
            },
            name: seed.name,
            email: seed.email,
            title: seed.title,
            tz: if seed.tz.is_empty() {
                "Europe/Amsterdam".to_owned()
            } else {
                seed.tz
            },
            is_admin: seed.is_admin,
            is_bot: seed.is_bot,
            is_restricted: seed.is_restricted,
            is_ultra_restricted: seed.is_ultra_restricted,
            is_stranger: seed.is_stranger,
            deleted: seed.deleted,
            bot_id: None,
            picture: None,
            status_emoji: String::new(),
            status_expiration: 0,
            paused: None,
            updated: self.now.as_secs(),
            position: self.counter,
        };
        if !user.email.is_empty() {
            self.by_email.insert(user.email.to_lowercase(), id.clone());
        }
        self.people.insert(id.clone(), user);
        id
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.people.get(id)
    }

    pub(crate) fn user_by_email(&self, email: &str) -> Option<&User> {
        self.by_email
            .get(&email.to_lowercase())
            .and_then(|id| self.people.get(id))
    }

    /// By id, handle, full name or first name.
    pub(crate) fn find_person(&self, name: &str) -> Option<String> {
        let name = name.trim_start_matches('@');
        if self.people.contains_key(name) {
            return Some(name.to_owned());
        }
        let same = |a: &str| a.eq_ignore_ascii_case(name);
        let found = self
            .people
            .values()
            .find(|u| same(&u.name))
            .or_else(|| self.people.values().find(|u| same(&u.real_name)))
            .or_else(|| {
                self.people
                    .values()
                    .find(|u| u.real_name.split(' ').next().is_some_and(same))
            });
        found.map(|u| u.id.clone())
    }

    /// In the order they came to the workspace.
    pub(crate) fn people(&self) -> Vec<&User> {
        let mut people: Vec<&User> = self.people.values().collect();
        people.sort_by_key(|u| u.position);
        people
    }

    pub(crate) fn people_after<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a User> {
        let start = std::ops::Bound::Excluded(id.to_owned());
        self.people.range((start, std::ops::Bound::Unbounded)).map(|(_, u)| u)
    }

    pub(crate) fn user_json(&self, id: &str) -> Option<Value> {
        self.people
            .get(id)
            .map(|u| u.json(&self.team.id, &self.url, self.manifest.has_scope("users:read.email")))
    }

    /// Changes a profile and tells the app. Says whether there is such a person.
    pub(crate) fn change_person(&mut self, id: &str, change: impl FnOnce(&mut User)) -> bool {
        let now = self.now.as_secs();
        let Some(user) = self.people.get_mut(id) else {
            return false;
        };
        let email = user.email.to_lowercase();
        change(user);
        user.updated = now;
        if user.email.to_lowercase() != email {
            self.by_email.remove(&email);
            self.by_email.insert(user.email.to_lowercase(), id.to_owned());
        }
        let id = id.to_owned();
        self.emit("user_change", |w| {
            let ts = w.new_ts();
            json!({"type": "user_change", "user": w.user_json(&id), "cache_ts": w.now.as_secs(), "event_ts": ts})
        });
        self.changed("state");
        true
    }

    /// Pauses somebody's notifications until then (`None`: resumes them) and tells the app. Says whether there is such a
    /// person.
    pub(crate) fn pause_notifications(&mut self, id: &str, until: Option<u64>) -> bool {
        let now = self.now.as_secs();
        let Some(user) = self.people.get_mut(id) else {
            return false;
        };
        user.paused = until.map(|until| (now, until));
        let id = id.to_owned();
        self.emit("dnd_updated_user", |w| {
            let ts = w.new_ts();
            json!({"type": "dnd_updated_user", "user": id, "dnd_status": w.dnd_json(&id), "event_ts": ts})
        });
        true
    }

    /// Pauses somebody's notifications between two moments, without telling.
    pub(crate) fn keep_quiet(&mut self, id: &str, from: u64, until: u64) {
        if let Some(user) = self.people.get_mut(id) {
            user.paused = Some((from, until));
        }
    }

    /// Whether somebody's notifications are paused, and until when; `None` for somebody unknown.
    pub(crate) fn dnd_json(&self, id: &str) -> Option<Value> {
        let now = self.now.as_secs();
        let paused = self.people.get(id)?.paused.filter(|(_, until)| *until > now);
        Some(match paused {
            Some((from, until)) => json!({"dnd_enabled": true, "next_dnd_start_ts": from, "next_dnd_end_ts": until}),
            // Slack keeps both moments at 1 when there is nothing to come.
            None => json!({"dnd_enabled": false, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}),
        })
    }

    pub(crate) fn join_team(&mut self, person: SeedPerson) -> String {
        let id = self.add_person(person);
        let joined = id.clone();
        self.emit("team_join", |w| {
            let ts = w.new_ts();
            json!({"type": "team_join", "user": w.user_json(&joined), "cache_ts": w.now.as_secs(), "event_ts": ts})
        });
        self.changed("state");
        id
    }

    /// How a mention of an id is shown.
    pub(crate) fn shown_name(&self, id: &str) -> String {
        if let Some(user) = self.people.get(id) {
            let name = if user.id == BOT_USER || user.real_name.is_empty() {
                &user.name
            } else {
                &user.real_name
            };
            return name.clone();
        }
        if let Some(channel) = self.channels.get(id) {
            return channel.name.clone();
        }
        self.groups
            .iter()
            .find(|g| g.id == id)
            .map_or_else(|| id.to_owned(), |g| g.handle.clone())
    }
}
