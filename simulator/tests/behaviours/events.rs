//! Events over HTTP: signatures, deadlines, repetitions.

use std::time::Duration;

use serde_json::json;
use simulator::{Config, Delivery, DeliveryFault, RetryPace, Simulator};

use crate::app::{Answer, FAST, MANIFEST, World};

#[tokio::test]
async fn the_events_url_is_asked_for_its_challenge() {
    let world = World::start().await;
    assert_eq!(world.slack.url_verified(), Some(Ok(())));
    let challenges = world.challenges();
    assert_eq!(challenges.len(), 1);
    assert_eq!(challenges[0].path, "/slack/events");
    assert!(challenges[0].header("x-slack-signature").is_some());
}

#[tokio::test]
async fn a_wrong_answer_to_the_challenge_is_noticed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(|| async { "hello" })).await });
    let mut config = Config::new(MANIFEST);
    config.delivery = Delivery::Http {
        base: base.parse().unwrap(),
    };
    let slack = Simulator::start(config).await.unwrap();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if let Some(result) = slack.url_verified() {
            assert_eq!(result, Err("the answer was not the challenge".to_owned()));
            return;
        }
    }
    panic!("nothing came of it");
}

#[tokio::test]
async fn requests_are_signed_over_time_and_raw_body() {
    use hmac::{Hmac, Mac};
    let world = World::start().await;
    world.slack.person("ana").says("dm", "hello & <goodbye>").await.unwrap();
    world.slack.idle().await;
    let event = &world.received()[0];
    let time = event.header("x-slack-request-timestamp").unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(world.slack.tokens().signing_secret.as_bytes()).unwrap();
    mac.update(format!("v0:{time}:").as_bytes());
    mac.update(&event.raw);
    let expected = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(event.header("x-slack-signature"), Some(expected.as_str()));
    let now = world.slack.now().as_secs();
    assert!(now - time.parse::<u64>().unwrap() < 5);
}

#[tokio::test]
async fn an_event_has_slacks_shape() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    ana.says("dm", "hello").await.unwrap();
    world.slack.idle().await;
    let body = world.last("event_callback");
    let event = &body["event"];
    assert_eq!(event["type"], "message");
    assert_eq!(event["channel_type"], "im");
    assert_eq!(event["user"], ana.id());
    assert_eq!(event["text"], "hello");
    assert_eq!(event["ts"], event["event_ts"]);
    assert_eq!(event["blocks"][0]["type"], "rich_text");
    assert!(event["client_msg_id"].is_string());
    assert!(event.get("subtype").is_none());
    assert!(body["event_id"].as_str().unwrap().starts_with("Ev"));
    assert_eq!(body["authorizations"][0]["is_bot"], true);
    assert_eq!(body["team_id"], "T0SIM0000");
    assert!(body["event_time"].is_u64());
}

#[tokio::test]
async fn an_event_is_sent_four_times_when_nobody_takes_it() {
    let world = World::start().await;
    world.says(|_, _| Answer::status(500));
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    world.slack.idle().await;
    let received = world.received();
    let seen: Vec<_> = received
        .iter()
        .map(|r| (r.header("x-slack-retry-num"), r.header("x-slack-retry-reason")))
        .collect();
    let error = Some("http_error");
    assert_eq!(
        seen,
        [(None, None), (Some("1"), error), (Some("2"), error), (Some("3"), error)]
    );
    let ids: std::collections::BTreeSet<_> = received.iter().map(|r| r.body["event_id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "a repetition keeps its event id");
}

#[tokio::test]
async fn a_repetition_that_is_taken_ends_it() {
    let world = World::start().await;
    world.says(|_, n| {
        if n == 1 {
            Answer::ok().after(Duration::from_secs(2))
        } else {
            Answer::status(202)
        }
    });
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    assert!(!world.slack.is_idle());
    world.slack.idle().await;
    let received = world.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].header("x-slack-retry-reason"), Some("http_timeout"));
}

#[tokio::test]
async fn the_app_can_ask_not_to_try_again() {
    let world = World::start().await;
    world.says(|_, _| Answer::status(503).header("x-slack-no-retry", "1"));
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    world.slack.idle().await;
    assert_eq!(world.received().len(), 1);
}

#[tokio::test]
async fn an_app_that_is_gone_is_tried_again() {
    let world = World::start().await;
    world.slack.set_delivery(Delivery::Http {
        base: "http://127.0.0.1:1".parse().unwrap(),
    });
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    world.slack.idle().await;
    assert_eq!(world.events().len(), 0);
}

#[tokio::test]
async fn two_redirects_are_followed_and_no_more() {
    let world = World::start().await;
    world.says(|r, _| match r.path.as_str() {
        "/slack/events" => Answer::status(307).header("location", "/one"),
        "/one" => Answer::status(307).header("location", "/two"),
        _ => Answer::ok(),
    });
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    world.slack.idle().await;
    assert_eq!(world.received().last().unwrap().path, "/two");
    world.says(|_, _| Answer::status(307).header("location", "/again"));
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    world.slack.idle().await;
    let reasons: Vec<_> = world
        .received()
        .iter()
        .filter_map(|r| r.header("x-slack-retry-reason").map(str::to_owned))
        .collect();
    assert!(
        reasons.iter().all(|r| r == "too_many_redirects") && !reasons.is_empty(),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn slacks_pace_goes_by_the_simulators_clock() {
    let world = World::with(|c| c.retry_pace = RetryPace::Slack).await;
    world.says(|_, _| Answer::status(500));
    world.slack.person("ana").says("dm", "hello").await.unwrap();
    let wait_for = async |count: usize| {
        for _ in 0..300 {
            if world.received().len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} requests instead of {count}", world.received().len());
    };
    // At once, then after a minute, then after five.
    wait_for(2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.slack.advance(Duration::from_secs(59));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.received().len(), 2);
    world.slack.advance(Duration::from_secs(2));
    wait_for(3).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.slack.advance(Duration::from_secs(301));
    wait_for(4).await;
    world.slack.idle().await;
}

#[tokio::test]
async fn only_events_in_the_manifest_are_sent() {
    let manifest = MANIFEST.replace("message.im, ", "");
    let world = World::with(|c| c.manifest = manifest).await;
    let ana = world.slack.person("ana");
    ana.says("dm", "hello").await.unwrap();
    ana.opens_home().await.unwrap();
    world.slack.idle().await;
    let kinds: Vec<_> = world.events().iter().map(|e| e["type"].clone()).collect();
    assert_eq!(kinds, ["app_home_opened"]);
}

#[tokio::test]
async fn a_fault_sends_the_next_event_twice() {
    for with_retry_headers in [false, true] {
        let world = World::start().await;
        world
            .slack
            .faults()
            .delivery(DeliveryFault::DuplicateNext { with_retry_headers });
        let ana = world.slack.person("ana");
        ana.says("dm", "one").await.unwrap();
        ana.says("dm", "two").await.unwrap();
        world.slack.idle().await;
        let received = world.received();
        let ones: Vec<_> = received.iter().filter(|r| r.body["event"]["text"] == "one").collect();
        assert_eq!((received.len(), ones.len()), (3, 2));
        assert_eq!(ones[0].body["event_id"], ones[1].body["event_id"]);
        assert_eq!(ones[1].header("x-slack-retry-num").is_some(), with_retry_headers);
    }
}

#[tokio::test]
async fn a_fault_sends_the_next_event_under_two_ids() {
    let world = World::start().await;
    world.slack.faults().delivery(DeliveryFault::TwoEventIdsNext);
    world.slack.person("ana").says("dm", "one").await.unwrap();
    world.slack.idle().await;
    let received = world.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body["event"], received[1].body["event"]);
    assert_ne!(received[0].body["event_id"], received[1].body["event_id"]);
    assert!(received[1].header("x-slack-retry-num").is_none());
}

#[tokio::test]
async fn events_can_be_held_and_released_the_other_way_round() {
    let world = World::start().await;
    world.slack.faults().delivery(DeliveryFault::HoldEvents);
    let ana = world.slack.person("ana");
    for text in ["one", "two", "three"] {
        ana.says("dm", text).await.unwrap();
    }
    world.slack.idle().await;
    assert!(world.events().is_empty());
    world
        .slack
        .faults()
        .delivery(DeliveryFault::ReleaseEvents { reversed: true });
    world.slack.idle().await;
    let texts: Vec<_> = world.events().iter().map(|e| e["text"].clone()).collect();
    assert_eq!(texts, ["three", "two", "one"]);
}

#[tokio::test]
async fn uninstalling_kills_the_token_and_tells_the_app() {
    let world = World::start().await;
    world.slack.uninstalls_app();
    world.slack.idle().await;
    let mut kinds: Vec<_> = world
        .events()
        .iter()
        .map(|e| e["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["app_uninstalled", "tokens_revoked"]);
    assert_eq!(world.api("auth.test", json!({})).await["error"], "account_inactive");
    world.slack.installs_app();
    assert_eq!(world.api("auth.test", json!({})).await["ok"], true);
}

#[tokio::test]
async fn a_token_that_was_replaced_is_revoked() {
    let world = World::start().await;
    let new = world.slack.replaces_bot_token();
    assert_eq!(world.api("auth.test", json!({})).await["error"], "token_revoked");
    let (_, answer) = world.call("auth.test", &new, json!({})).await;
    assert_eq!(answer["ok"], true);
    assert_eq!(world.slack.bot_token(), new);
}

#[tokio::test]
async fn paths_come_from_the_manifest() {
    let manifest = MANIFEST
        .replace(
            "bot_events:",
            "request_url: https://app.example.com/hooks/events?x=1\n    bot_events:",
        )
        .replace(
            "{command: /help-me,",
            "{command: /help-me, url: https://app.example.com/hooks/help,",
        )
        .replace(
            "{is_enabled: true}",
            "{is_enabled: true, request_url: https://app.example.com/hooks/act}",
        );
    let world = World::with(|c| {
        c.manifest = manifest;
        c.retry_pace = FAST;
    })
    .await;
    let ana = world.slack.person("ana");
    ana.says("dm", "hello").await.unwrap();
    ana.runs("general", "/help-me").await.unwrap();
    ana.global_shortcut("ask").await.unwrap();
    world.slack.idle().await;
    let mut paths: Vec<_> = world.received().iter().map(|r| r.path.clone()).collect();
    paths.sort();
    assert_eq!(paths, ["/hooks/act", "/hooks/events", "/hooks/help"]);
}

#[tokio::test]
async fn anything_can_be_sent_as_it_stands() {
    let world = World::start().await;
    world.slack.sends_event(json!({"type": "from_the_future", "x": 1}));
    world
        .slack
        .sends_payload(json!({"type": "app_rate_limited", "minute_rate_limited": 1}));
    world.slack.idle().await;
    assert_eq!(world.events(), [json!({"type": "from_the_future", "x": 1})]);
    assert_eq!(world.last("app_rate_limited")["minute_rate_limited"], 1);
    world.says(|_, _| Answer::json(json!({"heard": true})));
    let answer = world
        .slack
        .sends_interaction(json!({"type": "block_actions", "team": null}))
        .await;
    assert_eq!(answer.unwrap(), Some(json!({"heard": true})));
}

#[test]
fn slacks_own_times_are_the_default() {
    let config = Config::new(MANIFEST);
    assert_eq!(config.answer_within, Duration::from_secs(3));
    assert_eq!(config.retry_pace, RetryPace::Slack);
    assert!(!config.rate_limits && config.refuse_unknown_arguments);
}
