//! `users.*`.

use serde_json::{Value, json};

use super::args::{Args, page};
use super::{Answer, with_cursor};
use crate::world::World;

pub(super) fn info(world: &mut World, args: &Args) -> Answer {
    let id = args.needed("user")?;
    let mut user = world.user_json(&id).ok_or("user_not_found")?;
    if args.flag("include_locale") {
        user["locale"] = json!("en-US");
    }
    Ok(json!({"user": user}))
}

pub(super) fn by_email(world: &mut World, args: &Args) -> Answer {
    let email = args.needed("email")?;
    let user = world
        .user_by_email(email.trim())
        .filter(|u| !u.deleted)
        .ok_or("users_not_found")?;
    Ok(json!({"user": user.json(&world.team.id, &world.url, true)}))
}

pub(super) fn list(world: &mut World, args: &Args) -> Answer {
    let with_email = world.manifest.has_scope("users:read.email");
    let (members, cursor) = page(args, u64::MAX, 1000, |after, limit| {
        world
            .people_after(&after.unwrap_or_default())
            // People of other workspaces are not in the list.
            .filter(|u| !u.is_stranger)
            .take(limit)
            .map(|u| (u.id.clone(), u.json(&world.team.id, &world.url, with_email)))
            .collect::<Vec<(String, Value)>>()
    })?;
    Ok(with_cursor(
        json!({"members": members, "cache_ts": world.now.as_secs()}),
        cursor,
    ))
}
