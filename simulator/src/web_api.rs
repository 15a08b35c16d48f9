//! The Web API: `/api/{method}`.

pub(crate) mod args;
mod auth;
pub(crate) mod chat;
mod conversations;
mod dnd;
mod reactions;
pub(crate) mod refusal;
mod usergroups;
mod users;
pub(crate) mod views;

use serde_json::{Value, json};

use crate::rules;
use crate::world::World;
use args::Args;
use refusal::Refusal;

pub(crate) type Answer = Result<Value, Refusal>;

type Method = fn(&mut World, &Args) -> Answer;

/// Which token a method wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    BotToken,
    AppToken,
    Nothing,
}

pub(crate) fn wants(method: &str) -> Wants {
    match method {
        "apps.connections.open" | "apps.event.authorizations.list" => Wants::AppToken,
        // Both look for themselves: at the client's secret, and at a person's own token.
        "api.test" | "openid.connect.token" | "openid.connect.userInfo" => Wants::Nothing,
        _ => Wants::BotToken,
    }
}

fn find(method: &str) -> Option<Method> {
    Some(match method {
        "api.test" => auth::api_test,
        "auth.test" => auth::test,
        "auth.revoke" => auth::revoke,
        "team.info" => auth::team_info,
        "bots.info" => auth::bots_info,
        "apps.event.authorizations.list" => auth::authorizations,
        "chat.postMessage" => chat::post_message,
        "chat.postEphemeral" => chat::post_ephemeral,
        "chat.update" => chat::update,
        "chat.delete" => chat::delete,
        "chat.getPermalink" => chat::permalink,
        "conversations.open" => conversations::open,
        "conversations.info" => conversations::info,
        "conversations.list" => conversations::list,
        "conversations.members" => conversations::members,
        "conversations.history" => conversations::history,
        "conversations.replies" => conversations::replies,
        "dnd.teamInfo" => dnd::team_info,
        "reactions.add" => reactions::add,
        "reactions.remove" => reactions::remove,
        "usergroups.list" => usergroups::list,
        "usergroups.users.list" => usergroups::users,
        "users.info" => users::info,
        "users.list" => users::list,
        "users.lookupByEmail" => users::by_email,
        "users.conversations" => conversations::of_user,
        "views.open" => views::open,
        "views.push" => views::push,
        "views.update" => views::update,
        "views.publish" => views::publish,
        _ => return None,
    })
}

/// Whether there is such a method; some are answered outside of the world.
pub(crate) fn exists(method: &str) -> bool {
    const OUTSIDE: [&str; 3] = [
        "apps.connections.open",
        "openid.connect.token",
        "openid.connect.userInfo",
    ];
    OUTSIDE.contains(&method) || find(method).is_some()
}

/// Runs a method whose token was looked at already.
pub(crate) fn run(world: &mut World, method: &str, args: &Args, strict: bool) -> Answer {
    let run = find(method).ok_or("unknown_method")?;
    check_arguments(method, args, strict)?;
    check_scopes(world, method)?;
    run(world, args)
}

/// Known to every method: Slack's own SDKs send `team_id` with each call.
const EVERYWHERE: [&str; 2] = ["token", "team_id"];

pub(crate) fn check_arguments(method: &str, args: &Args, strict: bool) -> Result<(), Refusal> {
    let (true, Some(known)) = (strict, rules::arguments(method)) else {
        return Ok(());
    };
    let unknown: Vec<String> = args
        .0
        .keys()
        .filter(|name| !EVERYWHERE.contains(&name.as_str()) && !known.contains(&name.as_str()))
        .map(|name| format!("[ERROR] unknown argument: {name}"))
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Refusal::with_messages("invalid_arguments", unknown))
    }
}

fn check_scopes(world: &World, method: &str) -> Result<(), Refusal> {
    let sets = rules::scopes(method);
    let holds = |set: &&&[&str]| set.iter().all(|scope| world.manifest.has_scope(scope));
    if sets.is_empty() || sets.iter().any(|set| holds(&set)) {
        return Ok(());
    }
    Err(Refusal::missing_scope(&sets[0].join(","), &world.manifest.scopes))
}

/// One scope, where it depends on more than the method.
fn check_scope(world: &World, scope: &str) -> Result<(), Refusal> {
    if world.manifest.has_scope(scope) {
        Ok(())
    } else {
        Err(Refusal::missing_scope(scope, &world.manifest.scopes))
    }
}

/// Lists with `response_metadata.next_cursor`.
fn with_cursor(mut answer: Value, cursor: String) -> Value {
    answer["response_metadata"] = json!({"next_cursor": cursor});
    answer
}
