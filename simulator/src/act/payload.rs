//! The payloads of interactions.

use serde_json::{Map, Value, json};

use super::Container;
use crate::world::channel::Channel;
use crate::world::elements;
use crate::world::message::Message;
use crate::world::{APP_ID, VERIFICATION_TOKEN, World};

/// What all interactions have.
pub(super) fn base(world: &World, kind: &str, user: &str) -> Value {
    let name = world.user(user).map(|u| u.name.clone()).unwrap_or_default();
    json!({
        "type": kind, "team": world.team_json(), "enterprise": null, "is_enterprise_install": false,
        "user": {"id": user, "username": name, "name": name, "team_id": world.team.id},
        "api_app_id": APP_ID, "token": VERIFICATION_TOKEN,
    })
}

fn channel_of(world: &World, channel: &Channel) -> Value {
    json!({"id": channel.id, "name": world.payload_name(channel)})
}

/// Where it happened: `container`, and the message or the view around it.
pub(super) fn surroundings(
    world: &World,
    container: &Container,
    user: &str,
    attachment: Option<usize>,
) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    match container {
        Container::Message { channel, ts } | Container::Ephemeral { channel, ts } => {
            let Some(place) = world.channels.get(channel) else {
                return out;
            };
            let ephemeral = matches!(container, Container::Ephemeral { .. });
            let message = if ephemeral {
                place.ephemerals.get(ts)
            } else {
                place.messages.get(ts)
            };
            let Some(message) = message else { return out };
            let kind = if attachment.is_some() {
                "message_attachment"
            } else {
                "message"
            };
            let mut around = json!({
                "type": kind, "message_ts": ts, "channel_id": channel, "is_ephemeral": ephemeral,
                "is_app_unfurl": false,
            });
            if let Some(number) = attachment {
                around["attachment_id"] = json!(number);
            }
            if let Some(thread) = thread_of(place, message) {
                around["thread_ts"] = json!(thread);
            }
            put("container", around);
            put("channel", channel_of(world, place));
            if !ephemeral {
                put("message", world.message_json(place, message, true));
            }
            let empty = elements::Values::new();
            let values = message.states.get(user).unwrap_or(&empty);
            put(
                "state",
                json!({"values": elements::state_of(message.all_blocks(), values)}),
            );
        }
        Container::View { view_id } => {
            put("container", json!({"type": "view", "view_id": view_id}));
            put(
                "view",
                world.view(view_id).map(|v| v.json(&world.team.id)).unwrap_or_default(),
            );
        }
        Container::Home => {
            let Some(home) = world.home(user) else { return out };
            put("container", json!({"type": "view", "view_id": home.id}));
            put("view", home.json(&world.team.id));
        }
    }
    out
}

fn thread_of(channel: &Channel, message: &Message) -> Option<String> {
    message
        .thread_ts
        .clone()
        .or_else(|| channel.threads.contains_key(&message.ts).then(|| message.ts.clone()))
}

/// A URL for answers later, which belongs to the message of this container.
pub(super) fn response_url(world: &mut World, base_url: &str, container: &Container, user: &str) -> Option<String> {
    let (Container::Message { channel, ts } | Container::Ephemeral { channel, ts }) = container else {
        return None;
    };
    let place = world.channels.get(channel)?;
    let message = place.messages.get(ts).or_else(|| place.ephemerals.get(ts))?;
    let thread = message.thread_ts.clone();
    let id = world.new_response_url(user, channel, Some(ts), thread.as_deref());
    Some(format!("{base_url}/response/{id}"))
}
