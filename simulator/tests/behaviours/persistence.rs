//! What is kept between runs.

use std::time::Duration;

use serde_json::json;

use crate::app::{World, modal, with_button};

#[tokio::test]
async fn the_state_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/state.json");
    let world = World::with(|c| c.state_file = Some(file.clone())).await;
    let ana = world.slack.person("ana");
    let posted = world
        .api("chat.postMessage", with_button(ana.id(), "Please decide"))
        .await;
    let message = ana.last_dm().unwrap();
    ana.replies(&message, "which one?").await.unwrap();
    world.slack.idle().await;
    ana.runs("general", "/help-me").await.unwrap();
    let trigger = world.received().last().unwrap().body["trigger_id"].clone();
    let view = world
        .api("views.open", json!({"trigger_id": trigger, "view": modal("Ask")}))
        .await;
    assert_eq!(view["ok"], true);
    ana.types("Reason", "half").await.unwrap();
    // Saved a little after the change, without a shutdown.
    for _ in 0..100 {
        if file.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(world);

    let world = World::with(|c| {
        c.state_file = Some(file.clone());
        c.seed.people.clear();
    })
    .await;
    let ana = world.slack.person("ana");
    let message = ana.last_dm().unwrap();
    assert_eq!(
        (message.ts(), message.reply_count()),
        (posted["ts"].as_str().unwrap(), 1)
    );
    ana.clicks(&message, "Approve").await.unwrap();
    assert_eq!(
        ana.modal().unwrap().json()["state"]["values"]["reason"]["reason_text"]["value"],
        "half"
    );
    let again = world
        .api("chat.postMessage", json!({"channel": ana.id(), "text": "again"}))
        .await;
    assert_eq!(again["channel"], posted["channel"], "the conversation keeps its id");
    assert!(again["ts"].as_str() > posted["ts"].as_str());
    assert_eq!(ana.submits().await.unwrap(), simulator::SubmitOutcome::Closed);
    assert_eq!(
        world
            .api("users.lookupByEmail", json!({"email": "bob@example.com"}))
            .await["ok"],
        true
    );
}

#[tokio::test]
async fn a_shutdown_saves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let mut config = simulator::Config::new(crate::app::MANIFEST);
    config.state_file = Some(file.clone());
    let slack = simulator::Simulator::start(config.clone()).await.unwrap();
    slack.person("ana").says("general", "remember me").await.unwrap();
    slack.shutdown().await;
    let slack = simulator::Simulator::start(config).await.unwrap();
    assert_eq!(slack.person("bob").messages("general")[0].raw_text(), "remember me");
}

#[tokio::test]
async fn a_broken_file_is_said_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, "{").unwrap();
    let mut config = simulator::Config::new(crate::app::MANIFEST);
    config.state_file = Some(file.clone());
    let error = simulator::Simulator::start(config).await.unwrap_err();
    assert!(error.to_string().contains("state.json"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{");
}
