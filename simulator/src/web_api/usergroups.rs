//! `usergroups.*`.

use serde_json::{Value, json};

use super::Answer;
use super::args::Args;
use crate::world::World;

pub(super) fn list(world: &mut World, args: &Args) -> Answer {
    let groups: Vec<Value> = world
        .groups
        .iter()
        .filter(|g| g.deleted == 0 || args.flag("include_disabled"))
        .map(|g| g.json(&world.team.id, args.flag("include_users"), args.flag("include_count")))
        .collect();
    Ok(json!({"usergroups": groups}))
}

pub(super) fn users(world: &mut World, args: &Args) -> Answer {
    let id = args.needed("usergroup")?;
    let group = world.groups.iter().find(|g| g.id == id).ok_or("no_such_subteam")?;
    if group.deleted != 0 && !args.flag("include_disabled") {
        return Err("no_such_subteam".into());
    }
    Ok(json!({"users": group.members}))
}
