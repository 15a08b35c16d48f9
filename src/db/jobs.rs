//! The table of jobs: effects on the outside, written with the decision that wants them and run after its commit.
//!
//! Why our own and not a library: the one that can write into our transaction (graphile_worker 0.14) notifies inside
//! it, and PostgreSQL lets only one notifying transaction commit at a time, so 32 concurrent committers fell from 6,500
//! to 1,200 commits a second (and to 600-1,000 with that library); each of its claims locks a row for every lane ever
//! used, so the way from commit to start grew from 2 to 51 ms at 100,000 lanes; and it has no wait that is not a
//! failure, and no clock but the machine's.
//!
//! Invariants:
//! - At most one job of a lane is running, and at most one per lane and name is waiting; unique indexes say so.
//! - Nobody's decision sends a `NOTIFY`: [`wake`] is called after the commit.
//! - `run_at` compares with the business clock, which the caller passes in. Leases compare with the database's clock:
//!   all workers share it, nobody moves it, and it goes on when a demo's or a test's clock jumps.
//! - A claim is named by id + attempt. Whoever acts on a claim that is no longer his changes nothing.
//! - [`Queue`] writes without a [`Tx`]: each of its acts is one statement on the two tables of jobs and nothing else.

use super::{Db, DbError, Tx};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};
use tokio::sync::watch;
use uuid::Uuid;

/// The least urgent priority; 0 is the most urgent.
pub const LOWEST_PRIORITY: i16 = 9;

const CHANNEL: &str = "c1_jobs";

/// A job to be written with a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob<'a> {
    /// What to do; a stable name, for rows outlive a deploy.
    pub name: &'a str,
    /// What it is done to: jobs of one lane run one after the other, and waiting twins become one.
    pub lane: &'a str,
    /// What the handler needs to find its lane; a twin's payload is replaced by the newer one.
    pub payload: Value,
    /// 0 to [`LOWEST_PRIORITY`], lower first.
    pub priority: i16,
    /// Not before this moment of the business clock; at once when `None`.
    pub run_at: Option<DateTime<Utc>>,
}

/// A job that this worker holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Its row.
    pub id: i64,
    /// What to do.
    pub name: String,
    /// What it is done to.
    pub lane: String,
    /// As it was enqueued last.
    pub payload: Value,
    /// The number of this claim: with the id, the proof that a result belongs to it.
    pub attempt: i32,
    /// Which try this is, from 1; snoozes are not counted.
    pub tries: i32,
    /// When it should have started.
    pub run_at: DateTime<Utc>,
}

/// What a look into the table brought.
#[derive(Debug, Default)]
pub struct Claim {
    /// Ours now, most urgent first.
    pub jobs: Vec<Claimed>,
    /// When the next job that is not yet due becomes so.
    pub next_due: Option<DateTime<Utc>>,
}

/// Writes a job. A waiting twin takes it in: the earlier `run_at` and the better priority win, but no snooze or pause
/// after a failure is cut short. Beside a running twin a new row waits.
///
/// The twin stays locked until this transaction ends, so it cannot start and miss what this transaction changes.
///
/// # Errors
/// When the database says no.
pub async fn enqueue(tx: &mut Tx<'_>, now: DateTime<Utc>, job: NewJob<'_>) -> Result<(), DbError> {
    enqueue_many(tx, now, &[job]).await
}

/// Writes several jobs in one statement, as [`enqueue`] does.
///
/// # Errors
/// When the database says no.
pub async fn enqueue_many(tx: &mut Tx<'_>, now: DateTime<Utc>, jobs: &[NewJob<'_>]) -> Result<(), DbError> {
    // One row per twin, for a statement cannot touch a row twice; sorted, so that transactions lock in the same order.
    let mut merged: BTreeMap<(&str, &str), (&Value, i16, DateTime<Utc>)> = BTreeMap::new();
    for job in jobs {
        let run_at = job.run_at.unwrap_or(now);
        let twin = merged
            .entry((job.lane, job.name))
            .or_insert((&job.payload, job.priority, run_at));
        *twin = (&job.payload, twin.1.min(job.priority), twin.2.min(run_at));
    }
    if merged.is_empty() {
        return Ok(());
    }
    let (mut lanes, mut names, mut payloads, mut priorities, mut run_ats) = (vec![], vec![], vec![], vec![], vec![]);
    for ((lane, name), (payload, priority, run_at)) in merged {
        lanes.push(lane.to_owned());
        names.push(name.to_owned());
        payloads.push(payload.clone());
        priorities.push(priority);
        run_ats.push(run_at);
    }
    // The `WHERE` spares a row version when nothing changes; the row is locked all the same.
    sqlx::query!(
        r#"-- enqueue_jobs
        INSERT INTO jobs (lane, name, payload, priority, run_at, created_at)
        SELECT lane, name, payload, priority, run_at, $6
        FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::smallint[], $5::timestamptz[])
            AS new (lane, name, payload, priority, run_at)
        ON CONFLICT (lane, name) WHERE state = 'waiting' DO UPDATE SET
            payload = excluded.payload,
            priority = least(jobs.priority, excluded.priority),
            run_at = greatest(jobs.not_before, least(jobs.run_at, excluded.run_at))
        WHERE jobs.payload <> excluded.payload
            OR jobs.priority > excluded.priority
            OR jobs.run_at > greatest(jobs.not_before, excluded.run_at)"#,
        &lanes,
        &names,
        &payloads,
        &priorities,
        &run_ats,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

static COMMITS: LazyLock<watch::Sender<()>> = LazyLock::new(|| watch::Sender::new(()));

/// Says that a transaction was committed or that the business clock was moved: the runners of this process look at
/// once, and tell the other processes a moment later.
pub fn wake() {
    COMMITS.send_replace(());
}

/// Hears every [`wake`] of this process.
#[must_use]
pub fn commits() -> watch::Receiver<()> {
    COMMITS.subscribe()
}

/// Waits for the next [`wake`]. What happened before the call is not seen: who must not miss any keeps [`commits`].
pub async fn woken() {
    // The sender lives as long as the process, so this ends with a wake only.
    let _ = commits().changed().await;
}

/// Wakes the runners of all processes; for a process that enqueues and has no runner of its own.
///
/// # Errors
/// When the database cannot be reached.
pub async fn notify(db: &Db) -> Result<(), DbError> {
    sqlx::query_scalar!("SELECT pg_notify($1, '')", CHANNEL)
        .fetch_one(db.pool())
        .await?;
    Ok(())
}

/// Does any process work on jobs, as far as leases tell?
///
/// # Errors
/// When the database cannot be reached.
pub async fn is_anyone_at_work(db: &Db) -> Result<bool, DbError> {
    Ok(
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM job_workers WHERE lease_until > now()) AS "at_work!""#)
            .fetch_one(db.pool())
            .await?,
    )
}

/// How many jobs are due or running: none when everything has settled.
///
/// # Errors
/// When the database cannot be reached.
pub async fn pending(db: &Db, now: DateTime<Utc>) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- pending_jobs
        SELECT count(*) AS "count!" FROM jobs WHERE state = 'running' OR (state = 'waiting' AND run_at <= $1)"#,
        now
    )
    .fetch_one(db.pool())
    .await?)
}

/// When the next waiting job that is not due yet becomes so.
///
/// # Errors
/// When the database cannot be reached.
pub async fn next_due(db: &Db, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- next_due_job
        SELECT min(run_at) FROM jobs WHERE state = 'waiting' AND run_at > $1"#,
        now
    )
    .fetch_one(db.pool())
    .await?)
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// For its time, its lane, or a worker.
    Waiting,
    /// A worker holds it.
    Running,
    /// Given up; an operator may retry or cancel it.
    Dead,
}

impl JobState {
    /// As stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Dead => "dead",
        }
    }

    fn read(stored: &str) -> Result<Self, DbError> {
        match stored {
            "waiting" => Ok(Self::Waiting),
            "running" => Ok(Self::Running),
            "dead" => Ok(Self::Dead),
            other => Err(DbError::Inconsistent {
                what: "job",
                why: format!("its state is {other:?}"),
            }),
        }
    }
}

/// A job as an operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Its row; a job that waits again in the place of a twin has the twin's.
    pub id: i64,
    /// What to do.
    pub name: String,
    /// What it is done to.
    pub lane: String,
    /// Where it stands.
    pub state: JobState,
    /// Lower first.
    pub priority: i16,
    /// When it is due, was due, or is tried again.
    pub run_at: DateTime<Utc>,
    /// How often it was tried; snoozes are not counted.
    pub tries: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it failed last.
    pub failed_at: Option<DateTime<Utc>>,
    /// When it was first asked for.
    pub created_at: DateTime<Utc>,
}

/// The jobs in `state`, or all; dead ones first, then running ones, then by due time.
///
/// # Errors
/// When the database cannot be reached.
pub async fn list(db: &Db, state: Option<JobState>, limit: i64) -> Result<Vec<JobRow>, DbError> {
    let rows = sqlx::query!(
        r#"-- list_jobs
        SELECT id, name, lane, state, priority, run_at, attempt - snoozes AS "tries!", last_error, failed_at, created_at
        FROM jobs
        WHERE state = $1 OR $1::text IS NULL
        ORDER BY state = 'dead' DESC, state = 'running' DESC, run_at, id
        LIMIT $2"#,
        state.map(JobState::as_str),
        limit,
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(JobRow {
                id: row.id,
                name: row.name,
                lane: row.lane,
                state: JobState::read(&row.state)?,
                priority: row.priority,
                run_at: row.run_at,
                tries: row.tries,
                last_error: row.last_error,
                failed_at: row.failed_at,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// Lets a dead or waiting job run now, with all its tries before it. Says whether there was such a job.
///
/// # Errors
/// When the database says no.
pub async fn retry(tx: &mut Tx<'_>, now: DateTime<Utc>, id: i64) -> Result<bool, DbError> {
    let row = sqlx::query!(
        r#"-- retry_job
        DELETE FROM jobs WHERE id = $1 AND state IN ('waiting', 'dead') RETURNING name, lane, payload, priority"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(false) };
    let job = NewJob {
        name: &row.name,
        lane: &row.lane,
        payload: row.payload,
        priority: row.priority,
        run_at: Some(now),
    };
    enqueue(tx, now, job).await?;
    Ok(true)
}

/// Removes a dead or waiting job. Says whether there was such a job; a running one cannot be called back.
///
/// # Errors
/// When the database says no.
pub async fn cancel(tx: &mut Tx<'_>, id: i64) -> Result<bool, DbError> {
    let done = sqlx::query!(
        r#"-- cancel_job
        DELETE FROM jobs WHERE id = $1 AND state IN ('waiting', 'dead')"#,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// How many jobs of one name stand where.
#[derive(Debug, Clone, PartialEq)]
pub struct JobCount {
    /// What to do.
    pub name: String,
    /// Where they stand.
    pub state: JobState,
    /// How many.
    pub count: i64,
    /// The earliest `run_at` among them: how late the latest one is.
    pub oldest: DateTime<Utc>,
}

/// All jobs, counted by name and state.
///
/// # Errors
/// When the database cannot be reached.
pub async fn counts(db: &Db) -> Result<Vec<JobCount>, DbError> {
    let rows = sqlx::query!(
        r#"-- count_jobs
        SELECT name, state, count(*) AS "count!", min(run_at) AS "oldest!" FROM jobs GROUP BY name, state ORDER BY name, state"#
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(JobCount {
                name: row.name,
                state: JobState::read(&row.state)?,
                count: row.count,
                oldest: row.oldest,
            })
        })
        .collect()
}

/// What renewing a lease found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Renewed; there are so many other workers.
    Held {
        /// Live workers beside this one.
        others: i64,
    },
    /// It had run out: whatever this worker held may be somebody else's.
    Lost,
}

/// What a worker does with the table, over a few connections of its own: a lease must not run out because requests
/// use up the pool.
#[derive(Debug, Clone)]
pub struct Queue {
    pool: PgPool,
}

impl Queue {
    /// Connections beside those of `db`, made when they are needed.
    #[must_use]
    pub fn open(db: &Db) -> Self {
        let options = db.pool().connect_options();
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // Nothing here need survive a crash of the database server: a lost claim is claimed again and a
                    // lost completion is a repeat, as after a crash of ours. Nobody waits for a disk to say so.
                    // Without sequential scans, because a plan made while the table is empty stays for a full one.
                    sqlx::raw_sql("SET synchronous_commit = off; SET enable_seqscan = off")
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .connect_lazy_with((*options).clone());
        Self { pool }
    }

    /// Closes its connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Enters a new worker whose lease runs for `lease`.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn register(&self, lease: Duration) -> Result<Uuid, DbError> {
        Ok(sqlx::query_scalar!(
            r#"-- register_worker
            INSERT INTO job_workers (lease_until) VALUES (now() + make_interval(secs => $1)) RETURNING id"#,
            lease.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Renews the lease of `worker`, unless it has run out.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn heartbeat(&self, worker: Uuid, lease: Duration) -> Result<Lease, DbError> {
        let others = sqlx::query_scalar!(
            r#"-- renew_lease
            UPDATE job_workers SET lease_until = now() + make_interval(secs => $2)
            WHERE id = $1 AND lease_until > now()
            RETURNING (SELECT count(*) FROM job_workers AS w WHERE w.id <> $1 AND w.lease_until > now()) AS "others!""#,
            worker,
            lease.as_secs_f64(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(others.map_or(Lease::Lost, |others| Lease::Held { others }))
    }

    /// Removes `worker`: what it still holds is free.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn retire(&self, worker: Uuid) -> Result<(), DbError> {
        sqlx::query!("DELETE FROM job_workers WHERE id = $1", worker)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Takes up to `limit` due jobs whose names are known here and whose lanes are free; for `lease` at most, however
    /// long the worker lives.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn claim(
        &self,
        worker: Uuid,
        now: DateTime<Utc>,
        names: &[String],
        limit: i64,
        lease: Duration,
    ) -> Result<Claim, DbError> {
        loop {
            match self.try_claim(worker, now, names, limit, lease).await {
                // Two workers reached for one lane in the same instant. One of them has it; look again.
                Err(DbError::Collision) => {}
                Err(DbError::Constraint(name)) if name == "jobs_one_running_per_lane" => {}
                result => return result,
            }
        }
    }

    async fn try_claim(
        &self,
        worker: Uuid,
        now: DateTime<Utc>,
        names: &[String],
        limit: i64,
        lease: Duration,
    ) -> Result<Claim, DbError> {
        // Level by level, so that each look reads only rows that are due, however many wait for later; the nested loop
        // goes through the levels in order and ends at the limit. A worker without a lease claims nothing: others may
        // already be taking up what it holds.
        let rows = sqlx::query!(
            r#"-- claim_jobs
            WITH due AS (
                SELECT earliest.id, earliest.lane
                FROM generate_series(0, 9) AS level
                CROSS JOIN LATERAL (
                    SELECT job.id, job.lane
                    FROM jobs AS job
                    WHERE job.state = 'waiting' AND job.priority = level::smallint AND job.run_at <= $2
                        AND job.name = ANY ($3)
                        AND NOT EXISTS (SELECT FROM jobs AS busy WHERE busy.state = 'running' AND busy.lane = job.lane)
                    ORDER BY job.run_at, job.id
                    LIMIT $4
                    FOR UPDATE OF job SKIP LOCKED
                ) AS earliest
                WHERE EXISTS (SELECT FROM job_workers WHERE job_workers.id = $1 AND job_workers.lease_until > now())
                LIMIT $4
            ), one_per_lane AS (
                SELECT DISTINCT ON (lane) id FROM due
            ), claimed AS (
                UPDATE jobs SET state = 'running', worker = $1, lease_until = now() + make_interval(secs => $5),
                    attempt = attempt + 1, not_before = NULL
                FROM one_per_lane
                WHERE jobs.id = one_per_lane.id
                RETURNING jobs.id, name, lane, payload, priority, attempt, attempt - snoozes AS tries, run_at
            ), next_due AS (
                SELECT min(earliest.run_at) AS run_at
                FROM generate_series(0, 9) AS level
                CROSS JOIN LATERAL (
                    SELECT job.run_at
                    FROM jobs AS job
                    WHERE job.state = 'waiting' AND job.priority = level::smallint AND job.run_at > $2
                        AND job.name = ANY ($3)
                    ORDER BY job.run_at
                    LIMIT 1
                ) AS earliest
            )
            SELECT next_due.run_at AS next_due, claimed.id AS "id?", name AS "name?", lane AS "lane?",
                payload AS "payload?", attempt AS "attempt?", tries AS "tries?", claimed.run_at AS "run_at?"
            FROM next_due LEFT JOIN claimed ON true
            ORDER BY priority, claimed.run_at, claimed.id"#,
            worker,
            now,
            names,
            limit,
            lease.as_secs_f64(),
        )
        .fetch_all(&self.pool)
        .await?;
        let next_due = rows.first().and_then(|row| row.next_due);
        let jobs = rows
            .into_iter()
            .filter_map(|row| {
                Some(Claimed {
                    id: row.id?,
                    name: row.name?,
                    lane: row.lane?,
                    payload: row.payload?,
                    attempt: row.attempt?,
                    tries: row.tries?,
                    run_at: row.run_at?,
                })
            })
            .collect();
        Ok(Claim { jobs, next_due })
    }

    /// Removes jobs that are done, each named by id and attempt. Says how many of them were still ours.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn complete(&self, claims: &[(i64, i32)]) -> Result<u64, DbError> {
        let (ids, attempts): (Vec<i64>, Vec<i32>) = claims.iter().copied().unzip();
        Ok(sqlx::query!(
            r#"-- complete_jobs
            DELETE FROM jobs USING unnest($1::bigint[], $2::integer[]) AS done (id, attempt)
            WHERE jobs.id = done.id AND jobs.attempt = done.attempt AND jobs.state = 'running'"#,
            &ids,
            &attempts,
        )
        .execute(&self.pool)
        .await?
        .rows_affected())
    }

    /// Lets a job wait until `until` without spending a try. Says whether it was still ours.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn snooze(&self, id: i64, attempt: i32, until: DateTime<Utc>) -> Result<bool, DbError> {
        self.put_back(id, attempt, 1, Some(until), None).await
    }

    /// Lets a job that failed at `now` wait until `until`; the try is spent. Says whether it was still ours.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn again(
        &self,
        id: i64,
        attempt: i32,
        error: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, DbError> {
        self.put_back(id, attempt, 0, Some(until), Some((error, now))).await
    }

    /// Gives a job back that was not carried out. Says whether it was still ours.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn give_back(&self, id: i64, attempt: i32) -> Result<bool, DbError> {
        self.put_back(id, attempt, 1, None, None).await
    }

    async fn put_back(
        &self,
        id: i64,
        attempt: i32,
        snoozes: i32,
        until: Option<DateTime<Utc>>,
        error: Option<(&str, DateTime<Utc>)>,
    ) -> Result<bool, DbError> {
        // Out and in again, so that a twin that came in the meantime takes it in as it would take in a new job; the
        // twin has the newer payload, the job the longer history.
        let done = sqlx::query!(
            r#"-- put_back_job
            WITH mine AS (
                DELETE FROM jobs WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING *
            )
            INSERT INTO jobs
                (id, name, lane, payload, priority, run_at, not_before, attempt, snoozes, last_error, failed_at, created_at)
            SELECT id, name, lane, payload, priority, coalesce($4, run_at), $4, attempt, snoozes + $3,
                coalesce($5, last_error), coalesce($6, failed_at), created_at
            FROM mine
            ON CONFLICT (lane, name) WHERE state = 'waiting' DO UPDATE SET
                priority = least(jobs.priority, excluded.priority),
                run_at = coalesce(excluded.not_before, least(jobs.run_at, excluded.run_at)),
                not_before = excluded.not_before,
                attempt = excluded.attempt,
                snoozes = excluded.snoozes,
                last_error = excluded.last_error,
                failed_at = excluded.failed_at,
                created_at = least(jobs.created_at, excluded.created_at)"#,
            id,
            attempt,
            snoozes,
            until,
            error.map(|(text, _)| text),
            error.map(|(_, now)| now),
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Gives a job up at `now`; an operator finds it with its `error`. Says whether it was still ours.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn bury(&self, id: i64, attempt: i32, error: &str, now: DateTime<Utc>) -> Result<bool, DbError> {
        let done = sqlx::query!(
            r#"-- bury_job
            UPDATE jobs SET state = 'dead', worker = NULL, lease_until = NULL, last_error = $3, failed_at = $4
            WHERE id = $1 AND attempt = $2 AND state = 'running'"#,
            id,
            attempt,
            error,
            now,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes jobs whose lease has run out, or their worker's, back among the waiting ones, due as they were. The try is
    /// spent, since the job may be what killed the worker: after `limit` tries it is dead. Returns the jobs' ids.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn recover(&self, now: DateTime<Utc>, limit: i32) -> Result<Vec<i64>, DbError> {
        let orphans = sqlx::query!(
            r#"-- orphaned_jobs
            SELECT id, attempt, attempt - snoozes AS "tries!"
            FROM jobs
            WHERE state = 'running' AND (
                lease_until <= now()
                OR NOT EXISTS (SELECT FROM job_workers AS w WHERE w.id = jobs.worker AND w.lease_until > now())
            )"#
        )
        .fetch_all(&self.pool)
        .await?;
        let mut recovered = Vec::new();
        for job in orphans {
            let error = "its worker died or lost it";
            let ours = if job.tries >= limit {
                self.bury(job.id, job.attempt, error, now).await?
            } else {
                self.put_back(job.id, job.attempt, 0, None, Some((error, now))).await?
            };
            if ours {
                recovered.push(job.id);
            }
        }
        sqlx::query!("DELETE FROM job_workers WHERE lease_until < now() - interval '1 hour'")
            .execute(&self.pool)
            .await?;
        Ok(recovered)
    }

    /// Tells the workers of other processes that there may be something to do.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn notify(&self, from: Uuid) -> Result<(), DbError> {
        sqlx::query_scalar!("SELECT pg_notify($1, $2)", CHANNEL, from.to_string())
            .fetch_one(&self.pool)
            .await?;
        Ok(())
    }

    /// Starts to hear what other processes tell, over a connection of its own.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn listen(&self) -> Result<Listener, DbError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with((*self.pool.connect_options()).clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // Closing a pool waits for its listeners; this one ends when it is dropped.
        listener.ignore_pool_close_event(true);
        listener.listen(CHANNEL).await?;
        Ok(Listener { inner: listener })
    }
}

/// Hears the workers of other processes.
#[derive(Debug)]
pub struct Listener {
    inner: PgListener,
}

impl Listener {
    /// Waits until `me` should look; also when the connection was lost, for then something may have been missed.
    ///
    /// # Errors
    /// When the connection cannot be made again.
    pub async fn heard(&mut self, me: Option<Uuid>) -> Result<(), DbError> {
        loop {
            match self.inner.try_recv().await? {
                Some(note) if me.is_some_and(|me| note.payload() == me.to_string()) => {}
                _ => return Ok(()),
            }
        }
    }
}
