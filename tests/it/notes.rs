//! Notes among approvers: chosen before they are sent, and never seen by those whose access it is.

use crate::harness::{
    Transport, World, ana_asks_the_owners, everything, form, message, over, prints, story, thread, types,
};
use c1::{
    db,
    domain::{ids::RequestId, person::Person as Known},
    usecases::queries::{audit, conversation::conversation},
};
use simulator::{DeliveryFault, Person, SubmitOutcome};
use std::time::Duration;

async fn known(w: &World, key: &str) -> Known {
    db::people::person_by_key(&w.system.db, key).await.unwrap().unwrap()
}

/// Everything that one person can see anywhere says nothing of it.
async fn sees_nothing_of(w: &World, person: &Person, key: &str, words: &str) {
    let mut all = everything(person);
    for card in person.dm() {
        all.extend(person.thread(&card).iter().map(|m| m.json().to_string()));
    }
    all.extend(person.home().map(|home| home.text().to_owned()));
    assert!(!all.contains(words), "{all}");
    let known = known(w, key).await;
    let page = conversation(&w.system, RequestId(1), &known).await.unwrap().unwrap();
    assert!(page.entries.iter().all(|entry| !entry.note));
    let reads = c1::usecases::authorize::Reads::Comments;
    let trail = audit::of_request(&w.system, RequestId(1), reads).await.unwrap();
    assert!(
        trail.iter().all(|line| !line.sentence.contains("note")),
        "not even that there is one: {trail:?}"
    );
}

#[test]
fn the_form_says_who_reads_a_note_before_it_is_sent() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        carla
            .clicks(&message(&carla, "INC-42"), "Note to approvers")
            .await
            .unwrap();
        w.until("the form is there", async || carla.modal().is_some()).await;
        let form = carla.modal().unwrap().text().to_owned();
        assert!(
            form.contains("Read by the approvers: @Dan Dube") && form.contains("@Ana Alvarez never sees it"),
            "{form}"
        );
        carla
            .types("Your note", "she left the team\n*last* week")
            .await
            .unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        for person in [&carla, &dan] {
            let seen = thread(person, "INC-42");
            assert_eq!(seen.matches("she left the team").count(), 1, "{seen}");
            assert!(
                seen.contains("🔒 *Note to approvers* · *Ana Alvarez* does not see it"),
                "{seen}"
            );
            assert!(seen.contains("*Carla Conti*"), "{seen}");
        }
        sees_nothing_of(w, &ana, "ana", "left the team").await;
        assert!(!message(&ana, "You have created").text().contains("Note to approvers"));
    });
}

#[test]
fn a_note_can_be_written_in_the_thread_and_is_answered() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let card = message(&carla, "INC-42");
        let written = carla.replies(&card, "Note: is she on call?").await.unwrap();
        w.settle().await;
        let answer = carla
            .thread(&card)
            .into_iter()
            .find(simulator::MessageSnapshot::is_ephemeral);
        let answer = answer.expect("she is told who reads it").text().to_owned();
        assert_eq!(
            answer,
            "🔒 Kept as a note to the approvers. *Dan Dube* and *Kofi Kuma* read it; *Ana Alvarez* does not."
        );
        let seen = thread(&dan, "INC-42");
        assert!(seen.contains("is she on call?") && !seen.contains("Note:"), "{seen}");
        // Whatever it says later, it stays a note.
        carla.edits(&written, "is she on call today?").await.unwrap();
        w.settle().await;
        let seen = thread(&dan, "INC-42");
        assert!(seen.contains("on call today?") && seen.contains("🔒"), "{seen}");
        carla.edits(&written, "note: is she on call tomorrow?").await.unwrap();
        w.settle().await;
        assert!(thread(&dan, "INC-42").contains("\nis she on call tomorrow?"));
        sees_nothing_of(w, &ana, "ana", "on call").await;
        carla.deletes(&written).await.unwrap();
        w.settle().await;
        assert_eq!(thread(&dan, "INC-42"), "");
        sees_nothing_of(w, &ana, "ana", "on call").await;
    });
}

#[test]
fn a_note_whose_edit_is_told_first_is_still_a_note() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        w.slack.faults().delivery(DeliveryFault::HoldEvents);
        let written = carla
            .replies(&message(&carla, "INC-42"), "note: is she on call?")
            .await
            .unwrap();
        carla.edits(&written, "is she on call now?").await.unwrap();
        w.slack
            .faults()
            .delivery(DeliveryFault::ReleaseEvents { reversed: true });
        w.settle().await;
        assert!(thread(&dan, "INC-42").contains("is she on call now?"));
        sees_nothing_of(w, &ana, "ana", "on call").await;
    });
}

#[test]
fn the_same_words_of_whoever_asked_are_a_comment_like_any_other() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let card = message(&ana, "You have created");
        ana.replies(&card, "note: I am on call").await.unwrap();
        w.settle().await;
        let seen = thread(&carla, "INC-42");
        assert!(seen.contains("note: I am on call") && !seen.contains("🔒"), "{seen}");
        assert!(
            ana.thread(&card).iter().all(|m| !m.is_ephemeral()),
            "nothing was chosen, so nothing is answered"
        );
    });
}

#[test]
fn late_approvers_read_the_notes_too() {
    story(async |w| {
        let (jun, bob, carla) = (w.person("jun"), w.person("bob"), w.person("carla"));
        form("GitHub", "payments / Admin")
            .reason("release day")
            .sent_by(&jun)
            .await;
        w.settle().await;
        bob.replies(&message(&bob, "release day"), "note: only for him")
            .await
            .unwrap();
        w.settle().await;
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        let seen = thread(&carla, "release day");
        assert!(seen.contains("🔒") && seen.contains("only for him"), "{seen}");
        sees_nothing_of(w, &jun, "jun", "only for him").await;
    });
}

#[test]
fn a_note_that_nobody_heard_of_before_it_was_changed_is_not_told_to_everyone() {
    over(Transport::Http, async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        w.stops_c1().await;
        let written = carla
            .replies(&message(&carla, "INC-42"), "note: she is leaving the team")
            .await
            .unwrap();
        carla.edits(written, "she is leaving the team on Friday").await.unwrap();
        w.until("Slack has given up", async || w.slack.is_idle()).await;
        w.starts_c1().await;
        w.settle().await;
        let seen = thread(&dan, "INC-42");
        assert!(seen.contains("🔒") && seen.contains("on Friday"), "{seen}");
        sees_nothing_of(w, &ana, "ana", "leaving the team").await;
        // She is told who reads it: whoever meant it for everyone says it again.
        let hers = carla.thread(&message(&carla, "INC-42"));
        let word = hers
            .iter()
            .find(|m| m.is_ephemeral())
            .expect("she is told who reads it");
        assert!(
            word.text().contains("Kept as a note to the approvers"),
            "{}",
            word.text()
        );
        // Whoever may write no notes has said it to everyone.
        w.stops_c1().await;
        let card = message(&ana, "You have created");
        let said = ana.replies(&card, "for an hour").await.unwrap();
        ana.edits(said, "for two hours").await.unwrap();
        w.until("Slack has given up", async || w.slack.is_idle()).await;
        w.starts_c1().await;
        w.after(Duration::from_secs(3_600)).await;
        assert!(thread(&carla, "INC-42").contains("for two hours"));
    });
}

#[test]
fn neither_who_asked_nor_whom_it_is_for_hears_of_a_note_whatever_else_they_are() {
    story(async |w| {
        let (ana, bob, carla, dan) = (w.person("ana"), w.person("bob"), w.person("carla"), w.person("dan"));
        // Both read the whole record, and Bob is Ana's manager besides.
        sqlx::query("INSERT INTO person_roles SELECT id, 'auditor' FROM people WHERE key IN ('ana', 'bob', 'dan')")
            .execute(&w.pool)
            .await
            .unwrap();
        form("Production database", "Read")
            .subject("Ana Alvarez")
            .reason("INC-42")
            .sent_by(&bob)
            .await;
        w.settle().await;
        carla
            .replies(&message(&carla, "INC-42"), "note: she is leaving the team")
            .await
            .unwrap();
        w.settle().await;
        for (person, key) in [(&ana, "ana"), (&bob, "bob")] {
            sees_nothing_of(w, person, key, "leaving the team").await;
            for command in ["/c1 audit 1", "/c1 audit", "/c1 show 1", "/c1 list"] {
                let told = types(w, key, command).await;
                assert!(
                    !told.contains("note") && !told.contains("leaving"),
                    "{key} {command}: {told}"
                );
            }
            let (printed, went_well) = prints(w, &["audit", "--as", key, "-o", "json"]);
            assert!(went_well && printed.contains("submitted"), "{printed}");
            assert!(
                !printed.contains("\"note\": true") && !printed.contains("note to the approvers"),
                "{printed}"
            );
        }
        // For others who read the record it is there, though not what it says.
        let told = types(w, "dan", "/c1 audit 1").await;
        assert!(told.contains("wrote a note to the approvers"), "{told}");
        assert!(thread(&dan, "INC-42").contains("leaving the team"));
    });
}
