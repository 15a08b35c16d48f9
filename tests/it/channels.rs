//! Steps that are asked in a channel: because the policy says so, or because those who are asked are too many.

use crate::harness::{World, at, everything, form, message, story};
use chrono::Weekday;
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

/// What a channel was reminded of, as somebody there reads it.
fn reminders(person: &Person, channel: &str) -> Vec<String> {
    let all = person.messages(channel).into_iter().map(|m| m.text().to_owned());
    all.filter(|text| text.contains('⏰') && !text.contains("Justification"))
        .collect()
}

/// One owner is asked in `#approvals`, with reminders after four hours and a claim that lasts that long.
async fn asks_and_reminds(w: &World) {
    let rules = r##"[{"steps": [{"approval": {"name": "Owners", "approvers": ["entitlement_owners"],
                     "channel": "#approvals", "remind": 14400, "claim": 43200}}]}]"##;
    sqlx::query("UPDATE policies SET rules = $1::jsonb WHERE key = 'owner'")
        .bind(rules)
        .execute(&w.pool)
        .await
        .unwrap();
    // Whoever is asked lives by one clock here.
    at(w, Weekday::Wed, 12).await;
}

#[test]
fn a_channel_is_reminded_with_growing_pauses_in_one_message_and_by_the_clocks_of_its_people() {
    story(async |w| {
        let (ana, carla, qin) = (w.person("ana"), w.person("carla"), w.person("qin"));
        asks_and_reminds(w).await;
        form("Production database", "Read").reason("one").sent_by(&ana).await;
        form("Production database", "Read")
            .reason("two")
            .sent_by(&w.person("jun"))
            .await;
        w.settle().await;
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        w.after(hours(3)).await;
        assert_eq!(reminders(&qin, "approvals"), [""; 0], "not yet");
        w.after(hours(1) + Duration::from_secs(60)).await;
        let [both] = &reminders(&qin, "approvals")[..] else {
            panic!("one message: {:?}", reminders(&qin, "approvals"))
        };
        insta::assert_snapshot!(without_links(both), @r"
        *⏰ 2 requests wait for a decision here*
        @Ana Alvarez asks for *Production database / Read*, 4 hours · waiting for 4 hours 1 minute · Open
        @Jun Jimbo asks for *Production database / Read*, 4 hours · waiting for 4 hours 1 minute · Open
        · `/c1 approvals` lists those that you can decide.
        ");
        assert_eq!(everything(&carla), "", "nobody is reminded one by one");

        // Eight hours on it is night, and a message a day is enough.
        w.after(hours(23)).await;
        assert_eq!(reminders(&qin, "approvals").len(), 1);
        w.after(hours(1)).await;
        assert_eq!(reminders(&qin, "approvals").len(), 2);

        // One of them is decided: the next one, the pause doubled again, speaks of the other.
        let first = card_with(&carla, "approvals", "one");
        carla.clicks(&first, "Approve").await.unwrap();
        w.settle().await;
        w.after(hours(24)).await;
        let last = reminders(&qin, "approvals").pop().unwrap();
        assert_eq!(reminders(&qin, "approvals").len(), 3);
        insta::assert_snapshot!(without_links(&last), @r"
        *⏰ A request waits for a decision here*
        @Jun Jimbo asks for *Production database / Read*, 4 hours · waiting for 2 days 4 hours · Open
        ");
        carla
            .clicks(&card_with(&carla, "approvals", "two"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        w.after(hours(24 * 14)).await;
        assert_eq!(reminders(&qin, "approvals").len(), 3, "nothing waits any more");
        assert_eq!(w.count("SELECT count(*) FROM channel_reminders").await, 0);
    });
}

/// Where a link leads differs from run to run.
fn without_links(text: &str) -> String {
    let lines = text.lines().map(|line| line.split(" (https://").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The card in a channel that says this.
fn card_with(person: &Person, channel: &str, words: &str) -> MessageSnapshot {
    let mut cards = person.messages(channel).into_iter();
    let fits = |m: &MessageSnapshot| m.text().contains("asks for access") && m.text().contains(&format!("> {words}"));
    cards.find(fits).unwrap()
}

#[test]
fn who_is_on_it_spares_the_channel_and_whoever_asked_can_have_it_reminded() {
    story(async |w| {
        let (ana, carla, qin) = (w.person("ana"), w.person("carla"), w.person("qin"));
        asks_and_reminds(w).await;
        asks(w).await;
        carla
            .chooses_in(&card_in(&carla, "approvals"), "more", "I'm on it")
            .await
            .unwrap();
        w.settle().await;
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        w.after(hours(5)).await;
        ana.clicks(&message(&ana, "You have created"), "Remind").await.unwrap();
        w.settle().await;
        assert_eq!(reminders(&qin, "approvals"), [""; 0], "she is on it");
        w.after(hours(7) + Duration::from_secs(60)).await;
        assert_eq!(reminders(&qin, "approvals"), [""; 0], "it has lapsed, at midnight");
        w.after(hours(8)).await;
        assert_eq!(reminders(&qin, "approvals").len(), 1, "it is morning");
        // Once a day is enough, but for somebody who asks.
        w.after(hours(2)).await;
        ana.clicks(&message(&ana, "You have created"), "Remind").await.unwrap();
        w.settle().await;
        assert_eq!(reminders(&qin, "approvals").len(), 2);
        // Who wants to hear of it herself hears of it, from then on.
        let card = card_in(&carla, "approvals");
        carla.chooses_in(&card, "more", "Remind me later…").await.unwrap();
        w.until("a dialog opens", async || carla.modal().is_some()).await;
        carla.chooses("When?", "In an hour").await.unwrap();
        carla.submits().await.unwrap();
        w.settle().await;
        w.after(hours(1) + Duration::from_secs(60)).await;
        assert_eq!(everything(&carla).matches("waits for your decision").count(), 1);
        assert!(everything(&carla).contains("Open (https://"), "{}", everything(&carla));
    });
}

#[test]
fn a_channel_that_is_gone_when_it_is_reminded_is_an_alarm_and_they_are_asked_one_by_one() {
    story(async |w| {
        let (carla, erin) = (w.person("carla"), w.person("erin"));
        asks_and_reminds(w).await;
        asks(w).await;
        let gone = simulator::Fault::Error("is_archived".into());
        w.slack.faults().next("chat.postMessage", gone);
        w.after(Duration::from_secs(4 * 3_600 + 60)).await;
        assert!(
            message(&erin, "I cannot ask in the channel")
                .text()
                .contains("#approvals")
        );
        let card = message(&carla, "INC-42");
        assert!(card.text().contains("[Approve]"), "{}", card.text());
        w.after(Duration::from_secs(24 * 3_600)).await;
        assert_eq!(everything(&carla).matches("waits for your decision").count(), 1);
        assert_eq!(w.count("SELECT count(*) FROM channel_reminders").await, 0);
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
    });
}
