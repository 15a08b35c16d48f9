//! Floor 1: the only folder that knows SQL. Typed rows in, domain values out.
//!
//! Invariant: every function that writes takes `&mut Tx<'_>`, and a [`Tx`] is made only by [`Db::write`]; so nothing is
//! written outside a named transaction. (The queue's own bookkeeping is the exception; `jobs` says why.) Readers take `&Db` (or a `Tx`, where a decision depends on what they see).

pub mod absences;
pub mod alarms;
pub mod audit;
pub mod bundles;
pub mod cards;
pub mod catalog;
pub mod channel_reminders;
pub mod comments;
pub mod demo_target;
pub mod drills;
pub mod facts;
pub mod grants;
pub mod jobs;
pub mod kept_words;
pub mod looks;
pub mod notices;
pub mod organisation;
pub mod pauses;
pub mod people;
pub mod reading;
pub mod reminders;
pub mod requests;
pub mod reviews;
pub mod rotations;
pub mod sessions;
pub mod settings;
pub mod together;

use crate::domain::{
    catalog::Entitlement,
    ids::{AppId, CardId, CommentId, EntitlementId, PersonId, RequestId},
    person::Person,
    request::Request,
};
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{collections::BTreeMap, str::FromStr, sync::Arc, time::Duration};
use together::Together;

/// The migrations, in the order they are applied; embedded in the binary.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// A connection that nobody used for so long is asked whether it is still there.
const A_REST: Duration = Duration::from_millis(250);

/// A handle on the database: a pool of connections.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    questions: Arc<Questions>,
}

/// What many ask for at the same moment, by kind.
#[derive(Debug, Default)]
struct Questions {
    cards: Together<CardId, Option<cards::Card>>,
    lines: Together<CommentId, Option<comments::Line>>,
    untold: Together<(CardId, RequestId, i64), Option<cards::Untold>>,
    requests: Together<RequestId, Option<Request>>,
    entitlements: Together<EntitlementId, Option<Entitlement>>,
    people: Together<Vec<PersonId>, BTreeMap<PersonId, Person>>,
    identities: Together<(String, String), Option<Person>>,
    accounts: Together<(String, Vec<PersonId>), Vec<people::SlackAccount>>,
    contexts: Together<(PersonId, EntitlementId), reading::ContextRow>,
    outcomes: Together<RequestId, Option<reading::GrantRow>>,
    owners: Together<(AppId, EntitlementId), Vec<PersonId>>,
}

/// Proof of a running transaction; made by [`Db::write`] alone.
#[derive(Debug)]
pub struct Tx<'a> {
    inner: sqlx::Transaction<'a, Postgres>,
}

impl Tx<'_> {
    /// The connection of this transaction, for the functions of this folder.
    pub(in crate::db) fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// What can go wrong below the use cases.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A named constraint said no; the use cases turn the names they know into refusals.
    #[error("the constraint {0} refused the write")]
    Constraint(String),
    /// Two transactions stood in each other's way; the whole transaction may be tried again.
    #[error("the transaction collided with another one")]
    Collision,
    /// A stored row breaks a rule of the domain.
    #[error("a stored {what} cannot be read: {why}")]
    Inconsistent {
        /// The table or value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Everything else that sqlx reports.
    #[error(transparent)]
    Sqlx(sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let Some(db) = error.as_database_error() else {
            return Self::Sqlx(error);
        };
        if matches!(db.code().as_deref(), Some("40001" | "40P01")) {
            return Self::Collision;
        }
        match db.constraint() {
            Some(name) => Self::Constraint(name.to_owned()),
            None => Self::Sqlx(error),
        }
    }
}

impl Db {
    /// Connects to `url` with at most `connections` connections.
    ///
    /// # Errors
    /// When the URL cannot be read or the server cannot be reached within five seconds.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, DbError> {
        // Every statement is a few rows by a key: made anew for each execution, its plan would cost more than its work.
        // A plan is kept, so it has to suit the table that will have grown: what is asked for is in memory and found by
        // its key, also where reading a small table from end to end would cost no more today.
        let options = PgConnectOptions::from_str(url)?.application_name("c1").options([
            ("plan_cache_mode", "force_generic_plan"),
            ("random_page_cost", "1.1"),
            ("jit", "off"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .before_acquire(|connection, found| {
                // Asked only after a rest, so that it costs nothing under load: a server that was restarted meanwhile
                // has hung up on every connection, and each would fail once.
                Box::pin(async move { Ok(found.idle_for < A_REST || connection.ping().await.is_ok()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self::from_pool(pool))
    }

    /// Takes over a pool made elsewhere (tests).
    #[must_use]
    pub fn from_pool(pool: PgPool) -> Self {
        Self {
            pool,
            questions: Arc::default(),
        }
    }

    /// The pool, for the readers of this folder.
    pub(in crate::db) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Runs `body` in one transaction: commits when it returns `Ok`, rolls back otherwise.
    ///
    /// `name` stands in the log when the transaction is slow or fails.
    ///
    /// # Errors
    /// What `body` returns, or the database's own error.
    pub async fn write<T, E: From<DbError>>(
        &self,
        name: &'static str,
        body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = Tx {
            inner: self.pool.begin().await.map_err(DbError::from)?,
        };
        match body(&mut tx).await {
            Ok(value) => {
                tx.inner.commit().await.map_err(DbError::from)?;
                jobs::wake();
                Ok(value)
            }
            Err(error) => {
                if let Err(rollback) = tx.inner.rollback().await {
                    tracing::warn!(transaction = name, error = %rollback, "a transaction could not be rolled back");
                }
                Err(error)
            }
        }
    }

    /// Applies the migrations that are not applied yet.
    ///
    /// # Errors
    /// When one cannot be applied, or the database was made by a newer version.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        // A start with nothing to do asks once, and takes no lock.
        if self.is_migrated().await {
            return Ok(());
        }
        MIGRATOR.run(&self.pool).await
    }

    /// Are exactly the embedded migrations applied? What cannot be read is left to the migrator to explain.
    async fn is_migrated(&self) -> bool {
        let applied: Result<Vec<(i64, Vec<u8>, bool)>, _> =
            sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&self.pool)
                .await;
        applied.is_ok_and(|applied| {
            let applied = applied
                .iter()
                .map(|(version, checksum, success)| (*version, checksum.as_slice(), *success));
            let known = MIGRATOR.iter().map(|known| (known.version, &*known.checksum, true));
            applied.eq(known)
        })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Reads a stored document.
fn read<T: serde::de::DeserializeOwned>(what: &'static str, value: serde_json::Value) -> Result<T, DbError> {
    serde_json::from_value(value).map_err(|error| DbError::Inconsistent {
        what,
        why: error.to_string(),
    })
}

/// Makes a document of a domain value.
fn write_json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).expect("domain values are plain data, which always becomes JSON")
}

impl Db {
    /// Does the database answer?
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Is the schema the one this binary was made for?
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn is_current(&self) -> Result<(), String> {
        let applied: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&self.pool)
            .await
            .map_err(|_| "the migrations cannot be read".to_owned())?;
        let known = MIGRATOR.iter().map(|migration| migration.version).max();
        match applied == known {
            true => Ok(()),
            false => Err(format!(
                "the schema is at {applied:?}, this version wants {known:?}; run `c1 migrate`"
            )),
        }
    }

    /// The server's version, such as `15.18`, and its clock.
    ///
    /// # Errors
    /// The database's.
    pub async fn server(&self) -> Result<(String, chrono::DateTime<chrono::Utc>), DbError> {
        Ok(
            sqlx::query_as("SELECT current_setting('server_version'), clock_timestamp()")
                .fetch_one(&self.pool)
                .await?,
        )
    }
}
