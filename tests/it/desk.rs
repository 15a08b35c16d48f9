//! What approvers do beside deciding: on it, reassigned, made shorter, asked back.

use crate::harness::{World, everything, form, message, story};
use simulator::{Person, ProfileChange, SubmitOutcome};

/// Opens the menu at Approve and Deny and chooses something.
async fn picks(person: &Person, words: &str, choice: &str) {
    let card = message(person, words);
    person.chooses_in(&card, "more", choice).await.unwrap();
}

/// The same, and waits for the dialog behind it.
async fn opens(w: &World, person: &Person, words: &str, choice: &str) {
    picks(person, words, choice).await;
    w.until("a dialog opens", async || person.modal().is_some()).await;
}

fn refused(outcome: &SubmitOutcome) -> String {
    match outcome {
        SubmitOutcome::Errors(errors) => errors.values().cloned().collect::<Vec<_>>().join(" | "),
        other => panic!("it was not refused: {other:?}"),
    }
}

async fn asks_for_read(w: &World, reason: &str) {
    form("Production database", "Read")
        .reason(reason.to_owned())
        .sent_by(&w.person("ana"))
        .await;
    w.settle().await;
}

#[test]
fn whoever_is_on_it_is_shown_everywhere_and_anybody_may_still_decide() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        asks_for_read(w, "INC-42").await;
        picks(&carla, "INC-42", "I'm on it").await;
        w.settle().await;
        let of_carla = message(&carla, "INC-42");
        assert!(of_carla.text().contains("You are on it until"), "{}", of_carla.text());
        for person in [&ana, &dan] {
            let card = message(person, "INC-42");
            assert!(card.text().contains("Carla Conti is on it until"), "{}", card.text());
        }
        let of_dan = message(&dan, "INC-42");
        assert!(!of_dan.text().contains("I'm on it"), "one is enough: {}", of_dan.text());

        picks(&carla, "INC-42", "I'm not on it any more").await;
        w.settle().await;
        assert!(!message(&ana, "INC-42").text().contains("on it"));

        // It lapses by itself.
        picks(&dan, "INC-42", "I'm on it").await;
        w.settle().await;
        assert!(message(&carla, "INC-42").text().contains("Dan Dube is on it until"));
        w.after(std::time::Duration::from_secs(2 * 3_600 + 1)).await;
        assert!(!message(&carla, "INC-42").text().contains("on it until"));

        picks(&dan, "INC-42", "I'm on it").await;
        w.settle().await;
        carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn two_who_take_it_on_at_once_are_one_and_the_other_is_told() {
    story(async |w| {
        let (carla, dan) = (w.person("carla"), w.person("dan"));
        asks_for_read(w, "INC-42").await;
        let (of_carla, of_dan) = (message(&carla, "INC-42"), message(&dan, "INC-42"));
        let (one, other) = tokio::join!(
            carla.chooses_in(&of_carla, "more", "I'm on it"),
            dan.chooses_in(&of_dan, "more", "I'm on it")
        );
        one.unwrap();
        other.unwrap();
        w.settle().await;
        w.until("the other is told", async || {
            [&carla, &dan]
                .iter()
                .any(|person| everything(person).contains("is already on it. You may still decide"))
        })
        .await;
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event ->> 'type' = 'claimed'")
                .await,
            1
        );
    });
}

#[test]
fn a_place_is_given_away_and_comes_back_when_its_holder_leaves() {
    story(async |w| {
        let (ana, carla, dan, milan) = (w.person("ana"), w.person("carla"), w.person("dan"), w.person("milan"));
        asks_for_read(w, "INC-42").await;
        opens(w, &carla, "INC-42", "Reassign…").await;
        let offered = carla.searches("To whom?", "").await.unwrap();
        let offered: Vec<&str> = offered.iter().map(|choice| choice.text.as_str()).collect();
        assert_eq!(offered, ["Bob Brandt", "Erin Eze", "Milan Maric"]);
        carla.chooses("To whom?", "Milan Maric").await.unwrap();
        let outcome = carla.submits().await.unwrap();
        assert_eq!(refused(&outcome), "Please complete this required field.");
        carla.types("Why?", "on leave from tomorrow").await.unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;

        let of_carla = message(&carla, "INC-42");
        assert!(!of_carla.text().contains("[Approve]"), "{}", of_carla.text());
        assert!(
            of_carla.text().contains("You gave this to somebody else"),
            "{}",
            of_carla.text()
        );
        let of_milan = message(&milan, "INC-42");
        assert!(
            of_milan.text().contains("Why you: you have the place of *Carla Conti*"),
            "{}",
            of_milan.text()
        );
        let mine = message(&ana, "You have created");
        assert!(
            mine.text()
                .contains("Reassigned by @Carla Conti to @Milan Maric: _“on leave from tomorrow”_"),
            "{}",
            mine.text()
        );

        // Milan leaves: Carla is asked again, on the card she has.
        milan
            .changes_profile(ProfileChange {
                deleted: Some(true),
                ..ProfileChange::default()
            })
            .await
            .unwrap();
        w.settle().await;
        let of_carla = message(&carla, "INC-42");
        assert!(of_carla.text().contains("[Approve]"), "{}", of_carla.text());
        carla.clicks(&of_carla, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        assert!(!everything(&dan).contains("[Approve]"));
    });
}

#[test]
fn a_policy_that_says_nothing_lets_nobody_give_their_place_away() {
    story(async |w| {
        let (ana, bob) = (w.person("ana"), w.person("bob"));
        form("GitHub", "payments / Write").reason("release").sent_by(&ana).await;
        w.settle().await;
        let card = message(&bob, "release");
        assert!(!card.text().contains("Reassign"), "{}", card.text());
        assert!(card.text().contains("Make it shorter…"), "{}", card.text());
    });
}

#[test]
fn it_is_made_shorter_and_older_cards_do_not_count() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        form("Production database", "Write")
            .reason("fix the ledger")
            .custom("4h")
            .sent_by(&ana)
            .await;
        w.settle().await;
        // Dan's list stands in front of him meanwhile.
        let list = dan.runs("general", "/c1 approvals list").await.unwrap();
        let stale = list.ephemeral.clone().expect("an answer only he sees");

        opens(w, &carla, "fix the ledger", "Make it shorter…").await;
        carla.types("Or exactly", "5h").await.unwrap();
        let outcome = carla.submits().await.unwrap();
        assert_eq!(refused(&outcome), "It can only be made shorter than 4 hours.");
        carla.types("Or exactly", "soon").await.unwrap();
        let outcome = carla.submits().await.unwrap();
        assert!(refused(&outcome).contains("is not a length"), "{outcome:?}");
        carla.types("Or exactly", "45m").await.unwrap();
        carla.types("Why?", "it is one statement").await.unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        for person in [&ana, &carla, &dan] {
            let card = message(person, "fix the ledger");
            assert!(
                card.text()
                    .contains("45 minutes, shortened from 4 hours by @Carla Conti"),
                "{}",
                card.text()
            );
        }

        dan.clicks(&stale, "Approve").await.unwrap();
        w.until("he is told to look again", async || {
            dan.messages("general")
                .iter()
                .any(|m| m.text().contains("has changed since you saw it"))
        })
        .await;
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 0);
        for person in [&carla, &dan] {
            let card = message(person, "fix the ledger");
            person.types_in(&card, "decision_reason", "fine").await.unwrap();
            person.clicks(&card, "Approve").await.unwrap();
            w.settle().await;
        }
        assert!(w.target_has("prod-db", "write", "ana").await);
        w.after(std::time::Duration::from_secs(45 * 60 + 1)).await;
        assert!(
            !w.target_has("prod-db", "write", "ana").await,
            "it ends as it was approved"
        );
    });
}

#[test]
fn an_earlier_approval_stays_when_it_is_made_shorter() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        form("Production database", "Write")
            .reason("fix the ledger")
            .sent_by(&ana)
            .await;
        w.settle().await;
        let card = message(&dan, "fix the ledger");
        dan.types_in(&card, "decision_reason", "fine").await.unwrap();
        dan.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        opens(w, &carla, "fix the ledger", "Make it shorter…").await;
        carla.chooses("How long at most?", "30 minutes").await.unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        let mine = message(&ana, "You have created");
        let thread: String = ana.thread(&mine).iter().map(|m| m.text().to_owned() + "\n").collect();
        assert!(
            thread.contains("Approvals given before stay: it is less than what they approved."),
            "{thread}"
        );
        let card = message(&carla, "fix the ledger");
        carla.types_in(&card, "decision_reason", "fine").await.unwrap();
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "write", "ana").await);
    });
}

#[test]
fn a_question_stands_in_the_conversation_and_is_answered_there() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        asks_for_read(w, "INC-42").await;
        opens(w, &carla, "INC-42", "Ask Ana Alvarez…").await;
        carla
            .types("Your question to Ana Alvarez", "Which table? <b>orders</b>?")
            .await
            .unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        let notice = message(&ana, "has a question about request #1");
        assert!(
            notice.text().contains("Which table? <b>orders</b>?"),
            "{}",
            notice.text()
        );
        for person in [&ana, &carla, &dan] {
            let card = person
                .dm()
                .into_iter()
                .find(|m| m.text().contains("INC-42") && !m.text().contains("has a question"))
                .unwrap();
            let thread: String = person
                .thread(&card)
                .iter()
                .map(|m| m.text().to_owned() + "\n")
                .collect();
            assert_eq!(thread.matches("❓ Which table?").count(), 1, "{thread}");
        }
        let card = message(&ana, "You have created");
        ana.replies(&card, "orders, and nothing else").await.unwrap();
        w.settle().await;
        let of_carla = message(&carla, "INC-42");
        let thread: String = carla
            .thread(&of_carla)
            .iter()
            .map(|m| m.text().to_owned() + "\n")
            .collect();
        assert!(thread.contains("orders, and nothing else"), "{thread}");
    });
}
