//! Reminders: by people's own clocks, all that waits in one message, never twice.

use crate::harness::{World, at, everything, form, message, prints, story};
use chrono::{TimeDelta, Weekday};
use simulator::Person;
use std::time::Duration;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

fn reminders(person: &Person) -> Vec<String> {
    person
        .dm()
        .iter()
        .map(|m| m.text().to_owned())
        .filter(|text| text.contains('⏰') && !text.contains("Justification"))
        .collect()
}

async fn asks(w: &World, who: &str, access: &'static str, reason: &str) {
    form("Production database", access)
        .reason(reason.to_owned())
        .sent_by(&w.person(who))
        .await;
    w.settle().await;
}

#[test]
fn whoever_has_not_decided_is_reminded_after_a_working_day_and_then_less_often() {
    story(async |w| {
        let carla = w.person("carla");
        at(w, Weekday::Mon, 10).await;
        asks(w, "ana", "Read", "INC-42").await;
        assert_eq!(reminders(&carla), [""; 0]);
        w.after(Duration::from_secs(DAY - HOUR)).await;
        assert_eq!(reminders(&carla), [""; 0], "not yet");
        w.after(Duration::from_secs(HOUR + 60)).await;
        let [first] = &reminders(&carla)[..] else {
            panic!("one reminder: {:?}", reminders(&carla))
        };
        assert!(
            first.contains("A request waits for your decision")
                && first.contains("@Ana Alvarez asks for *Production database / Read*, 4 hours · waiting for 1 day")
                && first.contains("Open (https://"),
            "{first}"
        );
        // Two days on: the pause has doubled.
        w.after(Duration::from_secs(DAY)).await;
        assert_eq!(reminders(&carla).len(), 1);
        w.after(Duration::from_secs(DAY)).await;
        assert_eq!(reminders(&carla).len(), 2);
        carla
            .clicks(&message(&carla, "Ana Alvarez asks for access"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        w.after(Duration::from_secs(14 * DAY)).await;
        assert_eq!(reminders(&carla).len(), 2, "nothing waits any more");
        assert_eq!(reminders(&w.person("dan")).len(), 2);
    });
}

#[test]
fn all_that_waits_is_one_message() {
    story(async |w| {
        let dan = w.person("dan");
        at(w, Weekday::Mon, 9).await;
        asks(w, "ana", "Read", "one").await;
        asks(w, "jun", "Read", "two").await;
        w.after(Duration::from_secs(3 * HOUR)).await;
        asks(w, "ana", "Write", "three").await;
        w.after(Duration::from_secs(DAY - 2 * HOUR)).await;
        let [all] = &reminders(&dan)[..] else {
            panic!("one message: {:?}", reminders(&dan))
        };
        assert!(all.contains("3 requests wait for your decision"), "{all}");
        assert_eq!(all.matches("waiting for").count(), 3, "{all}");
        // The third would be due by now; but it was told of, and once a day is enough.
        w.after(Duration::from_secs(4 * HOUR)).await;
        assert_eq!(reminders(&dan).len(), 1);
    });
}

#[test]
fn nobody_is_woken_and_weekends_are_free() {
    story(async |w| {
        let carla = w.person("carla");
        at(w, Weekday::Fri, 19).await;
        asks(w, "ana", "Read", "INC-42").await;
        w.after(Duration::from_secs(2 * DAY)).await;
        assert_eq!(reminders(&carla), [""; 0], "it is Sunday");
        at(w, Weekday::Mon, 7).await;
        assert_eq!(reminders(&carla), [""; 0]);
        at(w, Weekday::Mon, 19).await;
        w.after(Duration::from_secs(60)).await;
        assert_eq!(reminders(&carla).len(), 1, "a working day later");
    });
}

#[test]
fn an_emergency_does_not_wait_for_the_morning() {
    story(async |w| {
        let milan = w.person("milan");
        at(w, Weekday::Sat, 2).await;
        form("Production database", "Write")
            .reason("it burns")
            .emergency()
            .sent_by(&w.person("ana"))
            .await;
        w.settle().await;
        w.after(Duration::from_secs(16 * 60)).await;
        let [first] = &reminders(&milan)[..] else {
            panic!("one reminder: {:?}", reminders(&milan))
        };
        assert!(first.contains("⏰ ⚡ A request waits"), "{first}");
    });
}

#[test]
fn whoever_is_on_it_is_reminded_and_the_others_are_not() {
    story(async |w| {
        let (carla, dan) = (w.person("carla"), w.person("dan"));
        at(w, Weekday::Mon, 10).await;
        asks(w, "ana", "Read", "INC-42").await;
        w.after(Duration::from_secs(DAY - HOUR)).await;
        carla
            .chooses_in(&message(&carla, "Ana Alvarez asks for access"), "more", "I'm on it")
            .await
            .unwrap();
        w.settle().await;
        w.after(Duration::from_secs(HOUR + 60)).await;
        assert_eq!((reminders(&carla).len(), reminders(&dan).len()), (1, 0));
        w.after(Duration::from_secs(HOUR)).await;
        assert_eq!(reminders(&dan).len(), 1, "it has lapsed");
    });
}

#[test]
fn whoever_asked_can_have_them_reminded_once_an_hour() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        at(w, Weekday::Mon, 10).await;
        asks(w, "ana", "Read", "INC-42").await;
        ana.clicks(&message(&ana, "You have created"), "Remind").await.unwrap();
        w.until("she is told when", async || {
            everything(&ana).contains("You can remind them in 1 hour.") || everything(&ana).contains("in 59 minutes.")
        })
        .await;
        w.after(Duration::from_secs(HOUR)).await;
        for _ in 0..3 {
            ana.clicks(&message(&ana, "You have created"), "Remind").await.unwrap();
        }
        w.settle().await;
        assert_eq!(reminders(&carla).len(), 1, "{:?}", reminders(&carla));
        let card = message(&carla, "Ana Alvarez asks for access");
        let thread: String = carla.thread(&card).iter().map(|m| m.text().to_owned() + "\n").collect();
        assert!(thread.contains("Ana Alvarez* asks for an answer"), "{thread}");
    });
}

#[test]
fn a_person_says_when_they_want_to_hear_of_it() {
    story(async |w| {
        let (carla, dan) = (w.person("carla"), w.person("dan"));
        at(w, Weekday::Mon, 19).await;
        asks(w, "ana", "Read", "INC-42").await;
        for (person, choice) in [(&carla, "In four hours"), (&dan, "Tomorrow morning")] {
            person
                .chooses_in(&message(person, "INC-42"), "more", "Remind me later…")
                .await
                .unwrap();
            w.until("a dialog opens", async || person.modal().is_some()).await;
            person.chooses("When?", choice).await.unwrap();
            person.submits().await.unwrap();
            w.settle().await;
        }
        w.after(Duration::from_secs(4 * HOUR + 60)).await;
        assert_eq!(
            (reminders(&carla).len(), reminders(&dan).len()),
            (1, 0),
            "at eleven at night, as she wanted"
        );
        at(w, Weekday::Tue, 9).await;
        w.after(Duration::from_secs(60)).await;
        assert_eq!(reminders(&dan).len(), 1);
        let on_record = "SELECT count(*) FROM audit WHERE event->>'type' = 'remind_later' AND request_id = 1";
        assert_eq!(w.count(on_record).await, 2);
    });
}

#[test]
fn two_replicas_remind_once_and_so_does_one_that_comes_back() {
    story(async |w| {
        let people = ["carla", "dan", "kofi"];
        at(w, Weekday::Mon, 10).await;
        asks(w, "ana", "Read", "INC-42").await;
        w.starts_c1().await;
        w.after(Duration::from_secs(DAY + 60)).await;
        for name in people {
            assert_eq!(reminders(&w.person(name)).len(), 1, "{name}");
        }
        // Both are away when the next one is due; it comes once, and only where it still matters.
        w.stops_c1().await;
        w.clock.advance(TimeDelta::days(3));
        w.slack.advance(Duration::from_secs(3 * DAY));
        w.starts_c1().await;
        w.starts_c1().await;
        w.settle().await;
        for name in people {
            assert_eq!(reminders(&w.person(name)).len(), 2, "{name}");
        }
    });
}

#[test]
fn a_reminder_that_no_longer_matters_is_not_sent() {
    story(async |w| {
        let (carla, dan) = (w.person("carla"), w.person("dan"));
        at(w, Weekday::Mon, 10).await;
        asks(w, "ana", "Read", "INC-42").await;
        // Slack takes no messages while the reminder is due; by the time it does, Carla has decided.
        let card = message(&carla, "INC-42");
        w.slack
            .faults()
            .times("chat.postMessage", simulator::Fault::RateLimited { retry_after: 2 }, 2);
        w.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(60));
        w.slack.advance(Duration::from_secs(DAY + 60));
        c1::db::jobs::wake();
        w.until("it is written down", async || {
            w.count("SELECT count(*) FROM notices WHERE kind = 'reminder'").await == 3
        })
        .await;
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(reminders(&dan).len() <= 1);
        let sent = w
            .count("SELECT count(*) FROM notices WHERE kind = 'reminder' AND ts IS NOT NULL")
            .await;
        assert!(sent < 3, "{sent} of 3 were sent");
    });
}

#[test]
fn a_request_that_begins_anew_is_reminded_of_anew() {
    story(async |w| {
        let (carla, dan) = (w.person("carla"), w.person("dan"));
        let rules = "[{ steps: [{ name: Owners, approvers: [entitlement_owners], quorum: 2 }] }]";
        w.policy_says("owner", rules).await;
        at(w, Weekday::Mon, 10).await;
        asks(w, "ana", "Read", "INC-42").await;
        let card = message(&carla, "INC-42");
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        let again = ["request", "restart", "1", "--as", "erin", "--reason", "wrong table"];
        let (said, well) = prints(w, &again);
        assert!(well, "{said}");
        w.settle().await;
        w.after(Duration::from_secs(DAY + 60)).await;
        assert_eq!((reminders(&carla).len(), reminders(&dan).len()), (1, 1));
    });
}
