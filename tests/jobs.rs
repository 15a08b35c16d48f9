//! The queue of jobs under everything that can go wrong with it, on a private server.
//!
//! What must *not* happen is proved by order, not by waiting: a job that comes after it, or a look taken by hand.

use c1::{
    clock::{Clock, ManualClock},
    db::{
        Db, DbError,
        jobs::{self, Claimed, JobState, NewJob, Queue},
    },
    jobs::{
        retry,
        runner::{Outcome, Runner, Settings},
    },
    private_postgres::{Durability, Options, PrivatePostgres},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, future::BoxFuture};
use serde_json::json;
use std::{
    collections::HashMap,
    process::Stdio,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    sync::{Semaphore, mpsc},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Longer than anything here takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(60);

const NAMES: &[&str] = &["card", "thread"];

/// One server for all tests that run at the same time; gone with the last of them.
struct Server {
    postgres: PrivatePostgres,
    _dir: tempfile::TempDir,
}

async fn server() -> Arc<Server> {
    static SHARED: tokio::sync::Mutex<Weak<Server>> = tokio::sync::Mutex::const_new(Weak::new());
    let mut shared = SHARED.lock().await;
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options {
        durability: Durability::Off,
        ..Options::default()
    };
    let postgres = PrivatePostgres::start(dir.path(), options)
        .await
        .expect("a private server");
    let server = Arc::new(Server { postgres, _dir: dir });
    *shared = Arc::downgrade(&server);
    server
}

struct World {
    db: Db,
    url: String,
    clock: Arc<ManualClock>,
    started: mpsc::UnboundedSender<Claimed>,
    starts: mpsc::UnboundedReceiver<Claimed>,
    _server: Arc<Server>,
}

impl World {
    async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server().await;
        let name = format!("jobs_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let url = server.postgres.create_database(&name).await.expect("a database");
        let db = Db::connect(&url, 5).await.expect("a connection");
        db.migrate().await.expect("the migrations");
        let (started, starts) = mpsc::unbounded_channel();
        Self {
            db,
            url,
            clock: Arc::default(),
            started,
            starts,
            _server: server,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn enqueue(&self, job: NewJob<'_>) {
        enqueue(&self.db, self.now(), job).await;
    }

    /// A runner whose handler tells of each start and then does as `then` says.
    fn runner(&self, then: impl Fn(Claimed) -> BoxFuture<'static, Outcome> + Send + Sync + 'static) -> Running {
        let started = self.started.clone();
        self.raw_runner(Settings::from(8), move |job| {
            let _ = started.send(job.clone());
            then(job)
        })
    }

    fn raw_runner(
        &self,
        settings: Settings,
        handler: impl Fn(Claimed) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
    ) -> Running {
        let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
        let runner = Runner::start(
            &self.db,
            self.clock.clone(),
            settings,
            NAMES,
            handler,
            cancel.clone(),
            &tracker,
        );
        Running {
            runner,
            cancel,
            tracker,
        }
    }

    async fn next_start(&mut self) -> Claimed {
        within(self.starts.recv()).await.expect("the world holds a sender")
    }

    async fn settled(&self) {
        until(async || jobs::pending(&self.db, self.now()).await.expect("a count") == 0).await;
    }

    /// Worker and queue, to do by hand what a runner does.
    async fn by_hand(&self) -> (Queue, Uuid) {
        let queue = Queue::open(&self.db);
        let worker = queue.register(LEASE).await.expect("a lease");
        (queue, worker)
    }

    async fn all(&self) -> Vec<jobs::JobRow> {
        jobs::list(&self.db, None, 100).await.expect("the list")
    }
}

struct Running {
    runner: Runner,
    cancel: CancellationToken,
    tracker: TaskTracker,
}

impl Running {
    async fn stop(self) {
        self.cancel.cancel();
        self.tracker.close();
        within(self.tracker.wait()).await;
    }
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it should have happened by now")
}

/// Asks until the answer is yes.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    within(async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

async fn enqueue(db: &Db, now: DateTime<Utc>, job: NewJob<'_>) {
    db.write("test", async |tx| jobs::enqueue(tx, now, job).await)
        .await
        .expect("a job");
}

fn job<'a>(name: &'a str, lane: &'a str) -> NewJob<'a> {
    NewJob {
        name,
        lane,
        payload: json!({ "lane": lane }),
        priority: 5,
        run_at: None,
    }
}

fn names() -> Vec<String> {
    NAMES.iter().map(|&name| name.to_owned()).collect()
}

fn done() -> BoxFuture<'static, Outcome> {
    async { Outcome::Done }.boxed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_runs_once_after_its_commit() {
    let mut w = World::new().await;
    let runner = w.runner(|_| done());
    w.enqueue(job("card", "a")).await;
    let start = w.next_start().await;
    assert_eq!(
        (start.name.as_str(), start.lane.as_str(), start.attempt, start.tries),
        ("card", "a", 1, 1)
    );
    assert_eq!(start.payload, json!({ "lane": "a" }));
    w.settled().await;
    runner.stop().await;
    assert!(w.starts.try_recv().is_err());
    assert!(w.all().await.is_empty());
}

#[tokio::test]
async fn a_rollback_leaves_nothing() {
    let w = World::new().await;
    let now = w.now();
    let refused: Result<(), DbError> =
        w.db.write("test", async |tx| {
            jobs::enqueue(tx, now, job("card", "a")).await?;
            Err(DbError::Collision)
        })
        .await;
    assert!(refused.is_err());
    assert!(w.all().await.is_empty());
}

#[tokio::test]
async fn waiting_twins_become_one() {
    let w = World::new().await;
    let now = w.now();
    let later = now + TimeDelta::hours(1);
    w.enqueue(NewJob {
        run_at: Some(later),
        priority: 3,
        ..job("card", "a")
    })
    .await;
    w.enqueue(NewJob {
        payload: json!("newer"),
        ..job("card", "a")
    })
    .await;
    w.enqueue(NewJob {
        run_at: Some(later),
        payload: json!("newest"),
        ..job("card", "a")
    })
    .await;
    let all = w.all().await;
    assert_eq!(all.len(), 1);
    assert!(all[0].run_at < later, "the earliest time wins");
    assert_eq!(all[0].priority, 3, "the best priority wins");

    // Also within one statement; jobs of another name in the lane are no twins.
    let many = [
        job("card", "b"),
        NewJob {
            priority: 1,
            ..job("card", "b")
        },
        job("thread", "b"),
        job("card", "c"),
    ];
    w.db.write("test", async |tx| jobs::enqueue_many(tx, now, &many).await)
        .await
        .expect("jobs");
    assert_eq!(w.all().await.len(), 4);

    let (queue, worker) = w.by_hand().await;
    let claim = queue
        .claim(worker, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim");
    let lanes: Vec<_> = claim.jobs.iter().map(|job| job.lane.as_str()).collect();
    assert_eq!(lanes, ["b", "a", "c"], "by priority, and one job of a lane");
    assert_eq!(claim.jobs[1].payload, json!("newest"));
}

#[tokio::test]
async fn a_running_twin_takes_nothing_in() {
    let w = World::new().await;
    let (queue, worker) = w.by_hand().await;
    w.enqueue(job("card", "a")).await;
    let first = queue
        .claim(worker, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim")
        .jobs;
    assert_eq!(first.len(), 1);

    w.enqueue(job("card", "a")).await;
    w.enqueue(job("card", "a")).await;
    let states: Vec<_> = w.all().await.iter().map(|job| job.state).collect();
    assert_eq!(
        states,
        [JobState::Running, JobState::Waiting],
        "one new row beside the running one"
    );
    assert!(
        queue
            .claim(worker, w.now(), &names(), 10, LEASE)
            .await
            .expect("a claim")
            .jobs
            .is_empty(),
        "the lane is taken"
    );

    assert_eq!(
        queue
            .complete(&[(first[0].id, first[0].attempt)])
            .await
            .expect("a completion"),
        1
    );
    let second = queue
        .claim(worker, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim")
        .jobs;
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].id, first[0].id);
}

#[tokio::test]
async fn a_job_cannot_start_while_somebody_adds_to_it() {
    let w = World::new().await;
    let (queue, worker) = w.by_hand().await;
    w.enqueue(job("card", "a")).await;
    let now = w.now();
    let (names, db) = (names(), w.db.clone());
    db.write("test", async |tx| {
        jobs::enqueue(tx, now, job("card", "a")).await?;
        // It would not see what this transaction changes.
        assert!(queue.claim(worker, now, &names, 10, LEASE).await?.jobs.is_empty());
        Ok::<_, DbError>(())
    })
    .await
    .expect("a commit");
    assert_eq!(
        queue
            .claim(worker, w.now(), &names, 10, LEASE)
            .await
            .expect("a claim")
            .jobs
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_never_overlap_under_two_runners() {
    let w = World::new().await;
    let running: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let (overlaps, runs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let last_seen: Arc<Mutex<HashMap<String, i64>>> = Arc::default();
    let handler = || {
        let (running, overlaps, runs, last_seen) = (running.clone(), overlaps.clone(), runs.clone(), last_seen.clone());
        move |job: Claimed| {
            let (running, overlaps, runs, last_seen) =
                (running.clone(), overlaps.clone(), runs.clone(), last_seen.clone());
            async move {
                let here = {
                    let mut running = running.lock().unwrap();
                    let here = running.entry(job.lane.clone()).or_default();
                    *here += 1;
                    *here
                };
                if here > 1 {
                    overlaps.fetch_add(1, Ordering::SeqCst);
                }
                let seen = job.payload["number"].as_i64().expect("a number");
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                last_seen.lock().unwrap().insert(job.lane.clone(), seen);
                *running.lock().unwrap().get_mut(&job.lane).expect("entered above") -= 1;
                // Some come back, to put rows back beside twins while others claim.
                match runs.fetch_add(1, Ordering::SeqCst) % 10 {
                    3 => Outcome::Snooze(Duration::from_millis(1)),
                    7 => panic!("on purpose"),
                    _ => Outcome::Done,
                }
            }
            .boxed()
        }
    };
    let one = w.raw_runner(Settings::from(4), handler());
    let two = w.raw_runner(Settings::from(4), handler());
    let writers = (0..4).map(|writer| {
        let (db, clock) = (w.db.clone(), w.clock.clone());
        tokio::spawn(async move {
            for number in 0..150 {
                // Two names in one lane: what two runners could claim at the same time.
                let lane = format!("lane-{}", number % 3);
                let new = NewJob {
                    payload: json!({ "number": number }),
                    ..job(NAMES[(writer + number) % 2], &lane)
                };
                enqueue(&db, clock.now(), new).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
    // Jobs that panicked wait a second or so, by a clock that can be moved.
    until(async || {
        if jobs::pending(&w.db, w.now()).await.expect("a count") == 0 {
            match jobs::next_due(&w.db, w.now()).await.expect("a time") {
                Some(_) => {
                    w.clock.advance(TimeDelta::minutes(1));
                    jobs::wake();
                }
                None => return true,
            }
        }
        false
    })
    .await;
    one.stop().await;
    two.stop().await;
    assert_eq!(overlaps.load(Ordering::SeqCst), 0);
    assert!(w.all().await.is_empty(), "none is dead: {:?}", w.all().await);
    let seen = last_seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    for (lane, number) in &*seen {
        assert!(*number >= 140, "the last run of {lane} saw {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snooze_waits_and_spends_no_try() {
    let mut w = World::new().await;
    let runner = w.runner(|job| {
        let outcome = if job.attempt <= 40 {
            Outcome::Snooze(Duration::from_secs(3600))
        } else {
            Outcome::Done
        };
        async { outcome }.boxed()
    });
    w.enqueue(job("card", "a")).await;
    for attempt in 1..=40 {
        let start = w.next_start().await;
        assert_eq!((start.attempt, start.tries), (attempt, 1));
        w.settled().await;
        w.clock.advance(TimeDelta::hours(1));
        jobs::wake();
    }
    assert_eq!(w.next_start().await.tries, 1);
    w.settled().await;
    runner.stop().await;
    assert!(w.all().await.is_empty());
}

#[tokio::test]
async fn a_new_reason_does_not_cut_a_wait_short() {
    let w = World::new().await;
    let (queue, worker) = w.by_hand().await;
    w.enqueue(job("card", "a")).await;
    let claimed = queue
        .claim(worker, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim")
        .jobs
        .remove(0);
    // One twin comes while it runs, one while it waits.
    w.enqueue(NewJob {
        payload: json!("second"),
        ..job("card", "a")
    })
    .await;
    let until = w.now() + TimeDelta::minutes(5);
    assert!(
        queue
            .again(claimed.id, claimed.attempt, "no luck", w.now(), until)
            .await
            .expect("a failure")
    );
    w.enqueue(NewJob {
        payload: json!("third"),
        priority: 1,
        ..job("card", "a")
    })
    .await;

    let claim = queue
        .claim(worker, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim");
    assert!(claim.jobs.is_empty());
    assert_eq!(claim.next_due, Some(until));
    let all = w.all().await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].priority, all[0].tries, all[0].last_error.as_deref()),
        (1, 1, Some("no luck"))
    );

    let then = queue
        .claim(worker, until, &names(), 10, LEASE)
        .await
        .expect("a claim")
        .jobs;
    assert_eq!((then[0].payload.clone(), then[0].tries), (json!("third"), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_failure_and_enough_failures_are_death() {
    let mut w = World::new().await;
    let runner = w.runner(|job| match job.tries {
        1 => panic!("before the future"),
        2 => async { panic!("inside the future") }.boxed(),
        _ => async { Outcome::Again(anyhow::anyhow!("inner").context("outer")) }.boxed(),
    });
    w.enqueue(job("card", "a")).await;
    for tries in 1..=retry::TRIES {
        assert_eq!(w.next_start().await.tries, tries);
        w.settled().await;
        let row = &w.all().await[0];
        let error = row.last_error.clone().expect("an error");
        match tries {
            1 => assert_eq!(error, "its handler panicked: before the future"),
            2 => assert_eq!(error, "its handler panicked: inside the future"),
            _ => assert_eq!(error, "outer: inner"),
        }
        assert_eq!(
            row.state,
            if tries < retry::TRIES {
                JobState::Waiting
            } else {
                JobState::Dead
            }
        );
        w.clock.advance(TimeDelta::hours(1));
        jobs::wake();
    }

    // A dead job blocks nobody: the lane goes on with a new one, and an operator may bring the dead one back.
    let (dead, now) = (w.all().await[0].id, w.now());
    assert!(
        w.db.write("test", async |tx| jobs::retry(tx, now, dead).await)
            .await
            .expect("a retry")
    );
    assert_eq!(w.next_start().await.tries, 1);
    w.settled().await;
    let waiting = w.all().await.remove(0);
    assert_eq!(waiting.state, JobState::Waiting);
    assert!(
        w.db.write("test", async |tx| jobs::cancel(tx, waiting.id).await)
            .await
            .expect("a cancel")
    );
    assert!(
        !w.db
            .write("test", async |tx| jobs::cancel(tx, waiting.id).await)
            .await
            .expect("a cancel")
    );
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_hangs_is_stopped() {
    let w = World::new().await;
    let settings = Settings {
        timeout: Duration::from_millis(20),
        ..Settings::default()
    };
    let runner = w.raw_runner(settings, |_| std::future::pending().boxed());
    w.enqueue(job("card", "a")).await;
    until(async || w.all().await[0].last_error.is_some()).await;
    let row = w.all().await.remove(0);
    assert_eq!(row.last_error.as_deref(), Some("its handler took longer than 20ms"));
    assert_eq!((row.state, row.tries), (JobState::Waiting, 1));
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_job_runs_at_its_time_and_a_moved_clock_brings_it() {
    let mut w = World::new().await;
    let runner = w.runner(|_| done());
    let soon = w.now() + TimeDelta::milliseconds(150);
    w.enqueue(NewJob {
        run_at: Some(w.now() + TimeDelta::days(3)),
        ..job("card", "far")
    })
    .await;
    w.enqueue(NewJob {
        run_at: Some(soon),
        ..job("card", "near")
    })
    .await;
    w.enqueue(job("card", "now")).await;
    assert_eq!(w.next_start().await.lane, "now");
    assert_eq!(w.next_start().await.lane, "near");
    assert!(w.now() >= soon, "not before its time");
    w.settled().await;
    assert_eq!(w.all().await.len(), 1);
    w.clock.advance(TimeDelta::days(3));
    jobs::wake();
    assert_eq!(w.next_start().await.lane, "far");
    w.settled().await;
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_names_stay() {
    let mut w = World::new().await;
    w.enqueue(NewJob {
        priority: 0,
        ..job("of_another_version", "a")
    })
    .await;
    let runner = w.runner(|_| done());
    w.enqueue(NewJob {
        priority: 9,
        ..job("card", "b")
    })
    .await;
    assert_eq!(w.next_start().await.lane, "b", "the more urgent one was passed over");
    until(async || w.all().await.len() == 1).await;
    runner.stop().await;
    let left = w.all().await.remove(0);
    assert_eq!(
        (left.name.as_str(), left.state, left.tries),
        ("of_another_version", JobState::Waiting, 0)
    );
    let counts = jobs::counts(&w.db).await.expect("counts");
    assert_eq!(counts.len(), 1);
    assert_eq!(counts[0].count, 1);
}

#[tokio::test]
async fn a_late_result_of_a_job_that_was_taken_up_changes_nothing() {
    let w = World::new().await;
    let (queue, slow) = w.by_hand().await;
    w.enqueue(job("card", "a")).await;
    let old = queue
        .claim(slow, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim")
        .jobs
        .remove(0);
    queue.retire(slow).await.expect("an end");
    assert_eq!(queue.recover(w.now(), 25).await.expect("a recovery"), [old.id]);
    assert!(
        queue
            .claim(slow, w.now(), &names(), 10, LEASE)
            .await
            .expect("a claim")
            .jobs
            .is_empty(),
        "no lease, no jobs"
    );
    let worker = queue.register(LEASE).await.expect("a lease");
    let new = queue
        .claim(worker, w.now(), &names(), 10, LEASE)
        .await
        .expect("a claim")
        .jobs
        .remove(0);
    assert_eq!(
        (new.id, new.attempt, new.tries),
        (old.id, 2, 2),
        "the try of the dead worker is spent"
    );

    let late = w.now() + TimeDelta::hours(1);
    assert_eq!(queue.complete(&[(old.id, old.attempt)]).await.expect("an answer"), 0);
    assert!(!queue.snooze(old.id, old.attempt, late).await.expect("an answer"));
    assert!(
        !queue
            .again(old.id, old.attempt, "late", late, late)
            .await
            .expect("an answer")
    );
    assert!(!queue.bury(old.id, old.attempt, "late", late).await.expect("an answer"));
    assert!(!queue.give_back(old.id, old.attempt).await.expect("an answer"));
    let row = w.all().await.remove(0);
    assert_eq!(
        (row.state, row.last_error.as_deref()),
        (JobState::Running, Some("its worker died or lost it"))
    );
    assert_eq!(queue.complete(&[(new.id, new.attempt)]).await.expect("an answer"), 1);
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_ends_with_its_lease() {
    let w = World::new().await;
    let (queue, worker) = w.by_hand().await;
    w.enqueue(job("card", "a")).await;
    queue
        .claim(worker, w.now(), &names(), 10, Duration::ZERO)
        .await
        .expect("a claim nobody hears of");
    assert_eq!(queue.recover(w.now(), 25).await.expect("a recovery").len(), 1);
    // What kills its worker each time is not tried for ever.
    let claimed = queue
        .claim(worker, w.now(), &names(), 10, Duration::ZERO)
        .await
        .expect("a claim")
        .jobs
        .remove(0);
    assert_eq!(
        queue.recover(w.now(), claimed.tries).await.expect("a recovery").len(),
        1
    );
    assert_eq!(w.all().await[0].state, JobState::Dead);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_lease_stops_the_handlers_and_another_name_goes_on() {
    let mut w = World::new().await;
    let (stopped, mut stops) = mpsc::unbounded_channel();
    struct OnDrop(mpsc::UnboundedSender<i32>, i32);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let _ = self.0.send(self.1);
        }
    }
    let runner = w.runner(move |job| {
        let guard = OnDrop(stopped.clone(), job.tries);
        async move {
            // All of it moves in here, not only the number.
            let guard = guard;
            if guard.1 == 1 {
                std::future::pending::<()>().await;
            }
            Outcome::Done
        }
        .boxed()
    });
    w.enqueue(job("card", "a")).await;
    assert_eq!(w.next_start().await.tries, 1);
    let old = runner.runner.worker().expect("it holds a job");
    // As if it had slept through its lease.
    Queue::open(&w.db).retire(old).await.expect("an end");
    assert_eq!(within(stops.recv()).await, Some(1), "the first handler was stopped");
    assert_eq!(w.next_start().await.tries, 2);
    w.settled().await;
    assert_ne!(runner.runner.worker(), Some(old));
    runner.stop().await;
    assert!(w.all().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_lets_end_what_can_and_gives_back_the_rest() {
    let mut w = World::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let started = w.started.clone();
    let settings = Settings {
        grace: Duration::from_millis(300),
        concurrency: 2,
        ..Settings::default()
    };
    let runner = w.raw_runner(settings, move |job| {
        let _ = started.send(job.clone());
        let gate = held.clone();
        async move {
            if job.lane == "ends" {
                gate.acquire().await.expect("it is never closed").forget();
                return Outcome::Done;
            }
            std::future::pending().await
        }
        .boxed()
    });
    let now = w.now();
    w.db.write("test", async |tx| {
        jobs::enqueue_many(tx, now, &[job("card", "ends"), job("card", "hangs")]).await
    })
    .await
    .expect("jobs");
    w.next_start().await;
    w.next_start().await;
    runner.cancel.cancel();
    w.enqueue(job("card", "new")).await;
    gate.add_permits(1);
    runner.stop().await;

    assert!(w.starts.try_recv().is_err(), "nothing new was begun");
    let left: Vec<_> = w
        .all()
        .await
        .into_iter()
        .map(|job| (job.lane, job.state, job.tries))
        .collect();
    assert_eq!(
        left,
        [
            ("hangs".to_owned(), JobState::Waiting, 0),
            ("new".to_owned(), JobState::Waiting, 0)
        ]
    );
    // Nobody has to wait for a lease to run out.
    let (queue, worker) = w.by_hand().await;
    assert_eq!(
        queue
            .claim(worker, w.now(), &names(), 10, LEASE)
            .await
            .expect("a claim")
            .jobs
            .len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_a_killed_process_are_taken_up_within_ten_seconds() {
    let mut w = World::new().await;
    w.enqueue(job("card", "a")).await;
    let mut child = spawn_child(&w.url, "hang");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    within(async { while lines.next_line().await.expect("a line").expect("it says so") != "started a 1" {} }).await;

    let runner = w.runner(|_| done());
    w.enqueue(job("card", "b")).await;
    assert_eq!(
        w.next_start().await.lane,
        "b",
        "this process runs jobs, and has left the other's alone"
    );
    child.kill().await.expect("kill -9");
    let killed = Instant::now();
    let again = w.next_start().await;
    assert!(killed.elapsed() < Duration::from_secs(10), "{:?}", killed.elapsed());
    println!("taken up {:?} after the kill", killed.elapsed());
    assert_eq!((again.lane.as_str(), again.tries), ("a", 2));
    w.settled().await;
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_woken() {
    let w = World::new().await;
    // It polls once an hour: whatever it begins, it was woken for.
    let mut child = spawn_child(&w.url, "done");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut says = async |wanted: &str| {
        within(async { while lines.next_line().await.expect("a line").expect("it speaks") != wanted {} }).await;
    };
    says("ready").await;
    for number in 0..10 {
        let lane = format!("noted-{number}");
        w.enqueue(job("card", &lane)).await;
        jobs::notify(&w.db).await.expect("a note");
        says(&format!("started {lane} 1")).await;
    }
    // A runner tells by itself of what its process commits, also of what it does not run itself.
    let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
    let runner = Runner::start(
        &w.db,
        w.clock.clone(),
        1,
        &["none"],
        |_| done(),
        cancel.clone(),
        &tracker,
    );
    until(async || runner.worker().is_some()).await;
    for number in 0..10 {
        let lane = format!("told-{number}");
        w.enqueue(job("card", &lane)).await;
        says(&format!("started {lane} 1")).await;
    }
    Running {
        runner,
        cancel,
        tracker,
    }
    .stop()
    .await;
    child.kill().await.expect("an end");
}

fn spawn_child(url: &str, behaviour: &str) -> tokio::process::Child {
    tokio::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["worker_process", "--exact", "--ignored", "--nocapture"])
        .env("JOBS_TEST_URL", url)
        .env("JOBS_TEST_BEHAVIOUR", behaviour)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a process")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other process of the tests above; they start it"]
#[expect(clippy::disallowed_methods, reason = "it is told by its parent what to do")]
async fn worker_process() {
    let Ok(url) = std::env::var("JOBS_TEST_URL") else {
        return;
    };
    let hang = std::env::var("JOBS_TEST_BEHAVIOUR").is_ok_and(|behaviour| behaviour == "hang");
    let db = Db::connect(&url, 2).await.expect("a connection");
    let handler = move |job: Claimed| {
        // A line of its own, whatever the test harness has begun to print.
        println!("\nstarted {} {}", job.lane, job.tries);
        async move {
            if hang {
                std::future::pending().await
            } else {
                Outcome::Done
            }
        }
        .boxed()
    };
    let clock: Arc<ManualClock> = Arc::default();
    // The one that hangs has its hands full with one job, and leaves others to the other process.
    let settings = Settings {
        poll: Duration::from_secs(3600),
        ..Settings::from(if hang { 1 } else { 4 })
    };
    let runner = Runner::start(
        &db,
        clock,
        settings,
        NAMES,
        handler,
        CancellationToken::new(),
        &TaskTracker::new(),
    );
    until(async || runner.worker().is_some()).await;
    println!("\nready");
    std::future::pending::<()>().await;
}
