//! `/response/{id}`: what an app may say later about a command or a click.

use std::sync::Arc;

use serde_json::Value;

use crate::inner::Inner;
use crate::web_api::args::Args;
use crate::web_api::chat::Content;
use crate::web_api::refusal::Refusal;
use crate::world::{ResponseUrl, World};

/// The answer to a post there: nothing when it was taken.
pub(crate) fn post(inner: &Arc<Inner>, id: &str, body: &[u8]) -> Result<(), (u16, Refusal)> {
    inner.with_world(|world| {
        let url = world.use_response_url(id).map_err(|e| (404, Refusal::new(e)))?;
        let args = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(fields)) => Args(fields),
            _ => return Err((400, Refusal::new("invalid_payload"))),
        };
        respond(world, &url, &args).map_err(|e| (400, e))
    })
}

/// Posts, replaces or deletes, as the fields say. Answers to slash commands come here too.
pub(crate) fn respond(world: &mut World, url: &ResponseUrl, args: &Args) -> Result<(), Refusal> {
    let replace = args.flag("replace_original");
    if args.flag("delete_original") {
        let ts = url.message.as_ref().ok_or("message_not_found")?;
        return if world.delete_message(&url.channel, ts) {
            Ok(())
        } else {
            Err("message_not_found".into())
        };
    }
    let content = Content::read(args)?;
    if content.is_empty() {
        return Err("no_text".into());
    }
    if let (true, Some(ts)) = (replace, &url.message) {
        return replace_message(world, &url.channel, ts, content);
    }
    let mut message = content.into_message(world);
    match args.text("response_type").as_deref() {
        Some("in_channel") => message.thread_ts = args.text("thread_ts").or_else(|| url.thread.clone()),
        None | Some("ephemeral") => {
            message.only = Some(url.user.clone());
            message.thread_ts.clone_from(&url.thread);
        }
        Some(_) => return Err("invalid_response_type".into()),
    }
    world.post(&url.channel, message);
    Ok(())
}

fn replace_message(world: &mut World, channel: &str, ts: &str, mut content: Content) -> Result<(), Refusal> {
    content.normalise(world);
    let put = |message: &mut crate::world::message::Message| {
        message.text = content.text.unwrap_or_default();
        message.blocks = content.blocks.filter(|b| b.as_array().is_some_and(|b| !b.is_empty()));
        message.attachments = content
            .attachments
            .filter(|a| a.as_array().is_some_and(|a| !a.is_empty()));
        message.states.clear();
    };
    let place = world.channels.get_mut(channel).ok_or("channel_not_found")?;
    if let Some(message) = place.ephemerals.get_mut(ts) {
        let only = message.only.clone();
        put(message);
        let change = world.changed("message");
        change.channel = Some(channel.to_owned());
        change.only = only;
        return Ok(());
    }
    match world.change_message(channel, ts, Some(crate::world::BOT_USER), put) {
        true => Ok(()),
        false => Err("message_not_found".into()),
    }
}
