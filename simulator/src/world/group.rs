//! User groups.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{SLACKBOT, World};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    /// 0 while it is in use.
    pub(crate) deleted: u64,
}

impl Group {
    pub(crate) fn json(&self, team: &str, with_users: bool, with_count: bool) -> Value {
        let mut group = json!({
            "id": self.id, "team_id": team, "is_usergroup": true, "is_subteam": true, "name": self.name,
            "description": "", "handle": self.handle, "is_external": false, "date_create": self.created,
            "date_update": self.updated, "date_delete": self.deleted, "auto_type": null, "created_by": SLACKBOT,
            "updated_by": SLACKBOT, "deleted_by": null, "prefs": {"channels": [], "groups": []},
        });
        if with_users {
            group["users"] = json!(self.members);
        }
        if with_count {
            group["user_count"] = json!(self.members.len());
        }
        group
    }
}

impl World {
    /// Changes who is in a user group and tells the app. Says whether there is such a group.
    pub(crate) fn set_group_members(&mut self, id: &str, members: BTreeSet<String>) -> bool {
        let now = self.now.as_secs();
        let key = id.trim_start_matches('@');
        let Some(at) = self.groups.iter().position(|g| g.id == key || g.handle == key) else {
            return false;
        };
        let group = &mut self.groups[at];
        let before = std::mem::replace(&mut group.members, members);
        let previous = group.updated;
        group.updated = now;
        let (id, members) = (group.id.clone(), group.members.clone());
        let added: Vec<_> = members.difference(&before).cloned().collect();
        let removed: Vec<_> = before.difference(&members).cloned().collect();
        self.emit("subteam_members_changed", |w| {
            let ts = w.new_ts();
            json!({
                "type": "subteam_members_changed", "subteam_id": id, "team_id": w.team.id,
                "date_previous_update": previous, "date_update": now,
                "added_users": added, "added_users_count": added.len(),
                "removed_users": removed, "removed_users_count": removed.len(), "event_ts": ts,
            })
        });
        self.emit("subteam_updated", |w| {
            let ts = w.new_ts();
            json!({"type": "subteam_updated", "subteam": w.groups[at].json(&w.team.id, true, true), "event_ts": ts})
        });
        self.changed("state");
        true
    }
}
