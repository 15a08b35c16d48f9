//! Everything that can be told to go wrong.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::Fault;

use crate::app::{World, http};

fn message(world: &World) -> Value {
    json!({"channel": world.slack.person("ana").id(), "text": "x"})
}

#[tokio::test]
async fn each_fault_is_as_it_says_and_passes() {
    let world = World::start().await;
    let faults = world.slack.faults();
    let token = world.slack.tokens().bot.clone();
    let post = async || world.call("chat.postMessage", &token, message(&world)).await;
    faults.next("chat.postMessage", Fault::RateLimited { retry_after: 30 });
    faults.next("chat.postMessage", Fault::ServerError(503));
    faults.next("chat.postMessage", Fault::BadBody);
    faults.next("chat.postMessage", Fault::Error("channel_not_found".to_owned()));
    assert_eq!(faults.waiting(), 4);
    assert_eq!(
        world.api("auth.test", json!({})).await["ok"],
        true,
        "other methods are not concerned"
    );
    let (headers, body) = post().await;
    assert_eq!(
        (&body["status"], &headers["retry-after"]),
        (&json!(429), &"30".parse().unwrap())
    );
    assert_eq!(post().await.1["status"], 503);
    assert!(post().await.1["page"].is_string());
    assert_eq!(post().await.1["error"], "channel_not_found");
    assert!(world.slack.person("ana").dm().is_empty(), "none of them did anything");
    assert_eq!(post().await.1["ok"], true);
    assert_eq!((faults.waiting(), faults.applied()), (0, 4));
}

#[tokio::test]
async fn a_fault_can_do_the_thing_and_break_the_line() {
    let world = World::start().await;
    let try_it = async || {
        let request = hyper::Request::post(format!("{}/chat.postMessage", world.slack.api_url()))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", world.slack.tokens().bot))
            .body(http_body_util::Full::new(bytes::Bytes::from(
                message(&world).to_string(),
            )))
            .unwrap();
        http().request(request).await
    };
    world.slack.faults().next("chat.postMessage", Fault::AppliedNoAnswer);
    assert!(try_it().await.is_err());
    assert_eq!(world.slack.person("ana").dm().len(), 1);
    world
        .slack
        .faults()
        .next("chat.postMessage", Fault::AppliedServerError(502));
    assert_eq!(try_it().await.unwrap().status(), 502);
    assert_eq!(world.slack.person("ana").dm().len(), 2);
}

#[tokio::test]
async fn events_can_be_lost() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    for (fault, heard) in [
        (simulator::DeliveryFault::LoseEvents, 0),
        (simulator::DeliveryFault::TellEvents, 1),
    ] {
        world.slack.faults().delivery(fault);
        ana.says("dm", "hello").await.unwrap();
        world.slack.idle().await;
        assert_eq!(world.events().len(), heard);
    }
}

#[tokio::test]
async fn a_fault_can_leave_without_an_answer() {
    let world = World::start().await;
    world.slack.faults().next("chat.postMessage", Fault::Timeout);
    let waited = tokio::time::timeout(
        Duration::from_millis(300),
        world.api("chat.postMessage", message(&world)),
    )
    .await;
    assert!(waited.is_err());
    assert!(world.slack.person("ana").dm().is_empty());
    world.slack.faults().next("chat.postMessage", Fault::AppliedTimeout);
    let post = world.api("chat.postMessage", message(&world));
    assert!(tokio::time::timeout(Duration::from_millis(300), post).await.is_err());
    assert_eq!(world.slack.person("ana").dm().len(), 1, "it was done all the same");
    world
        .slack
        .faults()
        .next("chat.postMessage", Fault::Slow { millis: 50 });
    let started = std::time::Instant::now();
    assert_eq!(world.api("chat.postMessage", message(&world)).await["ok"], true);
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn faults_can_last_and_concern_one_person() {
    let world = World::start().await;
    let faults = world.slack.faults();
    let (ana, bob) = (
        world.slack.person("ana").id().to_owned(),
        world.slack.person("bob").id().to_owned(),
    );
    let disabled = Fault::Error("user_disabled".to_owned());
    faults.until_cleared_where("conversations.open", "users", &bob, disabled);
    for _ in 0..3 {
        assert_eq!(
            world.api("conversations.open", json!({"users": bob})).await["error"],
            "user_disabled"
        );
        assert_eq!(world.api("conversations.open", json!({"users": ana})).await["ok"], true);
    }
    faults.clear();
    assert_eq!(world.api("conversations.open", json!({"users": bob})).await["ok"], true);
    faults.after(1, "team.info", Fault::ServerError(500));
    for status in [Value::Null, json!(500), Value::Null] {
        assert_eq!(
            world.api("auth.test", json!({})).await["status"],
            Value::Null,
            "other methods are not counted"
        );
        assert_eq!(world.api("team.info", json!({})).await["status"], status);
    }
    faults.times("*", Fault::ServerError(500), 2);
    assert_eq!(world.api("auth.test", json!({})).await["status"], 500);
    assert_eq!(world.api("team.info", json!({})).await["status"], 500);
    assert_eq!(world.api("team.info", json!({})).await["ok"], true);
    let call = &world.slack.calls()[world.slack.calls().len() - 2];
    assert!(call.outcome.starts_with("fault: ServerError"), "{}", call.outcome);
}
