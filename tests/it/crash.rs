//! `kill -9` in the middle, and a restart that finishes what was begun.

use crate::harness::{Process, ana_asks_the_owners, everything, form, message, story, thread};
use std::time::Duration;

#[test]
fn whatever_moment_it_dies_everything_stands_there_once() {
    story(async |w| {
        w.stops_c1().await;
        let people = ["ana", "jun", "bob", "qin", "lena", "olga", "ivan", "noor"];
        let settings = w.settings();
        for (round, name) in people.iter().enumerate() {
            let process = Process::start(&settings);
            w.until("a socket is up", async || w.slack.sockets() > 0).await;
            let person = w.person(name);
            form("Figma", "Edit")
                .reason(format!("round {round}"))
                .filled_by(&person)
                .await;
            // It dies somewhere between the commit and the last message: a little later every round.
            let (outcome, ()) = tokio::join!(person.submits(), async {
                tokio::time::sleep(Duration::from_millis(2 + 3 * round as u64)).await;
            });
            process.dies();
            drop(outcome);
        }
        w.starts_c1().await;
        w.settle().await;
        let stored = w.count("SELECT count(*) FROM requests").await;
        let qin = w.person("qin");
        for (round, name) in people.iter().enumerate() {
            let reason = format!("round {round}");
            let mine = everything(&w.person(name)).matches("You have created").count();
            let asked = qin
                .dm()
                .iter()
                .filter(|m| m.text().contains(&reason) && !m.text().contains("You have created"))
                .count();
            assert!(mine <= 1 && asked <= 1, "{name}: {mine} confirmations, {asked} cards");
        }
        let confirmations: usize = people
            .iter()
            .map(|name| everything(&w.person(name)).matches("You have created").count())
            .sum();
        assert_eq!(
            i64::try_from(confirmations).unwrap(),
            stored,
            "each stored request is confirmed once"
        );
        assert!(stored > 0, "some were stored");
    });
}

#[test]
fn a_restart_finishes_what_was_approved() {
    story(async |w| {
        w.stops_c1().await;
        let settings = w.settings();
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        let process = Process::start(&settings);
        w.until("a socket is up", async || w.slack.sockets() > 0).await;
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        let card = message(&carla, "INC-42");
        let (clicked, ()) = tokio::join!(carla.clicks(&card, "Approve"), async {
            w.until("it is decided", async || {
                w.count("SELECT count(*) FROM decisions").await == 1
            })
            .await;
            process.dies();
        });
        drop(clicked);
        w.starts_c1().await;
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        assert!(message(&ana, "You have created").text().contains("I'm done"));
    });
}

#[test]
fn whatever_moment_it_dies_what_was_changed_says_so_everywhere() {
    story(async |w| {
        w.stops_c1().await;
        let settings = w.settings();
        let process = Process::start(&settings);
        w.until("a socket is up", async || w.slack.sockets() > 0).await;
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let card = message(&ana, "You have created");
        let mut process = Some(process);
        for round in 0..8_u64 {
            let kept = ana.replies(&card, &format!("first {round}")).await.unwrap();
            let gone = ana.replies(&card, &format!("slip {round}")).await.unwrap();
            // Every other time the copies are still on their way.
            if round % 2 == 0 {
                w.settle().await;
            }
            ana.edits(kept, &format!("second {round}")).await.unwrap();
            ana.deletes(gone).await.unwrap();
            // It dies somewhere between the edit and the last copy of it: a little later every round.
            tokio::time::sleep(Duration::from_millis(1 + 4 * round)).await;
            process.take().unwrap().dies();
            w.leases_run_out().await;
            process = Some(Process::start(&settings));
            w.until("a socket is up", async || w.slack.sockets() > 0).await;
        }
        w.settle().await;
        drop(process);
        w.leases_run_out().await;
        w.starts_c1().await;
        w.settle().await;
        let told = thread(&carla, "INC-42");
        for round in 0..8 {
            assert_eq!(told.matches(&format!("second {round}")).count(), 1, "{told}");
        }
        assert!(!told.contains("first") && !told.contains("slip"), "{told}");
    });
}
