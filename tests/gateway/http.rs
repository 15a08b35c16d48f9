//! The HTTP mouth: who may speak, how much, in what form; and an answer to everything.

use crate::decoding::{mangle, mutate};
use crate::stand_in::{World, always, fixture, fixtures, form_of, handler, signed, world};
use axum::body::Bytes;
use c1::slack::gateway::http::{LARGEST_BODY, PATHS};
use c1::slack::gateway::inbound::{Event, Inbound};
use c1::slack::gateway::reply::Reply;
use http_body_util::Full;
use hyper::Request;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const COMMAND: &str = "team_id=T111&user_id=U1&channel_id=C1&command=%2Fc1&text=help&trigger_id=t";

/// A world whose handler notes what it is given.
async fn noting() -> (World, Arc<Mutex<Vec<Inbound>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let world = world(handler(move |inbound| {
        notes.lock().unwrap().push(inbound);
        async { Ok(Reply::Ack) }
    }))
    .await;
    (world, seen)
}

#[tokio::test]
async fn a_signed_command_is_handled_at_every_address() {
    let (world, seen) = noting().await;
    for path in PATHS {
        assert!(world.send(signed(path, COMMAND.into(), 0)).await.is_empty(), "{path}");
    }
    assert_eq!(seen.lock().unwrap().len(), 4);
    assert_eq!(world.send(signed("/slack/other", COMMAND.into(), 0)).await.status, 404);
}

#[tokio::test]
async fn forged_and_old_requests_are_refused() {
    let (world, seen) = noting().await;
    for age in [301, 600, -301, -600] {
        let got = world.send(signed("/slack/events", COMMAND.into(), age)).await;
        assert_eq!(
            (got.status, got.text()),
            (401, "The request's timestamp is too far from the present time."),
            "{age}"
        );
    }
    let mut unsigned = signed("/slack/events", COMMAND.into(), 0);
    unsigned.headers_mut().remove("x-slack-signature");
    let got = world.send(unsigned).await;
    assert_eq!((got.status, got.text()), (401, "The request is not signed by Slack."));
    let mut other_body = signed("/slack/events", COMMAND.into(), 0);
    *other_body.body_mut() = Full::from("team_id=T111&user_id=UADMIN&command=%2Fc1");
    let got = world.send(other_body).await;
    assert_eq!((got.status, got.text()), (401, "The request's signature does not fit."));
    assert_eq!(got.headers["x-slack-no-retry"], "1");
    // Not even to the address test.
    let mut challenge = signed(
        "/slack/events",
        r#"{"type":"url_verification","challenge":"c"}"#.into(),
        0,
    );
    challenge
        .headers_mut()
        .insert("x-slack-signature", "v0=00".parse().unwrap());
    assert_eq!(world.send(challenge).await.status, 401);
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn too_much_is_not_read() {
    let (world, seen) = noting().await;
    let got = world
        .send(signed("/slack/events", Bytes::from(vec![b'x'; LARGEST_BODY + 1]), 0))
        .await;
    assert_eq!(
        (got.status, &got.headers["connection"]),
        (413, &"close".parse().unwrap())
    );
    // Without a length in the head it is cut off while reading.
    let frames = futures::stream::repeat_with(|| {
        Ok::<_, std::io::Error>(hyper::body::Frame::data(Bytes::from(vec![b'x'; 64 * 1024])))
    });
    let endless = Request::post("/slack/events")
        .body(http_body_util::StreamBody::new(frames))
        .unwrap();
    assert_eq!(world.mouth.handle(endless).await.status(), 413);
    let largest = format!("{COMMAND}&more={}", "x".repeat(LARGEST_BODY - COMMAND.len() - 6));
    assert!(world.post(largest).await.is_empty());
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let (world, _) = noting().await;
    let never = futures::stream::pending::<Result<hyper::body::Frame<Bytes>, std::io::Error>>();
    let slow = Request::post("/slack/events")
        .body(http_body_util::StreamBody::new(never))
        .unwrap();
    assert_eq!(world.mouth.handle(slow).await.status(), 408);
}

#[tokio::test]
async fn broken_bodies_get_a_sentence_and_no_repeat() {
    let (world, _) = noting().await;
    for (body, sentence) in [
        ("{\"type\":", "The body is not a JSON object."),
        ("payload=%7B", "The body is not a JSON object."),
        ("hello=world", "The form has neither a command nor a payload."),
        ("", "The form has neither a command nor a payload."),
    ] {
        let got = world.post(body).await;
        assert_eq!((got.status, got.text()), (400, sentence), "{body}");
        assert_eq!(got.headers["x-slack-no-retry"], "1");
    }
}

#[tokio::test]
async fn slacks_tests_of_the_address() {
    let (world, seen) = noting().await;
    let challenge = fixture("test_flask-input-L216-url_verification.json");
    let got = world.post(challenge.to_string()).await;
    assert_eq!(
        (got.status, got.text()),
        (200, challenge["challenge"].as_str().unwrap())
    );
    let (_, check) = fixtures()
        .into_iter()
        .find(|(path, _)| path.ends_with("test_wsgi_http-body-L107.txt"))
        .unwrap();
    assert!(check.ends_with(b"ssl_check=1") || world.post(check).await.is_empty());
    assert!(world.post("ssl_check=1&token=x").await.is_empty());
    let unsigned = Request::post("/slack/commands")
        .body(Full::from("ssl_check=1&token=x"))
        .unwrap();
    assert!(world.send(unsigned).await.is_empty());
    let get = |uri: &str| Request::get(uri).body(Full::default()).unwrap();
    assert!(world.send(get("/slack/commands?ssl_check=1&token=x")).await.is_empty());
    let got = world.send(get("/slack/commands")).await;
    assert_eq!((got.status, &got.headers["allow"]), (405, &"POST".parse().unwrap()));
    assert!(
        seen.lock()
            .unwrap()
            .iter()
            .all(|inbound| matches!(inbound, Inbound::Command { .. }))
    );
}

#[tokio::test]
async fn the_content_type_does_not_decide() {
    let (world, seen) = noting().await;
    let event = json!({ "type": "event_callback", "team_id": "T111", "event_id": "Ev1", "event": { "type": "app_uninstalled" } });
    for (content_type, body) in [
        ("application/json; charset=utf-8", event.to_string()),
        ("text/plain", format!("\n {event}")),
        ("application/x-www-form-urlencoded", form_of(&event)),
        ("application/json", COMMAND.to_owned()),
        ("multipart/form-data; boundary=x", COMMAND.to_owned()),
    ] {
        let mut request = signed("/slack/events", body.into(), 0);
        request
            .headers_mut()
            .insert("content-type", content_type.parse().unwrap());
        assert!(world.send(request).await.is_empty(), "{content_type}");
    }
    assert_eq!(seen.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn repeats_say_that_they_are() {
    let (world, seen) = noting().await;
    let event = json!({ "type": "event_callback", "team_id": "T111", "event_id": "Ev7", "event": { "type": "app_uninstalled" } });
    for number in ["", "1", "3", "x", "999"] {
        let mut request = signed("/slack/events", event.to_string().into(), 0);
        request
            .headers_mut()
            .insert("x-slack-retry-num", number.parse().unwrap());
        request
            .headers_mut()
            .insert("x-slack-retry-reason", "http_timeout".parse().unwrap());
        assert!(world.send(request).await.is_empty());
    }
    let seen = seen.lock().unwrap();
    let retries: Vec<_> = seen
        .iter()
        .map(|inbound| match inbound {
            Inbound::Event {
                id,
                retry,
                event: Event::AppUninstalled,
                ..
            } if id.as_str() == "Ev7" => *retry,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(retries, [None, Some(1), Some(3), None, None]);
}

#[tokio::test]
async fn unknown_things_are_acknowledged_and_not_handled() {
    let (world, seen) = noting().await;
    for payload in [
        json!({ "type": "new_outer" }),
        json!({ "type": "app_rate_limited", "team_id": "T111" }),
        json!({ "type": "event_callback", "team_id": "T111", "event_id": "Ev1", "event": { "type": "brand_new" } }),
        json!({ "type": "event_callback", "team_id": "T111", "event_id": "Ev1" }),
        json!({}),
    ] {
        assert!(world.post(payload.to_string()).await.is_empty(), "{payload}");
        assert!(world.interaction(&payload).await.is_empty(), "{payload}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_workspace_is_refused_politely() {
    let (world, seen) = noting().await;
    let got = world.post(COMMAND.replace("T111", "T999")).await;
    assert_eq!(
        got.json()["text"],
        "This c1 belongs to another Slack workspace, so it cannot help you here."
    );
    let mut submission = fixture("test_view_submission-body-L17-view_submission.json");
    submission["team"]["id"] = json!("T999");
    submission["view"]["app_installed_team_id"] = json!("T999");
    let got = world.interaction(&submission).await.json();
    assert_eq!(got["response_action"], "update");
    let options =
        json!({ "type": "block_suggestion", "team": { "id": "T999" }, "user": { "id": "U1" }, "action_id": "a" });
    assert_eq!(world.interaction(&options).await.json(), json!({ "options": [] }));
    let event = json!({ "type": "event_callback", "team_id": "T999", "event_id": "Ev1", "event": { "type": "app_uninstalled" } });
    assert!(world.post(event.to_string()).await.is_empty());
    assert!(seen.lock().unwrap().is_empty());
    assert!(
        world.slack.calls().is_empty(),
        "our token has no say in another workspace"
    );
}

#[tokio::test]
async fn every_payload_and_its_mutations_are_answered_in_time() {
    let world = world(always(Reply::say("ok"))).await;
    let fixtures = fixtures();
    let mut slowest = Duration::ZERO;
    for (path, bytes) in &fixtures {
        let started = Instant::now();
        let got = world.post(bytes.clone()).await;
        slowest = slowest.max(started.elapsed());
        assert_eq!(got.status, 200, "{path}: {got:?}");
    }
    for seed in 0..3_000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (path, bytes) = fixtures.choose(&mut rng).unwrap();
        let mut bytes = bytes.clone();
        if let Ok(mut payload) = serde_json::from_slice::<Value>(&bytes) {
            for _ in 0..rng.random_range(0..6) {
                mutate(&mut rng, &mut payload);
            }
            bytes = if rng.random_bool(0.5) {
                form_of(&payload).into_bytes()
            } else {
                payload.to_string().into_bytes()
            };
        }
        if rng.random_bool(0.3) {
            mangle(&mut rng, &mut bytes);
        }
        let started = Instant::now();
        let got = world.post(bytes).await;
        slowest = slowest.max(started.elapsed());
        assert!(matches!(got.status, 200 | 400), "seed {seed}, {path}: {got:?}");
    }
    // What Slack allows, and far above what a busy machine needs.
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    world.gateway.drain().await;
}
