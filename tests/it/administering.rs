//! What administrators of requests do outside the plan, in Slack and on the command line.

use crate::harness::{World, everything, form, message, story};
use c1::cli::request::Request;
use clap::Parser;
use simulator::{Person, SubmitOutcome};

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    request: Request,
}

/// `c1 request …`, as the operator types it.
async fn types(w: &World, words: &[&str]) -> Result<String, String> {
    let line = Line::try_parse_from(std::iter::once("request").chain(words.iter().copied())).unwrap();
    let said = line.request.with(&w.system).await.map_err(|error| format!("{error:#}"));
    c1::db::jobs::wake();
    w.settle().await;
    said
}

async fn asks(w: &World) {
    form("Production database", "Write")
        .reason("fix the ledger")
        .sent_by(&w.person("ana"))
        .await;
    w.settle().await;
}

/// `/c1 show 1`, "Administer…".
async fn administers(w: &World, person: &Person) {
    let shown = person.runs("general", "/c1 show 1").await.unwrap();
    let card = shown.ephemeral.clone().expect("the card, for them alone");
    person.clicks(&card, "Administer…").await.unwrap();
    w.until("a dialog opens", async || person.modal().is_some()).await;
}

#[test]
fn a_step_is_skipped_and_nobody_takes_it_for_an_approval() {
    story(async |w| {
        let (ana, carla, erin) = (w.person("ana"), w.person("carla"), w.person("erin"));
        asks(w).await;
        administers(w, &erin).await;
        erin.chooses("What is to be done?", "Skip the step that is open")
            .await
            .unwrap();
        erin.types("Why?", "the owners are on a plane").await.unwrap();
        assert!(matches!(erin.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert!(w.target_has("prod-db", "write", "ana").await);
        let mine = message(&ana, "You have created");
        assert!(
            mine.text()
                .contains("skipped by administrator @Erin Eze: _“the owners are on a plane”_"),
            "{}",
            mine.text()
        );
        for text in [everything(&ana), everything(&carla)] {
            assert!(
                !text.to_lowercase().contains("approved"),
                "nothing looks like an approval: {text}"
            );
            assert!(!text.contains("[Approve]"), "{text}");
        }
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 0);
    });
}

#[test]
fn it_begins_anew_by_todays_policy_and_old_approvals_count_no_more() {
    story(async |w| {
        let (carla, dan, kofi) = (w.person("carla"), w.person("dan"), w.person("kofi"));
        asks(w).await;
        let card = message(&carla, "fix the ledger");
        carla.types_in(&card, "decision_reason", "fine").await.unwrap();
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        let list = dan.runs("general", "/c1 approvals list").await.unwrap();
        let stale = list.ephemeral.clone().expect("an answer only he sees");
        let said = types(w, &["restart", "1", "--as", "erin", "--reason", "wrong ticket"]).await;
        assert_eq!(said.as_deref(), Ok("Request #1 begins anew."));
        let again = message(&carla, "fix the ledger");
        assert!(again.text().contains("[Approve]"), "{}", again.text());
        assert!(
            !message(&dan, "fix the ledger").text().contains("approved by"),
            "what was approved is no more"
        );
        dan.clicks(&stale, "Deny").await.unwrap();
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM decisions").await,
            1,
            "old buttons are dead"
        );
        for person in [&carla, &kofi] {
            let card = message(person, "fix the ledger");
            person.types_in(&card, "decision_reason", "still fine").await.unwrap();
            person.clicks(&card, "Approve").await.unwrap();
            w.settle().await;
        }
        assert!(w.target_has("prod-db", "write", "ana").await);
        assert_eq!(
            w.count("SELECT count(*) FROM decisions").await,
            3,
            "and all of them are kept"
        );
    });
}

#[test]
fn the_operator_cancels_skips_and_reassigns_with_a_reason() {
    story(async |w| {
        let (ana, frank) = (w.person("ana"), w.person("frank"));
        form("Figma", "Edit").reason("mock-ups").sent_by(&ana).await;
        w.settle().await;
        let no = types(w, &["cancel", "#1", "--as", "hana", "--reason", "no"]).await;
        assert_eq!(
            no.unwrap_err(),
            "Only an administrator of requests can do this.",
            "app admins look after apps"
        );
        let no = types(w, &["cancel", "1", "--as", "erin", "--reason", " "]).await;
        assert_eq!(no.unwrap_err(), "Please give a reason.");
        let no = types(w, &["reassign", "1", "--to", "ana", "--as", "erin", "--reason", "x"]).await;
        assert!(no.unwrap_err().contains("cannot decide about their own access"));
        let no = types(w, &["skip", "1", "--step", "2", "--as", "erin", "--reason", "x"]).await;
        assert!(no.unwrap_err().contains("has changed since you saw it"));
        let yes = types(
            w,
            &[
                "reassign",
                "1",
                "--to",
                "frank",
                "--as",
                "erin",
                "--reason",
                "Qin is ill",
            ],
        )
        .await;
        assert_eq!(yes.as_deref(), Ok("Request #1 is in other hands."));
        assert!(message(&frank, "mock-ups").text().contains("[Approve]"));
        assert!(!everything(&w.person("qin")).contains("[Approve]"));
        let mine = message(&ana, "You have created");
        assert!(
            mine.text()
                .contains("Reassigned by administrator @Erin Eze from @Qin Qiao to @Frank Fischer: _“Qin is ill”_"),
            "{}",
            mine.text()
        );
        let yes = types(w, &["cancel", "1", "--as", "erin", "--reason", "a duplicate"]).await;
        assert_eq!(yes.as_deref(), Ok("Request #1 is cancelled."));
        let mine = message(&ana, "You have created");
        assert!(
            mine.text().contains("Cancelled by administrator @Erin Eze") && mine.text().contains("a duplicate"),
            "{}",
            mine.text()
        );
        assert!(!everything(&frank).contains("[Approve]"));
        let no = types(w, &["restart", "1", "--as", "erin", "--reason", "x"]).await;
        assert_eq!(
            no.unwrap_err(),
            "This request is already cancelled by administrator Erin Eze."
        );
    });
}

#[test]
fn nobody_administers_their_own_request() {
    story(async |w| {
        let erin = w.person("erin");
        form("Figma", "Edit").reason("mock-ups").sent_by(&erin).await;
        w.settle().await;
        let shown = erin.runs("general", "/c1 show 1").await.unwrap();
        assert!(!shown.text().contains("Administer…"), "{}", shown.text());
        for verb in ["cancel", "restart", "skip"] {
            let no = types(w, &[verb, "1", "--as", "erin", "--reason", "it is mine"]).await;
            assert!(no.unwrap_err().contains("a request of your own"), "{verb}");
        }
    });
}
