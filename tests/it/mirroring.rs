//! What survives when a comment is carried into other threads: its form, its files, its author; and who still reads it.

use crate::harness::{World, ana_asks_the_owners, form, message, story, thread};
use c1::{db, domain::ids::RequestId, usecases::queries::conversation::conversation};
use serde_json::json;
use simulator::{Person, ProfileChange};

/// What only this person was told under their card.
fn told(person: &Person, words: &str) -> Vec<String> {
    let thread = person.thread(&message(person, words));
    let told = thread.iter().filter(|m| m.is_ephemeral());
    told.map(|m| m.text().to_owned()).collect()
}

#[test]
fn a_comment_stands_under_its_authors_name_and_picture_and_links_to_its_origin() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let written = ana
            .replies(&message(&ana, "You have created"), "until noon")
            .await
            .unwrap();
        w.settle().await;
        let copy = carla.thread(&message(&carla, "INC-42")).pop().unwrap();
        assert_eq!(copy.json()["username"], "Ana Alvarez");
        let picture = copy.json()["icons"]["image_64"].as_str().unwrap_or_default();
        assert!(picture.contains(ana.id()), "{picture}");
        let place = format!("/archives/{}/p{}", written.channel, written.ts.replace('.', ""));
        assert!(
            copy.text().contains("from Ana Alvarez’s thread") && copy.text().contains(&place),
            "{}",
            copy.text()
        );
    });
}

#[test]
fn formatting_survives_and_nobody_is_called() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let qin = w.person("qin");
        let elements = json!([
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "two things", "style": {"bold": true}},
                {"type": "text", "text": " for "}, {"type": "user", "user_id": dan.id()},
                {"type": "text", "text": " and "}, {"type": "user", "user_id": qin.id()},
                {"type": "text", "text": " "}, {"type": "broadcast", "range": "channel"},
                {"type": "text", "text": " "}, {"type": "usergroup", "usergroup_id": "S0ONCALL0"},
                {"type": "text", "text": " "}, {"type": "usergroup", "usergroup_id": "S1"},
                {"type": "text", "text": " "}, {"type": "emoji", "name": "tada", "unicode": "1f389"},
                {"type": "text", "text": " \u{202e}evil\u{200b}"},
                {"type": "link", "url": "https://evil.example/x", "text": "https://bank.example"},
            ]},
            {"type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]},
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "second", "style": {"strike": true}}]},
            ]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "as he said"}]},
            {"type": "rich_text_preformatted", "border": 0, "elements": [{"type": "text", "text": "SELECT *\nFROM t"}]},
        ]);
        ana.replies_formatted(&message(&ana, "You have created"), "*two things* …", elements)
            .await
            .unwrap();
        w.settle().await;
        let copy = carla.thread(&message(&carla, "INC-42")).pop().unwrap();
        let said: Vec<&str> = copy.text().lines().collect();
        assert_eq!(
            said[..9],
            [
                "*Ana Alvarez*",
                "*two things* for @Dan Dube and *@Qin Qiao* @channel @db-on-call @group :tada: evilhttps://evil.example/x",
                "1. first",
                "2. ~second~",
                "> as he said",
                "```",
                "SELECT *",
                "FROM t",
                "```",
            ],
            "{}",
            copy.text()
        );
        let json = copy.json().to_string();
        for kind in ["broadcast", "usergroup"] {
            assert!(!json.contains(&format!(r#""type":"{kind}""#)), "{json}");
        }
        assert!(
            json.contains(dan.id()) && !json.contains(qin.id()),
            "only who takes part is called: {json}"
        );
    });
}

#[test]
fn the_longest_and_the_strangest_words_arrive_whole() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let long: String = (0..2_000).map(|i| format!("w{i:04} ")).collect();
        for text in [long.trim_end(), &"&".repeat(3_000), "שלום עולם ومرحبا"] {
            ana.replies(&message(&ana, "You have created"), text).await.unwrap();
            w.settle().await;
            let copy = carla.thread(&message(&carla, "INC-42")).pop().unwrap();
            let shown: String = copy.text().replace('\n', "");
            let plain = |text: &str| text.split_whitespace().collect::<String>();
            assert!(plain(&shown).contains(&plain(text)), "{}", copy.text());
        }
    });
}

#[test]
fn files_are_named_with_kind_size_and_link_and_a_deleted_one_says_so() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        let card = message(&ana, "You have created");
        let shared = ana
            .shares_file(card.channel(), Some(&card.reference()), "plan.pdf", 2_048)
            .await
            .unwrap();
        w.settle().await;
        let seen = thread(&carla, "INC-42");
        assert!(
            seen.contains("📎 plan.pdf (https://") && seen.contains(" · PDF · 2 KB"),
            "{seen}"
        );
        ana.deletes_files(&shared).await.unwrap();
        w.settle().await;
        let seen = thread(&carla, "INC-42");
        assert!(seen.contains("📎 ~plan.pdf~ · deleted"), "{seen}");
        assert!(!seen.contains("edited"), "{seen}");
        ana.deletes(&shared).await.unwrap();
        w.settle().await;
        assert_eq!(thread(&carla, "INC-42"), "");
    });
}

#[test]
fn emoji_are_counted_wherever_they_are_put_and_in_whatever_order_they_are_told() {
    story(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let written = ana
            .replies(&message(&ana, "You have created"), "until noon")
            .await
            .unwrap();
        w.settle().await;
        let copy = |person: &Person| person.thread(&message(person, "INC-42")).pop().unwrap();
        carla.reacts(&copy(&carla), "tada").await.unwrap();
        dan.reacts(&copy(&dan), "tada").await.unwrap();
        ana.reacts(&written, "tada").await.unwrap();
        dan.reacts(&copy(&dan), "eyes").await.unwrap();
        w.slack.faults().delivery(simulator::DeliveryFault::HoldEvents);
        dan.reacts(&copy(&dan), "-1").await.unwrap();
        dan.takes_reaction_back(&copy(&dan), "-1").await.unwrap();
        w.slack
            .faults()
            .delivery(simulator::DeliveryFault::ReleaseEvents { reversed: true });
        w.settle().await;
        carla.takes_reaction_back(&copy(&carla), "tada").await.unwrap();
        w.settle().await;
        let reader = db::people::person_by_key(&w.system.db, "ana").await.unwrap().unwrap();
        let page = conversation(&w.system, RequestId(1), &reader).await.unwrap().unwrap();
        assert_eq!(
            page.entries[0].reactions,
            [("tada".to_owned(), 2), ("eyes".to_owned(), 1)]
        );
    });
}

#[test]
fn whoever_writes_on_a_closed_request_is_told_once_who_still_reads_it() {
    story(async |w| {
        let (ana, carla, _) = ana_asks_the_owners(w).await;
        ana.clicks(&message(&ana, "You have created"), "Cancel request")
            .await
            .unwrap();
        w.settle().await;
        for words in ["found another way", "sorry for the noise"] {
            ana.replies(&message(&ana, "You have created"), words).await.unwrap();
            w.settle().await;
        }
        let seen = thread(&carla, "INC-42");
        assert!(
            seen.contains("found another way") && seen.contains("· the request was closed by then"),
            "{seen}"
        );
        assert_eq!(
            told(&ana, "You have created"),
            [
                "This request is closed. What you write here is kept, and says so. *Carla Conti*, *Dan Dube* and *Kofi Kuma* still read it."
            ]
        );
    });
}

/// Frank and Lena are asked, who own nothing of what is asked for; Frank gives his place to Milan.
async fn given_away(w: &World) -> (Person, Person, Person) {
    let rules = "[{ steps: [{ name: Support, approvers: [frank, lena], reassign: { to: [milan] } }] }]";
    w.policy_says("owner", rules).await;
    let (ana, frank, milan) = (w.person("ana"), w.person("frank"), w.person("milan"));
    form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
    w.settle().await;
    ana.replies(&message(&ana, "You have created"), "it is about invoice 7")
        .await
        .unwrap();
    w.settle().await;
    assert!(thread(&frank, "INC-42").contains("invoice 7"));
    frank
        .chooses_in(&message(&frank, "INC-42"), "more", "Reassign…")
        .await
        .unwrap();
    w.until("a dialog opens", async || frank.modal().is_some()).await;
    frank.chooses("To whom?", "Milan Maric").await.unwrap();
    frank.types("Why?", "he knows the ledger").await.unwrap();
    assert_eq!(frank.submits().await.unwrap(), simulator::SubmitOutcome::Closed);
    w.settle().await;
    (ana, frank, milan)
}

#[test]
fn who_is_no_longer_asked_hears_no_more_and_is_told_so() {
    story(async |w| {
        let (ana, frank, milan) = given_away(w).await;
        let lena = w.person("lena");
        let first = ana.thread(&message(&ana, "You have created"))[1].reference();
        ana.replies(&message(&ana, "You have created"), "and invoice 8")
            .await
            .unwrap();
        w.settle().await;
        assert!(!thread(&frank, "INC-42").contains("invoice 8"));
        for person in [&milan, &lena] {
            let seen = thread(person, "INC-42");
            assert!(
                seen.contains("invoice 7") && seen.contains("invoice 8"),
                "{}: {seen}",
                person.name()
            );
        }
        frank
            .replies(&message(&frank, "INC-42"), "what did you decide?")
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(
            told(&frank, "INC-42"),
            [
                "You are no longer asked about this request, and its conversation goes on without you. Nobody else has read what you wrote here."
            ]
        );
        for seen in [
            thread(&ana, "You have created"),
            thread(&milan, "INC-42"),
            thread(&lena, "INC-42"),
        ] {
            assert!(!seen.contains("what did you decide?"), "{seen}");
        }
        // What is taken back is taken from everybody, what is changed is shown to those who still read.
        ana.edits(&first, "it is about invoice 9").await.unwrap();
        w.settle().await;
        assert!(!thread(&frank, "INC-42").contains("invoice 9"));
        assert!(thread(&lena, "INC-42").contains("invoice 9"));
        ana.deletes(&first).await.unwrap();
        w.settle().await;
        assert!(!thread(&frank, "INC-42").contains("invoice 7"));
        // The page agrees with the threads: he may see how it went, and not write.
        let known = db::people::person_by_key(&w.system.db, "frank").await.unwrap().unwrap();
        let page = conversation(&w.system, RequestId(1), &known).await.unwrap().unwrap();
        assert!(!page.may_write && !page.may_note);
    });
}

#[test]
fn who_is_asked_again_hears_what_they_missed_and_who_left_hears_nothing() {
    story(async |w| {
        let (ana, frank, milan) = given_away(w).await;
        for words in ["and invoice 8", "and invoice 9"] {
            ana.replies(&message(&ana, "You have created"), words).await.unwrap();
            w.settle().await;
        }
        milan
            .changes_profile(ProfileChange {
                deleted: Some(true),
                ..ProfileChange::default()
            })
            .await
            .unwrap();
        w.settle().await;
        ana.replies(&message(&ana, "You have created"), "hurry, please")
            .await
            .unwrap();
        w.settle().await;
        let seen = thread(&frank, "INC-42");
        let places: Vec<Option<usize>> = ["invoice 8", "invoice 9", "hurry, please"]
            .iter()
            .map(|words| seen.find(words))
            .collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{seen}");
        let known = db::people::person_by_key(&w.system.db, "milan").await.unwrap().unwrap();
        assert_eq!(conversation(&w.system, RequestId(1), &known).await.unwrap(), None);
        let copies =
            "SELECT count(*) FROM comment_copies k JOIN cards c ON c.id = k.card_id JOIN people p ON p.id = c.person_id
                       JOIN comments m ON m.id = k.comment_id WHERE p.key = 'milan' AND m.body LIKE '%hurry%'";
        assert_eq!(w.count(copies).await, 0);
    });
}
