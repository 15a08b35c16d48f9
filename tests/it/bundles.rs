//! A bundle: everything that is missing, asked for in one go and kept together on one card.

use crate::harness::{World, chooses, company, everything, form, message, story};
use simulator::{Person, SubmitOutcome};

/// The company, with a bundle for engineers.
async fn with_bundle(w: &World, more: &str) {
    let text = std::fs::read_to_string(company::folder().join("catalogs.yaml")).unwrap();
    let bundle = "
- key: new-engineer
  name: New engineer
  audience: [engineers]
  bundle: true
  entitlements: [github/access, github/payments-write, prod-db/read]
";
    w.files_say(&[("catalogs.yaml", &format!("{text}{bundle}{more}"))])
        .await;
}

async fn opens_the_bundle(person: &Person, w: &World) -> String {
    person.runs("general", "/c1 request").await.unwrap();
    w.until("the form is open", async || person.modal().is_some()).await;
    chooses(person, "Which app do you need?", "📦 New engineer").await;
    person.modal().unwrap().text().to_owned()
}

#[test]
fn what_is_missing_is_asked_for_in_one_go() {
    story(async |w| {
        with_bundle(w, "").await;
        let (ana, bob) = (w.person("ana"), w.person("bob"));
        form("GitHub", "Access").reason("before").sent_by(&ana).await;
        w.settle().await;

        let shown = opens_the_bundle(&ana, w).await;
        println!("{shown}");
        assert!(
            shown.contains("2 requests, one for each part that is missing"),
            "{shown}"
        );
        assert!(shown.contains("✅ *GitHub / Access* is there already"), "{shown}");
        assert!(
            shown.contains("➕ *GitHub / payments / Write*") && shown.contains("@Bob Brandt"),
            "{shown}"
        );
        assert!(!shown.contains("How long") && !shown.contains("emergency"), "{shown}");
        ana.types("Why do you need it?", "My first week").await.unwrap();
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE bundle_id IS NOT NULL")
                .await,
            2
        );

        let card = message(&ana, "You have asked for *New engineer*: 2 requests");
        println!("{}", card.text());
        assert!(card.text().contains("2 of 2 still open"), "{}", card.text());
        assert!(
            card.text().contains("⏳ #2 *GitHub / payments / Write*"),
            "{}",
            card.text()
        );
        everything(&ana);

        bob.clicks(&message(&bob, "My first week"), "Approve").await.unwrap();
        w.settle().await;
        let card = message(&ana, "You have asked for *New engineer*");
        assert!(
            card.text().contains("🟢 #2 *GitHub / payments / Write*"),
            "the part has moved on: {}",
            card.text()
        );
        assert!(card.text().contains("1 of 2 still open"), "{}", card.text());

        ana.clicks(&card, "Cancel the open request").await.unwrap();
        w.settle().await;
        let card = message(&ana, "You have asked for *New engineer*");
        println!("{}", card.text());
        assert!(card.text().contains("All of them are decided"), "{}", card.text());
        assert!(
            !card.text().contains("[Cancel"),
            "no live button is left: {}",
            card.text()
        );
        for name in ["carla", "dan"] {
            let text = everything(&w.person(name));
            assert!(!text.contains("[Approve]"), "{text}");
        }

        // The whole again: only what is missing.
        let shown = opens_the_bundle(&ana, w).await;
        assert!(shown.contains("1 request, for what is missing"), "{shown}");
        ana.closes().await.unwrap();
    });
}

#[test]
fn a_bundle_is_asked_for_others_by_those_who_may_and_seen_by_its_audience_alone() {
    story(async |w| {
        with_bundle(w, "").await;
        let (bob, ana, olga) = (w.person("bob"), w.person("ana"), w.person("olga"));
        olga.runs("general", "/c1 request").await.unwrap();
        w.until("the form is open", async || olga.modal().is_some()).await;
        let offered = olga.searches("Which app do you need?", "new eng").await.unwrap();
        assert!(offered.is_empty(), "{offered:?}");
        olga.closes().await.unwrap();

        opens_the_bundle(&bob, w).await;
        chooses(&bob, "Who needs access?", "Ana Alvarez").await;
        let shown = bob.modal().unwrap().text().to_owned();
        assert!(shown.contains("3 requests"), "all are missing to Ana: {shown}");
        assert!(shown.contains("@Grace Gao"), "not Bob, who asks: {shown}");
        bob.types("Why do you need it?", "Ana begins").await.unwrap();
        assert!(matches!(bob.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        let card = message(&bob, "You have asked for *New engineer* for @Ana Alvarez: 3 requests");
        assert!(card.text().contains("Ana begins"), "{}", card.text());
        assert!(
            w.target_has("github", "access", "ana").await,
            "what needs no approval works"
        );
        assert!(!everything(&ana).contains("📦"), "the card is for whoever asked");
    });
}

#[test]
fn nothing_is_asked_for_where_nothing_is_missing_or_a_part_cannot_be() {
    story(async |w| {
        with_bundle(
            w,
            "
- key: plain
  name: Plain
  everyone: true
  bundle: true
  entitlements: [github/access]
",
        )
        .await;
        let ana = w.person("ana");
        form("GitHub", "Access").reason("before").sent_by(&ana).await;
        w.settle().await;
        ana.runs("general", "/c1 request").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        chooses(&ana, "Which app do you need?", "📦 Plain").await;
        ana.types("Why do you need it?", "again").await.unwrap();
        match ana.submits().await.unwrap() {
            SubmitOutcome::Errors(errors) => {
                assert!(
                    errors
                        .values()
                        .any(|error| error.contains("Everything in “Plain” is there already")),
                    "{errors:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert!(ana.modal().unwrap().text().contains("again"), "what was typed stays");
        // Another choice in the same form is an ordinary request again.
        chooses(&ana, "Which app do you need?", "GitHub").await;
        chooses(&ana, "What access do you need?", "payments / Write").await;
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM bundles").await,
            0,
            "a refused one leaves nothing"
        );
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 2);
        everything(&ana);
        everything(&w.person("bob"));
    });
}

#[test]
fn the_same_submission_twice_asks_once() {
    story(async |w| {
        with_bundle(w, "").await;
        let ana = w.person("ana").id().to_owned();
        let db = &w.system.db;
        let wish = |origin: &str| c1::usecases::request_bundle::Wish {
            subject: None,
            catalog: c1::domain::ids::CatalogId(0),
            justification: "once".to_owned(),
            origin: Some(origin.to_owned()),
        };
        let person = c1::db::people::person_by_key(db, "ana").await.unwrap().unwrap().id;
        let offered = c1::db::bundles::offered_to(db, person, "", 10).await.unwrap();
        let wish = |origin: &str| c1::usecases::request_bundle::Wish {
            catalog: offered[0].id,
            ..wish(origin)
        };
        let actor = c1::usecases::Actor::slack(person);
        let (one, two) = futures::join!(
            c1::usecases::request_bundle::request_bundle(&w.system, actor, wish("x")),
            c1::usecases::request_bundle::request_bundle(&w.system, actor, wish("x")),
        );
        assert_eq!(one.unwrap(), two.unwrap());
        assert_eq!(w.count("SELECT count(*) FROM bundles").await, 1);
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 3);
        c1::db::jobs::notify(db).await.unwrap();
        w.settle().await;
        assert!(!ana.is_empty());
        for name in ["ana", "bob", "carla", "dan", "kofi"] {
            everything(&w.person(name));
        }
    });
}
