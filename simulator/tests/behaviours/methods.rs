//! The Web API: tokens, scopes, arguments, answers.

use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use simulator::SeedPerson;

use crate::app::{MANIFEST, World, http};

#[tokio::test]
async fn auth_test_says_who_one_is_and_what_one_may() {
    let world = World::start().await;
    let (headers, answer) = world.call("auth.test", &world.slack.tokens().bot, json!({})).await;
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["team_id"], "T0SIM0000");
    assert!(answer["user_id"].is_string() && answer["bot_id"].is_string());
    let scopes = headers["x-oauth-scopes"].to_str().unwrap();
    assert!(scopes.split(',').any(|s| s == "chat:write"), "{scopes}");
}

#[tokio::test]
async fn tokens_are_looked_at() {
    let world = World::start().await;
    let error = async |method: &str, token: &str| world.call(method, token, json!({})).await.1["error"].clone();
    let tokens = world.slack.tokens().clone();
    assert_eq!(error("auth.test", "").await, "not_authed");
    assert_eq!(error("auth.test", "xoxb-other").await, "invalid_auth");
    assert_eq!(error("auth.test", &tokens.app).await, "not_allowed_token_type");
    assert_eq!(
        error("apps.connections.open", &tokens.bot).await,
        "not_allowed_token_type"
    );
    assert_eq!(error("no.such", &tokens.bot).await, "unknown_method");
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let manifest = MANIFEST.replace("\"chat:write\", ", "").replace("\"im:history\", ", "");
    let world = World::with(|c| c.manifest = manifest).await;
    let answer = world
        .api("chat.postMessage", json!({"channel": "C1", "text": "x"}))
        .await;
    assert_eq!(
        (&answer["error"], &answer["needed"]),
        (&json!("missing_scope"), &json!("chat:write"))
    );
    assert!(answer["provided"].as_str().unwrap().contains("im:write"));
    // Which scope a conversation needs depends on its kind.
    let dm = world.dm("ana").await;
    let answer = world.api("conversations.history", json!({"channel": dm})).await;
    assert_eq!(
        (&answer["error"], &answer["needed"]),
        (&json!("missing_scope"), &json!("im:history"))
    );
}

#[tokio::test]
async fn an_unknown_argument_is_refused_unless_one_does_not_care() {
    let world = World::start().await;
    let answer = world.api("users.info", json!({"user": "U1", "usr": "x"})).await;
    assert_eq!(answer["error"], "invalid_arguments");
    assert_eq!(
        answer["response_metadata"]["messages"],
        json!(["[ERROR] unknown argument: usr"])
    );
    let world = World::with(|c| c.refuse_unknown_arguments = false).await;
    assert_eq!(
        world.api("users.info", json!({"user": "U1", "usr": "x"})).await["error"],
        "user_not_found"
    );
}

async fn raw(world: &World, method: &str, kind: &str, body: &str) -> Value {
    let request = hyper::Request::post(format!("{}/{method}", world.slack.api_url()))
        .header("content-type", kind)
        .body(Full::new(bytes::Bytes::from(body.to_owned())))
        .unwrap();
    let response = http().request(request).await.unwrap();
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn forms_queries_and_json_are_read() {
    let world = World::start().await;
    let token = world.slack.tokens().bot.clone();
    let ana = world.slack.person("ana").id().to_owned();
    let form = "application/x-www-form-urlencoded";
    let answer = raw(&world, "users.info", form, &format!("token={token}&user={ana}")).await;
    assert_eq!(answer["user"]["name"], "ana");
    let blocks = "%5B%7B%22type%22%3A%22divider%22%7D%5D";
    let answer = raw(
        &world,
        "chat.postMessage",
        form,
        &format!("token={token}&channel={ana}&text=a&blocks={blocks}"),
    )
    .await;
    assert_eq!(answer["message"]["blocks"][0]["type"], "divider");
    let url = format!("{}/users.info?token={token}&user={ana}", world.slack.api_url());
    assert_eq!(crate::app::get(&url).await.1["user"]["id"], ana.as_str());
    assert_eq!(
        raw(&world, "users.info", "application/json", "{").await["error"],
        "invalid_json"
    );
    assert_eq!(
        raw(&world, "users.info", "application/json", "[]").await["error"],
        "json_not_object"
    );
    assert_eq!(
        raw(&world, "users.info", "text/xml", "<a/>").await["error"],
        "invalid_post_type"
    );
}

#[tokio::test]
async fn people_are_listed_in_pages() {
    let world = World::with(|c| {
        for n in 0..23 {
            c.seed.people.push(SeedPerson {
                name: format!("extra{n}"),
                ..SeedPerson::default()
            });
        }
        c.seed.people.push(SeedPerson {
            name: "away".to_owned(),
            is_stranger: true,
            ..SeedPerson::default()
        });
    })
    .await;
    let mut names = Vec::new();
    let mut cursor = String::new();
    let mut pages = 0;
    loop {
        let answer = world.api("users.list", json!({"limit": 10, "cursor": cursor})).await;
        let members = answer["members"].as_array().unwrap();
        assert!(members.len() <= 10);
        names.extend(members.iter().map(|m| m["name"].as_str().unwrap().to_owned()));
        pages += 1;
        cursor = answer["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    // Four people, the extras, the bot, Slackbot.
    assert_eq!((pages, names.len()), (3, 29));
    assert!(
        !names.contains(&"away".to_owned()),
        "people of other workspaces are not listed"
    );
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 29);
}

#[tokio::test]
async fn addresses_are_for_those_who_may_see_them() {
    let world = World::start().await;
    let ana = world.slack.person("ana").id().to_owned();
    assert_eq!(
        world.api("users.info", json!({"user": ana})).await["user"]["profile"]["email"],
        "ana@example.com"
    );
    assert_eq!(
        world
            .api("users.lookupByEmail", json!({"email": "ANA@example.com"}))
            .await["user"]["id"],
        ana.as_str()
    );
    assert_eq!(
        world
            .api("users.lookupByEmail", json!({"email": "x@example.com"}))
            .await["error"],
        "users_not_found"
    );
    let manifest = MANIFEST.replace("\"users:read.email\",", "");
    let world = World::with(|c| c.manifest = manifest).await;
    let answer = world.api("users.info", json!({"user": ana})).await;
    assert_eq!(answer["ok"], true);
    assert!(
        answer["user"]["profile"].get("email").is_none(),
        "missing, not an error"
    );
    assert_eq!(
        world
            .api("users.lookupByEmail", json!({"email": "ana@example.com"}))
            .await["error"],
        "missing_scope"
    );
}

#[tokio::test]
async fn conversations_are_opened_and_described() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let first = world.api("conversations.open", json!({"users": ana.id()})).await;
    assert!(first.get("already_open").is_none());
    let again = world
        .api("conversations.open", json!({"users": [ana.id()], "return_im": true}))
        .await;
    assert_eq!(again["already_open"], true);
    assert_eq!(again["channel"]["id"], first["channel"]["id"]);
    assert_eq!(again["channel"]["user"], ana.id());
    let info = world
        .api("conversations.info", json!({"channel": first["channel"]["id"]}))
        .await;
    assert_eq!(
        (&info["channel"]["is_im"], &info["channel"]["user"]),
        (&json!(true), &json!(ana.id()))
    );
    let error = async |args: Value| world.api("conversations.open", args).await["error"].clone();
    assert_eq!(error(json!({})).await, "users_list_not_supplied");
    assert_eq!(error(json!({"users": "U0NOBODY"})).await, "user_not_found");
    assert_eq!(error(json!({"users": "USLACKBOT"})).await, "cannot_dm_bot");
    let general = world.slack.channel("general");
    let listed = world.api("conversations.list", json!({})).await;
    assert_eq!(listed["channels"][0]["id"], general.0.as_str());
    assert_eq!(
        world.api("conversations.info", json!({"channel": general.0})).await["channel"]["name"],
        "general"
    );
    let members = world.api("conversations.members", json!({"channel": general.0})).await;
    assert_eq!(members["members"].as_array().unwrap().len(), 4);
    let ims = world.api("conversations.list", json!({"types": "im"})).await;
    assert_eq!(ims["channels"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_team_and_the_bot_are_described() {
    let world = World::start().await;
    assert_eq!(world.api("team.info", json!({})).await["team"]["domain"], "example");
    let bot = world.api("auth.test", json!({})).await["bot_id"].clone();
    let info = world.api("bots.info", json!({"bot": bot})).await;
    assert_eq!(info["bot"]["name"], "Helper");
    assert!(info["bot"]["app_id"].is_string());
    assert_eq!(
        world.api("bots.info", json!({"bot": "B0NO"})).await["error"],
        "bot_not_found"
    );
    assert_eq!(
        world.api("api.test", json!({"error": "my_own"})).await["error"],
        "my_own"
    );
}

#[tokio::test]
async fn calls_are_remembered() {
    let world = World::start().await;
    world.api("users.info", json!({"user": "U1"})).await;
    let call = world.slack.calls().pop().unwrap();
    assert_eq!(
        (call.method.as_str(), call.outcome.as_str()),
        ("users.info", "user_not_found")
    );
    assert_eq!(call.args, json!({"user": "U1"}), "without the token");
}

#[tokio::test]
async fn addresses_given_out_can_be_others_than_the_one_listened_on() {
    let world = World::with(|c| c.public_url = Some("https://slack.example.com/".parse().unwrap())).await;
    assert_eq!(world.slack.api_url(), "https://slack.example.com/api");
    world.slack.person("ana").runs("general", "/help-me").await.unwrap();
    let url = world.received()[0].body["response_url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://slack.example.com/response/"), "{url}");
}

#[tokio::test]
async fn who_does_not_want_to_be_disturbed_can_be_asked_for_fifty_people_at_once() {
    let manifest = MANIFEST.replace("\"chat:write\", ", "\"chat:write\", \"dnd:read\", ");
    let world = World::with(|c| c.manifest = manifest).await;
    let ana = world.slack.person("ana");
    let asks = async |users: String| world.api("dnd.teamInfo", json!({ "users": users })).await;
    let of_ana = async || asks(format!("{},U0NOBODY", ana.id())).await["users"].clone();
    let nothing = json!({"dnd_enabled": false, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1});
    assert_eq!(of_ana().await, json!({ ana.id(): nothing }));
    let until = 9_000_000_000_u64;
    ana.pauses_notifications(Some(until)).await.unwrap();
    let status = of_ana().await[ana.id()].clone();
    assert_eq!(status["dnd_enabled"], true);
    assert_eq!(status["next_dnd_end_ts"], until);
    ana.pauses_notifications(None).await.unwrap();
    assert_eq!(of_ana().await, json!({ ana.id(): nothing }));
    let many = vec![ana.id(); 51].join(",");
    assert_eq!(asks(many).await["error"], "too_many_users");
    let without = World::start().await;
    let answer = without.api("dnd.teamInfo", json!({ "users": "U1" })).await;
    assert_eq!(answer["needed"], "dnd:read");
}
