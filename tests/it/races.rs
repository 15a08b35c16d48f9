//! People who act at the same moment, on two replicas, many times over: one winner, and no button that still works.
//! That the audit replays and every card shows what is true is looked at after every story.
//!
//! Two who race are both on their way, each on a replica of its own, when the request's row is let go: it is held until both
//! wait for it, so that in a third of the rounds the one is first and in a third the other. In the rest nothing is held.

use crate::harness::{World, everything, message, story};
use c1::{
    clock::{Clock as _, ManualClock},
    db::Db,
    domain::{
        ids::{EntitlementId, PersonId, RequestId},
        length::Length,
        refusal::Refusal,
        request::Request,
        step::Verdict,
    },
    usecases::{
        Actor, Error, System,
        cancel_request::cancel_request,
        claim_step::claim_step,
        decide_step::{Decide, decide_step},
        escalate_request::escalate_request,
        reassign_step::{Reassign, reassign_step},
        shorten_request::{Shorten, shorten_request},
        submit_request::{Submission, submit_request},
        tick::tick_request,
    },
};
use chrono::TimeDelta;
use simulator::Person;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Barrier;

/// Who asks, each for each access: one round each.
const ASKING: [&str; 12] = [
    "ana", "jun", "lena", "bob", "milan", "frank", "hana", "ivan", "noor", "olga", "pablo", "qin",
];

const APP: &str = "{ key: race, name: Race, owners: [grace], connector: demo, entitlements: [
  { key: a, name: A, policy: owner, lengths: { presets: [4h], max: 1d, custom: true }, \
    emergency: { enabled: true, policy: break-glass, max: 1h, who: [everyone] } },
  { key: b, name: B, policy: owner, lengths: { presets: [4h], max: 1d, custom: true }, \
    emergency: { enabled: true, policy: break-glass, max: 1h, who: [everyone] } } ] }";

const CATALOG: &str =
    "- { key: everyone, name: For everyone, everyone: true, entitlements: [okta/*, figma/*, race/*] }";

/// Carla and Dan are asked, and either is enough.
const EITHER: &str = "[{ steps: [{ name: Owner, approvers: [carla, dan], reason: never, \
                      reassign: { to: anyone, reason: true } }] }]";

type Outcome = Result<Request, Error>;

/// Who comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    One,
    Other,
    Whoever,
}

impl First {
    fn of(round: usize) -> Self {
        [Self::One, Self::Other, Self::Whoever][round % 3]
    }
}

/// Two replicas, and a request for every round.
struct Arena<'w> {
    w: &'w World,
    /// A replica, with its own connections.
    one: System,
    /// Another one.
    other: System,
    /// The rounds that people click through, each reaching c1 by another replica's socket.
    clicked: Vec<RequestId>,
    /// The rounds that begin where a door has understood what is wanted.
    called: Vec<RequestId>,
}

/// A world with two replicas of one socket each, so that what is delivered one after the other reaches both.
async fn arena<'w>(w: &'w mut World, rules: &str) -> Arena<'w> {
    w.stops_c1().await;
    w.sockets = 1;
    w.starts_c1().await;
    w.starts_c1().await;
    w.until("each has its socket", async || w.slack.sockets() == 2).await;
    let policies = crate::harness::company::policies_with("owner", rules);
    w.files_say(&[
        ("apps/race.yaml", APP),
        ("catalogs.yaml", CATALOG),
        ("policies.yaml", &policies),
    ])
    .await;
    let replica = async || System {
        db: Db::connect(w.database_url(), 8).await.unwrap(),
        ..w.system.clone()
    };
    let (one, other) = (replica().await, replica().await);
    let mut clicked = Vec::new();
    let mut called = Vec::new();
    for (access, asked) in [("a", &mut clicked), ("b", &mut called)] {
        let id: i64 = sqlx::query_scalar(
            "SELECT e.id FROM entitlements e JOIN apps a ON a.id = e.app_id WHERE a.key = 'race' AND e.key = $1",
        )
        .bind(access)
        .fetch_one(&w.pool)
        .await
        .unwrap();
        for name in ASKING {
            let submission = Submission {
                subject: None,
                entitlement: EntitlementId(id),
                length: Some(Length::For(4 * 3_600)),
                justification: format!("{name} for {access}"),
                emergency: false,
                extension: false,
                origin: None,
            };
            let actor = Actor::slack(who(w, name).await);
            asked.push(submit_request(&w.system, actor, submission).await.unwrap());
        }
    }
    w.settle().await;
    Arena {
        w,
        one,
        other,
        clicked,
        called,
    }
}

impl Arena<'_> {
    /// Lets two meet at a request.
    async fn meet<A: Send + 'static, B: Send + 'static>(
        &self,
        request: RequestId,
        first: First,
        one: impl Future<Output = A> + Send + 'static,
        other: impl Future<Output = B> + Send + 'static,
    ) -> (A, B) {
        let (one, other) = if first == First::Whoever {
            let both = Arc::new(Barrier::new(2));
            let (here, there) = (Arc::clone(&both), both);
            (
                tokio::spawn(async move {
                    here.wait().await;
                    one.await
                }),
                tokio::spawn(async move {
                    there.wait().await;
                    other.await
                }),
            )
        } else {
            let mut holds = self.w.pool.begin().await.unwrap();
            sqlx::query("SELECT FROM requests WHERE id = $1 FOR UPDATE")
                .bind(request.0)
                .execute(&mut *holds)
                .await
                .unwrap();
            let holder: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
                .fetch_one(&mut *holds)
                .await
                .unwrap();
            // Whoever waits first is let in first.
            let (one, other) = if first == First::One {
                let one = tokio::spawn(one);
                self.wait_at_the_row(holder, 1).await;
                (one, tokio::spawn(other))
            } else {
                let other = tokio::spawn(other);
                self.wait_at_the_row(holder, 1).await;
                (tokio::spawn(one), other)
            };
            self.wait_at_the_row(holder, 2).await;
            holds.commit().await.unwrap();
            (one, other)
        };
        (one.await.unwrap(), other.await.unwrap())
    }

    /// Until so many wait for whoever holds the row, one behind the other. What else is done meanwhile does not count.
    async fn wait_at_the_row(&self, holder: i32, count: i64) {
        let waiting = "WITH RECURSIVE behind AS (
                           SELECT $1 AS pid
                           UNION
                           SELECT a.pid FROM behind b
                             JOIN pg_stat_activity a ON a.wait_event_type = 'Lock' AND b.pid = ANY(pg_blocking_pids(a.pid)))
                       SELECT count(*) - 1 FROM behind";
        self.w
            .until("they wait for the row", async || {
                let found: i64 = sqlx::query_scalar(waiting)
                    .bind(holder)
                    .fetch_one(&self.w.pool)
                    .await
                    .unwrap();
                found == count
            })
            .await;
    }

    /// Has every round run between two calls, and says how often each won. One of them does, every time, and whoever came
    /// too late is told so, politely.
    async fn calls<A, B>(
        &self,
        one: impl Fn(System, RequestId) -> A,
        other: impl Fn(System, RequestId) -> B,
    ) -> Vec<(RequestId, Outcome, Outcome)>
    where
        A: Future<Output = Outcome> + Send + 'static,
        B: Future<Output = Outcome> + Send + 'static,
    {
        let mut all = Vec::new();
        for (round, id) in self.called.iter().enumerate() {
            let first = First::of(round);
            let (one, other) = (one(self.one.clone(), *id), other(self.other.clone(), *id));
            let (one, other) = self.meet(*id, first, one, other).await;
            for outcome in [&one, &other] {
                assert!(
                    matches!(outcome, Ok(_) | Err(Error::Refused(_))),
                    "neither done nor refused: {outcome:?}"
                );
            }
            assert!(one.is_ok() != other.is_ok(), "one winner: {one:?} {other:?}");
            match first {
                First::One => assert!(one.is_ok(), "{one:?}"),
                First::Other => assert!(other.is_ok(), "{other:?}"),
                First::Whoever => {}
            }
            all.push((*id, one, other));
        }
        all
    }

    /// Has every round run between two people at their buttons. How it ended, round by round.
    async fn clicks<A, B>(
        &self,
        one: impl Fn(Round) -> A,
        other: impl Fn(Round) -> B,
    ) -> Vec<(First, RequestId, String)>
    where
        A: Future<Output = ()> + Send + 'static,
        B: Future<Output = ()> + Send + 'static,
    {
        let mut all = Vec::new();
        for (round, (id, name)) in self.clicked.iter().zip(ASKING).enumerate() {
            let first = First::of(round);
            let round = Round {
                id: *id,
                words: format!("{name} for a"),
                asks: self.w.person(name),
                carla: self.w.person("carla"),
                dan: self.w.person("dan"),
            };
            self.meet(*id, first, one(round.clone()), other(round)).await;
            // What the one leads to is delivered to nobody while the next two are on their way.
            self.w.settle().await;
            all.push((first, *id, state(self.w, *id).await));
        }
        all
    }

    /// Nobody has a button that works, and whatever was decided was decided once.
    async fn over(&self) {
        self.w.settle().await;
        for name in ["carla", "dan", "milan", "grace", "erin"] {
            let text = everything(&self.w.person(name));
            assert!(!text.contains("[Approve]"), "no button is left to {name}: {text}");
        }
        let twice = "SELECT count(*) FROM (SELECT FROM decisions GROUP BY request_id HAVING count(*) > 1) twice";
        assert_eq!(self.w.count(twice).await, 0);
        let held = "SELECT count(*) FROM requests r
                     WHERE (r.state = 'approved') <> EXISTS (SELECT FROM holds WHERE request_id = r.id)";
        assert_eq!(self.w.count(held).await, 0, "who was let in has it, and nobody else");
        self.one.db.close().await;
        self.other.db.close().await;
    }
}

/// One request, and those who meet at it.
#[derive(Clone)]
struct Round {
    id: RequestId,
    words: String,
    asks: Person,
    carla: Person,
    dan: Person,
}

impl Round {
    /// Clicks a button of one's card; whether it worked, the database knows.
    async fn click(self, person: Person, button: &'static str) {
        let card = message(&person, &format!("> {}\n", self.words));
        person.clicks(&card, button).await.unwrap();
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

async fn decides(system: System, by: PersonId, request: RequestId, verdict: Verdict) -> Outcome {
    let decide = Decide {
        request,
        step: 0,
        revision: 0,
        verdict,
        reason: "seen".to_owned(),
    };
    decide_step(&system, Actor::slack(by), decide).await
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
        let arena = arena(w, EITHER).await;
        let (carla, dan) = (who(arena.w, "carla").await, who(arena.w, "dan").await);
        let rounds = arena
            .calls(
                |system, id| decides(system, carla, id, Verdict::Approve),
                |system, id| decides(system, dan, id, Verdict::Deny),
            )
            .await;
        for (id, yes, _) in rounds {
            assert_eq!(
                state(arena.w, id).await,
                if yes.is_ok() { "approved" } else { "denied" }
            );
            assert_eq!(decisions(arena.w, id).await, 1);
        }
        let rounds = arena
            .clicks(
                |round| round.clone().click(round.carla, "Approve"),
                |round| round.clone().click(round.dan, "Deny"),
            )
            .await;
        for (first, id, state) in rounds {
            match first {
                First::One => assert_eq!(state, "approved"),
                First::Other => assert_eq!(state, "denied"),
                First::Whoever => assert!(["approved", "denied"].contains(&state.as_str()), "{state}"),
            }
            assert_eq!(decisions(arena.w, id).await, 1);
        }
        arena.over().await;
    });
}

#[test]
fn approve_and_cancel() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let carla = who(arena.w, "carla").await;
        let asking = asking(&arena).await;
        let rounds = arena
            .calls(
                |system, id| decides(system, carla, id, Verdict::Approve),
                |system, id| {
                    let by = Actor::slack(asking[&id]);
                    async move { cancel_request(&system, by, id, String::new()).await }
                },
            )
            .await;
        for (id, yes, _) in rounds {
            assert_eq!(decisions(arena.w, id).await, i64::from(yes.is_ok()));
        }
        let rounds = arena
            .clicks(
                |round| round.clone().click(round.carla, "Approve"),
                |round| round.clone().click(round.asks, "Cancel request"),
            )
            .await;
        for (first, id, state) in rounds {
            match first {
                First::One => assert_eq!(state, "approved"),
                First::Other => assert_eq!(state, "cancelled"),
                First::Whoever => {}
            }
            assert_eq!(decisions(arena.w, id).await, i64::from(state == "approved"));
        }
        arena.over().await;
    });
}

#[test]
fn approve_and_escalate() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let carla = who(arena.w, "carla").await;
        let asking = asking(&arena).await;
        let rounds = arena
            .calls(
                |system, id| decides(system, carla, id, Verdict::Approve),
                |system, id| {
                    let by = Actor::slack(asking[&id]);
                    async move { escalate_request(&system, by, id, "it burns".to_owned()).await }
                },
            )
            .await;
        for (id, yes, now) in rounds {
            // Approved as it was asked for, or given as the emergency rules say: never both.
            assert_eq!(decisions(arena.w, id).await, i64::from(yes.is_ok()));
            assert_eq!(is_emergency(arena.w, id).await, now.is_ok());
            assert_eq!(state(arena.w, id).await, "approved");
        }
        let rounds = arena
            .clicks(
                |round| round.clone().click(round.carla, "Approve"),
                |round| async move {
                    let command = format!("/c1 escalate {} it burns", round.id);
                    round.asks.runs("general", &command).await.unwrap();
                },
            )
            .await;
        for (first, id, _) in rounds {
            let emergency = is_emergency(arena.w, id).await;
            match first {
                First::One => assert!(!emergency),
                First::Other => assert!(emergency),
                First::Whoever => {}
            }
            assert_eq!(decisions(arena.w, id).await, i64::from(!emergency));
        }
        arena.over().await;
    });
}

/// Who asked for what is decided without buttons.
async fn asking(arena: &Arena<'_>) -> HashMap<RequestId, PersonId> {
    let mut asking = HashMap::new();
    for id in &arena.called {
        asking.insert(*id, requester(arena.w, *id).await);
    }
    asking
}

async fn is_emergency(w: &World, id: RequestId) -> bool {
    sqlx::query_scalar("SELECT emergency FROM requests WHERE id = $1")
        .bind(id.0)
        .fetch_one(&w.pool)
        .await
        .unwrap()
}

#[test]
fn approve_and_expire() {
    story(async |w| {
        // A policy under which nobody in time means no.
        let rules = "[{ steps: [{ name: Owner, approvers: [carla, dan], deadline: { after: 1h, then: expire } }] }]";
        let arena = arena(w, rules).await;
        let w = arena.w;
        let carla = who(w, "carla").await;
        // A minute before the first of them is due. The other replica's clock is ahead of it: there the hour is over.
        let due: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("SELECT min(wake_at) FROM requests")
            .fetch_one(&w.pool)
            .await
            .unwrap();
        let wait = due - w.clock.now() - TimeDelta::minutes(1);
        w.after(wait.to_std().unwrap()).await;
        let ahead = w.clock.advance(TimeDelta::zero()) + TimeDelta::minutes(10);
        let late = System {
            clock: Arc::new(ManualClock::ahead_by(ahead)),
            ..arena.other.clone()
        };
        for (round, id) in arena.called.iter().enumerate() {
            let first = [First::One, First::Other][round % 2];
            let (late, at) = (late.clone(), *id);
            let click = decides(arena.one.clone(), carla, at, Verdict::Approve);
            let tick = async move { tick_request(&late, at).await };
            let (yes, tick) = arena.meet(at, first, click, tick).await;
            tick.unwrap();
            // The click was on its way before the hour was over. Whoever reaches the request first has decided it.
            match first {
                First::One => {
                    yes.unwrap();
                    assert_eq!((state(w, at).await.as_str(), decisions(w, at).await), ("approved", 1));
                }
                _ => {
                    let closed = matches!(yes, Err(Error::Refused(Refusal::AlreadyClosed { .. })));
                    assert!(closed, "{yes:?}");
                    assert_eq!((state(w, at).await.as_str(), decisions(w, at).await), ("expired", 0));
                }
            }
        }
        // The rest are clicked at the moment at which the hour is over, for all of them and on both replicas.
        let clicks: Vec<_> = arena
            .clicked
            .iter()
            .enumerate()
            .map(|(round, id)| {
                let click = decides(arena.one.clone(), carla, *id, Verdict::Approve);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(round as u64)).await;
                    click.await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5)).await;
        w.clock.advance(TimeDelta::minutes(10));
        w.slack.advance(Duration::from_secs(600));
        c1::db::jobs::wake();
        for (id, click) in arena.clicked.iter().zip(clicks) {
            let yes = click.await.unwrap();
            w.settle().await;
            let ended = if yes.is_ok() { ("approved", 1) } else { ("expired", 0) };
            assert_eq!(
                (state(w, *id).await.as_str(), decisions(w, *id).await),
                ended,
                "{yes:?}"
            );
        }
        arena.over().await;
    });
}

#[test]
fn two_approvers() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let (carla, dan) = (who(arena.w, "carla").await, who(arena.w, "dan").await);
        let rounds = arena
            .calls(
                |system, id| decides(system, carla, id, Verdict::Approve),
                |system, id| decides(system, dan, id, Verdict::Approve),
            )
            .await;
        for (id, ..) in rounds {
            assert_eq!(decisions(arena.w, id).await, 1);
        }
        let rounds = arena
            .clicks(
                |round| round.clone().click(round.carla, "Approve"),
                |round| round.clone().click(round.dan, "Approve"),
            )
            .await;
        for (first, id, state) in rounds {
            assert_eq!((state.as_str(), decisions(arena.w, id).await), ("approved", 1));
            let by: i64 = sqlx::query_scalar("SELECT person_id FROM decisions WHERE request_id = $1")
                .bind(id.0)
                .fetch_one(&arena.w.pool)
                .await
                .unwrap();
            match first {
                First::One => assert_eq!(by, carla.0),
                First::Other => assert_eq!(by, dan.0),
                First::Whoever => {}
            }
        }
        arena.over().await;
    });
}

#[test]
fn a_double_click_counts_once() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let carla = who(arena.w, "carla").await;
        for (round, id) in arena.called.iter().enumerate() {
            let click = |system: &System| decides(system.clone(), carla, *id, Verdict::Approve);
            let (one, other) = (click(&arena.one), click(&arena.other));
            let (one, other) = arena.meet(*id, First::of(round), one, other).await;
            assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
            assert_eq!(decisions(arena.w, *id).await, 1);
        }
        let rounds = arena
            .clicks(
                |round| round.clone().click(round.carla, "Approve"),
                |round| round.clone().click(round.carla, "Approve"),
            )
            .await;
        for (_, id, state) in rounds {
            assert_eq!((state.as_str(), decisions(arena.w, id).await), ("approved", 1));
        }
        let text = everything(&arena.w.person("carla"));
        assert!(!text.contains("already decided"), "nobody is scolded for it: {text}");
        arena.over().await;
    });
}

#[test]
fn approve_and_reassign() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let (carla, grace) = (who(arena.w, "carla").await, who(arena.w, "grace").await);
        let rounds = arena
            .calls(
                |system, id| decides(system, carla, id, Verdict::Approve),
                |system, request| async move {
                    let reassign = Reassign {
                        request,
                        step: 0,
                        revision: 0,
                        to: grace,
                        reason: "on leave".to_owned(),
                    };
                    reassign_step(&system, Actor::slack(carla), reassign).await
                },
            )
            .await;
        for (id, yes, away) in rounds {
            if away.is_ok() {
                assert!(matches!(yes, Err(Error::Refused(Refusal::NotAnApprover))), "{yes:?}");
                decides(arena.one.clone(), grace, id, Verdict::Approve).await.unwrap();
            }
            assert_eq!(decisions(arena.w, id).await, 1);
        }
        closes_the_clicked(&arena).await;
    });
}

/// What no button was tried on is denied, so that nothing is left.
async fn closes_the_clicked(arena: &Arena<'_>) {
    let dan = who(arena.w, "dan").await;
    for id in &arena.clicked {
        decides(arena.one.clone(), dan, *id, Verdict::Deny).await.unwrap();
    }
    arena.over().await;
}

#[test]
fn approve_and_shorten() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let (carla, dan) = (who(arena.w, "carla").await, who(arena.w, "dan").await);
        let rounds = arena
            .calls(
                |system, id| decides(system, carla, id, Verdict::Approve),
                |system, request| async move {
                    let shorten = Shorten {
                        request,
                        step: 0,
                        revision: 0,
                        to: Length::For(3_600),
                        reason: "an hour is enough".to_owned(),
                    };
                    shorten_request(&system, Actor::slack(dan), shorten).await
                },
            )
            .await;
        for (id, yes, _) in rounds {
            let length: i64 = sqlx::query_scalar("SELECT length FROM requests WHERE id = $1")
                .bind(id.0)
                .fetch_one(&arena.w.pool)
                .await
                .unwrap();
            if yes.is_ok() {
                assert_eq!(length, 4 * 3_600, "what was approved is what was seen");
                continue;
            }
            assert!(matches!(yes, Err(Error::Refused(Refusal::Changed))), "{yes:?}");
            assert_eq!((length, decisions(arena.w, id).await), (3_600, 0));
            cancel_request(
                &arena.one,
                Actor::slack(requester(arena.w, id).await),
                id,
                String::new(),
            )
            .await
            .unwrap();
        }
        closes_the_clicked(&arena).await;
    });
}

async fn requester(w: &World, id: RequestId) -> PersonId {
    PersonId(
        sqlx::query_scalar("SELECT requester_id FROM requests WHERE id = $1")
            .bind(id.0)
            .fetch_one(&w.pool)
            .await
            .unwrap(),
    )
}

#[test]
fn two_who_are_on_it() {
    story(async |w| {
        let arena = arena(w, EITHER).await;
        let (carla, dan) = (who(arena.w, "carla").await, who(arena.w, "dan").await);
        let claim =
            |by| move |system: System, id| async move { claim_step(&system, Actor::slack(by), id, (0, 0)).await };
        for (id, ..) in arena.calls(claim(carla), claim(dan)).await {
            decides(arena.one.clone(), dan, id, Verdict::Deny).await.unwrap();
        }
        closes_the_clicked(&arena).await;
    });
}
