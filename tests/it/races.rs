//! People who act at the same moment, on two replicas, many times over: one winner, and no button that still works.
//! That the audit replays and every card shows what is true is looked at after every story.

use crate::harness::{World, everything, form, message, story};
use c1::{
    domain::{
        ids::{PersonId, RequestId},
        length::Length,
        refusal::Refusal,
        request::Request,
        step::Verdict,
    },
    usecases::{
        Actor, Error,
        cancel_request::cancel_request,
        claim_step::claim_step,
        decide_step::{Decide, decide_step},
        reassign_step::{Reassign, reassign_step},
        shorten_request::{Shorten, shorten_request},
        tick::tick_request,
    },
};
use simulator::Person;
use std::time::Duration;

const ROUNDS: usize = 12;

type Outcome = Result<Request, Error>;

/// Ana asks, in a world with two replicas; the request's number.
async fn asked(w: &World, round: usize) -> RequestId {
    form("Production database", "Read")
        .reason(format!("round {round}"))
        .sent_by(&w.person("ana"))
        .await;
    w.settle().await;
    RequestId(w.count("SELECT max(id) FROM requests").await)
}

/// The round is over: whatever was given is given back, so that Ana can ask again.
async fn over(w: &World, id: RequestId) {
    w.settle().await;
    let ana = w.person("ana");
    let open: Option<i64> = sqlx::query_scalar("SELECT id FROM requests WHERE id = $1 AND state = 'open'")
        .bind(id.0)
        .fetch_optional(&w.pool)
        .await
        .unwrap();
    if open.is_some() {
        cancel_request(&w.system, Actor::slack(who(w, "ana").await), id, String::new())
            .await
            .unwrap();
    }
    w.settle().await;
    if let Some(card) = ana.dm().into_iter().find(|m| m.text().contains("[I'm done]")) {
        ana.clicks(&card, "I'm done").await.unwrap();
        w.settle().await;
    }
    for name in ["carla", "dan", "kofi", "milan", "erin"] {
        let text = everything(&w.person(name));
        assert!(!text.contains("[Approve]"), "no button is left to {name}: {text}");
    }
}

async fn who(w: &World, key: &str) -> PersonId {
    PersonId(
        sqlx::query_scalar("SELECT id FROM people WHERE key = $1")
            .bind(key)
            .fetch_one(&w.pool)
            .await
            .unwrap(),
    )
}

async fn decides(w: &World, by: PersonId, request: RequestId, verdict: Verdict) -> Outcome {
    let decide = Decide {
        request,
        step: 0,
        revision: 0,
        verdict,
        reason: "seen".to_owned(),
    };
    decide_step(&w.system, Actor::slack(by), decide).await
}

/// How many of them happened; whoever came too late was told so, politely.
fn winners(outcomes: &[&Outcome]) -> usize {
    for outcome in outcomes {
        match outcome {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(other) => panic!("neither done nor refused: {other:?}"),
        }
    }
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

async fn decisions(w: &World, id: RequestId) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM decisions WHERE request_id = $1")
        .bind(id.0)
        .fetch_one(&w.pool)
        .await
        .unwrap()
}

async fn state(w: &World, id: RequestId) -> String {
    sqlx::query_scalar("SELECT state FROM requests WHERE id = $1")
        .bind(id.0)
        .fetch_one(&w.pool)
        .await
        .unwrap()
}

#[test]
fn approve_and_deny() {
    story(async |w| {
        w.starts_c1().await;
        let (carla, dan) = (who(w, "carla").await, who(w, "dan").await);
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            let (yes, no) = tokio::join!(
                decides(w, carla, id, Verdict::Approve),
                decides(w, dan, id, Verdict::Deny)
            );
            assert_eq!(winners(&[&yes, &no]), 1, "{yes:?} {no:?}");
            assert_eq!(decisions(w, id).await, 1);
            assert_eq!(state(w, id).await, if yes.is_ok() { "approved" } else { "denied" });
            over(w, id).await;
        }
    });
}

#[test]
fn approve_and_cancel() {
    story(async |w| {
        w.starts_c1().await;
        let (ana, carla) = (who(w, "ana").await, who(w, "carla").await);
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            let (yes, off) = tokio::join!(
                decides(w, carla, id, Verdict::Approve),
                cancel_request(&w.system, Actor::slack(ana), id, String::new())
            );
            assert_eq!(winners(&[&yes, &off]), 1, "{yes:?} {off:?}");
            let grants: i64 = sqlx::query_scalar("SELECT count(*) FROM holds WHERE request_id = $1")
                .bind(id.0)
                .fetch_one(&w.pool)
                .await
                .unwrap();
            assert_eq!(grants, i64::from(yes.is_ok()));
            over(w, id).await;
        }
    });
}

#[test]
fn approve_and_expire() {
    story(async |w| {
        w.starts_c1().await;
        let noor = who(w, "noor").await;
        // A policy under which nobody in time means no.
        let rules = r#"[{"steps": [{"approval": {"name": "Finance", "approvers": [{"people": ["noor"]}],
                        "deadline": {"after": 3600, "then": "expire"}}}]}]"#;
        sqlx::query("UPDATE policies SET rules = $1::jsonb WHERE key = 'owner'")
            .bind(rules)
            .execute(&w.pool)
            .await
            .unwrap();
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            w.clock.advance(chrono::TimeDelta::seconds(3_600));
            w.slack.advance(Duration::from_secs(3_600));
            c1::db::jobs::wake();
            let (yes, tick, again) = tokio::join!(
                decides(w, noor, id, Verdict::Approve),
                tick_request(&w.system, id),
                tick_request(&w.system, id)
            );
            tick.unwrap();
            again.unwrap();
            w.settle().await;
            // The hour was over: whoever looks first sees that, and the click is too late.
            assert!(
                matches!(yes, Err(Error::Refused(Refusal::AlreadyClosed { .. }))),
                "{yes:?}"
            );
            assert_eq!(state(w, id).await, "expired");
            assert_eq!(decisions(w, id).await, 0);
            over(w, id).await;
        }
    });
}

#[test]
fn three_approvers() {
    story(async |w| {
        w.starts_c1().await;
        let (carla, dan, kofi) = (who(w, "carla").await, who(w, "dan").await, who(w, "kofi").await);
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            let (one, two, three) = tokio::join!(
                decides(w, carla, id, Verdict::Approve),
                decides(w, dan, id, Verdict::Approve),
                decides(w, kofi, id, Verdict::Approve)
            );
            assert_eq!(winners(&[&one, &two, &three]), 1);
            assert_eq!(decisions(w, id).await, 1);
            over(w, id).await;
        }
    });
}

#[test]
fn a_double_click_counts_once() {
    story(async |w| {
        w.starts_c1().await;
        let carla: Person = w.person("carla");
        for round in 0..ROUNDS / 2 {
            let id = asked(w, round).await;
            let card = message(&carla, &format!("round {round}\n"));
            let (one, two) = tokio::join!(carla.clicks(&card, "Approve"), carla.clicks(&card, "Approve"));
            one.unwrap();
            drop(two);
            w.settle().await;
            assert_eq!(decisions(w, id).await, 1);
            assert_eq!(state(w, id).await, "approved");
            over(w, id).await;
        }
        let text = everything(&carla);
        assert!(!text.contains("already decided"), "nobody is scolded for it: {text}");
    });
}

#[test]
fn approve_and_reassign() {
    story(async |w| {
        w.starts_c1().await;
        let (carla, milan) = (who(w, "carla").await, who(w, "milan").await);
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            let reassign = Reassign {
                request: id,
                step: 0,
                revision: 0,
                to: milan,
                reason: "on leave".to_owned(),
            };
            let (yes, away) = tokio::join!(
                decides(w, carla, id, Verdict::Approve),
                reassign_step(&w.system, Actor::slack(carla), reassign)
            );
            assert_eq!(winners(&[&yes, &away]), 1, "{yes:?} {away:?}");
            if away.is_ok() {
                assert!(matches!(yes, Err(Error::Refused(Refusal::NotAnApprover))), "{yes:?}");
                w.settle().await;
                decides(w, milan, id, Verdict::Approve).await.unwrap();
            }
            assert_eq!(decisions(w, id).await, 1);
            over(w, id).await;
        }
    });
}

#[test]
fn approve_and_shorten() {
    story(async |w| {
        w.starts_c1().await;
        let (carla, dan) = (who(w, "carla").await, who(w, "dan").await);
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            let shorten = Shorten {
                request: id,
                step: 0,
                revision: 0,
                to: Length::For(3_600),
                reason: "an hour is enough".to_owned(),
            };
            let (yes, less) = tokio::join!(
                decides(w, carla, id, Verdict::Approve),
                shorten_request(&w.system, Actor::slack(dan), shorten)
            );
            assert_eq!(winners(&[&yes, &less]), 1, "{yes:?} {less:?}");
            let length: i64 = sqlx::query_scalar("SELECT length FROM requests WHERE id = $1")
                .bind(id.0)
                .fetch_one(&w.pool)
                .await
                .unwrap();
            if yes.is_ok() {
                assert_eq!(length, 4 * 3_600, "what was approved is what was seen");
            } else {
                assert!(matches!(yes, Err(Error::Refused(Refusal::Changed))), "{yes:?}");
                assert_eq!((length, decisions(w, id).await), (3_600, 0));
            }
            over(w, id).await;
        }
    });
}

#[test]
fn two_who_are_on_it() {
    story(async |w| {
        w.starts_c1().await;
        let (carla, dan) = (who(w, "carla").await, who(w, "dan").await);
        for round in 0..ROUNDS {
            let id = asked(w, round).await;
            let (one, two) = tokio::join!(
                claim_step(&w.system, Actor::slack(carla), id, (0, 0)),
                claim_step(&w.system, Actor::slack(dan), id, (0, 0))
            );
            assert_eq!(winners(&[&one, &two]), 1, "{one:?} {two:?}");
            over(w, id).await;
        }
    });
}
