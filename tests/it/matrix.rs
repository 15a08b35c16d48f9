//! One story, told once for every call to Slack in it and every way that call can go wrong: before it the process is killed,
//! after it, it was done and never answered, refused, late, garbled. Whatever happens, everything stands there once, in
//! order, and shows what is true.
//!
//! Which calls there are is seen by letting the story go well once, so the list cannot grow old.

use crate::harness::{Process, Proxy, World, story, story_with_a_server};
use c1::domain::ids::RequestId;
use simulator::{ActError, DeliveryFault, Fault, MessageRef, MessageSnapshot, Person, ProfileChange};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

const A_MOMENT: Duration = Duration::from_millis(20);

const DECIDED: &str = "SELECT count(*) FROM decisions d JOIN requests r ON r.id = d.request_id";
const ENDED: &str = "SELECT count(*) FROM holds h JOIN requests r ON r.id = h.request_id AND h.over";

/// People who try again when Slack tells them that something did not work.
struct Round<'a> {
    w: &'a World,
    reason: String,
}

impl Round<'_> {
    /// The whole story: request, conversation, decision, access, one more comment, the end.
    async fn goes(&self) {
        let w = self.w;
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        self.asked_by(&ana).await;
        w.settle().await;
        self.talk(&ana, &carla, &dan).await;
        w.settle().await;
        self.until_clicked(&carla, "Approve", DECIDED).await;
        w.settle().await;
        self.says(&dan, "I would have, too").await;
        self.until_clicked(&ana, "I'm done", ENDED).await;
        w.settle().await;
    }

    /// A question that is changed while its copies are on their way, an answer, a word among approvers, and one that is
    /// taken back.
    async fn talk(&self, ana: &Person, carla: &Person, dan: &Person) {
        let asked = self.says(carla, "for how long?").await;
        self.says(ana, "an hour will do").await;
        carla.edits(asked, "for how long, at most?").await.unwrap();
        self.says(dan, "note: she asked last week, too").await;
        let slip = self.says(ana, "and root, please").await;
        self.w.settle().await;
        ana.deletes(slip).await.unwrap();
        self.is_heard().await;
    }

    async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{sql} WHERE r.justification = $1")))
            .bind(&self.reason)
            .fetch_one(&self.w.pool)
            .await
            .unwrap()
    }

    /// The form, until it was taken.
    async fn asked_by(&self, person: &Person) {
        while self.count("SELECT count(*) FROM requests r").await == 0 {
            let _ = self.fills_in(person).await;
            person.vanishes();
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    async fn fills_in(&self, person: &Person) -> Result<(), ActError> {
        person.runs("general", "/c1 request prod-db read").await?;
        for _ in 0..100 {
            if person
                .modal()
                .is_some_and(|form| form.text().contains("Why do you need it?"))
            {
                person.types("Why do you need it?", &self.reason).await?;
                person.submits().await?;
                return Ok(());
            }
            tokio::time::sleep(A_MOMENT).await;
        }
        Ok(())
    }

    /// The card that a person has of this request, once it is there.
    async fn card(&self, person: &Person) -> MessageSnapshot {
        for _ in 0..1_500 {
            let mine =
                |card: &MessageSnapshot| card.text().contains(&self.reason) && !card.text().contains("[I'll take it]");
            if let Some(card) = person.dm().into_iter().find(mine) {
                return card;
            }
            tokio::time::sleep(A_MOMENT).await;
        }
        panic!("{} has no card of “{}”", person.name(), self.reason);
    }

    async fn says(&self, person: &Person, words: &str) -> MessageRef {
        let card = self.card(person).await;
        let said = person.replies(&card, words).await.unwrap();
        self.is_heard().await;
        said
    }

    /// Who reads and answers is slower than Slack.
    async fn is_heard(&self) {
        self.w.until("Slack has told it", async || self.w.slack.is_idle()).await;
    }

    /// Clicks until it has counted.
    async fn until_clicked(&self, person: &Person, button: &str, counted: &str) {
        for _ in 0..500 {
            if self.count(counted).await > 0 {
                return;
            }
            let card = self.card(person).await;
            if card.text().contains(&format!("[{button}]")) {
                let _ = person.clicks(&card, button).await;
            }
            tokio::time::sleep(A_MOMENT).await;
        }
        panic!("{button} of “{}” has never counted", self.reason);
    }

    /// Everything stands there once.
    async fn is_right(&self) -> Vec<String> {
        let id = self.count("SELECT coalesce(max(r.id), 0) FROM requests r").await;
        let mut wrong = self.w.differences(Some(RequestId(id))).await;
        for (sql, expected) in [
            ("SELECT count(*) FROM requests r", 1),
            (DECIDED, 1),
            (
                "SELECT count(*) FROM comments c JOIN requests r ON r.id = c.request_id AND c.author_id IS NOT NULL",
                5,
            ),
            (
                "SELECT count(*) FROM comments c JOIN requests r ON r.id = c.request_id
                    AND c.body = 'for how long, at most?' AND c.deleted_at IS NULL",
                1,
            ),
            (
                "SELECT count(*) FROM comments c JOIN requests r ON r.id = c.request_id
                    AND c.deleted_at IS NOT NULL AND c.visibility = 'everyone'",
                1,
            ),
            (
                "SELECT count(*) FROM comments c JOIN requests r ON r.id = c.request_id
                    AND c.body = 'she asked last week, too' AND c.visibility = 'approvers'",
                1,
            ),
            (
                "SELECT count(*) FROM audit a JOIN requests r ON r.id = a.request_id AND a.event->>'type' = 'commented'",
                5,
            ),
            (
                "SELECT count(*) FROM audit a JOIN requests r ON r.id = a.request_id
                    AND a.event->>'type' IN ('comment_edited', 'comment_deleted')",
                2,
            ),
            (
                "SELECT count(*) FROM grants g JOIN holds h ON h.grant_id = g.id AND g.state = 'ended' JOIN requests r ON r.id = h.request_id",
                1,
            ),
        ] {
            let found = self.count(sql).await;
            if found != expected {
                wrong.push(format!("{found} in place of {expected}: {sql}"));
            }
        }
        if self.w.target_has("prod-db", "read", "ana").await {
            wrong.push("the access is still there".to_owned());
        }
        wrong
    }
}

/// How often each method is called when all goes well.
async fn calls_of_a_good_day(w: &World, before: &Fault) -> BTreeMap<String, u32> {
    let made = w.slack.calls().len();
    let round = Round {
        w,
        reason: format!("a good day before {before:?}"),
    };
    round.goes().await;
    assert_eq!(round.is_right().await, Vec::<String>::new());
    let mut calls = BTreeMap::new();
    for call in w.slack.calls().split_off(made) {
        *calls.entry(call.method).or_default() += 1;
    }
    for method in ["chat.postMessage", "chat.update", "chat.delete", "views.open"] {
        assert!(calls.contains_key(method), "{calls:?}");
    }
    calls
}

/// Every call of the story, one at a time, meets `fault`; `meanwhile` sees it happen.
async fn every_call(w: &World, fault: Fault, every: usize, mut meanwhile: impl AsyncFnMut()) {
    // Two who are asked show what three do, in fewer calls.
    let gone = ProfileChange {
        deleted: Some(true),
        ..ProfileChange::default()
    };
    w.person("kofi").changes_profile(gone).await.unwrap();
    w.settle().await;
    let calls = calls_of_a_good_day(w, &fault).await;
    let all = calls
        .iter()
        .flat_map(|(method, times)| (0..*times).map(move |nth| (method, nth)));
    let (mut wrong, mut met, mut tried) = (Vec::new(), 0, 0);
    for (method, nth) in all.step_by(every) {
        let name = format!("{fault:?} at {method} {nth}");
        let before = w.slack.faults().applied();
        w.slack.faults().after(nth, method, fault.clone());
        let round = Round {
            w,
            reason: name.clone(),
        };
        let over = AtomicBool::new(false);
        let people = async {
            round.goes().await;
            over.store(true, Ordering::Relaxed);
        };
        let seen = async {
            while w.slack.faults().applied() == before && !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if w.slack.faults().applied() > before {
                meanwhile().await;
            }
        };
        tokio::join!(people, seen);
        w.settle().await;
        tried += 1;
        met += usize::from(w.slack.faults().applied() > before);
        w.slack.faults().clear();
        wrong.extend(round.is_right().await.into_iter().map(|what| format!("{name}: {what}")));
        assert!(wrong.len() < 5, "{}", wrong.join("\n"));
    }
    assert_eq!(wrong, Vec::<String>::new());
    // Updates become one where they meet, so a call or two of the good day may not come.
    assert!(met * 10 >= tried * 8, "only {met} of {tried} calls were met");
}

/// A fault that c1 lives through.
fn lives_through(fault: Fault) {
    story(async |w| every_call(w, fault, 1, async || {}).await);
}

/// The process itself dies at the call, and another takes over.
fn dies_at(fault: Fault) {
    story(async |w| {
        w.stops_c1().await;
        let settings = w.settings();
        let mut process = Some(Process::start(&settings));
        w.until("a socket is up", async || w.slack.sockets() > 0).await;
        w.settle().await;
        let world: &World = w;
        let next = async || {
            if let Some(process) = process.take() {
                process.dies();
            }
            world.leases_run_out().await;
            process = Some(Process::start(&settings));
        };
        every_call(world, fault, 1, next).await;
        drop(process);
        w.leases_run_out().await;
        w.starts_c1().await;
    });
}

/// The story, while the same thing goes wrong again and again; told anew until it has gone wrong often enough, since a
/// quick machine is done before.
async fn under(w: &World, what: &str, every: Duration, mut again: impl AsyncFnMut()) {
    let times = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let mut rounds = Vec::new();
    let people = async {
        while times.load(Ordering::Relaxed) < 3 {
            rounds.push(Round {
                w,
                reason: format!("{what}, round {}", rounds.len() + 1),
            });
            rounds[rounds.len() - 1].goes().await;
        }
        over.store(true, Ordering::Relaxed);
    };
    let weather = async {
        while !over.load(Ordering::Relaxed) {
            tokio::time::sleep(every).await;
            again().await;
            times.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(people, weather);
    // Whatever was held back comes now.
    for fault in [
        DeliveryFault::TellEvents,
        DeliveryFault::ReleaseEvents { reversed: true },
    ] {
        w.slack.faults().delivery(fault);
    }
    w.settle().await;
    for round in rounds {
        assert_eq!(round.is_right().await, Vec::<String>::new(), "{}", round.reason);
    }
}

#[test]
fn deliveries_break_double_and_change_places() {
    story(async |w| {
        let faults: &[(&str, DeliveryFault, u64)] = &[
            ("sockets break", DeliveryFault::DropSocket, 150),
            ("sockets are warned", DeliveryFault::SocketWarning, 200),
            ("sockets are refreshed", DeliveryFault::SocketRefresh, 300),
            (
                "events come again, marked",
                DeliveryFault::DuplicateNext {
                    with_retry_headers: true,
                },
                10,
            ),
            (
                "events come again, unmarked",
                DeliveryFault::DuplicateNext {
                    with_retry_headers: false,
                },
                10,
            ),
            ("messages come under two names", DeliveryFault::TwoEventIdsNext, 10),
        ];
        for (what, fault, every) in faults {
            under(w, what, Duration::from_millis(*every), async || {
                w.slack.faults().delivery(*fault);
            })
            .await;
        }
        under(w, "events change places", Duration::from_millis(120), async || {
            w.slack
                .faults()
                .delivery(DeliveryFault::ReleaseEvents { reversed: true });
            w.slack.faults().delivery(DeliveryFault::HoldEvents);
        })
        .await;
    });
}

#[test]
fn events_come_an_hour_late_and_clocks_jump() {
    story(async |w| {
        let hour = Duration::from_secs(3_600);
        let mut ahead = false;
        under(w, "the clock jumps", Duration::from_millis(100), async || {
            let by = chrono::TimeDelta::hours(if ahead { -1 } else { 1 });
            ahead = !ahead;
            w.clock.advance(by);
            c1::db::jobs::wake();
        })
        .await;
        w.slack.faults().delivery(DeliveryFault::HoldEvents);
        let round = Round {
            w,
            reason: "an hour late".to_owned(),
        };
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        round.asked_by(&ana).await;
        w.settle().await;
        round.talk(&ana, &carla, &dan).await;
        round.says(&dan, "fine").await;
        round.until_clicked(&carla, "Approve", DECIDED).await;
        w.after(hour).await;
        w.slack
            .faults()
            .delivery(DeliveryFault::ReleaseEvents { reversed: true });
        w.settle().await;
        round.until_clicked(&ana, "I'm done", ENDED).await;
        w.settle().await;
        assert_eq!(round.is_right().await, Vec::<String>::new());
    });
}

#[test]
fn the_way_to_the_database_is_cut_again_and_again() {
    story(async |w| {
        w.stops_c1().await;
        let proxy = Proxy::to(w.database_url()).await;
        let direct = w.database_url().to_owned();
        w.finds_its_database_at(proxy.url_of(&direct));
        w.starts_mortal_c1().await;
        w.until("a socket is up", async || w.slack.sockets() > 0).await;
        under(w, "the way is cut", Duration::from_millis(350), async || proxy.cut()).await;
        w.stops_c1().await;
        w.finds_its_database_at(direct);
        w.leases_run_out().await;
        w.starts_c1().await;
    });
}

#[test]
fn the_database_server_is_restarted_in_the_middle() {
    story_with_a_server(async |w, server| {
        let round = Round {
            w,
            reason: "a restart".to_owned(),
        };
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        // Each time before what was done has been shown.
        round.asked_by(&ana).await;
        server.restart().await;
        w.settle().await;
        round.talk(&ana, &carla, &dan).await;
        server.restart().await;
        w.settle().await;
        round.until_clicked(&carla, "Approve", DECIDED).await;
        server.restart().await;
        w.settle().await;
        round.says(&dan, "I would have, too").await;
        round.until_clicked(&ana, "I'm done", ENDED).await;
        server.restart().await;
        w.settle().await;
        assert_eq!(round.is_right().await, Vec::<String>::new());
    });
}

#[test]
fn two_replicas_and_one_of_them_dies_again_and_again() {
    story(async |w| {
        w.starts_mortal_c1().await;
        under(w, "one of two dies", Duration::from_millis(400), async || {
            w.kills_c1().await;
            w.starts_mortal_c1().await;
        })
        .await;
    });
}

#[test]
fn killed_before_each_call() {
    dies_at(Fault::Timeout);
}

#[test]
fn killed_after_each_call() {
    dies_at(Fault::AppliedTimeout);
}

#[test]
fn each_call_done_and_never_answered() {
    lives_through(Fault::AppliedNoAnswer);
}

#[test]
fn each_call_done_and_answered_with_a_page() {
    lives_through(Fault::AppliedServerError(502));
}

#[test]
fn each_call_told_to_wait() {
    lives_through(Fault::RateLimited { retry_after: 1 });
}

#[test]
fn each_call_broken() {
    lives_through(Fault::ServerError(503));
}

#[test]
fn each_call_never_answered_in_time() {
    story(async |w| {
        w.waits_for_slack_only(Duration::from_millis(500)).await;
        every_call(w, Fault::Timeout, 1, async || {}).await;
        every_call(w, Fault::AppliedTimeout, 3, async || {}).await;
    });
}

#[test]
fn each_call_answered_by_somebody_else() {
    lives_through(Fault::BadBody);
}
