//! `views.*`.

use serde_json::{Value, json};

use super::Answer;
use super::args::{Args, missing};
use super::refusal::Refusal;
use crate::blocks;
use crate::world::World;

/// The view argument, checked, of the wanted type.
fn view_of(args: &Args, kind: &str) -> Result<Value, Refusal> {
    let view = args.json("view", "invalid_arguments")?.ok_or_else(|| missing("view"))?;
    check(&view, kind)?;
    Ok(view)
}

/// Whether Slack would take this view; answers of the app to a submission are checked by it too.
pub(crate) fn check(view: &Value, kind: &str) -> Result<(), Refusal> {
    if !view.is_object() {
        return Err(Refusal::with_messages(
            "invalid_arguments",
            vec!["[ERROR] must provide an object".to_owned()],
        ));
    }
    blocks::check_view(view)?;
    if view.get("type").and_then(Value::as_str) != Some(kind) {
        let message = format!("[ERROR] expected a view of type {kind} [json-pointer:/view/type]");
        return Err(Refusal::with_messages("invalid_arguments", vec![message]));
    }
    Ok(())
}

fn answer(world: &World, id: &str) -> Answer {
    let view = world.view(id).ok_or("not_found")?;
    Ok(json!({"view": view.json(&world.team.id)}))
}

/// An empty string is not a hash: Slack compares it and finds a conflict.
fn hash_of(args: &Args) -> Option<String> {
    args.text("hash")
}

pub(super) fn open(world: &mut World, args: &Args) -> Answer {
    let view = view_of(args, "modal")?;
    let user = world.exchange_trigger(&trigger_of(args)?)?;
    let id = world.open_view(&user, &view)?;
    answer(world, &id)
}

pub(super) fn push(world: &mut World, args: &Args) -> Answer {
    let view = view_of(args, "modal")?;
    let user = world.exchange_trigger(&trigger_of(args)?)?;
    let id = world.push_view(&user, &view)?;
    answer(world, &id)
}

fn trigger_of(args: &Args) -> Result<String, Refusal> {
    args.text("trigger_id")
        .or_else(|| args.text("interactivity_pointer"))
        .ok_or_else(|| missing("trigger_id"))
}

pub(super) fn update(world: &mut World, args: &Args) -> Answer {
    let id = match (args.text("view_id"), args.text("external_id")) {
        (Some(id), _) => id,
        (None, Some(external)) => world.view_by_external_id(&external).ok_or("not_found")?,
        (None, None) => return Err(missing("view_id")),
    };
    let kind = match world.view(&id) {
        None => return Err("not_found".into()),
        Some(view) => view.text("type").to_owned(),
    };
    let view = view_of(args, &kind)?;
    world.update_view(&id, &view, hash_of(args).as_deref())?;
    answer(world, &id)
}

pub(super) fn publish(world: &mut World, args: &Args) -> Answer {
    let user = args.needed("user_id")?;
    let view = view_of(args, "home")?;
    if !world.manifest.home_tab {
        return Err("not_enabled".into());
    }
    if world.user(&user).is_none_or(|u| u.deleted) {
        let message = "[ERROR] invalid `user_id` [json-pointer:/user_id]".to_owned();
        return Err(Refusal::with_messages("invalid_arguments", vec![message]));
    }
    let id = world.publish_home(&user, &view, hash_of(args).as_deref())?;
    answer(world, &id)
}
