//! `/c1 approvals`: several decisions at once, each by its own rules.

use crate::harness::{World, everything, form, story};
use simulator::{Person, SubmitOutcome};

async fn opens(w: &World, person: &Person) {
    person.runs("general", "/c1 approvals").await.unwrap();
    w.until("the list opens", async || person.modal().is_some()).await;
}

/// Ticks a request in the list, by its number.
async fn ticks(w: &World, person: &Person, request: i64) {
    let modal = person.modal().unwrap();
    let blocks = modal.json()["blocks"].as_array().unwrap().clone();
    let block = blocks
        .iter()
        .find(|block| block["block_id"] == format!("tick:{request}"))
        .unwrap_or_else(|| panic!("#{request} is in the list: {}", modal.text()));
    let tick = block["accessory"]["options"][0].clone();
    let view_id = modal.json()["id"].as_str().unwrap().to_owned();
    let fields = [("selected_options".to_owned(), serde_json::json!([tick]))];
    person
        .acts(
            simulator::Container::View { view_id },
            &format!("tick:{request}"),
            "bulk_tick",
            fields.into_iter().collect(),
            None,
        )
        .await
        .unwrap();
    w.settle().await;
}

async fn decides(person: &Person, verdict: &str, reason: &str) -> String {
    person.chooses("What do you decide?", verdict).await.unwrap();
    person.types("Your reason, for all of them", reason).await.unwrap();
    match person.submits().await.unwrap() {
        SubmitOutcome::Updated => person.modal().unwrap().text().to_owned(),
        SubmitOutcome::Errors(errors) => errors.values().cloned().collect::<Vec<_>>().join(" | "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn several_are_decided_with_one_reason_and_each_by_its_own_rules() {
    story(async |w| {
        let (carla, dan) = (w.person("carla"), w.person("dan"));
        for (who, access, reason) in [
            ("ana", "Read", "one"),
            ("jun", "Read", "two"),
            ("ana", "Write", "three"),
        ] {
            form("Production database", access)
                .reason(reason.to_owned())
                .sent_by(&w.person(who))
                .await;
            w.settle().await;
        }
        opens(w, &carla).await;
        let list = carla.modal().unwrap().text().to_owned();
        for words in [
            "@Ana Alvarez asks for *Production database / Read* · 4 hours",
            "“one”",
            "#3 · waiting for",
        ] {
            assert!(list.contains(words), "{words} in {list}");
        }
        let nothing = decides(&carla, "Approve what is ticked", "").await;
        assert_eq!(nothing, "Please tick what you decide.");

        for request in [1, 2, 3] {
            ticks(w, &carla, request).await;
        }
        // Dan is quicker with the first; the third needs a reason.
        let card = dan
            .dm()
            .into_iter()
            .find(|m| m.text().contains("> one") && m.text().contains("[Approve]"))
            .unwrap();
        dan.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        let said = decides(&carla, "Approve what is ticked", "").await;
        assert!(said.contains("✅ One request approved."), "{said}");
        assert!(
            said.contains("#1: This step is already approved by Dan Dube."),
            "{said}"
        );
        assert!(said.contains("#3: Please give a reason."), "{said}");
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "jun").await);
        assert!(!everything(&dan).contains("> two\n[Approve]"));
    });
}

#[test]
fn all_that_is_ticked_is_denied_for_one_reason() {
    story(async |w| {
        let (ana, jun, carla) = (w.person("ana"), w.person("jun"), w.person("carla"));
        for person in [&ana, &jun] {
            form("Production database", "Read").sent_by(person).await;
            w.settle().await;
        }
        opens(w, &carla).await;
        ticks(w, &carla, 1).await;
        ticks(w, &carla, 2).await;
        let said = decides(&carla, "Deny what is ticked", "use the replica").await;
        assert!(said.contains("✅ 2 requests denied."), "{said}");
        w.settle().await;
        for person in [&ana, &jun] {
            assert!(everything(person).contains("use the replica"), "{}", everything(person));
        }
        let nothing = carla.runs("general", "/c1 approvals").await.unwrap();
        assert!(nothing.text().contains("Nothing waits for you"), "{}", nothing.text());
    });
}
