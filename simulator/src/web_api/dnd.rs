//! `dnd.*`.

use serde_json::{Map, Value, json};

use super::Answer;
use super::args::Args;
use crate::world::World;

/// How many people one call may name.
const AT_ONCE: usize = 50;

pub(super) fn team_info(world: &mut World, args: &Args) -> Answer {
    let users = args.needed("users")?;
    let wanted: Vec<&str> = users.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if wanted.len() > AT_ONCE {
        return Err("too_many_users".into());
    }
    // Whom it does not know, it leaves out.
    let known: Map<String, Value> = wanted
        .into_iter()
        .filter_map(|id| Some((id.to_owned(), world.dnd_json(id)?)))
        .collect();
    Ok(json!({ "users": known }))
}
