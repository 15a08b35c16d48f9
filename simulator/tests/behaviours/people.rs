//! People who come, change and go.

use serde_json::json;
use simulator::{ProfileChange, SeedGroup, SeedPerson};

use crate::app::{World, get};

#[tokio::test]
async fn a_changed_profile_is_told() {
    let world = World::start().await;
    let bob = world.slack.person("bob");
    let change = ProfileChange {
        title: Some("Director".to_owned()),
        ..ProfileChange::default()
    };
    bob.changes_profile(change).await.unwrap();
    world.slack.idle().await;
    let event = &world.events()[0];
    assert_eq!(event["type"], "user_change");
    assert_eq!(event["user"]["id"], bob.id());
    assert_eq!(event["user"]["profile"]["title"], "Director");
}

#[tokio::test]
async fn somebody_deactivated_cannot_be_reached_nor_act() {
    let world = World::start().await;
    let bob = world.slack.person("bob");
    bob.changes_profile(ProfileChange {
        deleted: Some(true),
        ..ProfileChange::default()
    })
    .await
    .unwrap();
    world.slack.idle().await;
    assert_eq!(world.events()[0]["user"]["deleted"], true);
    assert_eq!(
        world.api("conversations.open", json!({"users": bob.id()})).await["error"],
        "user_disabled"
    );
    assert_eq!(
        world
            .api("chat.postMessage", json!({"channel": bob.id(), "text": "x"}))
            .await["error"],
        "channel_not_found"
    );
    assert_eq!(
        world.api("users.info", json!({"user": bob.id()})).await["user"]["deleted"],
        true
    );
    assert_eq!(
        world
            .api("users.lookupByEmail", json!({"email": "bob@example.com"}))
            .await["error"],
        "users_not_found"
    );
    assert_eq!(
        bob.says("general", "hello").await.unwrap_err().error,
        "account_inactive"
    );
    assert_eq!(
        bob.runs("general", "/help-me").await.unwrap_err().error,
        "account_inactive"
    );
}

#[tokio::test]
async fn newcomers_are_told() {
    let world = World::start().await;
    let eve = world.slack.joins(SeedPerson {
        name: "eve".to_owned(),
        email: "eve@example.com".to_owned(),
        ..SeedPerson::default()
    });
    world.slack.idle().await;
    let event = &world.events()[0];
    assert_eq!(
        (&event["type"], &event["user"]["id"]),
        (&json!("team_join"), &json!(eve.id()))
    );
    assert_eq!(
        world
            .api("users.lookupByEmail", json!({"email": "eve@example.com"}))
            .await["user"]["name"],
        "eve"
    );
}

#[tokio::test]
async fn user_groups_are_listed_and_their_changes_told() {
    let world = World::with(|c| {
        c.seed.user_groups.push(SeedGroup {
            handle: "on-call".to_owned(),
            members: vec!["ana".to_owned()],
            ..SeedGroup::default()
        });
    })
    .await;
    let listed = world.api("usergroups.list", json!({"include_users": true})).await;
    let group = &listed["usergroups"][0];
    assert_eq!(group["handle"], "on-call");
    assert_eq!(group["users"], json!([world.slack.person("ana").id()]));
    world.slack.set_user_group("on-call", &["bob"]);
    world.slack.idle().await;
    let users = world
        .api("usergroups.users.list", json!({"usergroup": group["id"]}))
        .await;
    assert_eq!(users["users"], json!([world.slack.person("bob").id()]));
    let mut kinds: Vec<_> = world
        .events()
        .iter()
        .map(|e| e["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["subteam_members_changed", "subteam_updated"]);
    let events = world.events();
    let change = events.iter().find(|e| e["type"] == "subteam_members_changed").unwrap();
    assert_eq!(
        (&change["added_users_count"], &change["removed_users_count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        world.api("usergroups.users.list", json!({"usergroup": "S0NO"})).await["error"],
        "no_such_subteam"
    );
}

#[tokio::test]
async fn people_write_to_each_other_without_the_app() {
    let world = World::start().await;
    let (ana, bob) = (world.slack.person("ana"), world.slack.person("bob"));
    let message = ana.says("@bob", "between us").await.unwrap();
    assert_eq!(bob.messages(&message.channel).len(), 1);
    assert!(world.slack.person("cara").messages(&message.channel).is_empty());
    world.slack.idle().await;
    assert!(world.events().is_empty());
    let history = world
        .api("conversations.history", json!({"channel": message.channel}))
        .await;
    assert_eq!(history["error"], "channel_not_found");
}

#[tokio::test]
async fn everybody_has_a_picture() {
    let world = World::start().await;
    let bob = world.slack.person("bob");
    let address = || async {
        let user = world.api("users.info", json!({"user": bob.id()})).await;
        user["user"]["profile"]["image_72"].as_str().unwrap().to_owned()
    };
    let drawn = address().await;
    let (status, body) = get(&drawn).await;
    let body = body.as_str().unwrap();
    assert!(
        status == 200 && body.starts_with("<svg ") && body.contains(">B"),
        "{drawn}: {body}"
    );
    let nobody = drawn.replace(bob.id(), "U0NOBODY0");
    assert_eq!(get(&nobody).await.0, 404);
    let own = "https://pictures.example.com/bob.png";
    for (picture, shown) in [(own, own), ("", drawn.as_str())] {
        bob.changes_profile(ProfileChange {
            picture: Some(picture.to_owned()),
            ..ProfileChange::default()
        })
        .await
        .unwrap();
        assert_eq!(address().await, shown);
    }
}
