//! Commands, buttons, selects and what the app answers.

use std::time::Duration;

use serde_json::json;

use crate::app::{Answer, World, modal, plain, post, with_button};

#[tokio::test]
async fn a_command_comes_as_a_form() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    ana.runs("general", "/help-me with  this").await.unwrap();
    let received = &world.received()[0];
    assert_eq!(received.path, "/slack/commands");
    assert_eq!(
        received.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let fields = &received.body;
    assert_eq!(fields["command"], "/help-me");
    assert_eq!(fields["text"], "with  this");
    assert_eq!(fields["user_id"], ana.id());
    assert_eq!(fields["user_name"], "ana");
    assert_eq!(fields["channel_name"], "general");
    assert_eq!(fields["team_domain"], "example");
    assert_eq!(fields["is_enterprise_install"], "false");
    assert!(fields["response_url"].as_str().unwrap().starts_with(&world.slack.url()));
    assert!(fields["trigger_id"].is_string());
    ana.runs("dm", "/help-me").await.unwrap();
    assert_eq!(world.received()[1].body["channel_name"], "directmessage");
}

#[tokio::test]
async fn a_command_is_escaped_only_where_the_manifest_says_so() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let bob = world.slack.person("bob").id().to_owned();
    let general = world.slack.channel("general");
    ana.runs("general", "/escaped @bob in #general").await.unwrap();
    assert_eq!(
        world.received()[0].body["text"],
        format!("<@{bob}|bob> in <#{general}|general>")
    );
    ana.runs("general", "/help-me @bob").await.unwrap();
    assert_eq!(world.received()[1].body["text"], "@bob");
}

#[tokio::test]
async fn a_direct_answer_is_ephemeral_unless_it_says_otherwise() {
    let world = World::start().await;
    let (ana, bob) = (world.slack.person("ana"), world.slack.person("bob"));
    world.says(|_, _| Answer::json(json!({"text": "only you"})));
    let answer = ana.runs("general", "/help-me").await.unwrap();
    assert!(answer.ephemeral.unwrap().is_ephemeral());
    assert_eq!(ana.messages("general").len(), 1);
    assert_eq!(bob.messages("general").len(), 0);
    world.says(|_, _| Answer::json(json!({"text": "all of you", "response_type": "in_channel"})));
    let answer = ana.runs("general", "/help-me").await.unwrap();
    assert!(answer.in_channel.unwrap().is_by_app());
    assert_eq!(bob.messages("general").len(), 1);
    world.says(|_, _| Answer::text("plain words"));
    assert_eq!(
        ana.runs("general", "/help-me")
            .await
            .unwrap()
            .ephemeral
            .unwrap()
            .raw_text(),
        "plain words"
    );
}

#[tokio::test]
async fn trouble_with_a_command_has_slacks_names() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    world.says(|_, _| Answer::ok().after(Duration::from_millis(1500)));
    assert_eq!(
        ana.runs("general", "/help-me").await.unwrap_err().error,
        "operation_timeout"
    );
    world.says(|_, _| Answer::status(500));
    assert_eq!(
        ana.runs("general", "/help-me").await.unwrap_err().error,
        "dispatch_failed"
    );
    assert_eq!(
        ana.runs("general", "/nothing").await.unwrap_err().error,
        "invalid_command"
    );
    assert_eq!(world.received().len(), 1, "none of these is sent again");
}

#[tokio::test]
async fn a_trigger_opens_one_modal_within_three_seconds() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let trigger = async || {
        world.forget();
        ana.runs("general", "/help-me").await.unwrap();
        world.received()[0].body["trigger_id"].clone()
    };
    let first = trigger().await;
    let open = async |trigger| {
        world
            .api("views.open", json!({"trigger_id": trigger, "view": modal("Ask")}))
            .await
    };
    assert_eq!(open(first.clone()).await["ok"], true);
    assert_eq!(open(first).await["error"], "exchanged_trigger_id");
    let second = trigger().await;
    world.slack.advance(Duration::from_millis(3100));
    assert_eq!(open(second).await["error"], "expired_trigger_id");
    assert_eq!(open(json!("1.2.x")).await["error"], "invalid_trigger_id");
}

#[tokio::test]
async fn a_click_carries_message_state_and_action() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let posted = world
        .api("chat.postMessage", with_button(ana.id(), "Please decide"))
        .await;
    let message = ana.last_dm().unwrap();
    ana.clicks(&message, "Approve").await.unwrap();
    let body = world.last("block_actions");
    assert_eq!(body["container"]["type"], "message");
    assert_eq!(body["container"]["message_ts"], posted["ts"]);
    assert_eq!(body["container"]["is_ephemeral"], false);
    assert_eq!(
        body["channel"],
        json!({"id": posted["channel"], "name": "directmessage"})
    );
    assert_eq!(body["message"]["ts"], posted["ts"]);
    assert_eq!(body["message"]["bot_id"], posted["message"]["bot_id"]);
    assert_eq!(body["state"], json!({"values": {}}));
    let action = &body["actions"][0];
    assert_eq!(action["action_id"], "yes");
    assert_eq!(action["block_id"], "row");
    assert_eq!(action["value"], "1");
    assert_eq!(action["type"], "button");
    assert_eq!(action["text"]["text"], "Approve");
    assert!(body["trigger_id"].is_string() && body["response_url"].is_string() && action["action_ts"].is_string());
    // By action id and value, too.
    ana.clicks_at(&message, "no", "0").await.unwrap();
    assert_eq!(world.last("block_actions")["actions"][0]["action_id"], "no");
}

#[tokio::test]
async fn a_button_that_is_gone_cannot_be_clicked() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let posted = world
        .api("chat.postMessage", with_button(ana.id(), "Please decide"))
        .await;
    let message = ana.last_dm().unwrap();
    let done = json!({"channel": posted["channel"], "ts": posted["ts"], "text": "Decided", "blocks": []});
    assert_eq!(world.api("chat.update", done).await["ok"], true);
    assert_eq!(
        ana.clicks(&message, "Approve").await.unwrap_err().error,
        "no such button"
    );
}

#[tokio::test]
async fn trouble_with_a_click_is_told() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    world
        .api("chat.postMessage", with_button(ana.id(), "Please decide"))
        .await;
    let message = ana.last_dm().unwrap();
    world.says(|_, _| Answer::status(404));
    assert_eq!(
        ana.clicks(&message, "Approve").await.unwrap_err().error,
        "dispatch_failed"
    );
}

#[tokio::test]
async fn inputs_in_a_message_are_in_the_state() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let message = json!({"channel": ana.id(), "text": "why?", "blocks": [
        {"type": "input", "block_id": "why", "label": plain("Why"),
         "element": {"type": "plain_text_input", "action_id": "why_text"}},
        {"type": "actions", "block_id": "row", "elements": [
            {"type": "button", "action_id": "send", "text": plain("Send")},
            {"type": "overflow", "action_id": "more", "options": [
                {"text": plain("Later"), "value": "later"}, {"text": plain("Never"), "value": "never"}]}]},
    ]});
    assert_eq!(world.api("chat.postMessage", message).await["ok"], true);
    let message = ana.last_dm().unwrap();
    world.forget();
    ana.types_in(&message, "Why", "because").await.unwrap();
    assert!(
        world.received().is_empty(),
        "an input without dispatch_action tells nobody"
    );
    ana.clicks(&message, "Send").await.unwrap();
    let values = &world.last("block_actions")["state"]["values"];
    assert_eq!(
        values["why"]["why_text"],
        json!({"type": "plain_text_input", "value": "because"})
    );
    ana.chooses_in(&message, "more", "Later").await.unwrap();
    assert_eq!(
        world.last("block_actions")["actions"][0]["selected_option"]["value"],
        "later"
    );
}

#[tokio::test]
async fn buttons_in_an_attachment_name_it() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let blocks = with_button(ana.id(), "in colour")["blocks"].clone();
    let message = json!({"channel": ana.id(), "text": "x", "attachments": [{"color": "#ff0000", "blocks": blocks}]});
    assert_eq!(world.api("chat.postMessage", message).await["ok"], true);
    ana.clicks(&ana.last_dm().unwrap(), "Approve").await.unwrap();
    let container = &world.last("block_actions")["container"];
    assert_eq!(container["type"], "message_attachment");
    assert_eq!(container["attachment_id"], 1);
}

#[tokio::test]
async fn a_response_url_works_five_times_in_half_an_hour() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    ana.runs("general", "/help-me").await.unwrap();
    let url = world.received()[0].body["response_url"].as_str().unwrap().to_owned();
    for n in 1..=5 {
        assert_eq!(post(&url, json!({"text": format!("answer {n}")})).await.0, 200);
    }
    let (status, body) = post(&url, json!({"text": "one too many"})).await;
    assert_eq!((status, &body["error"]), (404, &json!("used_url")));
    assert_eq!(ana.messages("general").len(), 5);
    assert!(
        ana.messages("general")
            .iter()
            .all(simulator::MessageSnapshot::is_ephemeral)
    );
    world.forget();
    ana.runs("general", "/help-me").await.unwrap();
    let url = world.received()[0].body["response_url"].as_str().unwrap().to_owned();
    world.slack.advance(Duration::from_secs(30 * 60 + 1));
    assert_eq!(post(&url, json!({"text": "late"})).await.1["error"], "expired_url");
}

#[tokio::test]
async fn a_response_url_of_a_click_replaces_and_deletes() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let channel = world.slack.channel("general");
    let mut ephemeral = with_button(&channel, "Just for you");
    ephemeral["user"] = json!(ana.id());
    // The app is no member there.
    assert_eq!(
        world.api("chat.postEphemeral", ephemeral.clone()).await["error"],
        "not_in_channel"
    );
    let dm = world.dm("ana").await;
    ephemeral["channel"] = json!(dm);
    let posted = world.api("chat.postEphemeral", ephemeral).await;
    let message = ana.last_dm().unwrap();
    assert!(message.is_ephemeral());
    // The API cannot change it, only its response URL can.
    let update = json!({"channel": dm, "ts": posted["message_ts"], "text": "changed"});
    assert_eq!(world.api("chat.update", update).await["error"], "message_not_found");
    ana.clicks(&message, "Approve").await.unwrap();
    let body = world.last("block_actions");
    assert_eq!(body["container"]["is_ephemeral"], true);
    assert!(body.get("message").is_none());
    let url = body["response_url"].as_str().unwrap().to_owned();
    post(&url, json!({"text": "Replaced", "replace_original": true})).await;
    assert_eq!(ana.last_dm().unwrap().raw_text(), "Replaced");
    post(&url, json!({"delete_original": true})).await;
    assert!(ana.dm().is_empty());
}

#[tokio::test]
async fn shortcuts_come_with_what_they_are_about() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    ana.global_shortcut("ask").await.unwrap();
    let body = world.last("shortcut");
    assert_eq!(body["callback_id"], "ask");
    assert!(body["trigger_id"].is_string());
    let message = world.slack.person("bob").says("general", "Look at this").await.unwrap();
    ana.message_shortcut(&message, "note").await.unwrap();
    let body = world.last("message_action");
    assert_eq!(body["message"]["text"], "Look at this");
    assert_eq!(body["message_ts"], message.ts.as_str());
    assert_eq!(body["channel"]["name"], "general");
    assert!(body["response_url"].is_string());
    assert_eq!(ana.global_shortcut("note").await.unwrap_err().error, "no such shortcut");
}

#[tokio::test]
async fn a_click_in_a_thread_names_the_thread() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let parent = world
        .api("chat.postMessage", json!({"channel": ana.id(), "text": "top"}))
        .await;
    let mut reply = with_button(ana.id(), "reply");
    reply["thread_ts"] = parent["ts"].clone();
    assert_eq!(world.api("chat.postMessage", reply).await["ok"], true);
    let thread = ana.thread(&ana.last_dm().unwrap());
    assert_eq!(thread.len(), 2);
    ana.clicks(&thread[1], "Deny").await.unwrap();
    let body = world.last("block_actions");
    assert_eq!(body["container"]["thread_ts"], parent["ts"]);
    assert_eq!(body["message"]["thread_ts"], parent["ts"]);
}
