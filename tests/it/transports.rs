//! The main story, over both ways Slack can deliver.

use crate::harness::{Transport, World, everything, form, message, over};

async fn the_main_story(w: &mut World) {
    let (ana, carla) = (w.person("ana"), w.person("carla"));
    form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
    w.settle().await;
    carla
        .replies(&message(&carla, "INC-42"), "for how long?")
        .await
        .unwrap();
    w.settle().await;
    carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
    w.settle().await;
    assert!(w.target_has("prod-db", "read", "ana").await);
    let thread = ana.thread(&message(&ana, "You have created"));
    assert!(
        thread.iter().any(|m| m.text().contains("for how long?")),
        "{}",
        everything(&ana)
    );
    ana.opens_home().await.unwrap();
    w.until("the Home tab is drawn", async || ana.home().is_some()).await;
}

#[test]
fn over_socket_mode() {
    over(Transport::Socket, the_main_story);
}

#[test]
fn over_signed_http() {
    over(Transport::Http, the_main_story);
}
