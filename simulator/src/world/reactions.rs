//! Reactions to messages.

use serde_json::json;

use super::World;
use super::message::Reaction;

impl World {
    /// Adds or takes away somebody's emoji, and tells the app if the conversation is the app's too.
    pub(crate) fn react(
        &mut self,
        user: &str,
        channel_id: &str,
        ts: &str,
        name: &str,
        add: bool,
    ) -> Result<(), &'static str> {
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-+':".contains(c)) {
            return Err("invalid_name");
        }
        let channel = self.channels.get_mut(channel_id).ok_or("channel_not_found")?;
        let heard = channel.has_app();
        let message = channel.messages.get_mut(ts).ok_or("message_not_found")?;
        let author = message.user.clone();
        let at = message.reactions.iter().position(|r| r.name == name);
        let has = at.is_some_and(|at| message.reactions[at].users.iter().any(|u| u == user));
        match (add, has, at) {
            (true, true, _) => return Err("already_reacted"),
            (false, false, _) => return Err("no_reaction"),
            (true, false, Some(at)) => message.reactions[at].users.push(user.to_owned()),
            (true, false, None) => {
                message.reactions.push(Reaction {
                    name: name.to_owned(),
                    users: vec![user.to_owned()],
                });
            }
            (false, true, Some(at)) => {
                message.reactions[at].users.retain(|u| u != user);
                message.reactions.retain(|r| !r.users.is_empty());
            }
            (false, true, None) => {}
        }
        let thread = message.thread_ts.clone();
        let change = self.changed("message");
        change.channel = Some(channel_id.to_owned());
        change.thread = thread;
        let kind = if add { "reaction_added" } else { "reaction_removed" };
        if heard {
            self.emit(kind, |w| {
                let event_ts = w.new_ts();
                json!({
                    "type": kind, "user": user, "reaction": name, "item_user": author,
                    "item": {"type": "message", "channel": channel_id, "ts": ts}, "event_ts": event_ts,
                })
            });
        }
        Ok(())
    }
}
