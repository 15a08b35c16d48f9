//! An open request becomes an emergency.

use crate::harness::{World, everything, form, message, story};
use c1::{
    domain::{
        ids::{PersonId, RequestId},
        step::Verdict,
    },
    usecases::{
        Actor, Error,
        decide_step::{Decide, decide_step},
    },
};
use simulator::{Person, SubmitOutcome};

/// Ana asks for writing, which two of the database owners decide.
async fn ana_asks(w: &World, reason: &str) -> Person {
    let ana = w.person("ana");
    form("Production database", "Write").reason(reason).sent_by(&ana).await;
    w.settle().await;
    ana
}

#[test]
fn the_same_number_another_policy_and_nothing_counts_that_was_decided() {
    story(async |w| {
        let ana = ana_asks(w, "fix the ledger").await;
        let (carla, dan, erin) = (w.person("carla"), w.person("dan"), w.person("erin"));
        let hers = message(&carla, "fix the ledger");
        carla
            .types_in(&hers, "decision_reason", "I looked at the script")
            .await
            .unwrap();
        carla.clicks(&hers, "Approve").await.unwrap();
        w.settle().await;
        assert!(message(&dan, "fix the ledger").text().contains("[Approve]"));
        assert!(
            !everything(&erin).contains("fix the ledger"),
            "security is not asked yet"
        );

        ana.clicks(&message(&ana, "You have created"), "⚡ Escalate to emergency")
            .await
            .unwrap();
        w.until("she is asked what has changed", async || ana.modal().is_some())
            .await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("one of 2 *Security*") && text.contains("The approval given so far no longer counts."),
            "{text}"
        );
        ana.types("What has changed?", "customers cannot pay").await.unwrap();
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;

        let text = message(&ana, "You have created").text().to_owned();
        assert!(
            text.contains("⚡ Made an emergency by you") && text.contains("1 earlier approval no longer counts"),
            "{text}"
        );
        assert!(
            text.contains("Duration       1 hour") && !text.contains("Escalate"),
            "{text}"
        );
        let text = message(&dan, "Now an emergency").text().to_owned();
        assert!(
            text.contains("⚡ Now an emergency · no longer needed from you"),
            "{text}"
        );
        assert!(!everything(&carla).contains("[Approve]"), "{}", everything(&carla));

        // What he saw before is dead, also when it comes late.
        let dan = w.count("SELECT id FROM people WHERE key = 'dan'").await;
        let late = Decide {
            request: RequestId(1),
            step: 0,
            revision: 0,
            verdict: Verdict::Approve,
            reason: "so did I".to_owned(),
        };
        let said = decide_step(&w.system, Actor::slack(PersonId(dan)), late).await;
        let Err(Error::Refused(refusal)) = said else {
            panic!("it is refused: {said:?}")
        };
        assert!(
            refusal
                .sentence()
                .starts_with("Ana Alvarez has made this an emergency meanwhile."),
            "{}",
            refusal.sentence()
        );
        erin.clicks(&message(&erin, "customers cannot pay"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "write", "ana").await);
        assert_eq!(
            w.count("SELECT length FROM requests").await,
            3_600,
            "an emergency has its own maximum"
        );
        assert_eq!(
            w.count("SELECT count(*) FROM decisions WHERE round = 0").await,
            1,
            "Carla's approval stays on record"
        );
        assert!(
            w.count("SELECT count(*) FROM audit WHERE emergency AND event ->> 'type' = 'escalated'")
                .await
                == 1
        );
    });
}

#[test]
fn by_command_with_the_reason_behind_it() {
    story(async |w| {
        let ana = ana_asks(w, "fix the ledger").await;
        let answer = ana
            .runs("general", "/c1 escalate #1 customers cannot pay")
            .await
            .unwrap();
        assert!(
            answer.text().contains("Request #1 is an emergency now"),
            "{}",
            answer.text()
        );
        w.settle().await;
        assert!(everything(&w.person("milan")).contains("customers cannot pay"));
        let answer = ana.runs("general", "/c1 escalate 1 once more").await.unwrap();
        assert!(answer.text().contains("already an emergency"), "{}", answer.text());
        let answer = ana.runs("general", "/c1 escalate 7 please").await.unwrap();
        assert!(answer.text().contains("no request #7"), "{}", answer.text());
        let answer = ana.runs("general", "/c1 escalate").await.unwrap();
        assert!(answer.text().contains("Which one?"), "{}", answer.text());
    });
}

#[test]
fn only_by_those_concerned_who_may_use_the_emergency() {
    story(async |w| {
        ana_asks(w, "fix the ledger").await;
        // Her manager is concerned and not on call; the head of security may, and is not concerned.
        for (who, said) in [
            ("bob", "not among the people who may use emergency access"),
            ("erin", "no request #1"),
            ("carla", "no request #1"),
            ("qin", "no request #1"),
        ] {
            let answer = w.person(who).runs("general", "/c1 escalate 1 I want it").await.unwrap();
            assert!(answer.text().contains(said), "{who}: {}", answer.text());
        }
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE emergency").await, 0);

        // Jun asks, and is not on call either: no button.
        let jun = w.person("jun");
        form("Production database", "Write")
            .reason("me too")
            .sent_by(&jun)
            .await;
        w.settle().await;
        let card = message(&jun, "You have created").text().to_owned();
        assert!(!card.contains("Escalate"), "{card}");

        // As soon as his manager is on call, the manager may.
        sqlx::query(
            "INSERT INTO group_members (group_id, person_id)
             SELECT g.id, p.id FROM groups g, people p WHERE g.key = 'on-call' AND p.key = 'bob'",
        )
        .execute(&w.pool)
        .await
        .unwrap();
        let bob = w.person("bob");
        let answer = bob.runs("general", "/c1 escalate 2 Jun is in a plane").await.unwrap();
        assert!(answer.text().contains("is an emergency now"), "{}", answer.text());
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE emergency").await, 1);
    });
}

#[test]
fn not_where_it_was_switched_off_after_the_button_was_shown() {
    story(async |w| {
        let ana = ana_asks(w, "fix the ledger").await;
        ana.clicks(&message(&ana, "You have created"), "⚡ Escalate to emergency")
            .await
            .unwrap();
        w.until("she is asked what has changed", async || ana.modal().is_some())
            .await;
        sqlx::query("UPDATE entitlements SET emergency_enabled = false")
            .execute(&w.pool)
            .await
            .unwrap();
        let SubmitOutcome::Errors(errors) = ana.submits().await.unwrap() else {
            panic!("it is refused")
        };
        assert_eq!(
            errors.values().next().unwrap(),
            "This access cannot be had as an emergency."
        );
        sqlx::query("UPDATE entitlements SET emergency_enabled = true WHERE emergency_policy_id IS NOT NULL")
            .execute(&w.pool)
            .await
            .unwrap();
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE emergency").await, 0);
        assert!(
            everything(&w.person("carla")).contains("[Approve]"),
            "it goes on as before"
        );
    });
}

#[test]
fn a_request_that_would_end_by_it_stays_as_it_is() {
    story(async |w| {
        let ana = ana_asks(w, "fix the ledger").await;
        sqlx::query(
            r#"UPDATE policies SET rules = '[{"steps": [{"deny": {"message": "Not on a Friday."}}]}]' WHERE key = 'one-of-security'"#,
        )
        .execute(&w.pool)
        .await
        .unwrap();
        let answer = ana.runs("general", "/c1 escalate 1 now").await.unwrap();
        assert!(
            answer.text().contains("stays as it is: Not on a Friday."),
            "{}",
            answer.text()
        );
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'open' AND NOT emergency")
                .await,
            1
        );
    });
}

#[test]
fn the_form_of_a_second_request_offers_to_escalate_the_first() {
    story(async |w| {
        let ana = ana_asks(w, "fix the ledger").await;
        form("Production database", "⏳ Write")
            .emergency()
            .reason("customers cannot pay")
            .filled_by(&ana)
            .await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("already an open request for this: #1") && text.contains("[⚡ Make #1 an emergency]"),
            "{text}"
        );
        // Sent all the same, it leads to the same question, with the reason in it.
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Pushed));
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("What has changed?") && text.contains("customers cannot pay"),
            "{text}"
        );
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert!(ana.modal().is_none());
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 1);
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE emergency").await, 1);

        // Once it is an emergency there is nothing to escalate.
        form("Production database", "⏳ Write")
            .emergency()
            .filled_by(&ana)
            .await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("already an open request") && !text.contains("Make #1"),
            "{text}"
        );
    });
}

#[test]
fn the_button_in_the_form_asks_what_has_changed() {
    story(async |w| {
        let ana = ana_asks(w, "fix the ledger").await;
        form("Production database", "⏳ Write")
            .emergency()
            .filled_by(&ana)
            .await;
        let forms = ana.modals().len();
        let shown = ana.modal().unwrap();
        ana.clicks(&shown, "⚡ Make #1 an emergency").await.unwrap();
        w.until("she is asked what has changed", async || ana.modals().len() > forms)
            .await;
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE emergency").await, 1);
    });
}

/// Somebody else acts at the same moment, on another replica; whoever comes second meets what the first has made of it.
#[test]
fn at_the_same_moment_as_an_approval_a_denial_or_a_cancellation_it_has_one_outcome() {
    story(async |w| {
        w.starts_c1().await;
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        for (round, act) in ["Approve", "Deny", "Cancel request", "Approve", "Deny", "Cancel request"]
            .into_iter()
            .enumerate()
        {
            let reason = format!("round {round}");
            form("Production database", "Read").reason(&reason).sent_by(&ana).await;
            w.settle().await;
            let mine = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            let hers = carla.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            carla.types_in(&hers, "decision_reason", "because").await.unwrap();
            let command = format!("/c1 escalate {} now", round + 1);
            if act == "Cancel request" {
                let _ = tokio::join!(ana.runs("general", &command), ana.clicks(&mine, act));
            } else {
                let _ = tokio::join!(ana.runs("general", &command), carla.clicks(&hers, act));
            }
            w.settle().await;
            let id = i64::try_from(round).unwrap() + 1;
            let (state, emergency, decided): (String, bool, i64) = sqlx::query_as(
                "SELECT state, emergency, (SELECT count(*) FROM decisions WHERE request_id = r.id) FROM requests r WHERE id = $1",
            )
            .bind(id)
            .fetch_one(&w.pool)
            .await
            .unwrap();
            // Escalated first: it is given at once, by the emergency policy, and whoever decided came too late, or is void
            // on record. Otherwise it has ended as they said, in the ordinary way.
            let expected = match act {
                _ if emergency => "approved",
                "Approve" => "approved",
                "Deny" => "denied",
                _ => "cancelled",
            };
            assert_eq!(
                state, expected,
                "round {round}: {act}, emergency: {emergency}, {decided} decided"
            );
            assert!(!emergency || decided == 0, "one winner");
            if let Some(held) = ana
                .dm()
                .into_iter()
                .find(|m| m.text().contains(&reason) && m.text().contains("[I'm done]"))
            {
                ana.clicks(&held, "I'm done").await.unwrap();
                w.settle().await;
            }
        }
    });
}

#[test]
fn at_the_moment_of_its_deadline_it_is_one_or_the_other() {
    story(async |w| {
        w.starts_c1().await;
        sqlx::query(
            r#"UPDATE policies SET rules = '[{"steps": [{"approval": {"name": "Owner", "approvers": ["entitlement_owners"],
                "deadline": {"after": 3600, "then": "expire"}}}]}]' WHERE key = 'owner'"#,
        )
        .execute(&w.pool)
        .await
        .unwrap();
        let ana = w.person("ana");
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        let (answer, ()) = tokio::join!(
            ana.runs("general", "/c1 escalate 1 now"),
            w.after(std::time::Duration::from_secs(3_601))
        );
        let answer = answer.unwrap();
        w.settle().await;
        let expired = w
            .count("SELECT count(*) FROM requests WHERE state = 'expired' AND NOT emergency")
            .await;
        let escalated = w
            .count("SELECT count(*) FROM requests WHERE state = 'approved' AND emergency")
            .await;
        assert_eq!(expired + escalated, 1, "{}", answer.text());
        assert_eq!(
            answer.text().contains("is an emergency now"),
            escalated == 1,
            "she is told which: {}",
            answer.text()
        );
    });
}
