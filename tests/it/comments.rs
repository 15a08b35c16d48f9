//! The conversation of a request.

use crate::harness::{ana_asks_the_owners, everything, form, message, story};
use simulator::{DeliveryFault, Fault, MessageSnapshot, Person};

/// What stands in the thread under a person's card, without the card.
fn thread(person: &Person, words: &str) -> Vec<String> {
    let card = person
        .dm()
        .into_iter()
        .find(|m| m.text().contains(words))
        .unwrap_or_else(|| panic!("{}", everything(person)));
    person
        .thread(&card)
        .iter()
        .skip(1)
        .map(|message: &MessageSnapshot| message.text().to_owned())
        .collect()
}

#[test]
fn a_comment_reaches_the_other_threads_once_and_in_order() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        let (of_ana, of_carla) = (message(&ana, "You have created"), message(&carla, "INC-42"));
        // People take their time; what comes in the same instant has no order even in Slack.
        ana.replies(&of_ana, "it is about *invoice 7*").await.unwrap();
        w.settle().await;
        carla.replies(&of_carla, "which table?").await.unwrap();
        w.settle().await;
        ana.replies(&of_ana, "`payments`").await.unwrap();
        w.settle().await;
        let seen = thread(&dan, "INC-42").join("\n");
        let places: Vec<usize> = ["invoice 7", "which table?", "payments"]
            .iter()
            .map(|words| seen.find(words).unwrap_or_else(|| panic!("{seen}")))
            .collect();
        assert!(places.is_sorted(), "in order: {seen}");
        assert!(
            seen.contains("Ana Alvarez") && seen.contains("Carla Conti"),
            "under the author's name: {seen}"
        );
        let hers = thread(&ana, "You have created").join("\n");
        assert_eq!(
            hers.matches("invoice 7").count(),
            1,
            "her own words are not repeated to her: {hers}"
        );
        assert_eq!(hers.matches("which table?").count(), 1);
        assert_eq!(
            w.count("SELECT count(*) FROM comments WHERE author_id IS NOT NULL")
                .await,
            3
        );
    });
}

#[test]
fn a_late_approvers_thread_begins_with_the_story_so_far() {
    story(async |w| {
        let (jun, bob, carla) = (w.person("jun"), w.person("bob"), w.person("carla"));
        form("GitHub", "payments / Admin")
            .reason("release day")
            .sent_by(&jun)
            .await;
        w.settle().await;
        jun.replies(&message(&jun, "You have created"), "only until tonight")
            .await
            .unwrap();
        w.settle().await;
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        let seen = thread(&carla, "release day").join("\n");
        assert!(
            seen.contains("only until tonight") && seen.contains("Bob Brandt"),
            "{seen}"
        );
    });
}

#[test]
fn the_same_message_counts_once_however_often_it_comes() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        let card = message(&ana, "You have created");
        w.slack.faults().delivery(DeliveryFault::DuplicateNext {
            with_retry_headers: true,
        });
        ana.replies(&card, "one").await.unwrap();
        w.settle().await;
        w.slack.faults().delivery(DeliveryFault::DuplicateNext {
            with_retry_headers: false,
        });
        ana.replies(&card, "two").await.unwrap();
        w.settle().await;
        w.slack.faults().delivery(DeliveryFault::TwoEventIdsNext);
        ana.replies(&card, "three").await.unwrap();
        w.settle().await;
        let seen = thread(&carla, "INC-42").join("\n");
        for words in ["one", "two", "three"] {
            assert_eq!(seen.matches(words).count(), 1, "{seen}");
        }
    });
}

#[test]
fn files_are_named_and_pings_are_harmless() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        let card = message(&ana, "You have created");
        ana.shares_file(card.channel(), Some(&card.reference()), "plan.pdf", 2_000)
            .await
            .unwrap();
        ana.replies(&card, "@channel @here <!everyone> look at this")
            .await
            .unwrap();
        w.settle().await;
        let seen = thread(&carla, "INC-42").join("\n");
        assert!(
            seen.contains("plan.pdf") && seen.contains("@channel @here <!everyone> look"),
            "{seen}"
        );
        let card = message(&carla, "INC-42");
        for copy in carla.thread(&card) {
            // As words in a rich text it is nothing but words; as markup it would ring.
            assert!(!copy.raw_text().contains("<!"), "{}", copy.raw_text());
            let json = copy.json().to_string();
            assert!(!json.contains(r#""type":"broadcast""#), "{json}");
        }
    });
}

#[test]
fn a_comment_on_a_closed_request_is_kept_and_shown() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        ana.clicks(&message(&ana, "You have created"), "Cancel request")
            .await
            .unwrap();
        w.settle().await;
        ana.replies(&message(&ana, "You have created"), "found another way")
            .await
            .unwrap();
        w.settle().await;
        assert!(thread(&carla, "INC-42").join("\n").contains("found another way"));
    });
}

#[test]
fn words_outside_the_threads_are_nobodys_comment() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let ana = w.person("ana");
        let dm = message(&ana, "You have created").channel().to_owned();
        ana.says(&dm, "hello?").await.unwrap();
        ana.says("general", "hello?").await.unwrap();
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM comments WHERE author_id IS NOT NULL")
                .await,
            0
        );
    });
}

#[test]
fn what_is_said_while_a_card_is_being_posted_reaches_its_thread() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let (jun, carla, dan) = (w.person("jun"), w.person("carla"), w.person("dan"));
        let dm = message(&dan, "INC-42").channel().to_owned();
        w.slack
            .faults()
            .until_cleared_where("chat.postMessage", "channel", &dm, Fault::Slow { millis: 700 });
        form("Production database", "Read").reason("INC-43").sent_by(&jun).await;
        w.until("Carla is asked, and Dan's card is on its way", async || {
            everything(&carla).contains("INC-43") && w.count("SELECT count(*) FROM cards WHERE posting").await == 1
        })
        .await;
        carla
            .replies(&message(&carla, "INC-43"), "for how long?")
            .await
            .unwrap();
        w.until("the thread was looked at before its card stood there", async || {
            w.count("SELECT count(*) FROM jobs WHERE name = 'sync_thread' AND snoozes > 0 AND lane IN (SELECT 'sync_thread:' || id FROM cards WHERE ts IS NULL)")
                .await
                > 0
                || w.count("SELECT count(*) FROM cards WHERE ts IS NULL").await == 0
        })
        .await;
        w.slack.faults().clear();
        w.settle().await;
        let told = thread(&dan, "INC-43").join("\n");
        assert_eq!(told.matches("for how long?").count(), 1, "{told}");
    });
}
