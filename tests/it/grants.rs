//! Access given, and its end.

use crate::harness::{World, everything, form, message, story};
use simulator::{ProfileChange, SubmitOutcome};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// Ana has read access to the production database for four hours.
async fn ana_reads(w: &World) {
    let (ana, carla) = (w.person("ana"), w.person("carla"));
    form("Production database", "Read")
        .length("4 hours")
        .sent_by(&ana)
        .await;
    w.settle().await;
    carla.clicks(&message(&carla, "asks"), "Approve").await.unwrap();
    w.settle().await;
    assert!(w.target_has("prod-db", "read", "ana").await);
}

#[test]
fn access_ends_by_itself_and_says_so() {
    story(async |w| {
        ana_reads(w).await;
        w.after(4 * HOUR - Duration::from_secs(60)).await;
        assert!(w.target_has("prod-db", "read", "ana").await, "not a minute too early");
        w.after(Duration::from_secs(60)).await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        let ana = w.person("ana");
        assert!(!everything(&ana).contains("I'm done"), "{}", everything(&ana));
        let thread = ana.thread(&message(&ana, "You have created"));
        assert!(
            thread.last().unwrap().text().contains("Access ended"),
            "{:?}",
            thread.last().map(|m| m.text().to_owned())
        );
    });
}

#[test]
fn access_ends_also_when_c1_was_down_at_the_time() {
    story(async |w| {
        ana_reads(w).await;
        w.stops_c1().await;
        w.clock.advance(chrono::TimeDelta::hours(5));
        w.slack.advance(5 * HOUR);
        assert!(
            w.target_has("prod-db", "read", "ana").await,
            "nobody was there to end it"
        );
        w.starts_c1().await;
        w.settle().await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn im_done_ends_it_early() {
    story(async |w| {
        ana_reads(w).await;
        let ana = w.person("ana");
        ana.clicks(&message(&ana, "You have created"), "I'm done")
            .await
            .unwrap();
        w.settle().await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        assert_eq!(
            w.count("SELECT count(*) FROM grants WHERE state = 'ended' AND cause = 'done'")
                .await,
            1
        );
    });
}

#[test]
fn more_time_is_a_request_of_its_own_without_a_gap() {
    story(async |w| {
        ana_reads(w).await;
        let (ana, dan) = (w.person("ana"), w.person("dan"));
        let list = ana.runs("general", "/c1 access").await.unwrap();
        ana.clicks(list.ephemeral.as_ref().unwrap(), "Extend").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        ana.types("Why do you need it?", "not finished").await.unwrap();
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        w.after(HOUR).await;
        dan.clicks(&message(&dan, "not finished"), "Approve").await.unwrap();
        w.settle().await;
        w.after(3 * HOUR).await;
        assert!(w.target_has("prod-db", "read", "ana").await, "the second hold goes on");
        w.after(HOUR).await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        assert_eq!(w.count("SELECT count(*) FROM grants").await, 1, "one grant, two holds");
    });
}

#[test]
fn access_that_was_there_before_is_left_in_place() {
    story(async |w| {
        let give = async |tx: &mut c1::db::Tx<'_>| c1::db::demo_target::give(tx, "prod-db", "read", "ana").await;
        w.system.db.write::<_, c1::db::DbError>("by_hand", give).await.unwrap();
        ana_reads(w).await;
        w.after(5 * HOUR).await;
        assert!(
            w.target_has("prod-db", "read", "ana").await,
            "c1 did not give it, so c1 does not take it"
        );
        assert_eq!(w.count("SELECT count(*) FROM grants WHERE state = 'ended'").await, 1);
    });
}

#[test]
fn people_give_and_take_where_no_connector_does() {
    story(async |w| {
        let (lena, hana) = (w.person("lena"), w.person("hana"));
        form("Okta", "Group admin")
            .length("1 day")
            .reason("new joiners")
            .sent_by(&lena)
            .await;
        w.settle().await;
        hana.clicks(&message(&hana, "new joiners"), "Approve").await.unwrap();
        w.settle().await;
        let task = message(&hana, "Group Administrator");
        assert!(!everything(&lena).contains("I'm done (active)"));
        hana.clicks(&task, "Provisioned").await.unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM grants WHERE state = 'active'").await, 1);
        w.after(25 * HOUR).await;
        assert!(
            everything(&hana).contains("[Removed]"),
            "it is time to take it away: {}",
            everything(&hana)
        );
        w.after(HOUR / 2).await;
        assert_eq!(
            w.count("SELECT count(*) FROM grants WHERE state = 'end_overdue'").await,
            1,
            "nobody took it away"
        );
        let task = message(&hana, "[Removed]");
        hana.clicks(&task, "Removed").await.unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM grants WHERE state = 'ended'").await, 1);
        assert!(!everything(&hana).contains("[Removed]"));
    });
}

#[test]
fn wont_do_needs_a_reason_and_is_told() {
    story(async |w| {
        let (lena, hana) = (w.person("lena"), w.person("hana"));
        form("Okta", "Access").reason("first day").sent_by(&lena).await;
        w.settle().await;
        hana.clicks(&message(&hana, "[Provisioned]"), "Won't do").await.unwrap();
        w.until("she is asked why", async || hana.modal().is_some()).await;
        hana.types("Why not?", "you have one under your old name")
            .await
            .unwrap();
        assert!(matches!(hana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert!(
            everything(&lena).contains("you have one under your old name"),
            "{}",
            everything(&lena)
        );
        assert!(!everything(&hana).contains("[Provisioned]"), "{}", everything(&hana));
    });
}

#[test]
fn a_target_that_refuses_leaves_the_task_to_people() {
    story(async |w| {
        let (ivan, noor) = (w.person("ivan"), w.person("noor"));
        form("Payroll", "View").reason("audit season").sent_by(&ivan).await;
        w.settle().await;
        noor.clicks(&message(&noor, "audit season"), "Approve").await.unwrap();
        w.settle().await;
        assert!(
            everything(&ivan).contains("closed until the monthly run is over"),
            "{}",
            everything(&ivan)
        );
        noor.clicks(&message(&noor, "[Provisioned]"), "Provisioned")
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM grants WHERE state = 'active'").await, 1);
    });
}

#[test]
fn whoever_leaves_keeps_nothing() {
    story(async |w| {
        ana_reads(w).await;
        let ana = w.person("ana");
        form("Production database", "Write")
            .reason("still open")
            .sent_by(&ana)
            .await;
        w.settle().await;
        ana.changes_profile(ProfileChange {
            deleted: Some(true),
            ..ProfileChange::default()
        })
        .await
        .unwrap();
        w.settle().await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE state = 'closed'").await, 1);
        assert!(!everything(&w.person("carla")).contains("[Approve]"));
    });
}
