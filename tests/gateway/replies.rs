//! What becomes of a handler's reply: in the acknowledgement, after it, or late.

use crate::stand_in::{Script, World, always, fixture, handler, world, world_of};
use c1::slack::gateway::Gateway;
use c1::slack::gateway::inbound::Inbound;
use c1::slack::gateway::reply::{Failure, Message, OptionItem, Options, Reply, ViewBody};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

fn command(world: &World) -> String {
    let url = world.slack.url("/response");
    format!("team_id=T111&user_id=U1&channel_id=C1&command=%2Fc1&text=&trigger_id=trigger&response_url={url}")
}

fn submission() -> Value {
    fixture("test_view_submission-body-L17-view_submission.json")
}

fn click(world: &World) -> Value {
    let mut payload = fixture("test_block_actions-body-L161-block_actions.json");
    payload["response_url"] = json!(world.slack.url("/response").as_str());
    payload
}

/// A choice in a modal (or on the Home tab).
fn choice(kind: &str, action_ts: &str) -> Value {
    json!({
        "type": "block_actions", "team": { "id": "T111" }, "user": { "id": "U1" }, "trigger_id": "trigger",
        "container": { "type": "view", "view_id": "V1" },
        "view": { "id": "V1", "type": kind, "hash": "h1", "title": { "text": "Request access" } },
        "actions": [{ "type": "button", "action_id": "a", "block_id": "b", "value": action_ts, "action_ts": action_ts }]
    })
}

fn view(name: &str) -> ViewBody {
    json!({ "type": "modal", "callback_id": name, "title": { "type": "plain_text", "text": name }, "blocks": [] })
        .into()
}

#[tokio::test]
async fn to_a_command() {
    let world = world(always(Reply::say("hello"))).await;
    let got = world.post(command(&world)).await.json();
    assert_eq!(
        got,
        json!({ "response_type": "ephemeral", "replace_original": false, "text": "hello" })
    );
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn a_modal_is_opened_after_an_empty_acknowledgement() {
    let world = world(always(Reply::OpenModal(view("form")))).await;
    assert!(world.post(command(&world)).await.is_empty());
    let call = world.slack.call("views.open").await;
    assert_eq!(
        (&call["trigger_id"], &call["view"]["callback_id"]),
        (&json!("trigger"), &json!("form"))
    );
    assert_eq!(world.slack.methods(), ["views.open"]);
}

#[tokio::test]
async fn a_trigger_that_is_too_old_is_no_dead_end() {
    let world = world(always(Reply::OpenModal(view("form")))).await;
    world.slack.error("views.open", "expired_trigger_id");
    assert!(world.post(command(&world)).await.is_empty());
    let told = world.slack.call("response").await;
    assert_eq!(
        told["text"],
        "Slack did not let me open the form in time. Please try again."
    );
    assert_eq!(
        (&told["response_type"], &told["replace_original"]),
        (&json!("ephemeral"), &json!(false))
    );
    // A global shortcut has no response URL: the conversation with the app is the last way.
    world.slack.error("views.open", "exchanged_trigger_id");
    let shortcut = json!({ "type": "shortcut", "team": { "id": "T111" }, "user": { "id": "U1" }, "callback_id": "x", "trigger_id": "t" });
    assert!(world.interaction(&shortcut).await.is_empty());
    assert_eq!(world.slack.call("chat.postMessage").await["channel"], "U1");
}

#[tokio::test]
async fn to_a_submission() {
    let answer = |reply: Reply| async move { world(always(reply)).await.interaction(&submission()).await };
    assert!(
        answer(Reply::Ack).await.is_empty(),
        "a byte would show trouble to the person"
    );
    assert_eq!(
        answer(Reply::field_error("hspI", "Say why.")).await.json(),
        json!({ "response_action": "errors", "errors": { "hspI": "Say why." } })
    );
    assert_eq!(
        answer(Reply::field_error("no_input", "Say why.")).await.json(),
        json!({ "response_action": "errors", "errors": { "hspI": "Say why." } }),
        "Slack shows errors at inputs only"
    );
    for (reply, action) in [
        (Reply::UpdateModal(view("next")), "update"),
        (Reply::OpenModal(view("next")), "update"),
        (Reply::PushModal(view("next")), "push"),
    ] {
        assert_eq!(
            answer(reply).await.json(),
            json!({ "response_action": action, "view": view("next").0 })
        );
    }
    assert_eq!(
        answer(Reply::ClearModals).await.json(),
        json!({ "response_action": "clear" })
    );
    let said = answer(Reply::say("Thanks")).await.json();
    assert_eq!(
        (&said["response_action"], &said["view"]["callback_id"]),
        (&json!("update"), &json!("notice"))
    );
    assert_eq!(said["view"]["blocks"][0]["text"]["text"], "Thanks");
}

#[tokio::test]
async fn several_replies_keep_their_order() {
    let reply = Reply::Several(vec![
        Reply::Ack,
        Reply::Several(vec![Reply::PublishHome(json!({ "type": "home", "blocks": [] }).into())]),
        Reply::say("done"),
    ]);
    let world = world(always(reply)).await;
    assert!(world.interaction(&submission()).await.is_empty());
    assert_eq!(world.slack.call("views.publish").await["user_id"], "W111");
    world.slack.call("views.open").await;
    assert_eq!(world.slack.methods(), ["views.publish", "views.open"]);
}

#[tokio::test]
async fn to_a_click_in_a_message() {
    let sent = |reply: Reply| async move {
        let world = world(always(reply)).await;
        assert!(world.interaction(&click(&world)).await.is_empty());
        world.slack.call("response").await
    };
    let said = sent(Reply::say("Too late")).await;
    assert_eq!(
        said,
        json!({ "response_type": "ephemeral", "replace_original": false, "text": "Too late" })
    );
    let replaced = sent(Reply::ReplaceMessage(Message::new(
        "New",
        vec![json!({ "type": "divider" })],
    )))
    .await;
    assert_eq!(
        (&replaced["replace_original"], &replaced["blocks"]),
        (&json!(true), &json!([{ "type": "divider" }]))
    );
    assert_eq!(sent(Reply::DeleteMessage).await, json!({ "delete_original": true }));
}

#[tokio::test]
async fn a_used_up_response_url_is_no_dead_end() {
    let world = world(always(Reply::say("Too late"))).await;
    world
        .slack
        .next("response", Script::Status(404, Vec::new(), "used_url".into()));
    world.interaction(&click(&world)).await;
    assert_eq!(world.slack.call("chat.postMessage").await["text"], "Too late");
}

#[tokio::test]
async fn to_a_choice_in_a_modal() {
    let world = world(handler(|inbound| async move {
        let Inbound::Action { action, .. } = inbound else {
            panic!("no action")
        };
        Ok(match action.value.as_deref() {
            Some("1.1") => Reply::UpdateModal(view("redrawn")),
            Some("1.2") => Reply::PushModal(view("pushed")),
            _ => Reply::say("said"),
        })
    }))
    .await;
    assert!(world.interaction(&choice("modal", "1.1")).await.is_empty());
    let call = world.slack.call("views.update").await;
    assert_eq!(
        (&call["view_id"], &call["hash"], &call["view"]["callback_id"]),
        (&json!("V1"), &json!("h1"), &json!("redrawn"))
    );
    world.interaction(&choice("modal", "1.2")).await;
    assert_eq!(world.slack.call("views.push").await["view"]["callback_id"], "pushed");
    world.interaction(&choice("modal", "1.3")).await;
    let said = world.slack.nth_call("views.push", 1).await;
    assert_eq!(
        (&said["view"]["callback_id"], &said["view"]["title"]["text"]),
        (&json!("notice"), &json!("Request access"))
    );
}

#[tokio::test]
async fn to_a_click_on_the_home_tab() {
    let world = world(always(Reply::PublishHome(
        json!({ "type": "home", "blocks": [] }).into(),
    )))
    .await;
    assert!(world.interaction(&choice("home", "1.1")).await.is_empty());
    assert_eq!(world.slack.call("views.publish").await["user_id"], "U1");
}

#[tokio::test]
async fn the_newest_redraw_wins_over_a_stale_hash() {
    let world = world(always(Reply::UpdateModal(view("redrawn")))).await;
    world.slack.error("views.update", "hash_conflict");
    world.interaction(&choice("modal", "5.1")).await;
    let second = world.slack.nth_call("views.update", 1).await;
    assert_eq!((second.get("hash"), &second["view_id"]), (None, &json!("V1")));
}

#[tokio::test]
async fn an_overtaken_redraw_does_not_insist() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let world = world_of(
        handler(move |inbound| {
            let held = Arc::clone(&held);
            async move {
                let Inbound::Action { action, .. } = inbound else {
                    panic!("no action")
                };
                let value = action.value.unwrap();
                if value == "1.1" {
                    let _open = held.acquire().await?;
                }
                Ok(Reply::UpdateModal(view(&value)))
            }
        }),
        Gateway::DEADLINE,
    )
    .await;
    let (first, second) = (choice("modal", "1.1"), choice("modal", "1.2"));
    let (first, ()) = tokio::join!(world.interaction(&first), async {
        // The first is held in its handler until the second is drawn.
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.interaction(&second).await;
        world.slack.call("views.update").await;
        gate.add_permits(1);
    });
    assert!(first.is_empty());
    world.gateway.drain().await;
    let drawn: Vec<_> = world
        .slack
        .calls()
        .into_iter()
        .map(|call| call.body["view"]["callback_id"].clone())
        .collect();
    assert_eq!(drawn, ["1.2"]);
}

#[tokio::test]
async fn options() {
    let suggestion = fixture("test_block_suggestion-body-L208-block_suggestion.json");
    let item = OptionItem {
        description: Some("by GitHub".into()),
        ..OptionItem::new("Code", "7")
    };
    let wire = json!({
        "text": { "type": "plain_text", "text": "Code", "emoji": true }, "value": "7",
        "description": { "type": "plain_text", "text": "by GitHub", "emoji": true }
    });
    let flat = world(always(Reply::Options(Options::Flat(vec![item.clone()])))).await;
    assert_eq!(flat.interaction(&suggestion).await.json(), json!({ "options": [wire] }));
    let grouped = world(always(Reply::Options(Options::Grouped(vec![(
        "Often".into(),
        vec![item],
    )]))))
    .await;
    let label = json!({ "type": "plain_text", "text": "Often", "emoji": true });
    assert_eq!(
        grouped.interaction(&suggestion).await.json(),
        json!({ "option_groups": [{ "label": label, "options": [wire] }] })
    );
    let failing = world(handler(|_| async { Err(Failure(anyhow::anyhow!("no"))) })).await;
    assert_eq!(failing.interaction(&suggestion).await.json(), json!({ "options": [] }));
}

/// Fails or panics as told by `how`.
async fn broken(how: &'static str) -> World {
    world(handler(move |_| async move {
        assert!(how != "panic", "secret of the house");
        Err(Failure(anyhow::anyhow!("secret of the house")))
    }))
    .await
}

fn is_apology(text: &str) -> bool {
    let reference = text.rsplit(' ').next().unwrap().trim_end_matches('.');
    text.starts_with("Sorry, something went wrong on our side.")
        && reference.len() == 8
        && reference.bytes().all(|b| b.is_ascii_hexdigit())
}

#[tokio::test]
async fn failures_and_panics_are_told_politely() {
    for how in ["panic", "error"] {
        let world = broken(how).await;
        let got = world.post(command(&world)).await.json();
        assert!(is_apology(got["text"].as_str().unwrap()), "{got}");
        let got = world.interaction(&submission()).await.json();
        assert!(
            is_apology(got["errors"]["hspI"].as_str().unwrap()),
            "what was typed stays: {got}"
        );
        let mut without_inputs = submission();
        without_inputs["view"]["blocks"] = json!([]);
        let got = world.interaction(&without_inputs).await.json();
        assert!(
            is_apology(got["view"]["blocks"][0]["text"]["text"].as_str().unwrap()),
            "{got}"
        );
        assert!(world.interaction(&click(&world)).await.is_empty());
        assert!(is_apology(world.slack.call("response").await["text"].as_str().unwrap()));
        let event = json!({ "type": "event_callback", "team_id": "T111", "event_id": "E", "event": { "type": "app_uninstalled" } });
        let got = world.post(event.to_string()).await;
        assert_eq!(got.status, 500, "Slack shall send it again");
        assert!(got.headers.get("x-slack-no-retry").is_none());
        world.gateway.drain().await;
        assert!(
            !format!("{:?}", world.slack.calls()).contains("secret"),
            "details are for the log"
        );
    }
}

/// A world whose handler waits for the gate, with the deadline at 200 ms.
async fn slow(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (World, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, ended) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (held, counted) = (Arc::clone(&gate), Arc::clone(&ended));
    let handle = handler(move |_| {
        let (held, counted, reply) = (Arc::clone(&held), Arc::clone(&counted), reply());
        async move {
            let _open = held.acquire().await?;
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(reply)
        }
    });
    (world_of(handle, Duration::from_millis(200)).await, gate, ended)
}

#[tokio::test]
async fn a_late_answer_to_a_command_follows() {
    let (world, gate, _) = slow(|| Reply::say("Here it is")).await;
    let got = world.post(command(&world)).await.json();
    assert_eq!(
        got["text"],
        "Still working on it. The answer will follow here in a moment."
    );
    gate.add_permits(1);
    assert_eq!(world.slack.call("response").await["text"], "Here it is");
}

#[tokio::test]
async fn a_late_submission_shows_a_waiting_view_and_then_its_result() {
    let cases = [
        (Reply::Ack, "Done. You can close this window."),
        (
            Reply::field_error("hspI", "Say why."),
            "That could not be sent. Please open the form again.\n• Say why.",
        ),
        (Reply::say("Thanks"), "Thanks"),
    ];
    for (reply, text) in cases {
        let (world, gate, _) = slow(move || reply.clone()).await;
        let got = world.interaction(&submission()).await.json();
        assert_eq!(
            (&got["response_action"], &got["view"]["callback_id"]),
            (&json!("update"), &json!("waiting"))
        );
        assert_eq!(got["view"]["title"]["text"], "My App");
        gate.add_permits(1);
        let call = world.slack.call("views.update").await;
        assert_eq!((&call["view_id"], call.get("hash")), (&json!("V111"), None));
        assert_eq!(call["view"]["blocks"][0]["text"]["text"], text);
    }
}

#[tokio::test]
async fn a_late_event_is_sent_again_and_never_cancelled() {
    let (world, gate, ended) = slow(|| Reply::Ack).await;
    let event =
        json!({ "type": "event_callback", "team_id": "T111", "event_id": "E", "event": { "type": "app_uninstalled" } });
    assert_eq!(world.post(event.to_string()).await.status, 500);
    gate.add_permits(1);
    world.gateway.drain().await;
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_lost_connection_does_not_cancel_the_handler() {
    let (world, gate, ended) = slow(|| Reply::say("Here it is")).await;
    let body = command(&world);
    let request = world.post(body);
    // Slack (or a proxy) hangs up while the handler is at work.
    tokio::time::timeout(Duration::from_millis(50), request)
        .await
        .unwrap_err();
    gate.add_permits(1);
    assert_eq!(world.slack.call("response").await["text"], "Here it is");
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_word_about_a_message_appears_beside_it() {
    let world = world(always(Reply::say("You cannot write here"))).await;
    let event = json!({
        "type": "event_callback", "team_id": "T111", "event_id": "E",
        "event": { "type": "message", "channel": "D1", "user": "U1", "ts": "2.1", "thread_ts": "1.1", "text": "x" }
    });
    assert!(world.post(event.to_string()).await.is_empty());
    let call = world.slack.call("chat.postEphemeral").await;
    assert_eq!(
        (&call["channel"], &call["user"], &call["thread_ts"]),
        (&json!("D1"), &json!("U1"), &json!("1.1"))
    );
}
