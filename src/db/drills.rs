//! Drills of the emergency path, and what can be seen of them.

use super::{Db, DbError, Tx};
use crate::domain::{
    drill::Drill,
    grant::GrantState,
    ids::{EntitlementId, GrantId, PersonId, RequestId},
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

struct Row {
    id: i64,
    entitlement_id: i64,
    person_id: i64,
    via: String,
    request_id: Option<i64>,
    started_at: DateTime<Utc>,
    legs: Value,
    finished_at: Option<DateTime<Utc>>,
    ok: Option<bool>,
}

impl TryFrom<Row> for Drill {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            entitlement: EntitlementId(row.entitlement_id),
            person: PersonId(row.person_id),
            via: row.via,
            request: row.request_id.map(RequestId),
            started_at: row.started_at,
            legs: super::read("drills.legs", row.legs)?,
            finished_at: row.finished_at,
            ok: row.ok,
        })
    }
}

/// Writes a drill down that begins.
///
/// # Errors
/// The database's.
pub async fn begin(
    tx: &mut Tx<'_>,
    entitlement: EntitlementId,
    person: PersonId,
    via: &str,
    now: DateTime<Utc>,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        "-- begin a drill
         INSERT INTO drills (entitlement_id, person_id, via, started_at) VALUES ($1, $2, $3, $4) RETURNING id",
        entitlement.0,
        person.0,
        via,
        now
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Reads a drill.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: i64) -> Result<Option<Drill>, DbError> {
    read(db.pool(), id).await
}

/// Locks a drill and reads it.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, id: i64) -> Result<Option<Drill>, DbError> {
    sqlx::query!("-- lock a drill\nSELECT FROM drills WHERE id = $1 FOR UPDATE", id)
        .execute(tx.conn())
        .await?;
    read(tx.conn(), id).await
}

async fn read(from: impl PgExecutor<'_>, id: i64) -> Result<Option<Drill>, DbError> {
    sqlx::query_as!(
        Row,
        "-- read a drill
         SELECT id, entitlement_id, person_id, via, request_id, started_at, legs, finished_at, ok
           FROM drills WHERE id = $1",
        id
    )
    .fetch_optional(from)
    .await?
    .map(Drill::try_from)
    .transpose()
}

/// Writes down how far it has come.
///
/// # Errors
/// The database's.
pub async fn save(tx: &mut Tx<'_>, drill: &Drill) -> Result<(), DbError> {
    sqlx::query!(
        "-- save a drill\nUPDATE drills SET request_id = $2, legs = $3, finished_at = $4, ok = $5 WHERE id = $1",
        drill.id,
        drill.request.map(|request| request.0),
        super::write_json(&drill.legs),
        drill.finished_at,
        drill.ok
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The drills that are under way.
///
/// # Errors
/// The database's.
pub async fn running(db: &Db) -> Result<Vec<i64>, DbError> {
    Ok(
        sqlx::query_scalar!("-- list running drills\nSELECT id FROM drills WHERE finished_at IS NULL ORDER BY id")
            .fetch_all(db.pool())
            .await?,
    )
}

/// The last drills, newest first.
///
/// # Errors
/// The database's.
pub async fn last(db: &Db, limit: i64) -> Result<Vec<Drill>, DbError> {
    sqlx::query_as!(
        Row,
        "-- list the last drills
         SELECT id, entitlement_id, person_id, via, request_id, started_at, legs, finished_at, ok
           FROM drills ORDER BY id DESC LIMIT $1",
        limit
    )
    .fetch_all(db.pool())
    .await?
    .into_iter()
    .map(Drill::try_from)
    .collect()
}

/// The paths of what is marked for drills.
///
/// # Errors
/// The database's.
pub async fn entitlements(db: &Db) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- list what is marked for drills
         SELECT a.key || '/' || e.key AS "path!" FROM entitlements e JOIN apps a ON a.id = e.app_id
          WHERE e.emergency_drill AND e.active AND a.active ORDER BY 1"#
    )
    .fetch_all(db.pool())
    .await?)
}

/// What can be seen of a request that is a drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How the request stands.
    pub state: String,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// How many were told of it, how many of them have it, and what kept a channel from it.
    pub begun: Told,
    /// The same of its access.
    pub began: Told,
    /// How many could look back, and how many of them were asked.
    pub review: Told,
    /// The access, and how it stands.
    pub grant: Option<(GrantId, GrantState)>,
    /// When it began to work.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was gone.
    pub ended_at: Option<DateTime<Utc>>,
    /// What went wrong with it.
    pub trouble: Option<String>,
}

/// Notices: written down, sent, refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many there are.
    pub written: i64,
    /// How many were sent.
    pub sent: i64,
    /// How many people could not be reached.
    pub unreachable: i64,
    /// Why a channel could not be written to.
    pub channel: Option<String>,
}

/// Looks at it.
///
/// # Errors
/// The database's; also when there is no such request.
pub async fn seen(tx: &mut Tx<'_>, request: RequestId) -> Result<Seen, DbError> {
    let row = sqlx::query!(
        r#"-- look at a drill
         SELECT r.state, r.closed_at, g.id AS "grant_id?", g.state AS "grant_state?", g.started_at AS "started_at?",
                g.ended_at AS "ended_at?", g.trouble
           FROM requests r LEFT JOIN holds h ON h.request_id = r.id LEFT JOIN grants g ON g.id = h.grant_id
          WHERE r.id = $1"#,
        request.0
    )
    .fetch_one(tx.conn())
    .await?;
    let grant = match (row.grant_id, row.grant_state.as_deref()) {
        (Some(id), Some(state)) => {
            let state = GrantState::from_word(state).ok_or_else(|| DbError::Inconsistent {
                what: "grants.state",
                why: state.to_owned(),
            })?;
            Some((GrantId(id), state))
        }
        _ => None,
    };
    Ok(Seen {
        state: row.state,
        closed_at: row.closed_at,
        begun: told(tx, request, "emergency").await?,
        began: told(tx, request, "emergency-began").await?,
        review: told(tx, request, "review").await?,
        grant,
        started_at: row.started_at,
        ended_at: row.ended_at,
        trouble: row.trouble,
    })
}

/// `topic` as the notices name it before their number.
async fn told(tx: &mut Tx<'_>, request: RequestId, topic: &str) -> Result<Told, DbError> {
    Ok(sqlx::query_as!(
        Told,
        r#"-- count what was told
         SELECT count(*) AS "written!", count(*) FILTER (WHERE ts IS NOT NULL) AS "sent!",
                count(*) FILTER (WHERE ts IS NULL AND trouble IS NOT NULL AND person_id IS NOT NULL) AS "unreachable!",
                min(to_channel || ': ' || trouble) FILTER (WHERE ts IS NULL) AS channel
           FROM notices WHERE request_id = $1 AND split_part(once, ':', 1) = $2"#,
        request.0,
        topic
    )
    .fetch_one(tx.conn())
    .await?)
}
