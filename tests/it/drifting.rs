//! What stands in Slack is taken away, changed by others, or never heard of; and is put right.

use crate::harness::{Transport, World, ana_asks_the_owners, everything, message, over, story};
use c1::domain::{
    comment::{Said, Visibility},
    words::Words,
};
use simulator::{DeliveryFault, Person};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// What stands under the one card that says these words, without the card.
fn replies(person: &Person, words: &str) -> Vec<String> {
    let thread = person.thread(&message(person, words));
    thread.iter().skip(1).map(|m| m.text().to_owned()).collect()
}

fn loses_events(w: &World) {
    w.slack.faults().delivery(DeliveryFault::LoseEvents);
}

async fn hears_events(w: &World) {
    w.settle().await;
    w.slack.faults().delivery(DeliveryFault::TellEvents);
    w.settle().await;
}

#[test]
fn a_card_that_is_taken_away_comes_back_at_once() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        w.slack.removes(&message(&carla, "INC-42").reference());
        w.settle().await;
        carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
        w.settle().await;
        // Her own as well, also when nothing is left to do in it; and with its thread, where a stump stays.
        w.slack.removes(&message(&ana, "You have created").reference());
        w.settle().await;
        let thread = replies(&ana, "You have created").join("\n");
        assert!(thread.contains("*Carla Conti* approved"), "{thread}");
        // What asked her once and asks nothing any more is not worth a new message.
        w.slack.removes(&message(&carla, "INC-42").reference());
        w.settle().await;
        let left = everything(&carla);
        assert!(!left.contains("INC-42"), "{left}");
    });
}

#[test]
fn a_card_that_somebody_else_wrote_into_says_again_what_it_should() {
    story(async |w| {
        let (_, carla, _) = ana_asks_the_owners(w).await;
        let card = message(&carla, "INC-42");
        w.slack
            .rewrites(&card.reference(), &w.person("erin"), "Nothing to see here");
        w.settle().await;
        assert_eq!(message(&carla, "INC-42").text(), card.text());
    });
}

#[test]
fn what_nobody_heard_of_is_found_within_the_hour() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let dan = w.person("dan");
        carla
            .replies(&message(&carla, "INC-42"), "for how long?")
            .await
            .unwrap();
        w.settle().await;
        let (hers, his) = (message(&carla, "INC-42"), message(&dan, "INC-42"));
        let copied = ana.thread(&message(&ana, "You have created")).pop().unwrap();
        let told = dan.thread(&his).pop().unwrap();
        loses_events(w);
        w.slack.removes(&hers.reference());
        w.slack
            .rewrites(&his.reference(), &w.person("erin"), "Nothing to see here");
        w.slack.removes(&copied.reference());
        w.slack.rewrites(&told.reference(), &w.person("erin"), "forever!");
        ana.replies(&message(&ana, "You have created"), "an hour will do")
            .await
            .unwrap();
        hears_events(w).await;
        assert!(!everything(&dan).contains("INC-42"), "nobody has told us");
        w.after(HOUR).await;

        assert_eq!(message(&dan, "INC-42").text(), his.text());
        assert!(message(&carla, "INC-42").text().contains("[Approve]"));
        let at_dans = replies(&dan, "INC-42").join("\n");
        assert!(
            at_dans.contains("for how long?") && !at_dans.contains("forever!"),
            "{at_dans}"
        );
        for person in [&carla, &dan] {
            let thread = replies(person, "INC-42").join("\n");
            assert_eq!(
                thread.matches("an hour will do").count(),
                1,
                "{}: {thread}",
                person.name()
            );
        }
        let at_anas = replies(&ana, "You have created").join("\n");
        assert_eq!(at_anas.matches("for how long?").count(), 1, "{at_anas}");
        assert!(at_anas.contains("it had disappeared from this thread"), "{at_anas}");
        let before = everything(&carla) + &everything(&dan) + &at_anas;
        let calls = w.slack.calls().len();
        w.after(HOUR).await;
        let after = everything(&carla) + &everything(&dan) + &replies(&ana, "You have created").join("\n");
        assert_eq!(before, after, "once is enough");
        let changed: Vec<_> = w.slack.calls().split_off(calls);
        let changed: Vec<_> = changed.iter().filter(|call| call.method.starts_with("chat.")).collect();
        assert!(changed.is_empty(), "{changed:?}");
    });
}

#[test]
fn a_copy_of_a_comment_that_is_touched_is_put_right_at_once() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        for words in ["one", "two"] {
            carla.replies(&message(&carla, "INC-42"), words).await.unwrap();
            w.settle().await;
        }
        let copies = ana.thread(&message(&ana, "You have created"));
        let copy = |words: &str| copies.iter().find(|m| m.text().contains(words)).unwrap().reference();
        w.slack.rewrites(&copy("one"), &w.person("erin"), "three");
        w.slack.removes(&copy("two"));
        w.settle().await;
        let thread = replies(&ana, "You have created");
        let [one, two] = &thread[..] else { panic!("{thread:?}") };
        assert!(one.starts_with("*Carla Conti*\none\n· "), "{one}");
        assert!(
            two.starts_with("*Carla Conti*\ntwo\n· ")
                && two.ends_with("it had disappeared from this thread and was put back"),
            "{two}"
        );
    });
}

#[test]
fn what_was_said_while_c1_was_away_is_heard_when_it_is_back() {
    over(Transport::Http, async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        w.stops_c1().await;
        let card = message(&carla, "INC-42");
        carla.replies(&card, "which table?").await.unwrap();
        carla.replies(&card, "and why at night?").await.unwrap();
        // Slack tries a few times, and gives up.
        w.until("nothing is on its way", async || w.slack.is_idle()).await;
        w.starts_c1().await;
        w.settle().await;
        let thread = replies(&ana, "You have created").join("\n");
        let (one, two) = (thread.find("which table?"), thread.find("and why at night?"));
        assert!(one.is_some() && one < two, "{thread}");
        assert_eq!(
            w.count("SELECT count(*) FROM comments WHERE author_id IS NOT NULL")
                .await,
            2
        );
    });
}

#[test]
fn what_was_changed_and_taken_back_while_c1_was_away_follows() {
    over(Transport::Http, async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let card = message(&carla, "INC-42");
        let one = carla.replies(&card, "which table?").await.unwrap();
        let two = carla.replies(&card, "never mind").await.unwrap();
        w.settle().await;
        w.stops_c1().await;
        carla.edits(one, "which tables?").await.unwrap();
        carla.deletes(two).await.unwrap();
        w.until("nothing is on its way", async || w.slack.is_idle()).await;
        w.starts_c1().await;
        w.settle().await;
        let thread = replies(&ana, "You have created").join("\n");
        assert!(thread.contains("which tables?"), "{thread}");
        assert!(!thread.contains("never mind"), "{thread}");
        let heard = "SELECT count(*) FROM audit WHERE event->>'type' IN ('comment_edited', 'comment_deleted')";
        assert_eq!(w.count(heard).await, 2);
        // However often it is looked at.
        w.after(HOUR).await;
        assert_eq!(w.count(heard).await, 2);
    });
}

#[test]
fn a_conversation_that_was_closed_is_opened_anew() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        carla
            .replies(&message(&carla, "INC-42"), "for how long?")
            .await
            .unwrap();
        w.settle().await;
        for person in [&ana, &carla] {
            w.slack.closes_dm(person);
        }
        assert!(everything(&ana).is_empty());
        let dan = w.person("dan");
        dan.replies(&message(&dan, "INC-42"), "I can do it").await.unwrap();
        w.settle().await;
        // Whoever needs it first finds out; the rest follows within the hour.
        w.after(HOUR).await;
        assert!(message(&carla, "INC-42").text().contains("[Approve]"));
        for (person, words) in [(&ana, "You have created"), (&carla, "INC-42")] {
            let thread = replies(person, words).join("\n");
            assert_eq!(thread.matches("I can do it").count(), 1, "{}: {thread}", person.name());
        }
        let thread = replies(&ana, "You have created").join("\n");
        assert_eq!(thread.matches("for how long?").count(), 1, "{thread}");
    });
}

async fn readyz(w: &World) -> (u16, String) {
    w.get("/readyz").await
}

#[test]
fn an_app_that_was_removed_waits_and_catches_up_when_it_is_back() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let dan = w.person("dan");
        assert_eq!(readyz(w).await.0, 200);
        w.slack.uninstalls_app();
        w.until("readiness says it", async || {
            let (status, said) = readyz(w).await;
            status == 503 && said.contains("account_inactive")
        })
        .await;
        // Nobody tells c1 what happens meanwhile; and what it does, it cannot show.
        w.slack.removes(&message(&carla, "INC-42").reference());
        dan.replies(&message(&dan, "INC-42"), "by hand, then").await.unwrap();
        let id = c1::domain::ids::RequestId(w.count("SELECT max(id) FROM requests").await);
        let comment = c1::usecases::comment::Comment {
            request: id,
            said: Said {
                words: Words::typed("said elsewhere"),
                files: Vec::new(),
            },
            visibility: Visibility::Everyone,
            at: None,
            once: None,
        };
        let carla_is = c1::domain::ids::PersonId(w.count("SELECT id FROM people WHERE key = 'carla'").await);
        c1::usecases::comment::comment(&w.system, c1::usecases::Actor::slack(carla_is), comment)
            .await
            .unwrap();
        w.until("jobs wait", async || {
            w.count("SELECT count(*) FROM jobs WHERE snoozes > 0").await > 0
        })
        .await;
        assert_eq!(w.count("SELECT count(*) FROM jobs WHERE state = 'dead'").await, 0);
        w.slack.installs_app();
        w.until("it is ready again", async || readyz(w).await.0 == 200).await;
        w.settle().await;
        let thread = replies(&ana, "You have created").join("\n");
        for said in ["by hand, then", "said elsewhere"] {
            assert_eq!(thread.matches(said).count(), 1, "{thread}");
        }
        assert!(message(&carla, "INC-42").text().contains("[Approve]"));
    });
}

#[test]
fn a_token_that_was_revoked_and_replaced_loses_nothing() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let card = message(&carla, "INC-42");
        w.slack.replaces_bot_token();
        // A click still comes in, and counts; what it leads to is shown later.
        carla.clicks(&card, "Approve").await.unwrap();
        w.until("readiness says it", async || {
            readyz(w).await.1.contains("token_revoked")
        })
        .await;
        assert!(message(&carla, "INC-42").text().contains("[Approve]"));
        w.stops_c1().await;
        w.starts_c1().await;
        w.settle().await;
        assert!(!message(&carla, "INC-42").text().contains("[Approve]"));
        assert!(replies(&ana, "You have created").join("\n").contains("Access granted"));
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 1);
    });
}
