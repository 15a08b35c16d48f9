//! The conversation on the page: the same as in the threads.

use super::requests::{fills, hidden};
use crate::harness::{Page, ana_asks_the_owners, message, on_the_web, thread};
use hyper::StatusCode;
use simulator::ProfileChange;

#[test]
fn what_is_written_on_the_page_stands_in_the_threads_and_the_other_way_round() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let ana = w.person("ana");
        let mut page_of_carla = w.signed_in("carla").await;
        let page = page_of_carla.opens("/requests/1").await;
        assert!(page.says("Nobody has written anything yet"), "{}", page.words());
        let page = fills(
            &mut page_of_carla,
            &page,
            "comment",
            &[("body", "which *table*? <b>&</b> see https://wiki.example.com/x")],
        )
        .await;
        assert!(
            page.says("Your comment is sent.") && page.says("Carla Conti (you)"),
            "{}",
            page.words()
        );
        assert!(
            page.says("which *table*? <b>&</b> see https://wiki.example.com/x"),
            "as it was typed: {}",
            page.words()
        );
        assert!(
            page.text
                .contains("<a href=\"https://wiki.example.com/x\" rel=\"noopener noreferrer nofollow\"")
        );
        w.settle().await;
        let told = thread(&ana, "You have created");
        assert!(told.contains("Carla Conti") && told.contains("which"), "{told}");
        let elements = serde_json::json!([{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "payments", "style": {"code": true}}, {"type": "text", "text": " & "},
            {"type": "text", "text": "only that", "style": {"bold": true}}, {"type": "text", "text": " "},
            {"type": "user", "user_id": "U0DAN0000"}, {"type": "text", "text": " "},
            {"type": "link", "url": "https://evil.example", "text": "bank.example.com"},
        ]}]);
        ana.replies_formatted(&message(&ana, "You have created"), "`payments` …", elements)
            .await
            .unwrap();
        w.settle().await;
        let page = page_of_carla.opens("/requests/1").await;
        assert!(
            page.says("payments & only that") && page.says("in Slack"),
            "{}",
            page.words()
        );
        assert!(
            page.text.contains("<code>payments</code>") && page.text.contains("<b>only that</b>"),
            "{}",
            page.text
        );
        assert!(
            !page.text.contains(">bank.example.com</a>"),
            "a link says where it leads: {}",
            page.text
        );
        // Edited and taken back in Slack, it follows.
        let mut said = ana.thread(&message(&ana, "You have created"));
        let hers = said.pop().unwrap();
        ana.edits(&hers.reference(), "the table of payments").await.unwrap();
        w.settle().await;
        let page = page_of_carla.opens("/requests/1").await;
        assert!(
            page.says("the table of payments") && page.says("(edited)") && !page.says("only that"),
            "{}",
            page.words()
        );
        ana.deletes(&hers.reference()).await.unwrap();
        w.settle().await;
        let page = page_of_carla.opens("/requests/1").await;
        assert!(
            page.says("This comment was taken back") && !page.says("the table of payments"),
            "{}",
            page.words()
        );
    });
}

#[test]
fn what_was_written_on_the_page_is_changed_there() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;

        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let page = fills(&mut carla, &page, "comment", &[("body", "until friday")]).await;
        let id = hidden(&page, "edit-1")[0].1.clone();
        w.settle().await;
        let page = carla
            .submits(
                "/requests/1/edit-comment",
                &[("comment", &id), ("body", "until Monday")],
            )
            .await;
        assert!(page.says("until Monday") && page.says("(edited)"), "{}", page.words());
        w.settle().await;
        let told = thread(&w.person("ana"), "You have created");
        assert!(
            told.contains("until Monday") && !told.contains("until friday"),
            "{told}"
        );
        // Somebody else's comment is not theirs to change; what they typed is not lost.
        let mut dan = w.signed_in("dan").await;
        assert!(!dan.opens("/requests/1").await.says("Edit"), "there is no button");
        let page = dan
            .submits("/requests/1/edit-comment", &[("comment", &id), ("body", "until never")])
            .await;
        assert!(
            page.status == StatusCode::CONFLICT && page.says("Only whoever wrote a comment"),
            "{}",
            page.words()
        );
        assert!(page.text.contains("until never"));
        let page = carla.submits("/requests/1/delete-comment", &[("comment", &id)]).await;
        assert!(page.says("This comment was taken back"), "{}", page.words());
        w.settle().await;
    });
}

#[test]
fn a_form_that_is_sent_twice_says_it_once() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/requests/1").await;
        for _ in 0..2 {
            let after = fills(&mut ana, &page, "comment", &[("body", "only this once")]).await;
            assert_eq!(after.text.matches(" data-comment>").count(), 1, "{}", after.words());
        }
        let again = ana.opens("/requests/1").await;
        fills(&mut ana, &again, "comment", &[("body", "only this once")]).await;
        assert_eq!(
            w.count("SELECT count(*) FROM comments WHERE author_id IS NOT NULL")
                .await,
            2,
            "meant twice, it is there twice"
        );
        let empty = ana.opens("/requests/1").await;
        let empty = fills(&mut ana, &empty, "comment", &[("body", " \r\n ")]).await;
        assert!(
            empty.status == StatusCode::CONFLICT && empty.says("Please write something"),
            "{}",
            empty.words()
        );
        w.settle().await;
    });
}

#[test]
fn a_note_is_for_the_approvers_alone_on_every_page() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let (mut ana, mut carla, mut dan) = (
            w.signed_in("ana").await,
            w.signed_in("carla").await,
            w.signed_in("dan").await,
        );
        let mut listening = ana.listens("/requests/1/events").await;
        let mut listens_too = dan.listens("/requests/1/events").await;
        let (before, _) = (listening.next().await.unwrap(), listens_too.next().await.unwrap());
        let page = carla.opens("/requests/1").await;
        assert!(
            page.says("The approvers alone: a note to") && page.says("Ana Alvarez never sees it"),
            "{}",
            page.words()
        );
        let page = fills(
            &mut carla,
            &page,
            "comment",
            &[("body", "she asked last week too"), ("audience", "approvers")],
        )
        .await;
        assert!(
            page.says("she asked last week too") && page.says("Note to approvers"),
            "{}",
            page.words()
        );
        w.settle().await;
        let page = dan.opens("/requests/1").await;
        assert!(
            page.says("she asked last week too") && page.says("Note to approvers"),
            "{}",
            page.words()
        );
        let written = w.person("carla").thread(&message(&w.person("carla"), "INC-42")).pop();
        let written = written.unwrap().reference();
        w.person("dan").reacts(&written, "eyes").await.unwrap();
        w.settle().await;
        let page = ana.opens("/requests/1").await;
        assert!(
            !page.text.contains("last week") && !page.says("Note") && !page.says("note"),
            "{}",
            page.words()
        );
        // Dan's open page hears of it, and hers does not: to her nothing has happened.
        assert_eq!(listens_too.next().await.unwrap().0, "mark");
        assert!(
            page.text.contains(&format!("data-mark=\"{}\"", before.1)),
            "{}",
            page.text
        );
        w.person("dan")
            .replies(&message(&w.person("dan"), "INC-42"), "for everyone")
            .await
            .unwrap();
        let heard = listening.next().await.unwrap();
        assert_eq!(heard.0, "mark");
        w.settle().await;
        let page = ana.opens("/requests/1").await;
        assert!(
            page.says("for everyone") && page.text.contains(&format!("data-mark=\"{}\"", heard.1)),
            "the first she hears of is this: {}",
            page.words()
        );
        // She cannot write one either, whatever she sends.
        let page = fills(
            &mut ana,
            &page,
            "comment",
            &[("body", "psst"), ("audience", "approvers")],
        )
        .await;
        assert!(
            page.status == StatusCode::CONFLICT && page.says("Only those who are asked to decide"),
            "{}",
            page.words()
        );
        assert!(page.text.contains("psst"), "what she typed is there");
        w.settle().await;
    });
}

#[test]
fn files_and_reactions_are_shown() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let ana = w.person("ana");
        let card = message(&ana, "You have created");
        ana.shares_file(card.channel(), Some(&card.reference()), "plan<1>.pdf", 2_000)
            .await
            .unwrap();
        w.settle().await;
        let carla = w.person("carla");
        let said = carla.thread(&message(&carla, "INC-42")).pop().unwrap();
        carla.reacts(&said.reference(), "eyes").await.unwrap();
        w.settle().await;
        let page = w.signed_in("dan").await.opens("/requests/1").await;
        assert!(page.says("plan<1>.pdf") && page.says("2 kB"), "{}", page.words());
        assert!(page.says("👀 1"), "{}", page.words());
    });
}

#[test]
fn people_have_their_pictures_beside_what_they_say() {
    on_the_web(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let hers = "https://pictures.example.org/carla.jpg?s=72&x=\"><script>alert(1)</script>";
        for (person, address) in [(&carla, hers), (&dan, "https://evil.example;script-src/x.png")] {
            let change = ProfileChange {
                picture: Some(address.to_owned()),
                ..ProfileChange::default()
            };
            person.changes_profile(change).await.unwrap();
        }
        w.settle().await;
        for (person, card, words) in [
            (&ana, "You have created", "please"),
            (&carla, "INC-42", "how long?"),
            (&dan, "INC-42", "and why?"),
        ] {
            person.replies(&message(person, card), words).await.unwrap();
            w.settle().await;
        }
        let mut browser = w.signed_in("ana").await;
        let page = browser.opens("/requests/1").await;
        let slack = w.slack.url();
        let picture = |address: &str| {
            format!(
                "<img src=\"{address}\" alt=\"\" width=\"37\" height=\"37\" loading=\"lazy\" decoding=\"async\" \
                 referrerpolicy=\"no-referrer\"></span>"
            )
        };
        let drawn = picture(&format!("{slack}/avatars/{}-72.svg", ana.id()));
        let own = picture(
            "https://pictures.example.org/carla.jpg?s=72&#38;x=&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;",
        );
        for face in [format!(">AA{drawn}"), format!(">CC{own}"), ">DD</span>".to_owned()] {
            assert!(page.text.contains(&face), "{face}: {}", page.text);
        }
        assert!(!page.text.contains("evil.example"), "{}", page.text);
        // Pictures come from where they are kept, and from nowhere else.
        let policy = |page: &Page| page.headers["content-security-policy"].to_str().unwrap().to_owned();
        let strict = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; img-src 'self'";
        assert_eq!(policy(&page), format!("{strict} {slack} https://pictures.example.org"));
        assert_eq!(policy(&browser.opens("/").await), strict);
        assert_eq!(policy(&browser.opens("/requests/2").await), strict);
    });
}

#[test]
fn the_longest_and_the_strangest_words_arrive_whole_from_the_page_and_on_it() {
    on_the_web(async |w| {
        let (ana, carla, dan) = ana_asks_the_owners(w).await;
        let mut browser = w.signed_in("carla").await;
        let long: String = (0..2_000).map(|i| format!("w{i:04} ")).collect();
        let all = [
            (long.trim_end().to_owned(), long.trim_end().to_owned()),
            ("&".repeat(3_000), "&".repeat(3_000)),
            ("שלום עולם ومرحبا".to_owned(), "שלום עולם ومرحبا".to_owned()),
            (
                "\u{202e}right\u{202c} to\u{200b} left\u{feff}".to_owned(),
                "right to left".to_owned(),
            ),
        ];
        let spaceless = |text: &str| text.split_whitespace().collect::<String>();
        for (nth, (typed, shown)) in all.iter().enumerate() {
            // From the page into the threads …
            let page = browser.opens("/requests/1").await;
            let page = fills(&mut browser, &page, "comment", &[("body", typed)]).await;
            assert!(
                spaceless(&page.words()).contains(&spaceless(shown)),
                "{nth}: {}",
                page.words()
            );
            w.settle().await;
            for (person, card) in [(&ana, "You have created"), (&dan, "INC-42")] {
                let copy = person.thread(&message(person, card)).pop().unwrap();
                assert!(
                    spaceless(copy.text()).contains(&spaceless(shown)),
                    "{nth}: {}",
                    copy.text()
                );
            }
            // … and from a thread onto the page.
            carla
                .replies(&message(&carla, "INC-42"), &format!("{typed} again"))
                .await
                .unwrap();
            w.settle().await;
            let page = browser.opens("/requests/1").await;
            let again = spaceless(&format!("{shown} again"));
            // The longest is cut to as much as a comment can be; its beginning stands in her own comment and its box, too.
            let (again, times) = match nth {
                0 => (again[..9_000].to_owned(), 3),
                _ => (again, 1),
            };
            assert_eq!(spaceless(&page.words()).matches(&again).count(), times, "{nth}");
        }
        let page = browser.opens("/requests/1").await;
        for hidden in ['\u{202e}', '\u{200b}', '\u{feff}'] {
            assert!(!page.text.contains(hidden), "{hidden:?}");
        }
        // One letter more than a comment can have is refused, and is not lost.
        let page = fills(&mut browser, &page, "comment", &[("body", &"x".repeat(24_001))]).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.words());
        assert!(page.text.contains(&"x".repeat(24_001)));
    });
}
