//! What Slack refuses for its size, its shape or its pace.

use std::time::Duration;

use serde_json::json;

use crate::app::World;

#[tokio::test]
async fn nothing_is_limited_unless_asked_for() {
    let world = World::start().await;
    let ana = world.slack.person("ana").id().to_owned();
    for _ in 0..30 {
        assert_eq!(
            world
                .api("chat.postMessage", json!({"channel": ana, "text": "x"}))
                .await["ok"],
            true
        );
    }
}

#[tokio::test]
async fn one_message_a_second_fits_into_a_channel() {
    let world = World::with(|c| c.rate_limits = true).await;
    let (ana, bob) = (world.dm("ana").await, world.dm("bob").await);
    let post = async |channel: &str| {
        let args = json!({"channel": channel, "text": "x"});
        world.call("chat.postMessage", &world.slack.tokens().bot, args).await
    };
    // A short burst is tolerated.
    assert_eq!(post(&ana).await.1["ok"], true);
    assert_eq!(post(&ana).await.1["ok"], true);
    let (headers, body) = post(&ana).await;
    assert_eq!((&body["status"], &body["error"]), (&json!(429), &json!("ratelimited")));
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(post(&bob).await.1["ok"], true, "another channel is not concerned");
    world.slack.advance(Duration::from_secs(1));
    assert_eq!(post(&ana).await.1["ok"], true);
    assert_eq!(post(&ana).await.1["error"], "ratelimited");
}

#[tokio::test]
async fn methods_are_limited_by_their_tier() {
    let world = World::with(|c| c.rate_limits = true).await;
    for (method, args, tier) in [
        ("users.list", json!({}), 20),
        ("team.info", json!({}), 50),
        ("users.info", json!({"user": "USLACKBOT"}), 100),
    ] {
        let token = world.slack.tokens().bot.clone();
        let mut taken = 0;
        let retry_after = loop {
            let (headers, body) = world.call(method, &token, args.clone()).await;
            if body["error"] == "ratelimited" {
                break headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
            }
            taken += 1;
            assert!(taken < 200, "{method} is not limited");
        };
        assert!((tier..tier + 5).contains(&taken), "{method} took {taken}");
        assert!(
            (1..=4).contains(&retry_after),
            "{method} asks to wait for {retry_after} s"
        );
        world.slack.advance(Duration::from_secs(retry_after));
        assert_eq!(world.call(method, &token, args).await.1["ok"], true);
    }
}
