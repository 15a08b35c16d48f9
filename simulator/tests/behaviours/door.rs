//! The JSON door that the page and scripts use.

use futures::StreamExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::app::{Answer, World, get, http, modal, plain, post, with_button};

async fn act(world: &World, body: Value) -> Value {
    post(&format!("{}/sim/act", world.slack.url()), body).await.1
}

async fn read(world: &World, path: &str) -> Value {
    get(&format!("{}{path}", world.slack.url())).await.1
}

#[tokio::test]
async fn the_page_is_there() {
    let world = World::start().await;
    let (status, page) = get(&world.slack.url()).await;
    assert_eq!(status, 200);
    let page = page.as_str().unwrap().to_owned();
    for wanted in page.split('"').filter(|p| p.starts_with("/client/")) {
        let (status, _) = get(&format!("{}{wanted}", world.slack.url())).await;
        assert_eq!(status, 200, "{wanted}");
    }
    assert_eq!(get(&format!("{}/client/none.js", world.slack.url())).await.0, 404);
}

#[tokio::test]
async fn the_state_is_what_a_person_may_see() {
    let world = World::with(|c| {
        c.title = "Try it".to_owned();
        c.seed.channels[1].private = true;
        c.seed.channels[1].members = vec!["bob".to_owned()];
    })
    .await;
    let state = read(&world, "/sim/state?as=ana").await;
    assert_eq!(state["title"], "Try it");
    assert_eq!(state["me"]["name"], "ana");
    assert_eq!(state["manifest"]["commands"][0]["command"], "/help-me");
    assert_eq!(state["people"].as_array().unwrap().len(), 4);
    let kinds: Vec<_> = state["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["kind"].clone(), c["name"].clone()))
        .collect();
    assert_eq!(
        kinds,
        [(json!("app"), json!("Helper")), (json!("channel"), json!("general"))]
    );
    assert_eq!(get(&format!("{}/sim/state?as=nobody", world.slack.url())).await.0, 404);
}

#[tokio::test]
async fn everything_can_be_done_through_the_door() {
    let world = World::start().await;
    let ana = world.slack.person("ana").id().to_owned();
    let general = world.slack.channel("general").0;
    let said = act(
        &world,
        json!({"as": ana, "act": "say", "channel": general, "text": "hello @bob"}),
    )
    .await;
    assert_eq!(said["ok"], true);
    let reply = json!({"as": "bob", "act": "reply", "channel": general, "thread": said["ts"], "text": "yes?", "broadcast": false});
    assert_eq!(act(&world, reply).await["ok"], true);
    let edit = json!({"as": ana, "act": "edit", "channel": general, "ts": said["ts"], "text": "hello"});
    assert_eq!(act(&world, edit).await["ok"], true);
    let react =
        json!({"as": ana, "act": "react", "channel": general, "ts": said["ts"], "name": "tada", "remove": false});
    assert_eq!(act(&world, react).await["ok"], true);
    let shown = read(&world, &format!("/sim/messages?as={ana}&channel={general}")).await;
    let message = &shown["messages"][0];
    assert_eq!(
        (&message["text"], &message["reply_count"]),
        (&json!("hello"), &json!(1))
    );
    assert_eq!(
        (&message["ephemeral"], &message["reactions"][0]["name"]),
        (&json!(false), &json!("tada"))
    );
    let thread = read(
        &world,
        &format!(
            "/sim/messages?as={ana}&channel={general}&thread={}",
            said["ts"].as_str().unwrap()
        ),
    )
    .await;
    assert_eq!(thread["messages"].as_array().unwrap().len(), 2);
    let file =
        json!({"as": ana, "act": "file", "channel": general, "name": "a.png", "size": 5, "mimetype": "image/png"});
    assert_eq!(act(&world, file).await["ok"], true);
    let state = read(&world, "/sim/state?as=bob").await;
    let unread = |s: &Value| {
        s["channels"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["id"] == general.as_str())
            .unwrap()["unread"]
            .clone()
    };
    assert_eq!(unread(&state), 2);
    assert_eq!(
        act(&world, json!({"as": "bob", "act": "mark_read", "channel": general})).await["ok"],
        true
    );
    assert_eq!(unread(&read(&world, "/sim/state?as=bob").await), 0);
    let wrong = act(&world, json!({"as": ana, "act": "dance"})).await;
    assert_eq!(
        (&wrong["ok"], &wrong["error"]),
        (&json!(false), &json!("no such act: dance"))
    );
    let user = json!({"as": ana, "act": "set_user", "user": "bob", "title": "Chief", "deleted": true});
    assert_eq!(act(&world, user).await["ok"], true);
    let state = read(&world, "/sim/state?as=ana").await;
    let bob = state["people"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "bob")
        .unwrap();
    assert_eq!((&bob["title"], &bob["deleted"]), (&json!("Chief"), &json!(true)));
}

#[tokio::test]
async fn a_modal_can_be_filled_through_the_door() {
    let world = World::start().await;
    let command = json!({"as": "ana", "act": "command", "channel": "general", "text": "/help-me"});
    assert_eq!(act(&world, command).await["ok"], true);
    let trigger = world.received()[0].body["trigger_id"].clone();
    world
        .api("views.open", json!({"trigger_id": trigger, "view": modal("Ask")}))
        .await;
    let stack = read(&world, "/sim/modals?as=ana").await;
    let view_id = stack[0]["id"].clone();
    let container = json!({"type": "view", "view_id": view_id});
    let option = json!({"text": plain("Large"), "value": "l"});
    let select = json!({"as": "ana", "act": "select", "container": container, "block_id": "kind",
                        "action_id": "kind_select", "element": {"type": "static_select"}, "selected_option": option});
    assert_eq!(act(&world, select).await["ok"], true);
    assert_eq!(world.last("block_actions")["actions"][0]["selected_option"], option);
    world.says(|_, _| Answer::json(json!({"options": [{"text": plain("a"), "value": "1"}]})));
    let options = json!({"as": "ana", "act": "options", "container": container, "block_id": "what",
                         "action_id": "what_select", "query": "a"});
    assert_eq!(act(&world, options).await["options"][0]["value"], "1");
    let submit = json!({"as": "ana", "act": "submit", "view_id": view_id, "values": {}});
    let answer = act(&world, submit.clone()).await;
    assert_eq!(
        (&answer["ok"], &answer["errors"]["reason"]),
        (&json!(false), &json!("Please complete this required field."))
    );
    assert_eq!(
        read(&world, "/sim/modals?as=ana").await[0]["errors"]["reason"],
        "Please complete this required field."
    );
    let typed = json!({"as": "ana", "act": "type", "view_id": view_id, "block_id": "reason",
                       "action_id": "reason_text", "value": "typed"});
    assert_eq!(act(&world, typed).await["ok"], true);
    world.says(|_, _| Answer::ok());
    assert_eq!(act(&world, submit).await["ok"], true);
    let values = world.last("view_submission")["view"]["state"]["values"].clone();
    assert_eq!(values["reason"]["reason_text"]["value"], "typed");
    assert_eq!(values["kind"]["kind_select"]["selected_option"]["value"], "l");
    assert_eq!(read(&world, "/sim/modals?as=ana").await, json!([]));
}

#[tokio::test]
async fn buttons_can_be_clicked_through_the_door() {
    let world = World::start().await;
    let posted = world
        .api(
            "chat.postMessage",
            with_button(world.slack.person("ana").id(), "Decide"),
        )
        .await;
    let container = json!({"type": "message", "channel": posted["channel"], "ts": posted["ts"]});
    let click = json!({"as": "ana", "act": "click", "container": container, "block_id": "row", "action_id": "yes",
                       "element": {"type": "button"}, "value": "1"});
    assert_eq!(act(&world, click.clone()).await["ok"], true);
    world.says(|_, _| Answer::status(500));
    assert_eq!(act(&world, click).await["error"], "dispatch_failed");
    let home = json!({"type": "home", "blocks": [{"type": "divider"}]});
    assert_eq!(read(&world, "/sim/home?as=ana").await, Value::Null);
    world
        .api(
            "views.publish",
            json!({"user_id": world.slack.person("ana").id(), "view": home}),
        )
        .await;
    assert_eq!(read(&world, "/sim/home?as=ana").await["blocks"][0]["type"], "divider");
}

#[tokio::test]
async fn the_stream_tells_what_changed() {
    let world = World::start().await;
    let url = format!("{}/sim/stream?as=ana", world.slack.url());
    let response = http().get(url.parse().unwrap()).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    let general = world.slack.channel("general").0;
    let between = world.slack.person("bob").says("@cara", "not for ana").await.unwrap();
    world.slack.person("bob").says("general", "hello").await.unwrap();
    world.says(|_, _| Answer::status(500));
    let _ = world.slack.person("ana").runs("general", "/help-me").await;
    let mut all = String::new();
    while !all.contains("toast") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(5), body.next())
            .await
            .unwrap();
        all.push_str(&String::from_utf8_lossy(&chunk.unwrap().unwrap()));
    }
    assert!(!all.contains(&between.channel), "{all}");
    let events: Vec<Value> = all
        .lines()
        .filter_map(|l| l.strip_prefix("data: "))
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert!(
        events
            .iter()
            .any(|e| e["kind"] == "message" && e["channel"] == general.as_str() && e["version"].is_u64())
    );
    let toast = events.iter().find(|e| e["kind"] == "toast").unwrap();
    assert_eq!(toast["text"], "/help-me failed with the error \"dispatch_failed\"");
}

#[tokio::test]
async fn scripts_can_set_faults_and_the_clock() {
    let world = World::start().await;
    let url = world.slack.url();
    let fault = json!({"method": "team.info", "fault": {"rate_limited": {"retry_after": 7}}, "times": 1});
    assert_eq!(post(&format!("{url}/sim/fault"), fault).await.1["waiting"], 1);
    let (headers, _) = world.call("team.info", &world.slack.tokens().bot, json!({})).await;
    assert_eq!(headers["retry-after"], "7");
    assert_eq!(
        post(&format!("{url}/sim/fault"), json!({"delivery": "hold_events"}))
            .await
            .1["ok"],
        true
    );
    assert_eq!(post(&format!("{url}/sim/fault"), json!({"nonsense": 1})).await.0, 400);
    let before = world.slack.now();
    assert_eq!(
        post(&format!("{url}/sim/advance"), json!({"seconds": 3600})).await.1["ok"],
        true
    );
    assert!(world.slack.now() - before >= std::time::Duration::from_secs(3600));
    let calls = read(&world, "/sim/calls").await;
    assert!(
        calls["calls"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["method"] == "team.info")
    );
    assert_eq!(read(&world, "/sim/idle?wait=1").await["idle"], true);
}
