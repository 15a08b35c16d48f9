//! Messages of the app: `chat.*`.

use serde_json::{Value, json};

use super::Answer;
use super::args::Args;
use super::refusal::Refusal;
use crate::world::channel::{Channel, Kind};
use crate::world::message::Message;
use crate::world::{BOT_USER, World};
use crate::{blocks, rules};

/// What a call puts into a message.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) text: Option<String>,
    pub(crate) blocks: Option<Value>,
    pub(crate) attachments: Option<Value>,
    pub(crate) metadata: Option<Value>,
}

impl Content {
    pub(crate) fn read(args: &Args) -> Result<Content, Refusal> {
        let mut text = args.text("text");
        let blocks = args.json("blocks", "invalid_blocks_format")?;
        let attachments = args.json("attachments", "invalid_attachments")?;
        if let Some(markdown) = args.text("markdown_text") {
            if text.is_some() || blocks.is_some() {
                return Err("markdown_text_conflict".into());
            }
            if markdown.chars().count() > rules::MARKDOWN_TEXT {
                return Err("msg_too_long".into());
            }
            text = Some(markdown);
        }
        if let Some(blocks) = &blocks {
            if !blocks.is_array() {
                return Err("invalid_blocks_format".into());
            }
            blocks::check_message(blocks)?;
        }
        if let Some(attachments) = &attachments {
            match attachments.as_array() {
                None => return Err("invalid_attachments".into()),
                Some(list) if list.len() > rules::ATTACHMENTS => return Err("too_many_attachments".into()),
                Some(_) => blocks::check_attachments(attachments)?,
            }
        }
        let metadata = match args.json("metadata", "invalid_metadata_format")? {
            None => None,
            Some(metadata) => Some(check_metadata(metadata)?),
        };
        Ok(Content {
            text,
            blocks,
            attachments,
            metadata,
        })
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        let none = |list: &Option<Value>| list.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty);
        self.text.as_ref().is_none_or(|t| t.trim().is_empty()) && none(&self.blocks) && none(&self.attachments)
    }

    pub(crate) fn into_message(self, world: &mut World) -> Message {
        let mut content = self;
        content.normalise(world);
        Message {
            user: BOT_USER.to_owned(),
            text: content
                .text
                .unwrap_or_default()
                .chars()
                .take(rules::POST_TEXT)
                .collect(),
            blocks: content.blocks.filter(|b| b.as_array().is_some_and(|b| !b.is_empty())),
            attachments: content
                .attachments
                .filter(|a| a.as_array().is_some_and(|a| !a.is_empty())),
            metadata: content
                .metadata
                .filter(|m| m.as_object().is_some_and(|m| !m.is_empty())),
            ..Message::default()
        }
    }

    pub(crate) fn normalise(&mut self, world: &mut World) {
        if let Some(blocks) = &mut self.blocks {
            world.normalise_blocks(blocks);
        }
        if let Some(attachments) = &mut self.attachments {
            world.normalise_attachments(attachments);
        }
    }
}

fn check_metadata(metadata: Value) -> Result<Value, Refusal> {
    let Some(fields) = metadata.as_object() else {
        return Err("invalid_metadata_format".into());
    };
    if fields.is_empty() {
        return Ok(metadata);
    }
    let event_type = fields.get("event_type").and_then(Value::as_str).unwrap_or("");
    let payload = fields.get("event_payload").and_then(Value::as_object);
    let Some(payload) = payload.filter(|_| !event_type.is_empty() && fields.len() == 2) else {
        return Err("invalid_metadata_format".into());
    };
    let fits = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(|i| !i.is_array() && !i.is_null()),
        _ => true,
    };
    if payload.values().all(fits) {
        Ok(metadata)
    } else {
        Err("invalid_metadata_format".into())
    }
}

/// A conversation the app may write to. A person's id opens the conversation with that person.
pub(super) fn writable(world: &mut World, name: &str) -> Result<String, Refusal> {
    if name.starts_with('U') || name.starts_with('W') {
        let user = world.user(name).ok_or("channel_not_found")?;
        if user.deleted || user.is_bot || user.is_stranger {
            return Err("channel_not_found".into());
        }
        let user = user.id.clone();
        if !world.manifest.messages_tab {
            return Err("messages_tab_disabled".into());
        }
        return Ok(world.app_dm(&user).0);
    }
    let id = world.find_channel(name).ok_or("channel_not_found")?;
    let channel = &world.channels[&id];
    if channel.archived {
        return Err("is_archived".into());
    }
    match channel.kind {
        Kind::Im => Err("channel_not_found".into()),
        Kind::App if !world.manifest.messages_tab => Err("messages_tab_disabled".into()),
        Kind::App => Ok(id),
        Kind::Channel if channel.has_app() => Ok(id),
        Kind::Channel if channel.private => Err("channel_not_found".into()),
        Kind::Channel if world.manifest.has_scope("chat:write.public") => Ok(id),
        Kind::Channel => Err("not_in_channel".into()),
    }
}

/// A conversation the app is in, by its own id only.
pub(super) fn own<'a>(world: &'a World, id: &str) -> Result<&'a Channel, Refusal> {
    let channel = world.channels.get(id).ok_or("channel_not_found")?;
    if channel.kind == Kind::Im || (channel.private && !channel.has_app()) {
        return Err("channel_not_found".into());
    }
    Ok(channel)
}

fn thread_of(world: &World, channel: &str, args: &Args) -> Result<Option<String>, Refusal> {
    let Some(ts) = args.text("thread_ts").filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    match world.channels[channel].messages.get(&ts) {
        None => Err("thread_not_found".into()),
        Some(parent) if parent.thread_ts.is_some() => Err("cannot_reply_to_message".into()),
        Some(_) => Ok(Some(ts)),
    }
}

pub(super) fn post_message(world: &mut World, args: &Args) -> Answer {
    let name = args.needed("channel")?;
    let content = Content::read(args)?;
    if content.is_empty() {
        return Err("no_text".into());
    }
    let channel = writable(world, &name)?;
    let thread = thread_of(world, &channel, args)?;
    let mut message = content.into_message(world);
    message.broadcast = thread.is_some() && args.flag("reply_broadcast");
    message.thread_ts = thread;
    let custom = world.manifest.has_scope("chat:write.customize");
    message.username = args.text("username").filter(|_| custom);
    message.icon_url = args.text("icon_url").filter(|_| custom);
    let ts = world.post(&channel, message);
    let place = &world.channels[&channel];
    Ok(json!({"channel": channel, "ts": ts, "message": world.message_json(place, &place.messages[&ts], true)}))
}

pub(super) fn post_ephemeral(world: &mut World, args: &Args) -> Answer {
    let name = args.needed("channel")?;
    let user = args.needed("user")?;
    let content = Content::read(args)?;
    if content.is_empty() {
        return Err("no_text".into());
    }
    let channel = writable(world, &name)?;
    if !world.channels[&channel].members.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    let thread = thread_of(world, &channel, args)?;
    let mut message = content.into_message(world);
    message.thread_ts = thread;
    message.only = Some(user);
    let ts = world.post(&channel, message);
    Ok(json!({"message_ts": ts}))
}

pub(super) fn update(world: &mut World, args: &Args) -> Answer {
    let channel = args.needed("channel")?;
    let ts = args.needed("ts")?;
    let mut content = Content::read(args)?;
    let message = own(world, &channel)?.messages.get(&ts).ok_or("message_not_found")?;
    if message.subtype.as_deref() == Some("tombstone") {
        return Err("message_not_found".into());
    }
    if !message.by_app() {
        return Err("cant_update_message".into());
    }
    if content.is_empty() && content.metadata.is_none() {
        return Err("no_text".into());
    }
    if content
        .text
        .as_ref()
        .is_some_and(|t| t.chars().count() > rules::UPDATE_TEXT)
    {
        return Err("msg_too_long".into());
    }
    let broadcast = args.flag("reply_broadcast");
    if broadcast && message.thread_ts.is_none() {
        return Err("cant_broadcast_message".into());
    }
    content.normalise(world);
    world.change_message(&channel, &ts, Some(BOT_USER), |message| {
        let shown = |list: Value| Some(list).filter(|l| l.as_array().is_some_and(|l| !l.is_empty()));
        // What is not given stays; an empty list takes it away.
        if let Some(text) = content.text {
            message.text = text;
        }
        if let Some(blocks) = content.blocks {
            message.blocks = shown(blocks);
        }
        if let Some(attachments) = content.attachments {
            message.attachments = shown(attachments);
        }
        if let Some(metadata) = content.metadata {
            message.metadata = Some(metadata).filter(|m| m.as_object().is_some_and(|m| !m.is_empty()));
        }
        message.broadcast |= broadcast;
        let kept = message.clone();
        for state in message.states.values_mut() {
            crate::world::elements::keep_present(kept.all_blocks(), state);
        }
    });
    let place = &world.channels[&channel];
    let message = &place.messages[&ts];
    Ok(json!({
        "channel": channel, "ts": ts, "text": message.text, "message": world.message_json(place, message, true),
    }))
}

pub(super) fn delete(world: &mut World, args: &Args) -> Answer {
    let channel = args.needed("channel")?;
    let ts = args.needed("ts")?;
    let message = own(world, &channel)?.messages.get(&ts).ok_or("message_not_found")?;
    if message.subtype.as_deref() == Some("tombstone") {
        return Err("message_not_found".into());
    }
    if !message.by_app() {
        return Err("cant_delete_message".into());
    }
    world.delete_message(&channel, &ts);
    Ok(json!({"channel": channel, "ts": ts}))
}

pub(super) fn permalink(world: &mut World, args: &Args) -> Answer {
    let channel = args.needed("channel")?;
    let ts = args.needed("message_ts")?;
    let message = own(world, &channel)?.messages.get(&ts).ok_or("message_not_found")?;
    let mut link = format!(
        "https://{}.slack.com/archives/{channel}/p{}",
        world.team.domain,
        ts.replace('.', "")
    );
    if let Some(parent) = &message.thread_ts {
        link.push_str(&format!("?thread_ts={parent}&cid={channel}"));
    }
    Ok(json!({"channel": channel, "permalink": link}))
}
