//! What happens to open requests when the world changes under them: somebody leaves, an access is no longer offered, a
//! policy changes. Each has one outcome, and those concerned are told the cause.

use crate::harness::{World, everything, form, message, story};
use c1::catalog_files;
use simulator::{Person, ProfileChange};
use std::path::Path;

/// Applies the company's files, with one text in one of them replaced, and without `gone`.
async fn applies(w: &World, file: &str, from: &str, to: &str, gone: Option<&str>) {
    let dir = std::env::temp_dir().join(format!("c1-meanwhile-{}-{file}", std::process::id()));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/company"), &dir);
    let path = dir.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has {from}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
    if let Some(gone) = gone {
        std::fs::remove_file(dir.join(gone)).unwrap();
    }
    let proposal = catalog_files::propose(&w.system, &dir).await.unwrap();
    catalog_files::carry_out(&w.system, &proposal, "operator")
        .await
        .unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    c1::db::jobs::wake();
    w.settle().await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Everything a person has: cards, and what stands in the threads under them.
fn all(person: &Person) -> String {
    let threads = person.dm().into_iter().map(|card| {
        let thread = person.thread(&card);
        thread.iter().map(|m| m.text().to_owned() + "\n").collect::<String>()
    });
    threads.collect()
}

#[test]
fn a_request_closes_with_the_person_it_is_for_and_everyone_is_told() {
    story(async |w| {
        let (ana, bob, carla) = (w.person("ana"), w.person("bob"), w.person("carla"));
        form("Production database", "Read")
            .reason("INC-42")
            .subject("ana")
            .sent_by(&bob)
            .await;
        w.settle().await;
        ana.changes_profile(ProfileChange {
            deleted: Some(true),
            ..ProfileChange::default()
        })
        .await
        .unwrap();
        w.settle().await;
        for person in [&bob, &carla] {
            let text = all(person);
            assert!(
                text.contains("closed because the person is no longer active"),
                "{}: {text}",
                person.name()
            );
            assert!(
                !text.contains("[Approve]") && !text.contains("[Cancel request]"),
                "{text}"
            );
        }
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE state = 'closed'").await, 1);
        assert_eq!(w.count("SELECT count(*) FROM request_approvers").await, 0);
    });
}

#[test]
fn a_request_closes_with_the_access_it_asks_for_and_everyone_is_told() {
    story(async |w| {
        let (ana, qin) = (w.person("ana"), w.person("qin"));
        form("Figma", "Edit").reason("mock-ups").sent_by(&ana).await;
        w.settle().await;
        applies(w, "catalogs.yaml", "figma/*, ", "", None).await;
        assert!(
            message(&qin, "mock-ups").text().contains("[Approve]"),
            "what is only no longer shown is decided all the same"
        );
        applies(w, "catalogs.yaml", "figma/*, ", "", Some("apps/figma.yaml")).await;
        for person in [&ana, &qin] {
            let text = all(person);
            assert!(
                text.contains("closed because this access is no longer offered"),
                "{}: {text}",
                person.name()
            );
            assert!(!text.contains("[Approve]"), "{text}");
        }
    });
}

#[test]
fn a_plan_stays_as_it_was_made_and_says_so() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        // From now on it is the manager who decides.
        applies(
            w,
            "policies.yaml",
            "          approvers: [entitlement_owners]\n          reassign:",
            "          approvers: [manager]\n          fallback: [entitlement_owners]\n          reassign:",
            None,
        )
        .await;
        for person in [&ana, &carla, &dan] {
            let text = all(person);
            assert!(
                text.contains("This request goes on by the one it began with."),
                "{text}"
            );
        }
        assert_eq!(everything(&w.person("bob")), "", "Bob is not asked");
        carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);

        form("Production database", "Read").reason("again").sent_by(&dan).await;
        w.settle().await;
        let asked = everything(&w.person("kofi"));
        assert!(!asked.contains("again"), "a new one follows today's policy: {asked}");
    });
}
