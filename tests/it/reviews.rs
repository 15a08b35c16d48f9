//! Every emergency is looked back at, by somebody who had no part in it.

use crate::{
    away::{in_days, mention},
    harness::{World, everything, form, message, story, types},
};
use c1::{
    domain::{
        ids::PersonId,
        review::{Findings, Fit},
    },
    usecases::{Actor, Error, review_emergency::review_emergency},
};
use simulator::{Person, SubmitOutcome};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Ana, who is on call, reads the database in an emergency, and says that she is done.
async fn ana_breaks_glass(w: &World, reason: &str) {
    let ana = w.person("ana");
    form("Production database", "Read")
        .emergency()
        .reason(reason)
        .sent_by(&ana)
        .await;
    w.settle().await;
    let card = ana.dm().into_iter().find(|m| m.text().contains(reason)).unwrap();
    ana.clicks(&card, "I'm done").await.unwrap();
    w.settle().await;
}

/// Opens the form behind the button; says what it asks.
async fn reviews(person: &Person, w: &World, words: &str) -> String {
    person.clicks(&message(person, words), "Review").await.unwrap();
    w.until("the form is open", async || person.modal().is_some()).await;
    person.modal().unwrap().text().to_owned()
}

/// A message without its moments.
fn without_times(text: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        while let Some(at) = words.iter().position(|word| word.starts_with("20") && word.len() == 10) {
            words.drain(at..(at + 3).min(words.len()));
        }
        words.join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_owners_get_a_card_with_what_happened_and_one_of_them_answers() {
    story(async |w| {
        ana_breaks_glass(w, "customers cannot pay").await;
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        insta::assert_snapshot!(without_times(message(&carla, "Please review").text()), @r"
        # ⚡ Please review the emergency of Ana Alvarez
        *#1 Production database / Read*
        Used by    @Ana Alvarez
        Asked for  2 hours
        *Justification*
        > customers cannot pay
        · asked for by @Ana Alvarez
        · passed by the emergency rules, without an approval
        · access began, given automatically
        · ended early by @Ana Alvarez, who no longer needed it
        · access is gone, removed automatically
        · Please do it by · 2 others can do it, too
        [Review](primary)
        ");
        insta::assert_snapshot!(without_times(&reviews(&carla, w, "Please review").await), @r"
        === Review an emergency ===
        ⚡ *#1 Production database / Read*, used by @Ana Alvarez. _“customers cannot pay”_
        · · asked for by @Ana Alvarez
        · passed by the emergency rules, without an approval
        · access began, given automatically
        · ended early by @Ana Alvarez, who no longer needed it
        · access is gone, removed automatically
        Was it justified?:
          ○ Yes, it was an emergency
          ○ No, the usual way would have done
        Did the duration fit?:
          ○ Yes
          ○ No, it was longer than needed
          ○ No, it was too short
        What has to follow? (optional): ____ (A fix, a rule to change, somebody to talk to)
          Needed where it was not justified. It is on record, and the person reads it.
        [Back]  [Done](primary)
        ");
        chooses_in(&carla, "Was it justified?", "yes").await;
        chooses_in(&carla, "Did the duration fit?", "too_long").await;
        carla.types("What has to follow?", "an hour is enough").await.unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        for person in [&carla, &dan] {
            let text = message(person, "Reviewed: the emergency").text().to_owned();
            assert!(
                !text.contains("[Review]") && text.contains("an hour is enough") && text.contains("longer than needed"),
                "{text}"
            );
        }
        let card = message(&ana, "customers cannot pay");
        let thread: String = ana.thread(&card).iter().map(|m| m.text().to_owned() + "\n").collect();
        assert!(
            thread.contains("*Carla Conti* reviewed the emergency: justified; it was longer than needed"),
            "{thread}"
        );
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE emergency AND event ->> 'type' IN ('review_opened', 'reviewed')")
                .await,
            2
        );
        w.after(DAY * 30).await;
        assert!(!everything(&dan).contains("⏰"), "nobody is reminded of what is done");
    });
}

async fn chooses_in(person: &Person, question: &str, answer: &str) {
    person.chooses(question, answer).await.unwrap();
}

#[test]
fn whoever_used_or_approved_it_does_not_review_it() {
    story(async |w| {
        let (kofi, erin) = (w.person("kofi"), w.person("erin"));
        // Kofi is on call and owns the database; Erin approves.
        form("Production database", "Write")
            .emergency()
            .reason("customers cannot pay")
            .sent_by(&kofi)
            .await;
        w.settle().await;
        erin.clicks(&message(&erin, "customers cannot pay"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        w.after(HOUR * 2).await;
        assert!(everything(&w.person("carla")).contains("[Review]"));
        for who in ["kofi", "erin", "milan"] {
            assert!(!everything(&w.person(who)).contains("[Review]"), "{who}");
        }
        for (who, why) in [
            ("kofi", "own_review"),
            ("erin", "own_review"),
            ("milan", "not_a_reviewer"),
            ("bob", "not_a_reviewer"),
        ] {
            let id: i64 = sqlx::query_scalar("SELECT id FROM people WHERE key = $1")
                .bind(who)
                .fetch_one(&w.pool)
                .await
                .unwrap();
            let findings = Findings {
                justified: true,
                fit: Fit::Fits,
                follow_up: String::new(),
            };
            let said = review_emergency(&w.system, Actor::slack(PersonId(id)), 1, findings).await;
            let Err(Error::Refused(refusal)) = said else {
                panic!("{who}: {said:?}")
            };
            assert_eq!(refusal.code(), why, "{who}");
        }
        assert_eq!(
            w.count("SELECT count(*) FROM reviews WHERE completed_at IS NULL").await,
            1
        );
    });
}

#[test]
fn what_was_not_justified_needs_a_word_and_the_security_channel_reads_it() {
    story(async |w| {
        ana_breaks_glass(w, "curious").await;
        let dan = w.person("dan");
        reviews(&dan, w, "Please review").await;
        chooses_in(&dan, "Was it justified?", "no").await;
        chooses_in(&dan, "Did the duration fit?", "fits").await;
        assert!(matches!(dan.submits().await.unwrap(), SubmitOutcome::Errors(_)));
        dan.types("What has to follow?", "please ask next time").await.unwrap();
        assert!(matches!(dan.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        let channel: String = dan.messages("security").iter().map(|m| m.text().to_owned()).collect();
        assert!(
            channel.contains("⚠️ not justified") && channel.contains("please ask next time"),
            "{channel}"
        );
    });
}

#[test]
fn access_that_never_worked_owes_nothing() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Write").emergency().sent_by(&ana).await;
        w.settle().await;
        ana.clicks(&message(&ana, "You have created"), "Cancel request")
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM reviews").await, 0);
    });
}

#[test]
fn reviewers_are_reminded_and_an_overdue_review_asks_for_a_second_person_next_time() {
    story(async |w| {
        ana_breaks_glass(w, "the first time").await;
        let (ana, carla, grace) = (w.person("ana"), w.person("carla"), w.person("grace"));
        w.after(DAY).await;
        assert_eq!(everything(&carla).matches("still waits for you").count(), 1);
        w.after(DAY).await;
        assert_eq!(everything(&carla).matches("still waits for you").count(), 2);
        assert!(!everything(&grace).contains("[Review]"));
        w.after(DAY).await;
        assert_eq!(everything(&carla).matches("is overdue. `/c1 reviews`").count(), 1);
        assert!(
            everything(&grace).contains("[Review]"),
            "the last resort can do it, too"
        );
        assert!(
            everything(&ana).contains("a second person has to approve your next emergency"),
            "{}",
            everything(&ana)
        );

        // The form says so before it is sent, and it is no outright no.
        form("Production database", "Read")
            .emergency()
            .reason("the second time")
            .filled_by(&ana)
            .await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains(
                "The review of the emergency #1 is overdue, so a second person has to approve this one first."
            ),
            "{text}"
        );
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        let card = message(&carla, "the second time");
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        let mine = message(&ana, "the second time");
        ana.clicks(&mine, "I'm done").await.unwrap();
        w.settle().await;

        // Carla approved that one, so she does not review it; and once the first is reviewed, glass breaks again.
        let owed = carla.runs("general", "/c1 reviews").await.unwrap();
        assert!(owed.text().contains("Emergencies to review (1)"), "{}", owed.text());
        grace.opens_home().await.unwrap();
        w.until("it is on her Home tab", async || {
            grace
                .home()
                .is_some_and(|home| home.text().contains("Emergencies to review (1)"))
        })
        .await;
        let card = grace.dm().into_iter().find(|m| m.text().contains("[Review]")).unwrap();
        grace.clicks(&card, "Review").await.unwrap();
        w.until("the form is open", async || grace.modal().is_some()).await;
        chooses_in(&grace, "Was it justified?", "yes").await;
        chooses_in(&grace, "Did the duration fit?", "fits").await;
        assert!(matches!(grace.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        w.until("it is gone from there", async || {
            grace
                .home()
                .is_some_and(|home| !home.text().contains("Emergencies to review"))
        })
        .await;
        form("Production database", "Read")
            .emergency()
            .reason("the third time")
            .sent_by(&ana)
            .await;
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await, "at once again");
    });
}

#[test]
fn an_escalation_needs_the_second_person_too() {
    story(async |w| {
        ana_breaks_glass(w, "the first time").await;
        w.after(DAY * 4).await;
        let (ana, dan) = (w.person("ana"), w.person("dan"));
        form("Production database", "Read")
            .reason("the usual way")
            .sent_by(&ana)
            .await;
        w.settle().await;
        ana.runs("general", "/c1 escalate 2 it is down now").await.unwrap();
        w.settle().await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        dan.clicks(&message(&dan, "it is down now"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn others_review_when_the_reviewers_leave() {
    story(async |w| {
        ana_breaks_glass(w, "customers cannot pay").await;
        let bob = w.person("bob");
        assert!(!everything(&bob).contains("[Review]"));
        for owner in ["carla", "dan", "kofi"] {
            w.person(owner)
                .changes_profile(simulator::ProfileChange {
                    deleted: Some(true),
                    ..simulator::ProfileChange::default()
                })
                .await
                .unwrap();
        }
        w.settle().await;
        assert!(
            everything(&bob).contains("[Review]"),
            "her manager: {}",
            everything(&bob)
        );
        bob.changes_profile(simulator::ProfileChange {
            deleted: Some(true),
            ..simulator::ProfileChange::default()
        })
        .await
        .unwrap();
        w.settle().await;
        assert!(everything(&w.person("grace")).contains("[Review]"), "the last resort");
    });
}

#[test]
fn more_time_is_a_new_emergency_with_a_new_reason_and_owes_its_own_review() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Read")
            .emergency()
            .reason("customers cannot pay")
            .sent_by(&ana)
            .await;
        w.settle().await;
        let list = ana.runs("general", "/c1 access").await.unwrap();
        assert!(
            list.text().contains("[I'm done]") && list.text().contains('⚡'),
            "{}",
            list.text()
        );
        ana.clicks(list.ephemeral.as_ref().unwrap(), "Extend").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("More time is a new emergency") && text.contains("☑ ⚡ This is an emergency"),
            "{text}"
        );
        assert!(
            matches!(ana.submits().await.unwrap(), SubmitOutcome::Errors(_)),
            "without a reason it is not sent"
        );
        ana.types("Why do you need it?", "still broken").await.unwrap();
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE emergency AND extension")
                .await,
            1
        );
        let channel: String = ana
            .messages("security")
            .iter()
            .map(|m| m.text().to_owned() + "\n")
            .collect();
        assert!(
            channel.contains("still broken") && channel.contains("Emergency access goes on"),
            "{channel}"
        );
        ana.clicks(&message(&ana, "customers cannot pay"), "I'm done")
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM reviews").await, 2, "one for each");
    });
}

#[test]
fn the_digest_of_what_is_unreviewed_goes_out_once_a_week() {
    story(async |w| {
        w.starts_c1().await;
        ana_breaks_glass(w, "customers cannot pay").await;
        let digests = |w: &World| -> String {
            let erin = w.person("erin");
            erin.messages("security")
                .iter()
                .filter(|m| m.text().contains("not been reviewed yet"))
                .map(|m| m.text().to_owned() + "\n")
                .collect()
        };
        assert_eq!(digests(w), "");
        w.after(DAY * 7).await;
        w.until("the digest is out", async || !digests(w).is_empty()).await;
        let text = digests(w);
        assert!(
            text.contains("One emergency has not been reviewed yet") && text.contains("#1 of *Ana Alvarez*"),
            "{text}"
        );
        w.settle().await;
        assert_eq!(
            digests(w).matches("not been reviewed yet").count(),
            1,
            "once, also with two replicas"
        );
        w.after(DAY * 7).await;
        w.until("the next is out", async || {
            digests(w).matches("not been reviewed yet").count() == 2
        })
        .await;
    });
}

#[test]
fn whoever_is_away_is_not_waited_for_and_whoever_stands_in_looks_back() {
    story(async |w| {
        ana_breaks_glass(w, "customers cannot pay").await;
        let may = |names: &[&str]| {
            let all = ["carla", "dan", "kofi", "lena", "ana", "bob"];
            let found = all
                .into_iter()
                .filter(|name| everything(&w.person(name)).contains("[Review]"));
            assert_eq!(found.collect::<Vec<_>>(), names);
        };
        may(&["carla", "dan", "kofi"]);
        let until = in_days(w, 5);
        let leaves = async |name, instead: &str| {
            types(w, name, &format!("/c1 away until {until}{instead}")).await;
        };
        leaves("carla", "").await;
        may(&["dan", "kofi"]);
        // Whoever used it does not look back at it by standing in.
        leaves("dan", &format!(" for {}", mention(w, "ana"))).await;
        may(&["kofi"]);
        leaves("kofi", &format!(" for {}", mention(w, "lena"))).await;
        may(&["lena"]);
        leaves("kofi", "").await;
        may(&["bob"]);
        types(w, "carla", "/c1 back").await;
        may(&["carla"]);
        // All the others come back in time.
        w.after(HOUR * 24 * 6).await;
        may(&["carla", "dan", "kofi"]);
    });
}
