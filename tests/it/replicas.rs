//! More than one c1 on one database, and people who act at the same moment.

use crate::harness::{everything, form, message, story};

#[test]
fn two_approvers_at_once_have_one_winner() {
    story(async |w| {
        w.starts_c1().await;
        for round in 0..5 {
            let app = ["Read", "✅ Read"][usize::from(round > 0)];
            let _ = app;
            let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
            let reason = format!("round {round}");
            form("Production database", "Read")
                .reason(reason.clone())
                .sent_by(&ana)
                .await;
            w.settle().await;
            let (of_carla, of_dan) = (message(&carla, &reason), message(&dan, &reason));
            let (one, other) = tokio::join!(carla.clicks(&of_carla, "Approve"), dan.clicks(&of_dan, "Approve"));
            one.unwrap();
            let _ = other;
            w.settle().await;
            let ended = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            ana.clicks(&ended, "I'm done").await.unwrap();
            w.settle().await;
        }
        assert_eq!(
            w.count("SELECT count(*) FROM decisions").await,
            5,
            "one decision a round"
        );
        assert_eq!(w.count("SELECT count(*) FROM grants WHERE state = 'ended'").await, 5);
    });
}

#[test]
fn approve_and_cancel_at_once_have_one_winner() {
    story(async |w| {
        w.starts_c1().await;
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        for round in 0..5 {
            let reason = format!("round {round}");
            form("Production database", "Read")
                .reason(reason.clone())
                .sent_by(&ana)
                .await;
            w.settle().await;
            let mine = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            let hers = message(&carla, &reason);
            let _ = tokio::join!(ana.clicks(&mine, "Cancel request"), carla.clicks(&hers, "Approve"));
            w.settle().await;
            let mine = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            if mine.text().contains("I'm done") {
                ana.clicks(&mine, "I'm done").await.unwrap();
                w.settle().await;
            }
        }
        let over = w
            .count("SELECT count(*) FROM requests WHERE state IN ('approved', 'cancelled')")
            .await;
        assert_eq!(over, 5);
        let grants = w.count("SELECT count(*) FROM grants").await;
        assert_eq!(
            grants,
            w.count("SELECT count(*) FROM requests WHERE state = 'approved'").await
        );
        assert!(!everything(&carla).contains("[Approve]"));
    });
}

#[test]
fn the_same_form_sent_twice_makes_one_request() {
    story(async |w| {
        w.starts_c1().await;
        let ana = w.person("ana");
        form("Production database", "Read").filled_by(&ana).await;
        w.slack.faults().delivery(simulator::DeliveryFault::DuplicateNext {
            with_retry_headers: false,
        });
        let _ = ana.submits().await.unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 1);
        assert_eq!(ana.dm().len(), 1, "{}", everything(&ana));
    });
}
