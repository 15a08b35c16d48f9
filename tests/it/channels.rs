//! Steps that are asked in a channel: because the policy says so, or because those who are asked are too many.

use crate::harness::{World, everything, form, message, story};
use simulator::{MessageSnapshot, Person};
use std::time::Duration;

/// From now on, one owner is asked in this channel.
async fn asks_in(w: &World, channel: &str) {
    let rules = format!(
        r#"[{{"steps": [{{"approval": {{"name": "Owners", "approvers": ["entitlement_owners"], "channel": "{channel}"}}}}]}}]"#
    );
    sqlx::query("UPDATE policies SET rules = $1::jsonb WHERE key = 'owner'")
        .bind(rules)
        .execute(&w.pool)
        .await
        .unwrap();
}

async fn sets(w: &World, name: &str, value: &str) {
    sqlx::query(
        "INSERT INTO organisation_settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
    )
    .bind(name)
    .bind(value)
    .execute(&w.pool)
    .await
    .unwrap();
}

/// The one card in a channel, as somebody there sees it.
fn card_in(person: &Person, channel: &str) -> MessageSnapshot {
    let mut cards: Vec<_> = person
        .messages(channel)
        .into_iter()
        .filter(|m| m.text().contains("asks for access"))
        .collect();
    assert_eq!(cards.len(), 1, "one card in {channel}: {cards:?}");
    cards.remove(0)
}

async fn asks(w: &World) {
    form("Production database", "Read")
        .reason("INC-42")
        .sent_by(&w.person("ana"))
        .await;
    w.settle().await;
}

#[test]
fn a_step_is_asked_in_the_channel_that_its_policy_names() {
    story(async |w| {
        let (ana, carla, qin) = (w.person("ana"), w.person("carla"), w.person("qin"));
        asks_in(w, "#approvals").await;
        asks(w).await;
        let card = card_in(&qin, "approvals");
        insta::assert_snapshot!(shown(&card), @r"
    # Ana Alvarez asks for access
    *Grant Ana Alvarez Read*
    App            Production database
    Entitlement    Read
    Requested by   @Ana Alvarez
    Requested for  @Ana Alvarez
    Duration       4 hours
    *Justification*
    > INC-42
    · Never given to @Ana Alvarez before
    Nobody in *Platform* holds it now
    · 3 people are asked …
    Your reason (needed to deny): ____ (The person who asked …
    [Approve](primary)  [Deny](danger)  [⋯ I'm on it | Make it shorter… | Ask Ana Alvarez… | Remind me later…]
    · #1 · asked …
    ");
        assert_eq!(everything(&carla), "", "nobody is messaged one by one");

        // Anybody can click; only those who are asked decide.
        qin.clicks(&card, "Approve").await.unwrap();
        w.until("he is told so, privately", async || {
            qin.messages("approvals")
                .iter()
                .any(|m| m.text().contains("You are not among the approvers"))
        })
        .await;
        assert!(
            !carla
                .messages("approvals")
                .iter()
                .any(|m| m.text().contains("not among"))
        );
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 0);

        carla.clicks(&card_in(&carla, "approvals"), "Approve").await.unwrap();
        w.settle().await;
        let card = card_in(&qin, "approvals");
        insta::assert_snapshot!(shown(&card), @r"
    # Ana Alvarez asks for access
    *Grant Ana Alvarez Read*
    App            Production database
    Entitlement    Read
    Requested by   @Ana Alvarez
    Requested for  @Ana Alvarez
    Duration       4 hours
    *Justification*
    > INC-42
    ✅ Approved by @Carla Conti
    🟢 Active
    · #1 · asked …
    ");
        assert!(w.target_has("prod-db", "read", "ana").await);
        assert!(
            message(&ana, "You have created")
                .text()
                .contains("Approved by @Carla Conti")
        );
    });
}

/// As it stands, without what differs from day to day.
fn shown(card: &MessageSnapshot) -> String {
    let lines = card.text().lines().map(|line| match line.split_once("asked ") {
        Some((before, _)) => format!("{before}asked …"),
        None => line.split(" until 2").next().unwrap_or(line).to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn its_thread_is_part_of_the_conversation() {
    story(async |w| {
        let (ana, dan) = (w.person("ana"), w.person("dan"));
        asks_in(w, "#approvals").await;
        asks(w).await;
        dan.replies(&card_in(&dan, "approvals"), "which table?").await.unwrap();
        w.settle().await;
        let mine = message(&ana, "You have created");
        let thread: String = ana.thread(&mine).iter().map(|m| m.text().to_owned() + "\n").collect();
        assert_eq!(thread.matches("which table?").count(), 1, "{thread}");
        ana.replies(&mine, "orders").await.unwrap();
        w.settle().await;
        let card = card_in(&dan, "approvals");
        let thread: String = dan.thread(&card).iter().map(|m| m.text().to_owned() + "\n").collect();
        assert_eq!(thread.matches("which table?").count(), 1, "{thread}");
        assert_eq!(thread.matches("orders").count(), 1, "{thread}");
    });
}

#[test]
fn what_can_be_done_at_the_buttons_can_be_done_in_a_channel() {
    story(async |w| {
        let (carla, qin) = (w.person("carla"), w.person("qin"));
        asks_in(w, "#approvals").await;
        asks(w).await;
        let card = card_in(&carla, "approvals");
        qin.chooses_in(&card, "more", "I'm on it").await.unwrap();
        carla.chooses_in(&card, "more", "I'm on it").await.unwrap();
        w.settle().await;
        let card = card_in(&qin, "approvals");
        assert!(card.text().contains("Carla Conti is on it until"), "{}", card.text());
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event ->> 'type' = 'claimed'")
                .await,
            1
        );
        w.after(Duration::from_secs(14 * 86_400)).await;
        assert_eq!(everything(&carla), "", "nobody is reminded one by one");
    });
}

#[test]
fn a_channel_that_cannot_be_written_to_is_an_alarm_and_they_are_asked_one_by_one() {
    for channel in ["#engineering", "#nowhere"] {
        story(async |w| {
            let (carla, dan, erin) = (w.person("carla"), w.person("dan"), w.person("erin"));
            asks_in(w, channel).await;
            asks(w).await;
            for person in [&carla, &dan] {
                let card = message(person, "INC-42");
                assert!(card.text().contains("[Approve]"), "{}", card.text());
            }
            let alarm = message(&erin, "I cannot ask in the channel");
            assert!(alarm.text().contains(channel), "{}", alarm.text());
            let trouble: String = sqlx::query_scalar("SELECT trouble FROM cards WHERE to_channel IS NOT NULL")
                .fetch_one(&w.pool)
                .await
                .unwrap();
            assert!(
                ["not_in_channel", "channel_not_found"].contains(&trouble.as_str()),
                "{trouble}"
            );
            carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
            w.settle().await;
            assert!(w.target_has("prod-db", "read", "ana").await);
            assert!(!everything(&dan).contains("[Approve]"));
        });
    }
}

#[test]
fn large_groups_are_asked_in_a_channel() {
    story(async |w| {
        let (lena, jun) = (w.person("lena"), w.person("jun"));
        let rules = r#"[{"steps": [{"approval": {"name": "Engineers", "approvers": [{"group": "engineers"}], "quorum": {"at_least": 2}}}]}]"#;
        sqlx::query("UPDATE policies SET rules = $1::jsonb WHERE key = 'owner'")
            .bind(rules)
            .execute(&w.pool)
            .await
            .unwrap();
        sets(w, "approvals_channel", "#approvals").await;
        sets(w, "ask_one_by_one_up_to", "4").await;
        form("Figma", "Edit").reason("mock-ups").sent_by(&lena).await;
        w.settle().await;
        assert_eq!(everything(&jun), "", "five are too many");
        for name in ["jun", "bob"] {
            let person = w.person(name);
            person.clicks(&card_in(&person, "approvals"), "Approve").await.unwrap();
            w.settle().await;
        }
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'approved'").await,
            1
        );
        assert!(!card_in(&jun, "approvals").text().contains("[Approve]"));

        // Ana is an engineer herself: the other four are asked one by one.
        form("Figma", "Edit").reason("more").sent_by(&w.person("ana")).await;
        w.settle().await;
        assert!(message(&jun, "more").text().contains("[Approve]"));
    });
}

#[test]
fn too_many_and_no_channel_is_an_alarm_and_not_silence() {
    story(async |w| {
        let (lena, erin) = (w.person("lena"), w.person("erin"));
        let rules = r#"[{"steps": [{"approval": {"name": "Engineers", "approvers": [{"group": "engineers"}]}}]}]"#;
        sqlx::query("UPDATE policies SET rules = $1::jsonb WHERE key = 'owner'")
            .bind(rules)
            .execute(&w.pool)
            .await
            .unwrap();
        sets(w, "ask_one_by_one_up_to", "3").await;
        form("Figma", "Edit").reason("mock-ups").sent_by(&lena).await;
        w.settle().await;
        let asked = ["ana", "jun", "kofi", "bob", "dan"]
            .iter()
            .filter(|name| everything(&w.person(name)).contains("[Approve]"))
            .count();
        assert_eq!(asked, 3);
        assert!(
            message(&erin, "could be decided by 5 people")
                .text()
                .contains("so 3 were asked")
        );
    });
}
