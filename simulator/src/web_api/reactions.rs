//! `reactions.*`.

use serde_json::json;

use super::Answer;
use super::args::Args;
use super::chat::own;
use crate::world::{BOT_USER, World};

pub(super) fn add(world: &mut World, args: &Args) -> Answer {
    let channel = args.needed("channel")?;
    let ts = args.needed("timestamp")?;
    own(world, &channel)?;
    world.react(BOT_USER, &channel, &ts, args.needed("name")?.trim_matches(':'), true)?;
    Ok(json!({}))
}

pub(super) fn remove(world: &mut World, args: &Args) -> Answer {
    let channel = args.needed("channel")?;
    let ts = args.needed("timestamp")?;
    own(world, &channel)?;
    world.react(BOT_USER, &channel, &ts, args.needed("name")?.trim_matches(':'), false)?;
    Ok(json!({}))
}
