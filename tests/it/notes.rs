//! Notes among approvers: chosen before they are sent, and never seen by those whose access it is.

use crate::harness::{World, ana_asks_the_owners, everything, form, message, story, thread};
use c1::{
    db,
    domain::{ids::RequestId, person::Person as Known},
    usecases::queries::{audit, conversation::conversation},
};
use simulator::{DeliveryFault, Person, SubmitOutcome};

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
