//! The main story, once for every way Slack can fail in the middle of it.

use crate::harness::{World, everything, form, message, story};
use simulator::{DeliveryFault, Fault};

/// Ana asks, Carla comments and approves; whatever happens on the way, everything stands there once.
async fn once_each(w: &World) {
    let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
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
    for (person, words) in [(&ana, "You have created"), (&dan, "INC-42")] {
        let card = message(person, words);
        assert!(!card.text().contains("[Approve]"), "{}", card.text());
        let thread: String = person
            .thread(&card)
            .iter()
            .skip(1)
            .map(|m| m.text().to_owned() + "\n")
            .collect();
        assert_eq!(thread.matches("for how long?").count(), 1, "{thread}");
        assert_eq!(thread.matches("Access granted").count(), 1, "{thread}");
    }
    assert!(w.slack.faults().applied() > 0, "the fault was met");
}

fn with(method: &'static str, fault: Fault) {
    story(async |w| {
        // The first calls of each kind fail, the rest do not.
        w.slack.faults().times(method, fault, 3);
        once_each(w).await;
    });
}

#[test]
fn posts_that_are_rate_limited_wait() {
    with("chat.postMessage", Fault::RateLimited { retry_after: 1 });
}

#[test]
fn updates_that_are_rate_limited_wait() {
    with("chat.update", Fault::RateLimited { retry_after: 1 });
}

#[test]
fn posts_that_were_done_but_never_answered_are_not_repeated() {
    with("chat.postMessage", Fault::AppliedNoAnswer);
}

#[test]
fn updates_that_were_done_but_never_answered_do_no_harm() {
    with("chat.update", Fault::AppliedNoAnswer);
}

#[test]
fn posts_that_break_are_tried_again() {
    with("chat.postMessage", Fault::ServerError(500));
}

#[test]
fn answers_that_are_no_answers_are_not_believed() {
    with("chat.postMessage", Fault::BadBody);
}

#[test]
fn updates_that_break_are_tried_again() {
    with("chat.update", Fault::ServerError(503));
}

#[test]
fn conversations_that_cannot_be_opened_yet_are_opened_later() {
    with("conversations.open", Fault::ServerError(500));
}

#[test]
fn one_approver_who_cannot_be_reached_keeps_nobody_waiting() {
    story(async |w| {
        let dan = w.person("dan");
        w.slack.faults().until_cleared_where(
            "conversations.open",
            "users",
            dan.id(),
            Fault::Error("user_disabled".to_owned()),
        );
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        assert!(dan.dm().is_empty());
        assert_eq!(
            w.count("SELECT count(*) FROM cards WHERE trouble IS NOT NULL").await,
            1,
            "the ledger says so"
        );
        carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn a_card_that_was_deleted_is_posted_again_with_its_thread() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        ana.replies(&message(&ana, "You have created"), "please hurry")
            .await
            .unwrap();
        w.settle().await;
        w.slack.removes(&message(&carla, "INC-42").reference());
        w.person("dan")
            .clicks(&message(&w.person("dan"), "INC-42"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        let card = carla.dm().into_iter().rfind(|m| m.text().contains("INC-42"));
        // Nothing is asked of her any more, so she is not bothered again.
        assert!(
            card.is_none_or(|card| !card.text().contains("[Approve]")),
            "{}",
            everything(&carla)
        );
    });
}

#[test]
fn a_dropped_socket_loses_nothing() {
    story(async |w| {
        w.slack.faults().delivery(DeliveryFault::DropSocket);
        once_each_without_faults(w).await;
    });
}

#[test]
fn events_out_of_order_and_late_are_taken_once() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        w.slack.faults().delivery(DeliveryFault::HoldEvents);
        let card = message(&ana, "You have created");
        ana.replies(&card, "first").await.unwrap();
        ana.replies(&card, "second").await.unwrap();
        w.slack
            .faults()
            .delivery(DeliveryFault::ReleaseEvents { reversed: true });
        w.settle().await;
        let card = message(&carla, "INC-42");
        let thread: String = carla
            .thread(&card)
            .iter()
            .skip(1)
            .map(|m| m.text().to_owned() + "\n")
            .collect();
        assert_eq!(
            (thread.matches("first").count(), thread.matches("second").count()),
            (1, 1),
            "{thread}"
        );
    });
}

async fn once_each_without_faults(w: &World) {
    let (ana, carla) = (w.person("ana"), w.person("carla"));
    form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
    w.settle().await;
    carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
    w.settle().await;
    assert!(w.target_has("prod-db", "read", "ana").await);
}

#[test]
fn a_database_that_hung_up_is_called_again_and_nobody_notices() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        w.database_hangs_up().await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        let calls = w.slack.calls();
        let told = calls.iter().filter(|call| call.args.to_string().contains("went wrong"));
        assert_eq!(told.count(), 0, "nobody was told of it");
        assert_eq!(
            w.count("SELECT count(*) FROM jobs WHERE last_error IS NOT NULL").await,
            0
        );
    });
}
