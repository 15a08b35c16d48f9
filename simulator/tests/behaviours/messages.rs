//! Messages, threads, edits and what the app hears of them.

use serde_json::{Value, json};
use simulator::MessageRef;

use crate::app::{World, plain, with_button};

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn posting_to_a_person_opens_the_conversation() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let posted = world
        .api("chat.postMessage", json!({"channel": ana.id(), "text": "hello"}))
        .await;
    assert!(posted["channel"].as_str().unwrap().starts_with('D'), "{posted}");
    assert_eq!(posted["channel"], world.dm("ana").await.as_str());
    assert_eq!(posted["ts"], posted["message"]["ts"]);
    assert!(posted["ts"].is_string());
    // Changing needs the id of the conversation.
    let update = |channel: &Value| json!({"channel": channel, "ts": posted["ts"], "text": "changed"});
    assert_eq!(
        world.api("chat.update", update(&json!(ana.id()))).await["error"],
        "channel_not_found"
    );
    assert_eq!(world.api("chat.update", update(&posted["channel"])).await["ok"], true);
    assert_eq!(ana.last_dm().unwrap().raw_text(), "changed");
    assert!(ana.last_dm().unwrap().is_edited());
}

#[tokio::test]
async fn the_app_hears_its_own_messages() {
    let world = World::start().await;
    let posted = world
        .api(
            "chat.postMessage",
            json!({"channel": world.slack.person("ana").id(), "text": "hi"}),
        )
        .await;
    world.slack.idle().await;
    let event = &world.events()[0];
    assert_eq!(event["ts"], posted["ts"]);
    assert!(event["bot_id"].is_string() && event["app_id"].is_string() && event["bot_profile"].is_object());
    assert!(event.get("subtype").is_none());
}

#[tokio::test]
async fn a_conversation_can_be_closed_and_a_message_rewritten_by_others() {
    let world = World::start().await;
    let (ana, bob) = (world.slack.person("ana"), world.slack.person("bob"));
    let post = async || {
        world
            .api("chat.postMessage", json!({"channel": ana.id(), "text": "hi"}))
            .await
    };
    let posted = post().await;
    let first = ana.last_dm().unwrap();
    world.slack.rewrites(&first.reference(), &bob, "ho");
    assert_eq!(ana.last_dm().unwrap().text(), "ho");
    world.slack.idle().await;
    assert_eq!(world.events().last().unwrap()["message"]["edited"]["user"], bob.id());
    world.slack.closes_dm(&ana);
    assert!(ana.dm().is_empty());
    let update = json!({"channel": posted["channel"], "ts": posted["ts"], "text": "changed"});
    assert_eq!(world.api("chat.update", update).await["error"], "channel_not_found");
    let again = post().await;
    assert_ne!(again["channel"], posted["channel"]);
    assert_eq!(ana.dm().len(), 1);
}

#[tokio::test]
async fn a_change_is_told_with_what_was_before() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let posted = world
        .api("chat.postMessage", json!({"channel": ana.id(), "text": "one"}))
        .await;
    world.slack.idle().await;
    world.forget();
    let update = json!({"channel": posted["channel"], "ts": posted["ts"], "text": "two"});
    assert_eq!(world.api("chat.update", update).await["text"], "two");
    world.slack.idle().await;
    let event = &world.events()[0];
    assert_eq!(event["subtype"], "message_changed");
    assert_eq!(event["message"]["text"], "two");
    assert_eq!(event["message"]["ts"], posted["ts"]);
    assert!(event["message"]["edited"].is_object() && event["message"]["bot_id"].is_string());
    assert_eq!(event["previous_message"]["text"], "one");
    assert_eq!(
        (&event["hidden"], &event["channel"]),
        (&json!(true), &posted["channel"])
    );
    assert_ne!(event["ts"], posted["ts"]);
}

#[tokio::test]
async fn what_an_update_does_not_name_stays() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let mut message = with_button(ana.id(), "one");
    message["metadata"] = json!({"event_type": "card", "event_payload": {"id": "7"}});
    let posted = world.api("chat.postMessage", message).await;
    let update = |more: Value| {
        let mut args = json!({"channel": posted["channel"], "ts": posted["ts"]});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let answer = world.api("chat.update", update(json!({"text": "two"}))).await;
    assert_eq!(answer["message"]["blocks"].as_array().unwrap().len(), 2);
    assert_eq!(answer["message"]["metadata"]["event_payload"]["id"], "7");
    let answer = world
        .api(
            "chat.update",
            update(json!({"text": "three", "blocks": [], "metadata": {}})),
        )
        .await;
    assert!(answer["message"].get("blocks").is_none() && answer["message"].get("metadata").is_none());
    assert_eq!(world.api("chat.update", update(json!({}))).await["error"], "no_text");
    let long = "x".repeat(4001);
    assert_eq!(
        world.api("chat.update", update(json!({"text": long}))).await["error"],
        "msg_too_long"
    );
}

#[tokio::test]
async fn only_the_apps_own_messages_can_be_changed() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let theirs = ana.says("dm", "mine").await.unwrap();
    let args = json!({"channel": theirs.channel, "ts": theirs.ts, "text": "yours"});
    assert_eq!(
        world.api("chat.update", args.clone()).await["error"],
        "cant_update_message"
    );
    let mut delete = args;
    delete.as_object_mut().unwrap().remove("text");
    assert_eq!(
        world.api("chat.delete", delete.clone()).await["error"],
        "cant_delete_message"
    );
    delete["ts"] = json!("1.000000");
    assert_eq!(world.api("chat.delete", delete).await["error"], "message_not_found");
}

#[tokio::test]
async fn threads_stand_apart_from_the_history() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let post = async |args: Value| world.api("chat.postMessage", args).await;
    let metadata = json!({"event_type": "card", "event_payload": {"id": "42", "list": [{"a": 1}]}});
    let top = post(json!({"channel": ana.id(), "text": "top", "metadata": metadata})).await;
    let channel = top["channel"].clone();
    let message = MessageRef {
        channel: channel.as_str().unwrap().to_owned(),
        ts: top["ts"].as_str().unwrap().to_owned(),
    };
    ana.replies(&message, "first").await.unwrap();
    let second = json!({"channel": channel, "text": "second", "thread_ts": top["ts"], "metadata": metadata});
    let second = post(second).await;
    assert_eq!(second["message"]["thread_ts"], top["ts"]);
    post(json!({"channel": channel, "text": "other"})).await;
    let history = world.api("conversations.history", json!({"channel": channel})).await;
    assert_eq!(texts(&history["messages"]), ["other", "top"]);
    let parent = &history["messages"][1];
    assert_eq!((&parent["thread_ts"], &parent["reply_count"]), (&top["ts"], &json!(2)));
    assert_eq!(parent["latest_reply"], second["ts"]);
    assert!(parent.get("metadata").is_none());
    let with = json!({"channel": channel, "include_all_metadata": true});
    assert_eq!(
        world.api("conversations.history", with).await["messages"][1]["metadata"],
        metadata
    );
    let with = json!({"channel": channel, "ts": top["ts"], "include_all_metadata": true});
    let replies = world.api("conversations.replies", with).await;
    assert_eq!(texts(&replies["messages"]), ["top", "first", "second"]);
    assert_eq!(replies["messages"][2]["metadata"], metadata);
    assert_eq!(replies["messages"][1]["parent_user_id"], parent["user"]);
    // Replies to replies and to nothing are refused.
    let wrong = json!({"channel": channel, "text": "x", "thread_ts": second["ts"]});
    assert_eq!(post(wrong).await["error"], "cannot_reply_to_message");
    let wrong = json!({"channel": channel, "text": "x", "thread_ts": "1.000000"});
    assert_eq!(post(wrong).await["error"], "thread_not_found");
    assert_eq!(ana.thread(&message).len(), 3);
    assert_eq!(world.slack.metadata(&message).unwrap()["event_type"], "card");
}

#[tokio::test]
async fn history_comes_in_pages_and_between_bounds() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(ana.says("dm", &format!("m{n}")).await.unwrap());
    }
    let channel = &all[0].channel;
    let page = world
        .api("conversations.history", json!({"channel": channel, "limit": 3}))
        .await;
    assert_eq!(texts(&page["messages"]), ["m6", "m5", "m4"]);
    assert_eq!(page["has_more"], true);
    let cursor = &page["response_metadata"]["next_cursor"];
    let page = world
        .api(
            "conversations.history",
            json!({"channel": channel, "limit": 5, "cursor": cursor}),
        )
        .await;
    assert_eq!(texts(&page["messages"]), ["m3", "m2", "m1", "m0"]);
    assert_eq!(page["has_more"], false);
    let between = json!({"channel": channel, "oldest": all[1].ts, "latest": all[3].ts});
    assert_eq!(
        texts(&world.api("conversations.history", between).await["messages"]),
        ["m2"]
    );
    let between = json!({"channel": channel, "oldest": all[1].ts, "latest": all[3].ts, "inclusive": true});
    assert_eq!(
        texts(&world.api("conversations.history", between).await["messages"]),
        ["m3", "m2", "m1"]
    );
    let wrong = json!({"channel": channel, "cursor": "nonsense"});
    assert_eq!(
        world.api("conversations.history", wrong).await["error"],
        "invalid_cursor"
    );
}

#[tokio::test]
async fn replies_come_in_pages_with_the_parent_first() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let top = ana.says("dm", "top").await.unwrap();
    for n in 0..5 {
        ana.replies(&top, &format!("r{n}")).await.unwrap();
    }
    let args = json!({"channel": top.channel, "ts": top.ts, "limit": 2});
    let page = world.api("conversations.replies", args.clone()).await;
    assert_eq!(texts(&page["messages"]), ["top", "r0", "r1"]);
    let mut next = args;
    next["cursor"] = page["response_metadata"]["next_cursor"].clone();
    assert_eq!(
        texts(&world.api("conversations.replies", next).await["messages"]),
        ["r2", "r3"]
    );
    let wrong = json!({"channel": top.channel, "ts": "1.000000"});
    assert_eq!(
        world.api("conversations.replies", wrong).await["error"],
        "thread_not_found"
    );
}

#[tokio::test]
async fn peoples_threads_edits_and_deletions_are_told() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let top = ana.says("dm", "top").await.unwrap();
    let reply = ana.replies(&top, "reply").await.unwrap();
    ana.edits(&reply, "better").await.unwrap();
    assert_eq!(
        world.slack.person("bob").edits(&top, "x").await.unwrap_err().error,
        "cant_update_message"
    );
    ana.deletes(&reply).await.unwrap();
    ana.replies(&top, "stays").await.unwrap();
    ana.deletes(&top).await.unwrap();
    world.slack.idle().await;
    let events = world.events();
    let find = |wanted: &dyn Fn(&Value) -> bool| events.iter().find(|e| wanted(e)).unwrap().clone();
    let written = find(&|e| e["text"] == "reply");
    assert_eq!(
        (&written["thread_ts"], &written["parent_user_id"]),
        (&json!(top.ts), &json!(ana.id()))
    );
    let edited = find(&|e| e["message"]["text"] == "better");
    assert_eq!(edited["message"]["thread_ts"], top.ts.as_str());
    assert_eq!(edited["message"]["edited"]["user"], ana.id());
    let deleted = find(&|e| e["subtype"] == "message_deleted");
    assert_eq!(deleted["deleted_ts"], reply.ts.as_str());
    assert_eq!(deleted["previous_message"]["text"], "better");
    let tombstone = find(&|e| e["message"]["subtype"] == "tombstone");
    assert_eq!(
        (&tombstone["subtype"], &tombstone["message"]["user"]),
        (&json!("message_changed"), &json!("USLACKBOT"))
    );
}

#[tokio::test]
async fn a_reply_can_be_shown_to_all() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let top = ana.says("dm", "top").await.unwrap();
    ana.replies_to_all(&top, "loud").await.unwrap();
    world.slack.idle().await;
    let events = world.events();
    let event = events.iter().find(|e| e["subtype"] == "thread_broadcast").unwrap();
    assert_eq!(event["root"]["ts"], top.ts.as_str());
    assert_eq!(event["thread_ts"], top.ts.as_str());
    assert_eq!(ana.dm().len(), 2);
}

#[tokio::test]
async fn a_file_comes_as_a_message() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let top = ana.says("dm", "top").await.unwrap();
    ana.shares_file("dm", Some(&top), "plan.pdf", 1234).await.unwrap();
    world.slack.idle().await;
    let events = world.events();
    let event = events.iter().find(|e| e["subtype"] == "file_share").unwrap();
    assert_eq!(event["files"][0]["name"], "plan.pdf");
    assert_eq!(event["files"][0]["size"], 1234);
    assert_eq!(event["files"][0]["mimetype"], "application/pdf");
    assert_eq!(event["thread_ts"], top.ts.as_str());
    assert_eq!(event["text"], "");
}

#[tokio::test]
async fn what_people_type_becomes_ids_escapes_and_rich_text() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let bob = world.slack.person("bob");
    let general = world.slack.channel("general");
    let typed = "Hi @Bob Lind, see #general & <b> at https://example.com/x?a=1. :tada: mail@bob";
    let message = ana.says("dm", typed).await.unwrap();
    let shown = ana.message(&message).unwrap();
    let expected = format!(
        "Hi <@{}>, see <#{general}|general> &amp; &lt;b&gt; at <https://example.com/x?a=1>. :tada: mail@bob",
        bob.id()
    );
    assert_eq!(shown.raw_text(), expected);
    let elements = &shown.json()["blocks"][0]["elements"][0]["elements"];
    let kinds: Vec<_> = elements
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "text", "user", "text", "channel", "text", "link", "text", "emoji", "text"
        ]
    );
    assert_eq!(elements[4]["text"], " & <b> at ");
}

#[tokio::test]
async fn a_preview_of_a_link_changes_no_text() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let message = ana.says("dm", "https://example.com").await.unwrap();
    world.slack.unfurls(&message, "https://example.com");
    world.slack.idle().await;
    let events = world.events();
    let event = events.iter().find(|e| e["subtype"] == "message_changed").unwrap();
    assert_eq!(event["message"]["text"], event["previous_message"]["text"]);
    assert!(event["message"]["attachments"].is_array() && event["message"].get("edited").is_none());
}

#[tokio::test]
async fn what_the_composer_formats_arrives_as_rich_text() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let parent = ana.says("dm", "see").await.unwrap();
    let elements = json!([{"type": "rich_text_quote", "elements": [{"type": "text", "text": "so"}]}]);
    let reply = ana
        .replies_formatted(&parent, "&gt; so", elements.clone())
        .await
        .unwrap();
    world.slack.idle().await;
    let events = world.events();
    let event = events.iter().find(|e| e["ts"] == reply.ts.as_str()).unwrap();
    assert_eq!(
        (&event["text"], &event["thread_ts"]),
        (&json!("&gt; so"), &json!(parent.ts))
    );
    assert_eq!(event["blocks"][0]["type"], "rich_text");
    assert_eq!(event["blocks"][0]["elements"], elements);
}

#[tokio::test]
async fn a_deleted_file_leaves_its_message_with_a_stump() {
    let world = World::start().await;
    let (ana, bob) = (world.slack.person("ana"), world.slack.person("bob"));
    let shared = ana.shares_file("dm", None, "plan.pdf", 10).await.unwrap();
    assert!(bob.deletes_files(&shared).await.is_err(), "it is not his");
    ana.deletes_files(&shared).await.unwrap();
    world.slack.idle().await;
    let events = world.events();
    let event = events.iter().find(|e| e["subtype"] == "message_changed").unwrap();
    let (now, before) = (&event["message"], &event["previous_message"]);
    assert_eq!(now["files"][0]["mode"], "tombstone");
    assert_eq!(now["files"][0]["id"], before["files"][0]["id"]);
    assert!(now.get("edited").is_none(), "nobody has edited it");
}

#[tokio::test]
async fn an_ephemeral_message_is_seen_by_one() {
    let world = World::with(|c| c.seed.channels[0].with_app = true).await;
    let general = world.slack.channel("general");
    let (ana, bob) = (world.slack.person("ana"), world.slack.person("bob"));
    let args = json!({"channel": general.0, "user": ana.id(), "text": "psst"});
    assert!(world.api("chat.postEphemeral", args).await["message_ts"].is_string());
    assert_eq!((ana.messages("general").len(), bob.messages("general").len()), (1, 0));
    world.slack.idle().await;
    assert!(world.events().is_empty());
    let history = world.api("conversations.history", json!({"channel": general.0})).await;
    assert!(history["messages"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn channels_are_closed_to_apps_that_are_no_members() {
    let world = World::with(|c| {
        c.seed.channels[1].private = true;
    })
    .await;
    let (general, random) = (world.slack.channel("general"), world.slack.channel("random"));
    let post = async |channel: &str| {
        world
            .api("chat.postMessage", json!({"channel": channel, "text": "x"}))
            .await
    };
    assert_eq!(post(&general).await["error"], "not_in_channel");
    assert_eq!(post(&random).await["error"], "channel_not_found");
    assert_eq!(post("C0NOWHERE").await["error"], "channel_not_found");
    world.slack.person("ana").says("general", "nobody hears").await.unwrap();
    world.slack.idle().await;
    assert!(world.events().is_empty());
    let public = crate::app::MANIFEST.replace("\"chat:write\"", "\"chat:write\", \"chat:write.public\"");
    let world = World::with(|c| c.manifest = public).await;
    let general = world.slack.channel("general");
    assert_eq!(
        world
            .api("chat.postMessage", json!({"channel": general.0, "text": "x"}))
            .await["ok"],
        true
    );
}

#[tokio::test]
async fn without_a_messages_tab_there_is_nothing_to_post_to() {
    let manifest = crate::app::MANIFEST.replace("messages_tab_enabled: true", "messages_tab_enabled: false");
    let world = World::with(|c| c.manifest = manifest).await;
    let ana = world.slack.person("ana");
    let post = async |channel: &str| {
        world
            .api("chat.postMessage", json!({"channel": channel, "text": "x"}))
            .await
    };
    assert_eq!(post(ana.id()).await["error"], "messages_tab_disabled");
    let dm = world.dm("ana").await;
    assert_eq!(post(&dm).await["error"], "messages_tab_disabled");
}

#[tokio::test]
async fn what_slack_refuses_is_refused() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let post = async |more: Value| {
        let mut args = json!({"channel": ana.id()});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.api("chat.postMessage", args).await
    };
    assert_eq!(post(json!({})).await["error"], "no_text");
    assert_eq!(
        post(json!({"text": "x", "blocks": "{"})).await["error"],
        "invalid_blocks_format"
    );
    assert_eq!(
        post(json!({"text": "x", "metadata": {"event_type": "x"}})).await["error"],
        "invalid_metadata_format"
    );
    let nested = json!({"event_type": "x", "event_payload": {"a": [[1]]}});
    assert_eq!(
        post(json!({"text": "x", "metadata": nested})).await["error"],
        "invalid_metadata_format"
    );
    let many: Vec<Value> = (0..51).map(|_| json!({"type": "divider"})).collect();
    assert_eq!(
        post(json!({"text": "x", "blocks": many})).await["error"],
        "invalid_blocks"
    );
    let twice = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    let answer = post(json!({"text": "x", "blocks": twice})).await;
    assert_eq!(answer["error"], "invalid_blocks");
    assert!(answer["response_metadata"]["messages"].is_array());
    let button = || json!({"type": "button", "action_id": "a", "text": plain("A")});
    let twice = json!([{"type": "actions", "elements": [button(), button()]}]);
    assert_eq!(
        post(json!({"text": "x", "blocks": twice})).await["error"],
        "invalid_blocks"
    );
    let attachments: Vec<Value> = (0..101).map(|_| json!({"text": "x"})).collect();
    assert_eq!(
        post(json!({"text": "x", "attachments": attachments})).await["error"],
        "too_many_attachments"
    );
    let long = post(json!({"text": "x".repeat(50_000)})).await;
    assert_eq!(
        long["message"]["text"].as_str().unwrap().len(),
        40_000,
        "cut, not refused"
    );
}

#[tokio::test]
async fn reactions_are_told() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let posted = world
        .api("chat.postMessage", json!({"channel": ana.id(), "text": "x"}))
        .await;
    let message = ana.last_dm().unwrap();
    ana.reacts(&message, ":tada:").await.unwrap();
    assert_eq!(ana.reacts(&message, "tada").await.unwrap_err().error, "already_reacted");
    world.slack.idle().await;
    let events = world.events();
    let event = events.iter().find(|e| e["type"] == "reaction_added").unwrap();
    assert_eq!(
        (&event["reaction"], &event["item"]["ts"]),
        (&json!("tada"), &posted["ts"])
    );
    let args = json!({"channel": posted["channel"], "timestamp": posted["ts"], "name": "eyes"});
    assert_eq!(world.api("reactions.add", args.clone()).await["ok"], true);
    assert_eq!(world.api("reactions.add", args).await["error"], "already_reacted");
    assert_eq!(ana.last_dm().unwrap().json()["reactions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn permalinks_name_the_thread() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let top = ana.says("dm", "top").await.unwrap();
    let reply = ana.replies(&top, "reply").await.unwrap();
    let link = world
        .api(
            "chat.getPermalink",
            json!({"channel": top.channel, "message_ts": reply.ts}),
        )
        .await;
    let expected = format!(
        "https://example.slack.com/archives/{}/p{}?thread_ts={}&cid={}",
        top.channel,
        reply.ts.replace('.', ""),
        top.ts,
        top.channel
    );
    assert_eq!(link["permalink"], expected.as_str());
}
