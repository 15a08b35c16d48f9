//! What could go wrong at the worst moment, and what somebody could try.

use crate::harness::{chooses, everything, form, message, story};
use c1::{
    domain::{
        ids::{EntitlementId, PersonId},
        refusal::Refusal,
    },
    usecases::{
        Actor, Error,
        submit_request::{Submission, submit_request},
    },
};
use simulator::Fault;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_crash_after_giving_does_not_make_access_permanent() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read")
            .length("4 hours")
            .sent_by(&ana)
            .await;
        w.settle().await;
        carla.clicks(&message(&carla, "asks"), "Approve").await.unwrap();
        w.settle().await;
        // What a worker leaves behind that dies between giving and noting it: the access is there, the grant is not.
        w.stops_c1().await;
        sqlx::query("UPDATE grants SET state = 'provisioning', started_at = NULL, until = NULL, wake_at = NULL, was_there = false")
            .execute(&w.pool)
            .await
            .unwrap();
        sqlx::query("UPDATE holds SET until = NULL")
            .execute(&w.pool)
            .await
            .unwrap();
        sqlx::query("INSERT INTO jobs (name, lane, payload, priority, run_at, created_at) VALUES ('settle_grant', 'settle_grant:1', '{\"id\": 1}', 0, now(), now())")
            .execute(&w.pool)
            .await
            .unwrap();
        w.starts_c1().await;
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM grants WHERE was_there").await,
            0,
            "it was c1's own doing"
        );
        w.after(5 * HOUR).await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn an_unanswered_post_whose_step_is_over_keeps_no_button() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        // Everybody's conversation is known, so that the fault meets the card and not its opening.
        form("Production database", "Read").reason("first").sent_by(&ana).await;
        w.settle().await;
        ana.clicks(&message(&ana, "first"), "Cancel request").await.unwrap();
        w.settle().await;
        let conversation = message(&carla, "first").channel().to_owned();
        w.slack
            .faults()
            .times_where("chat.postMessage", "channel", &conversation, Fault::AppliedNoAnswer, 1);
        form("Production database", "Read").reason("second").sent_by(&ana).await;
        w.until("Dan is asked", async || {
            dan.dm().iter().any(|m| m.text().contains("second"))
        })
        .await;
        dan.clicks(&message(&dan, "second"), "Approve").await.unwrap();
        w.settle().await;
        assert_eq!(
            carla.dm().iter().filter(|m| m.text().contains("second")).count(),
            1,
            "{}",
            everything(&carla)
        );
        assert!(!everything(&carla).contains("[Approve]"), "{}", everything(&carla));
    });
}

#[test]
fn an_act_that_arrives_twice_is_one_request_and_no_error() {
    story(async |w| {
        let ana = PersonId(w.count("SELECT id FROM people WHERE key = 'ana'").await);
        let entitlement = EntitlementId(w.count("SELECT e.id FROM entitlements e JOIN apps a ON a.id = e.app_id WHERE a.key = 'prod-db' AND e.key = 'read'").await);
        let submission = |origin: &str| Submission {
            subject: None,
            entitlement,
            length: None,
            justification: "INC-42".to_owned(),
            emergency: false,
            extension: false,
            origin: Some(origin.to_owned()),
        };
        let first = submit_request(&w.system, Actor::slack(ana), submission("a"))
            .await
            .unwrap();
        let again = submit_request(&w.system, Actor::slack(ana), submission("a"))
            .await
            .unwrap();
        assert_eq!(first, again);
        let other = submit_request(&w.system, Actor::slack(ana), submission("b")).await;
        assert!(matches!(other, Err(Error::Refused(Refusal::AlreadyAsked { request })) if request == first));
    });
}

#[test]
fn nobody_browses_what_others_may_see() {
    story(async |w| {
        let bob = w.person("bob");
        bob.runs("general", "/c1 request").await.unwrap();
        w.until("the form is open", async || bob.modal().is_some()).await;
        assert!(
            !bob.searches("Which app do you need?", "").await.unwrap().is_empty(),
            "his own"
        );
        chooses(&bob, "Who needs access?", "noor").await;
        assert!(
            bob.searches("Which app do you need?", "").await.unwrap().is_empty(),
            "Noor is not one of his"
        );
        chooses(&bob, "Who needs access?", "jun").await;
        assert!(
            !bob.searches("Which app do you need?", "").await.unwrap().is_empty(),
            "Jun is"
        );
    });
}
