//! `conversations.*` and `users.conversations`.

use std::ops::Bound;

use serde_json::{Value, json};

use super::args::{Args, page};
use super::chat::own;
use super::refusal::Refusal;
use super::{Answer, check_scope, with_cursor};
use crate::rules;
use crate::world::channel::{Channel, Kind};
use crate::world::{BOT_USER, World};

/// The scope for reading of a conversation: `history`, or `read` for what is known about it.
fn scope(channel: &Channel, of: &str) -> String {
    let family = match (channel.kind, channel.private) {
        (Kind::App | Kind::Im, _) => "im",
        (Kind::Channel, true) => "groups",
        (Kind::Channel, false) => "channels",
    };
    format!("{family}:{of}")
}

pub(super) fn open(world: &mut World, args: &Args) -> Answer {
    if let Some(id) = args.text("channel").filter(|c| !c.is_empty()) {
        let channel = own(world, &id)?;
        if !channel.is_direct() {
            return Err("method_not_supported_for_channel_type".into());
        }
        return Ok(json!({"no_op": true, "already_open": true, "channel": {"id": id}}));
    }
    let users = args.list("users");
    let user = match users.as_slice() {
        [] => return Err("users_list_not_supplied".into()),
        [one] => one,
        several if several.len() > rules::OPEN_USERS => return Err("too_many_users".into()),
        // A group conversation needs a scope of its own, which is beyond this simulator.
        _ => return Err(Refusal::missing_scope("mpim:write", &world.manifest.scopes)),
    };
    let user = world.user(user).ok_or("user_not_found")?;
    if user.deleted {
        return Err("user_disabled".into());
    }
    if user.is_stranger {
        return Err("user_not_visible".into());
    }
    if user.id == BOT_USER {
        return Err("invalid_user_combination".into());
    }
    if user.is_bot || user.id == crate::world::SLACKBOT {
        return Err("cannot_dm_bot".into());
    }
    let user = user.id.clone();
    if args.flag("prevent_creation") && world.app_dm_if_open(&user).is_none() {
        return Err("channel_not_found".into());
    }
    let (id, already) = world.app_dm(&user);
    let mut answer = if args.flag("return_im") {
        json!({"channel": world.channel_json(&world.channels[&id])})
    } else {
        json!({"channel": {"id": id}})
    };
    if already {
        answer["no_op"] = json!(true);
        answer["already_open"] = json!(true);
    }
    Ok(answer)
}

pub(super) fn info(world: &mut World, args: &Args) -> Answer {
    let id = args.needed("channel")?;
    let channel = own(world, &id)?;
    check_scope(world, &scope(channel, "read")).or_else(|refusal| {
        // Writing to people includes knowing their conversations.
        if channel.is_direct() && world.manifest.has_scope("im:write") {
            Ok(())
        } else {
            Err(refusal)
        }
    })?;
    let mut out = world.channel_json(channel);
    if args.flag("include_num_members") {
        out["num_members"] = json!(channel.members.len());
    }
    Ok(json!({"channel": out}))
}

pub(super) fn list(world: &mut World, args: &Args) -> Answer {
    listed(world, args, |channel| {
        channel.kind != Kind::Im && (!channel.private || channel.has_app())
    })
}

pub(super) fn of_user(world: &mut World, args: &Args) -> Answer {
    let user = args.text("user").unwrap_or_else(|| BOT_USER.to_owned());
    if world.user(&user).is_none() {
        return Err("user_not_found".into());
    }
    listed(world, args, |channel| {
        channel.kind != Kind::Im && channel.members.contains(&user) && (!channel.private || channel.has_app())
    })
}

fn listed(world: &World, args: &Args, visible: impl Fn(&Channel) -> bool) -> Answer {
    let mut types = args.list("types");
    if types.is_empty() {
        types.push("public_channel".to_owned());
    }
    let has = |name: &str| types.iter().any(|t| t == name);
    for (kind, scope) in [
        ("public_channel", "channels:read"),
        ("private_channel", "groups:read"),
        ("im", "im:read"),
    ] {
        if has(kind) {
            check_scope(world, scope)?;
        }
    }
    let wanted = |channel: &Channel| match (channel.kind, channel.private) {
        (Kind::App | Kind::Im, _) => has("im"),
        (Kind::Channel, true) => has("private_channel"),
        (Kind::Channel, false) => has("public_channel"),
    };
    let live = |channel: &Channel| !(channel.archived && args.flag("exclude_archived"));
    let (channels, cursor) = page(args, 100, 1000, |after, limit| {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        world
            .channels
            .range((start, Bound::Unbounded))
            .filter(|(_, c)| visible(c) && wanted(c) && live(c))
            .take(limit)
            .map(|(id, c)| (id.clone(), world.channel_json(c)))
            .collect()
    })?;
    Ok(with_cursor(json!({"channels": channels}), cursor))
}

pub(super) fn members(world: &mut World, args: &Args) -> Answer {
    let id = args.needed("channel")?;
    let channel = own(world, &id)?;
    check_scope(world, &scope(channel, "read"))?;
    let (members, cursor) = page(args, 100, 1000, |after, limit| {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        channel
            .members
            .range((start, Bound::Unbounded))
            .take(limit)
            .map(|m| (m.clone(), m.clone()))
            .collect()
    })?;
    Ok(with_cursor(json!({"members": members}), cursor))
}

/// The bounds of `oldest` and `latest`.
fn bounds(args: &Args) -> Result<(Bound<String>, Bound<String>), Refusal> {
    let inclusive = args.flag("inclusive");
    let bound = |name: &str, error: &str| -> Result<Bound<String>, Refusal> {
        match args.text(name).filter(|t| !t.is_empty() && t != "0") {
            None => Ok(Bound::Unbounded),
            Some(ts) if ts.parse::<f64>().is_err() => Err(error.into()),
            Some(ts) if inclusive => Ok(Bound::Included(full(&ts))),
            Some(ts) => Ok(Bound::Excluded(full(&ts))),
        }
    };
    Ok((
        bound("oldest", "invalid_ts_oldest")?,
        bound("latest", "invalid_ts_latest")?,
    ))
}

/// A ts with all its six digits, so that it can be compared as text.
fn full(ts: &str) -> String {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, ""));
    format!("{seconds}.{rest:0<6}")
}

fn narrowed(from: Bound<String>, to: Bound<String>) -> Option<(Bound<String>, Bound<String>)> {
    let low = match &from {
        Bound::Included(ts) | Bound::Excluded(ts) => ts.as_str(),
        Bound::Unbounded => "",
    };
    match &to {
        Bound::Included(ts) if low > ts.as_str() => None,
        Bound::Excluded(ts) if low >= ts.as_str() => None,
        _ => Some((from, to)),
    }
}

pub(super) fn history(world: &mut World, args: &Args) -> Answer {
    let id = args.needed("channel")?;
    let channel = own(world, &id)?;
    check_scope(world, &scope(channel, "history"))?;
    if !channel.has_app() {
        return Err("not_in_channel".into());
    }
    let (oldest, latest) = bounds(args)?;
    let with_metadata = args.flag("include_all_metadata");
    // The newest first: the cursor names the oldest message of the page before.
    let (messages, cursor) = page(args, 100, 999, |before, limit| {
        let latest = before.map_or(latest, Bound::Excluded);
        let Some(range) = narrowed(oldest, latest) else {
            return Vec::new();
        };
        channel
            .tops
            .range(range)
            .rev()
            .filter_map(|ts| channel.messages.get(ts))
            .take(limit)
            .map(|m| (m.ts.clone(), world.message_json(channel, m, with_metadata)))
            .collect()
    })?;
    let more = !cursor.is_empty();
    let answer = json!({
        "messages": messages, "has_more": more, "pin_count": 0,
        "channel_actions_ts": null, "channel_actions_count": 0,
    });
    Ok(if more { with_cursor(answer, cursor) } else { answer })
}

pub(super) fn replies(world: &mut World, args: &Args) -> Answer {
    let id = args.needed("channel")?;
    let ts = args.needed("ts")?;
    let channel = own(world, &id)?;
    check_scope(world, &scope(channel, "history"))?;
    if !channel.has_app() {
        return Err("not_in_channel".into());
    }
    let message = channel.messages.get(&ts).ok_or("thread_not_found")?;
    // The ts of a reply shows its whole thread.
    let parent = message.thread_ts.clone().unwrap_or_else(|| message.ts.clone());
    let (oldest, latest) = bounds(args)?;
    let with_metadata = args.flag("include_all_metadata");
    let (mut messages, cursor) = page(args, 1000, 1000, |after, limit| {
        let oldest = after.map_or(oldest, Bound::Excluded);
        let Some(range) = narrowed(oldest, latest) else {
            return Vec::new();
        };
        channel
            .threads
            .get(&parent)
            .into_iter()
            .flat_map(|t| t.replies.range(range.clone()))
            .filter_map(|ts| channel.messages.get(ts))
            .take(limit)
            .map(|m| (m.ts.clone(), world.message_json(channel, m, with_metadata)))
            .collect::<Vec<(String, Value)>>()
    })?;
    // The parent stands at the head of the first page, whatever the bounds.
    if args.text("cursor").is_none_or(|c| c.is_empty())
        && let Some(message) = channel.messages.get(&parent)
    {
        messages.insert(0, world.message_json(channel, message, with_metadata));
    }
    let more = !cursor.is_empty();
    let answer = json!({"messages": messages, "has_more": more});
    Ok(if more { with_cursor(answer, cursor) } else { answer })
}
