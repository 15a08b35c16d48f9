//! Deciding.

use crate::harness::{everything, form, message, story};
use simulator::{ProfileChange, SubmitOutcome};

#[test]
fn a_denial_needs_a_reason_and_reaches_the_requester() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        let card = message(&carla, "asks");
        carla.clicks(&card, "Deny").await.unwrap();
        w.until("she is asked why", async || carla.modal().is_some()).await;
        assert!(
            matches!(carla.submits().await.unwrap(), SubmitOutcome::Errors(_)),
            "a reason is needed"
        );
        carla.types("Your reason", "use the replica").await.unwrap();
        assert!(matches!(carla.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        let text = everything(&ana);
        assert!(
            text.contains("use the replica") && text.contains("Carla Conti"),
            "{text}"
        );
        assert!(!w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn a_reason_typed_beside_the_buttons_counts() {
    story(async |w| {
        let (ana, dan) = (w.person("ana"), w.person("dan"));
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        let card = message(&dan, "asks");
        dan.types_in(&card, "decision_reason", "not before Monday")
            .await
            .unwrap();
        dan.clicks(&card, "Deny").await.unwrap();
        w.settle().await;
        assert!(everything(&ana).contains("not before Monday"), "{}", everything(&ana));
    });
}

#[test]
fn two_of_three_must_approve_and_nobody_counts_twice() {
    story(async |w| {
        let (ana, carla, dan, kofi) = (w.person("ana"), w.person("carla"), w.person("dan"), w.person("kofi"));
        form("Production database", "Write")
            .reason("fix the ledger")
            .sent_by(&ana)
            .await;
        w.settle().await;
        let of_kofi = message(&kofi, "fix the ledger").reference();
        let card = message(&carla, "fix the ledger");
        carla
            .types_in(&card, "decision_reason", "I looked at the script")
            .await
            .unwrap();
        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(!w.target_has("prod-db", "write", "ana").await, "one is not two");
        assert!(
            !message(&carla, "fix the ledger").text().contains("[Approve]"),
            "hers is gone"
        );

        let card = message(&dan, "fix the ledger");
        dan.types_in(&card, "decision_reason", "so did I").await.unwrap();
        dan.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "write", "ana").await);
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 2);

        let text = kofi.message(of_kofi).unwrap().text().to_owned();
        assert!(!text.contains("[Approve]"), "{text}");
    });
}

#[test]
fn the_manager_first_then_an_owner_and_never_the_same_person() {
    story(async |w| {
        let (jun, bob, carla) = (w.person("jun"), w.person("bob"), w.person("carla"));
        form("GitHub", "payments / Admin")
            .reason("release day")
            .sent_by(&jun)
            .await;
        w.settle().await;
        assert!(
            carla.dm().is_empty(),
            "the second step is not asked yet: {}",
            everything(&carla)
        );
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        carla.clicks(&message(&carla, "release day"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("github", "payments-admin", "jun").await);
    });
}

#[test]
fn nobody_decides_about_their_own_access() {
    story(async |w| {
        let kofi = w.person("kofi");
        form("Production database", "Read").sent_by(&kofi).await;
        w.settle().await;
        assert!(
            !everything(&kofi).contains("[Approve]"),
            "an owner who asks is not asked: {}",
            everything(&kofi)
        );
        assert_eq!(w.count("SELECT count(*) FROM request_approvers").await, 2);
    });
}

#[test]
fn a_late_click_is_told_privately_what_happened_and_by_whom() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        // Dan's list stands in front of him while Carla decides: nothing can ever change it but his own click.
        let list = dan.runs("general", "/c1 approvals list").await.unwrap();
        carla.clicks(&message(&carla, "asks"), "Approve").await.unwrap();
        w.settle().await;
        let stale = list.ephemeral.as_ref().expect("an answer only he sees");
        dan.clicks(stale, "Approve").await.unwrap();
        w.until("he is told", async || {
            dan.messages("general")
                .iter()
                .any(|m| m.text().contains("already approved by Carla Conti"))
        })
        .await;
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 1);
    });
}

#[test]
fn whoever_leaves_loses_the_power_to_decide_at_once() {
    story(async |w| {
        let (ana, qin, hana, erin) = (w.person("ana"), w.person("qin"), w.person("hana"), w.person("erin"));
        form("Figma", "Edit").reason("mock-ups").sent_by(&ana).await;
        w.settle().await;
        let card = message(&qin, "mock-ups");
        qin.changes_profile(ProfileChange {
            deleted: Some(true),
            ..ProfileChange::default()
        })
        .await
        .unwrap();
        w.settle().await;
        assert!(
            qin.clicks(&card, "Approve").await.is_err(),
            "a deactivated person clicks nothing"
        );
        let text = everything(&erin);
        assert!(
            text.contains("mock-ups") && text.contains("[Approve]"),
            "the last resort is asked: {text}"
        );
        assert!(text.contains("⚠️"), "with an alarm: {text}");
        erin.clicks(&message(&erin, "mock-ups"), "Approve").await.unwrap();
        w.settle().await;
        drop(hana);
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'approved'").await,
            1
        );
    });
}

#[test]
fn a_request_is_cancelled_by_who_asked_and_by_nobody_else() {
    story(async |w| {
        let (ana, carla, jun) = (w.person("ana"), w.person("carla"), w.person("jun"));
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        let answer = jun.runs("general", "/c1 cancel 1").await.unwrap();
        assert!(
            answer.text().contains("There is no request #1 that you can see."),
            "{}",
            answer.text()
        );
        ana.clicks(&message(&ana, "You have created"), "Cancel request")
            .await
            .unwrap();
        w.settle().await;
        assert!(!everything(&carla).contains("[Approve]"), "{}", everything(&carla));
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'cancelled'").await,
            1
        );
    });
}

#[test]
fn nobody_in_time_brings_in_the_fallback() {
    story(async |w| {
        let (ana, milan) = (w.person("ana"), w.person("milan"));
        form("Production database", "Write")
            .reason("fix the ledger")
            .sent_by(&ana)
            .await;
        w.settle().await;
        assert!(milan.dm().is_empty());
        w.after(std::time::Duration::from_secs(2 * 86_400 + 1)).await;
        assert!(everything(&milan).contains("[Approve]"), "{}", everything(&milan));
        assert!(
            everything(&w.person("carla")).contains("[Approve]"),
            "the earlier may still act"
        );
    });
}
