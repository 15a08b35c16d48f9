//! The engine: takes jobs from the table and lets a handler do them. Every replica may run one.
//!
//! ```text
//!   wake (own commits, NOTIFY, next run_at, poll) --> claim --> handler, one task per job --> outcome --> settle
//! ```
//!
//! - One claim is under way at a time and takes as many jobs as there are free places; one completion is under way at a
//!   time and takes all that ended meanwhile. So statements grow with the load instead of their number.
//! - The worker's lease is renewed four times in its length. If it cannot be renewed, all handlers are stopped before
//!   others may take their jobs up, and the engine goes on as a new worker.
//! - Handlers run outside any transaction, under a timeout. A job may run twice (a worker dies between effect and
//!   completion), never at the same time as another of its lane.

use super::retry;
use crate::{
    clock::SharedClock,
    db::{
        Db, DbError,
        jobs::{self, Claimed, Lease, Queue},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, future::BoxFuture};
use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// How a handler ends.
#[derive(Debug)]
pub enum Outcome {
    /// The outside agrees.
    Done,
    /// Not now: wait so long. No try is spent.
    Snooze(Duration),
    /// It failed and may work later. A try is spent; after [`retry::TRIES`] the job is dead.
    Again(anyhow::Error),
    /// It failed and cannot work.
    Dead(anyhow::Error),
}

/// How many jobs at once, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Jobs running at the same time in this process.
    pub concurrency: usize,
    /// A handler that takes longer is stopped, and its job tried again.
    pub timeout: Duration,
    /// On shutdown, handlers have so long to end before their jobs are given back.
    pub grace: Duration,
    /// Behind all wake-ups, the table is looked at anyway after so long.
    pub poll: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 32,
            timeout: Duration::from_secs(60),
            grace: Duration::from_secs(10),
            poll: Duration::from_secs(1),
        }
    }
}

impl From<usize> for Settings {
    fn from(concurrency: usize) -> Self {
        Self {
            concurrency,
            ..Self::default()
        }
    }
}

/// How much longer than its handler may take a job is held: time to write the result down.
const MARGIN: Duration = Duration::from_secs(15);
/// A worker that does not renew its lease for so long is dead.
const LEASE: Duration = Duration::from_secs(6);
/// How often it is renewed, and how often dead workers are looked for: their jobs are taken up after 7.5 s at most.
const HEARTBEAT: Duration = Duration::from_millis(1500);
/// When the last good renewal was so long ago the handlers are stopped, while the lease still runs.
const LAPSE: Duration = Duration::from_millis(4500);
/// Looks are at least so far apart: under load they find more instead of being more.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
/// Other processes are told about new jobs at most so often.
const BETWEEN_NOTES: Duration = Duration::from_millis(10);
/// After a lost connection, how long until others are listened to again.
const BETWEEN_LISTENS: Duration = Duration::from_secs(1);
/// How often the table is counted for the metrics.
const BETWEEN_COUNTS: Duration = Duration::from_secs(15);
/// How long to wait after the database failed.
const AFTER_FAILURE: Duration = Duration::from_millis(200);
/// How long the last statements of a shutdown may take.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How much of an error is stored.
const ERROR_LENGTH: usize = 2000;

/// A running engine; it ends when its token is cancelled.
#[derive(Debug)]
pub struct Runner {
    worker: watch::Receiver<Option<Uuid>>,
    replicas: watch::Receiver<u32>,
}

impl Runner {
    /// Starts an engine in `tracker` for the jobs with these `names`, at most `settings.concurrency` at once. After
    /// `cancel` it takes no new ones, lets running ones end within the grace time, and gives the rest back.
    pub fn start(
        db: &Db,
        clock: SharedClock,
        settings: impl Into<Settings>,
        names: &'static [&'static str],
        handler: impl Fn(Claimed) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
        cancel: CancellationToken,
        tracker: &TaskTracker,
    ) -> Self {
        let queue = Queue::open(db);
        let bell = Arc::new(Notify::new());
        // Until the first renewal counts them, there may be others.
        let alone = Arc::new(AtomicBool::new(false));
        // The keeper outlives the engine: while handlers end, their lease has to hold.
        let engine_ended = CancellationToken::new();
        let (lease, worker) = watch::channel(None);
        // Until the first renewal counts them, there may be another.
        let (together, replicas) = watch::channel(2);
        let (ended, outcomes) = mpsc::unbounded_channel();

        let keeper = Keeper {
            db: db.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
            names,
            lease,
            alone: alone.clone(),
            together,
            bell: bell.clone(),
        };
        let keeper = tracker.spawn(keeper.run(engine_ended.clone()));
        let settler = Settler {
            queue: queue.clone(),
            clock: clock.clone(),
            names,
            bell: bell.clone(),
        };
        let settler = tracker.spawn(settler.run(outcomes));
        tracker.spawn(listen(queue.clone(), worker.clone(), bell.clone(), cancel.clone()));
        tracker.spawn(tell(queue.clone(), worker.clone(), alone, cancel.clone()));
        let mut engine = Engine {
            queue: queue.clone(),
            clock,
            settings: settings.into(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            handler: Arc::new(handler),
            worker: worker.clone(),
            bell,
            ended,
            running: JoinSet::new(),
            held: HashMap::new(),
        };
        let last_worker = worker.clone();
        tracker.spawn(async move {
            engine.run(&cancel).await;
            engine.end().await;
            drop(engine);
            // The engine held the settler's only sender; when what it sent is written, the settler ends.
            if timeout(LAST_WORDS, settler).await.is_err() {
                tracing::warn!("the last results of jobs could not be written; those jobs will run again");
            }
            engine_ended.cancel();
            if keeper.await.is_err() {
                tracing::error!("the keeper of the jobs' lease panicked");
            }
            let id = *last_worker.borrow();
            if let Some(id) = id {
                let retired = timeout(LAST_WORDS, async {
                    queue.retire(id).await?;
                    queue.notify(id).await
                });
                if !matches!(retired.await, Ok(Ok(()))) {
                    tracing::warn!(job.worker = %id, "the worker could not sign off; its lease runs out by itself");
                }
            }
            queue.close().await;
        });
        Self { worker, replicas }
    }

    /// How many replicas work on jobs, this one included.
    #[must_use]
    pub fn replicas(&self) -> watch::Receiver<u32> {
        self.replicas.clone()
    }

    /// Under which id it holds jobs at the moment; none while the database cannot be reached.
    #[must_use]
    pub fn worker(&self) -> Option<Uuid> {
        *self.worker.borrow()
    }
}

/// What a result belongs to.
#[derive(Debug, Clone)]
struct Ticket {
    id: i64,
    attempt: i32,
    tries: i32,
    name: String,
    lane: String,
}

#[derive(Debug)]
enum Ended {
    With(Outcome),
    GivenBack,
}

struct Engine<H> {
    queue: Queue,
    clock: SharedClock,
    settings: Settings,
    names: Vec<String>,
    handler: Arc<H>,
    worker: watch::Receiver<Option<Uuid>>,
    bell: Arc<Notify>,
    ended: mpsc::UnboundedSender<(Ticket, Ended)>,
    running: JoinSet<Outcome>,
    held: HashMap<Id, Ticket>,
}

impl<H> Engine<H>
where
    H: Fn(Claimed) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
{
    async fn run(&mut self, cancel: &CancellationToken) {
        let mut commits = jobs::commits();
        let mut worker = *self.worker.borrow_and_update();
        let mut look = true;
        let mut next_look = Instant::now() + self.settings.poll;
        let mut not_before = Instant::now();
        loop {
            if let (true, Some(id), true) = (look, worker, self.has_room()) {
                sleep_until(not_before).await;
                not_before = Instant::now() + BETWEEN_LOOKS;
                let free = self.reap();
                let lease = self.settings.timeout + MARGIN;
                match self.queue.claim(id, self.clock.now(), &self.names, free, lease).await {
                    Ok(claim) => {
                        // A full hand means there may be more.
                        look = i64::try_from(claim.jobs.len()).is_ok_and(|taken| taken == free);
                        next_look = Instant::now() + self.until(claim.next_due);
                        for job in claim.jobs {
                            self.begin(job);
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "jobs could not be claimed");
                        not_before = Instant::now() + AFTER_FAILURE;
                    }
                }
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                _ = self.worker.changed() => {
                    // Others may take up what the old one held: stop before they do.
                    worker = *self.worker.borrow_and_update();
                    self.running.abort_all();
                    while self.running.join_next().await.is_some() {}
                    self.held.clear();
                    look = true;
                }
                Some(ended) = self.running.join_next_with_id() => self.finish(ended),
                _ = commits.changed() => look = true,
                () = self.bell.notified() => look = true,
                () = sleep_until(next_look) => {
                    look = true;
                    next_look = Instant::now() + self.settings.poll;
                }
                () = async {}, if look && worker.is_some() && self.has_room() => {}
            }
        }
    }

    fn has_room(&self) -> bool {
        self.held.len() < self.settings.concurrency
    }

    /// Lets running jobs end within the grace time, and gives the rest back.
    async fn end(&mut self) {
        let grace = Instant::now() + self.settings.grace;
        loop {
            tokio::select! {
                ended = self.running.join_next_with_id() => match ended {
                    Some(ended) => self.finish(ended),
                    None => break,
                },
                () = sleep_until(grace) => break,
                _ = self.worker.changed() => {
                    self.held.clear();
                    break;
                }
            }
        }
        self.running.abort_all();
        while let Some(ended) = self.running.join_next_with_id().await {
            // A handler that ended before it was stopped has a result like any other.
            self.finish(ended);
        }
        for (_, ticket) in self.held.drain() {
            tracing::info!(
                job.id = ticket.id,
                job.name = ticket.name,
                "a job was given back at shutdown"
            );
            let _ = self.ended.send((ticket, Ended::GivenBack));
        }
    }

    fn until(&self, due: Option<DateTime<Utc>>) -> Duration {
        let poll = self.settings.poll;
        due.map_or(poll, |due| {
            (due - self.clock.now()).to_std().unwrap_or_default().min(poll)
        })
    }

    fn begin(&mut self, job: Claimed) {
        let Claimed { id, attempt, tries, .. } = job;
        let ticket = Ticket {
            id,
            attempt,
            tries,
            name: job.name.clone(),
            lane: job.lane.clone(),
        };
        let late = (self.clock.now() - job.run_at).to_std().unwrap_or_default();
        metrics::histogram!("c1_jobs_wait_seconds").record(late.as_secs_f64());
        let (handler, limit) = (self.handler.clone(), self.settings.timeout);
        let task = self.running.spawn(async move {
            let work = AssertUnwindSafe(async move { handler(job).await }).catch_unwind();
            match timeout(limit, work).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(panic)) => Outcome::Again(anyhow::anyhow!("its handler panicked: {}", words(&*panic))),
                Err(_) => Outcome::Again(anyhow::anyhow!("its handler took longer than {limit:?}")),
            }
        });
        self.held.insert(task.id(), ticket);
    }

    /// Takes in all jobs that have ended and says how many places are free.
    fn reap(&mut self) -> i64 {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.finish(ended);
        }
        i64::try_from(self.settings.concurrency - self.held.len()).unwrap_or(i64::MAX)
    }

    fn finish(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        // An error means that the task was stopped; who stopped it says what becomes of its job.
        let Ok((task, outcome)) = ended else { return };
        if let Some(ticket) = self.held.remove(&task) {
            // The settler ends after this sender only.
            let _ = self.ended.send((ticket, Ended::With(outcome)));
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no words)")
}

/// Writes down how jobs ended.
struct Settler {
    queue: Queue,
    clock: SharedClock,
    names: &'static [&'static str],
    bell: Arc<Notify>,
}

impl Settler {
    async fn run(self, mut outcomes: mpsc::UnboundedReceiver<(Ticket, Ended)>) {
        let mut batch = Vec::new();
        while outcomes.recv_many(&mut batch, 512).await > 0 {
            let mut done = Vec::new();
            for (ticket, ended) in batch.drain(..) {
                self.count(&ticket, &ended);
                if let Ended::With(Outcome::Done) = ended {
                    done.push((ticket.id, ticket.attempt));
                } else {
                    persist(|| self.put_back(&ticket, &ended)).await;
                }
            }
            if !done.is_empty() {
                persist(|| self.queue.complete(&done)).await;
            }
            // Lanes are free now; somebody may have waited for one.
            self.bell.notify_one();
        }
    }

    async fn put_back(&self, ticket: &Ticket, ended: &Ended) -> Result<(), DbError> {
        let &Ticket {
            id,
            attempt,
            tries,
            ref name,
            ref lane,
        } = ticket;
        let now = self.clock.now();
        let ours = match ended {
            Ended::With(Outcome::Done) => self.queue.complete(&[(id, attempt)]).await? > 0,
            Ended::GivenBack => self.queue.give_back(id, attempt).await?,
            Ended::With(Outcome::Snooze(wait)) => self.queue.snooze(id, attempt, after(now, *wait)).await?,
            Ended::With(Outcome::Again(error)) if tries < retry::TRIES => {
                let wait = retry::pause(id, tries);
                tracing::warn!(
                    job.id = id,
                    job.name = name,
                    job.lane = lane,
                    job.tries = tries,
                    retry.in_seconds = wait.as_secs_f64(),
                    error = format!("{error:#}"),
                    "a job failed and is tried again"
                );
                self.queue
                    .again(id, attempt, &brief(error), now, after(now, wait))
                    .await?
            }
            Ended::With(Outcome::Again(error) | Outcome::Dead(error)) => {
                tracing::error!(
                    job.id = id,
                    job.name = name,
                    job.lane = lane,
                    job.tries = tries,
                    error = format!("{error:#}"),
                    "a job is dead"
                );
                self.queue.bury(id, attempt, &brief(error), now).await?
            }
        };
        if !ours {
            tracing::warn!(
                job.id = id,
                job.name = name,
                "the result of a job came after another worker had taken it up"
            );
        }
        Ok(())
    }

    fn count(&self, ticket: &Ticket, ended: &Ended) {
        let outcome = match ended {
            Ended::With(Outcome::Done) => "done",
            Ended::With(Outcome::Snooze(_)) => "snooze",
            Ended::With(Outcome::Again(_)) => "again",
            Ended::With(Outcome::Dead(_)) => "dead",
            Ended::GivenBack => "given_back",
        };
        metrics::counter!("c1_jobs_ended_total", "name" => label(self.names, &ticket.name), "outcome" => outcome)
            .increment(1);
    }
}

/// Tries until the database has heard it: a result that is lost is work done twice.
async fn persist<T, F: Future<Output = Result<T, DbError>>>(act: impl Fn() -> F) {
    while let Err(error) = act().await {
        tracing::warn!(%error, "the result of jobs could not be written yet");
        sleep(AFTER_FAILURE).await;
    }
}

fn after(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    // A wait beyond the calendar is a wait of a century.
    let wait = TimeDelta::from_std(wait)
        .unwrap_or(TimeDelta::days(36_500))
        .min(TimeDelta::days(36_500));
    now + wait
}

fn brief(error: &anyhow::Error) -> String {
    let mut text = format!("{error:#}").replace('\0', "");
    if let Some((end, _)) = text.char_indices().nth(ERROR_LENGTH) {
        text.truncate(end);
    }
    text
}

/// Names as labels: what is not ours is one label, for a row can hold any text.
fn label(names: &'static [&'static str], name: &str) -> &'static str {
    names.iter().find(|&&known| known == name).copied().unwrap_or("unknown")
}

/// Keeps the lease, takes up what dead workers held, and counts.
struct Keeper {
    db: Db,
    queue: Queue,
    clock: SharedClock,
    names: &'static [&'static str],
    lease: watch::Sender<Option<Uuid>>,
    alone: Arc<AtomicBool>,
    together: watch::Sender<u32>,
    bell: Arc<Notify>,
}

impl Keeper {
    async fn run(self, stop: CancellationToken) {
        let mut renewed = Instant::now();
        let mut counted: Option<Instant> = None;
        loop {
            let beat = Instant::now();
            self.renew(&mut renewed).await;
            match timeout(HEARTBEAT, self.queue.recover(self.clock.now(), retry::TRIES)).await {
                Ok(Ok(jobs)) if jobs.is_empty() => {}
                Ok(Ok(jobs)) => {
                    tracing::warn!(?jobs, "jobs of a dead worker were taken up again");
                    self.bell.notify_one();
                }
                Ok(Err(error)) => tracing::warn!(%error, "dead workers could not be looked for"),
                Err(_) => tracing::warn!("dead workers could not be looked for in time"),
            }
            if counted.is_none_or(|at| at.elapsed() >= BETWEEN_COUNTS) {
                counted = Some(Instant::now());
                self.count().await;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep_until(beat + HEARTBEAT) => {}
            }
        }
    }

    async fn renew(&self, renewed: &mut Instant) {
        let held = *self.lease.borrow();
        // Counted from before the question: the lease runs from when the database answered it, which is later.
        let asked = Instant::now();
        if let Some(id) = held {
            match timeout(HEARTBEAT, self.queue.heartbeat(id, LEASE)).await {
                Ok(Ok(Lease::Held { others })) => {
                    self.alone.store(others == 0, Ordering::Relaxed);
                    let replicas = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
                    self.together
                        .send_if_modified(|known| std::mem::replace(known, replicas) != replicas);
                    *renewed = asked;
                    return;
                }
                Ok(Ok(Lease::Lost)) => {}
                Ok(Err(_)) | Err(_) if renewed.elapsed() + HEARTBEAT < LAPSE => return,
                Ok(Err(_)) | Err(_) => {}
            }
            tracing::error!(job.worker = %id, "the lease on jobs was lost; they are stopped and will be taken up again");
            self.lease.send_replace(None);
        }
        match timeout(HEARTBEAT, self.queue.register(LEASE)).await {
            Ok(Ok(id)) => {
                *renewed = asked;
                self.lease.send_replace(Some(id));
            }
            Ok(Err(error)) => tracing::warn!(%error, "no lease for jobs could be had"),
            Err(_) => tracing::warn!("no lease for jobs could be had in time"),
        }
    }

    async fn count(&self) {
        let Ok(Ok(counts)) = timeout(HEARTBEAT, jobs::counts(&self.db)).await else {
            return;
        };
        let now = self.clock.now();
        let mut sums: HashMap<(&'static str, &'static str), i64> = HashMap::new();
        for name in self.names.iter().copied().chain(["unknown"]) {
            for state in ["waiting", "running", "dead"] {
                sums.insert((name, state), 0);
            }
        }
        let mut late = 0.0_f64;
        for count in counts {
            *sums
                .entry((label(self.names, &count.name), count.state.as_str()))
                .or_default() += count.count;
            if count.state == jobs::JobState::Waiting {
                late = late.max((now - count.oldest).as_seconds_f64());
            }
        }
        for ((name, state), count) in sums {
            metrics::gauge!("c1_jobs", "name" => name, "state" => state).set(count as f64);
        }
        metrics::gauge!("c1_jobs_latest_seconds").set(late);
    }
}

/// Wakes the engine when another process tells of new jobs.
async fn listen(queue: Queue, worker: watch::Receiver<Option<Uuid>>, bell: Arc<Notify>, cancel: CancellationToken) {
    let hear = async {
        loop {
            match queue.listen().await {
                Ok(mut listener) => {
                    // What was told before we listened is found by looking.
                    bell.notify_one();
                    loop {
                        let me = *worker.borrow();
                        match listener.heard(me).await {
                            Ok(()) => bell.notify_one(),
                            Err(error) => {
                                tracing::warn!(%error, "other processes cannot be heard; the table is polled");
                                break;
                            }
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "other processes cannot be heard; the table is polled"),
            }
            sleep(BETWEEN_LISTENS).await;
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = hear => {}
    }
}

/// Tells other processes of this one's commits: outside their transactions, and once for all that fall together.
async fn tell(queue: Queue, worker: watch::Receiver<Option<Uuid>>, alone: Arc<AtomicBool>, cancel: CancellationToken) {
    let mut commits = jobs::commits();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = commits.changed() => {}
        }
        let me = *worker.borrow();
        if let (Some(me), false) = (me, alone.load(Ordering::Relaxed))
            && let Err(error) = queue.notify(me).await
        {
            tracing::debug!(%error, "other processes could not be told; they poll");
        }
        sleep(BETWEEN_NOTES).await;
    }
}
