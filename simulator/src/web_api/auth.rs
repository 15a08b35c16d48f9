//! Who one is: `auth.*`, `team.info`, `bots.info`, `api.test`.

use serde_json::json;

use super::Answer;
use super::args::Args;
use super::refusal::Refusal;
use crate::world::{APP_ID, BOT_ID, BOT_USER, World};

pub(super) fn api_test(_: &mut World, args: &Args) -> Answer {
    match args.text("error") {
        Some(error) => Err(Refusal::new(error)),
        None => Ok(json!({"args": args.0})),
    }
}

pub(super) fn test(world: &mut World, _: &Args) -> Answer {
    Ok(json!({
        "url": format!("https://{}.slack.com/", world.team.domain), "team": world.team.name,
        "user": world.user(BOT_USER).map(|u| u.name.clone()), "team_id": world.team.id, "user_id": BOT_USER,
        "bot_id": BOT_ID, "is_enterprise_install": false,
    }))
}

pub(super) fn revoke(world: &mut World, args: &Args) -> Answer {
    let test = args.flag("test");
    if !test {
        world.uninstall();
    }
    Ok(json!({"revoked": !test}))
}

pub(super) fn team_info(world: &mut World, args: &Args) -> Answer {
    if args.text("team").is_some_and(|t| t != world.team.id) {
        return Err("team_not_found".into());
    }
    Ok(json!({"team": {
        "id": world.team.id, "name": world.team.name, "domain": world.team.domain,
        "url": format!("https://{}.slack.com/", world.team.domain), "email_domain": "example.com",
        "icon": {"image_default": true, "image_34": "https://avatars.example.com/team-34.png",
                 "image_68": "https://avatars.example.com/team-68.png"},
        "avatar_base_url": "https://avatars.example.com/", "is_verified": false,
    }}))
}

pub(super) fn bots_info(world: &mut World, args: &Args) -> Answer {
    match args.text("bot") {
        Some(bot) if bot != BOT_ID => Err("bot_not_found".into()),
        _ => {
            let mut bot = world.bot_profile();
            bot["user_id"] = json!(BOT_USER);
            Ok(json!({"bot": bot}))
        }
    }
}

pub(super) fn authorizations(world: &mut World, args: &Args) -> Answer {
    args.needed("event_context")?;
    let authorization = json!({
        "enterprise_id": null, "team_id": world.team.id, "user_id": BOT_USER, "is_bot": true,
        "is_enterprise_install": false, "app_id": APP_ID,
    });
    Ok(json!({"authorizations": [authorization], "cursor_next": ""}))
}

impl World {
    /// The app is taken off the workspace: its token is dead, and the app is told.
    pub(crate) fn uninstall(&mut self) {
        self.emit("tokens_revoked", |w| {
            let ts = w.new_ts();
            json!({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}, "event_ts": ts})
        });
        self.emit("app_uninstalled", |w| {
            let ts = w.new_ts();
            json!({"type": "app_uninstalled", "event_ts": ts})
        });
        self.uninstalled = true;
    }
}
