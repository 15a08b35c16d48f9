//! What people wrote is changed and taken back, in whatever order Slack tells it and whatever breaks meanwhile.

use crate::harness::{World, ana_asks_the_owners, form, message, story, thread};
use c1::{
    db,
    domain::{ids::RequestId, words::Words},
    usecases::queries::{conversation::conversation, request_card::PersonRef},
};
use simulator::{DeliveryFault, Fault, MessageRef, Person};
use std::time::Duration;

async fn says(w: &World, person: &Person, card: &str, text: &str) -> MessageRef {
    let written = person.replies(&message(person, card), text).await.unwrap();
    w.settle().await;
    written
}

/// What Carla reads of request 1, as the page has it.
async fn page(w: &World) -> Vec<String> {
    let carla = db::people::person_by_key(&w.system.db, "carla").await.unwrap().unwrap();
    let seen = conversation(&w.system, RequestId(1), &carla).await.unwrap().unwrap();
    let text = |words: &Words<PersonRef>| words.text(|person| person.name.clone());
    let line = |entry: &c1::usecases::queries::conversation::Entry| match entry.deleted_at {
        Some(_) => "(taken back)".to_owned(),
        None => format!(
            "{}{}",
            text(&entry.words),
            if entry.edited_at.is_some() { " (edited)" } else { "" }
        ),
    };
    seen.entries.iter().map(line).collect()
}

#[test]
fn an_edit_follows_everywhere_and_says_so() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let written = says(w, &ana, "You have created", "until noon").await;
        ana.edits(&written, "until *one*").await.unwrap();
        w.settle().await;
        ana.edits(&written, "until two").await.unwrap();
        w.settle().await;
        for person in [&carla, &dan] {
            let seen = thread(person, "INC-42");
            assert_eq!(seen.matches("until").count(), 1, "{seen}");
            assert!(
                seen.contains("until two") && seen.contains("· edited"),
                "{}: {seen}",
                person.name()
            );
        }
        assert_eq!(page(w).await, ["until two (edited)"]);
        let acts = "SELECT count(*) FROM audit WHERE event->>'type' = 'comment_edited'";
        assert_eq!(w.count(acts).await, 2);
    });
}

#[test]
fn a_preview_of_a_link_is_no_edit() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let written = says(w, &ana, "You have created", "see https://example.com/x").await;
        let before = w.slack.calls().len();
        w.slack.unfurls(&written, "https://example.com/x");
        w.settle().await;
        ana.edits(&written, "see https://example.com/y").await.unwrap();
        w.settle().await;
        w.slack.unfurls(&written, "https://example.com/y");
        w.settle().await;
        let updates = w.slack.calls().split_off(before);
        let updates = updates.iter().filter(|call| call.method == "chat.update").count();
        assert_eq!(updates, 3, "three copies, one edit");
        assert!(thread(&carla, "INC-42").contains("https://example.com/y"));
        assert_eq!(page(w).await, ["see https://example.com/y (edited)"]);
    });
}

#[test]
fn what_is_taken_back_is_gone_everywhere_and_late_approvers_never_see_it() {
    story(async |w| {
        let (jun, bob, carla) = (w.person("jun"), w.person("bob"), w.person("carla"));
        form("GitHub", "payments / Admin")
            .reason("release day")
            .sent_by(&jun)
            .await;
        w.settle().await;
        let written = says(w, &jun, "You have created", "my password is hunter2").await;
        says(w, &jun, "You have created", "only until tonight").await;
        assert!(thread(&bob, "release day").contains("hunter2"));
        jun.deletes(&written).await.unwrap();
        w.settle().await;
        let seen = thread(&bob, "release day");
        assert!(
            !seen.contains("hunter2") && seen.contains("only until tonight"),
            "{seen}"
        );
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        let seen = thread(&carla, "release day");
        assert!(
            !seen.contains("hunter2") && seen.contains("only until tonight"),
            "{seen}"
        );
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'comment_deleted'")
                .await,
            1
        );
    });
}

/// Everything Slack tells of what `acts` does comes last first.
async fn told_backwards(w: &World, acts: impl AsyncFnOnce()) {
    w.slack.faults().delivery(DeliveryFault::HoldEvents);
    acts().await;
    w.slack
        .faults()
        .delivery(DeliveryFault::ReleaseEvents { reversed: true });
    w.settle().await;
}

#[test]
fn an_edit_that_is_told_before_the_comment_counts() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        told_backwards(w, async || {
            let written = ana
                .replies(&message(&ana, "You have created"), "until noon")
                .await
                .unwrap();
            ana.edits(&written, "until one").await.unwrap();
            ana.edits(&written, "until two").await.unwrap();
        })
        .await;
        for person in [&carla, &dan] {
            let seen = thread(person, "INC-42");
            assert_eq!(seen.matches("until").count(), 1, "{seen}");
            assert!(seen.contains("until two"), "{seen}");
        }
        assert_eq!(page(w).await, ["until two (edited)"]);
        assert_eq!(
            w.count("SELECT count(*) FROM comment_changes").await,
            0,
            "nothing waits any more"
        );
    });
}

#[test]
fn a_deletion_that_is_told_before_the_comment_counts() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        told_backwards(w, async || {
            let written = ana
                .replies(&message(&ana, "You have created"), "hunter2")
                .await
                .unwrap();
            ana.edits(&written, "hunter3").await.unwrap();
            ana.deletes(&written).await.unwrap();
        })
        .await;
        for person in [&carla, &dan] {
            assert_eq!(thread(person, "INC-42"), "");
        }
        assert_eq!(page(w).await, ["(taken back)"]);
    });
}

#[test]
fn what_is_taken_back_while_its_copies_are_being_posted_is_gone_in_the_end() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let dm = message(&dan, "INC-42").channel().to_owned();
        w.slack
            .faults()
            .until_cleared_where("chat.postMessage", "channel", &dm, Fault::Slow { millis: 600 });
        let one = ana
            .replies(&message(&ana, "You have created"), "hunter2")
            .await
            .unwrap();
        let two = ana
            .replies(&message(&ana, "You have created"), "until noon")
            .await
            .unwrap();
        w.until("a copy is on its way", async || {
            w.count("SELECT count(*) FROM comment_copies WHERE posting").await > 0
        })
        .await;
        ana.deletes(&one).await.unwrap();
        ana.edits(&two, "until one").await.unwrap();
        w.until("both are known", async || {
            w.count("SELECT count(*) FROM comments WHERE edition > 1").await == 2
        })
        .await;
        w.slack.faults().clear();
        w.settle().await;
        for person in [&carla, &dan] {
            let seen = thread(person, "INC-42");
            assert!(!seen.contains("hunter2") && !seen.contains("until noon"), "{seen}");
            assert_eq!(seen.matches("until one").count(), 1, "{seen}");
        }
        assert_eq!(
            w.count("SELECT count(*) FROM comment_copies WHERE NOT original").await,
            3
        );
    });
}

#[test]
fn copies_whose_posts_were_never_answered_follow_too() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        w.slack.faults().times("chat.postMessage", Fault::AppliedNoAnswer, 2);
        let one = ana
            .replies(&message(&ana, "You have created"), "hunter2")
            .await
            .unwrap();
        w.until("both posts went into the dark", async || {
            w.slack.faults().waiting() == 0 && w.count("SELECT count(*) FROM comment_copies WHERE posting").await == 2
        })
        .await;
        ana.deletes(&one).await.unwrap();
        w.settle().await;
        w.slack.faults().times("chat.postMessage", Fault::AppliedNoAnswer, 2);
        let two = ana
            .replies(&message(&ana, "You have created"), "until noon")
            .await
            .unwrap();
        w.until("both posts went into the dark", async || {
            w.slack.faults().waiting() == 0 && w.count("SELECT count(*) FROM comment_copies WHERE posting").await == 2
        })
        .await;
        ana.edits(&two, "until one").await.unwrap();
        w.settle().await;
        for person in [&carla, &dan] {
            let seen = thread(person, "INC-42");
            assert!(!seen.contains("hunter2") && !seen.contains("until noon"), "{seen}");
            assert_eq!(seen.matches("until one").count(), 1, "{seen}");
        }
    });
}

#[test]
fn changes_that_come_twice_or_an_hour_late_do_no_harm() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let written = says(w, &ana, "You have created", "until noon").await;
        w.slack.faults().delivery(DeliveryFault::TwoEventIdsNext);
        ana.edits(&written, "until one").await.unwrap();
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'comment_edited'")
                .await,
            1
        );
        w.slack.faults().delivery(DeliveryFault::HoldEvents);
        ana.edits(&written, "until two").await.unwrap();
        w.after(Duration::from_secs(3_600)).await;
        w.slack
            .faults()
            .delivery(DeliveryFault::ReleaseEvents { reversed: false });
        w.settle().await;
        assert!(thread(&carla, "INC-42").contains("until two"));
        w.slack.faults().delivery(DeliveryFault::DuplicateNext {
            with_retry_headers: false,
        });
        ana.deletes(&written).await.unwrap();
        w.settle().await;
        assert_eq!(thread(&carla, "INC-42"), "");
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'comment_deleted'")
                .await,
            1
        );
    });
}

#[test]
fn slack_may_be_out_of_order_while_changes_are_carried_over() {
    for fault in [
        Fault::RateLimited { retry_after: 1 },
        Fault::ServerError(503),
        Fault::AppliedNoAnswer,
    ] {
        story(async |w| {
            let (ana, carla, dan) = ana_asks_the_owners(w).await;
            let one = says(w, &ana, "You have created", "until noon").await;
            let two = says(w, &ana, "You have created", "hunter2").await;
            w.slack.faults().times("chat.update", fault.clone(), 2);
            w.slack.faults().times("chat.delete", fault.clone(), 2);
            ana.edits(&one, "until one").await.unwrap();
            ana.deletes(&two).await.unwrap();
            w.settle().await;
            for person in [&carla, &dan] {
                let seen = thread(person, "INC-42");
                assert!(!seen.contains("hunter2"), "{fault:?}: {seen}");
                assert_eq!(seen.matches("until one").count(), 1, "{fault:?}: {seen}");
            }
        });
    }
}
