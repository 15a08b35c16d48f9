//! Grants and the holds on them: rows in, [`Grant`] values out, always as a whole.

use super::{Db, DbError, Tx};
use crate::domain::{
    event::Cause,
    grant::{Grant, GrantState, Hold},
    ids::{EntitlementId, GrantId, PersonId, RequestId},
    length::Length,
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

struct Row {
    id: i64,
    subject_id: i64,
    entitlement_id: i64,
    state: String,
    was_there: bool,
    started_at: Option<DateTime<Utc>>,
    ending_since: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    cause: Option<String>,
    given_by: Option<i64>,
    ended_by: Option<i64>,
    trouble: Option<String>,
    holds: Value,
}

#[derive(serde::Deserialize)]
struct HoldRow {
    request_id: i64,
    length: Option<i64>,
    until: Option<DateTime<Utc>>,
    over: bool,
}

impl TryFrom<Row> for Grant {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let holds: Vec<HoldRow> = super::read("holds", row.holds)?;
        let state = GrantState::from_word(&row.state).ok_or_else(|| DbError::Inconsistent {
            what: "grants.state",
            why: row.state.clone(),
        })?;
        let cause: Option<Cause> = row
            .cause
            .map(|cause| super::read("grants.cause", Value::String(cause)))
            .transpose()?;
        Ok(Self {
            id: GrantId(row.id),
            subject: PersonId(row.subject_id),
            entitlement: EntitlementId(row.entitlement_id),
            state,
            holds: holds
                .into_iter()
                .map(|hold| Hold {
                    request: RequestId(hold.request_id),
                    length: Length::from(hold.length),
                    until: hold.until,
                    over: hold.over,
                })
                .collect(),
            was_there: row.was_there,
            started_at: row.started_at,
            ended_at: row.ended_at,
            cause,
            ending_since: row.ending_since,
            given_by: row.given_by.map(PersonId),
            ended_by: row.ended_by.map(PersonId),
            trouble: row.trouble,
        })
    }
}

/// Locks a grant for a change and reads it.
///
/// Two statements: one that has waited for the lock would see the grant as it is now, but its holds as they were when it
/// began to wait.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, id: GrantId) -> Result<Option<Grant>, DbError> {
    sqlx::query!("-- lock a grant\nSELECT FROM grants WHERE id = $1 FOR UPDATE", id.0)
        .execute(tx.conn())
        .await?;
    read(tx.conn(), id).await
}

/// Locks what a person has of an entitlement, and reads the live grant if there is one. One that is being taken away is
/// locked too: whoever ends it then sees the grant that waits for that, or this transaction sees that it is over.
///
/// # Errors
/// The database's.
pub async fn lock_live(
    tx: &mut Tx<'_>,
    subject: PersonId,
    entitlement: EntitlementId,
) -> Result<Option<Grant>, DbError> {
    let locked = sqlx::query!(
        "-- lock what a person has of an entitlement
         SELECT id, state FROM grants
          WHERE subject_id = $1 AND entitlement_id = $2
            AND state IN ('provisioning', 'active', 'ending', 'end_overdue')
          ORDER BY id FOR UPDATE",
        subject.0,
        entitlement.0
    )
    .fetch_all(tx.conn())
    .await?;
    let live = locked
        .iter()
        .find(|row| GrantState::from_word(&row.state).is_some_and(GrantState::is_live));
    match live {
        Some(row) => read(tx.conn(), GrantId(row.id)).await,
        None => Ok(None),
    }
}

/// Reads a grant.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: GrantId) -> Result<Option<Grant>, DbError> {
    read(db.pool(), id).await
}

async fn read(on: impl PgExecutor<'_>, id: GrantId) -> Result<Option<Grant>, DbError> {
    sqlx::query_as!(
        Row,
        r#"-- read a grant
         SELECT id, subject_id, entitlement_id, state, was_there, started_at, ending_since, ended_at, cause, given_by, ended_by, trouble,
                (SELECT coalesce(jsonb_agg(h ORDER BY h.request_id), '[]') FROM holds h WHERE h.grant_id = g.id) AS "holds!"
           FROM grants g WHERE id = $1"#,
        id.0
    )
    .fetch_optional(on)
    .await?
    .map(Grant::try_from)
    .transpose()
}

/// What stands beside a grant, of the same person and entitlement: all of them are one access in the target system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Has a connector begun to give this one?
    pub tried: bool,
    /// Is an older one still being taken away?
    pub leaving: bool,
    /// Did the one before fail? It may have left something behind.
    pub left_behind: bool,
    /// Does a newer one work already? Then the access is that one's.
    pub followed: bool,
}

/// Reads it.
///
/// # Errors
/// The database's; also when there is no such grant.
pub async fn beside(db: &Db, id: GrantId) -> Result<Beside, DbError> {
    Ok(sqlx::query_as!(
        Beside,
        r#"-- read what stands beside a grant
         SELECT g.tried,
                EXISTS (SELECT FROM grants o WHERE o.subject_id = g.subject_id AND o.entitlement_id = g.entitlement_id
                           AND o.id < g.id AND o.state IN ('ending', 'end_overdue')) AS "leaving!",
                coalesce((SELECT o.state = 'failed' FROM grants o
                           WHERE o.subject_id = g.subject_id AND o.entitlement_id = g.entitlement_id AND o.id < g.id
                           ORDER BY o.id DESC LIMIT 1), false) AS "left_behind!",
                EXISTS (SELECT FROM grants o WHERE o.subject_id = g.subject_id AND o.entitlement_id = g.entitlement_id
                           AND o.id > g.id AND o.state = 'active') AS "followed!"
           FROM grants g WHERE g.id = $1"#,
        id.0
    )
    .fetch_one(db.pool())
    .await?)
}

/// Notes that a connector begins to give: from here on, access that is found is its doing.
///
/// # Errors
/// The database's.
pub async fn begin_giving(tx: &mut Tx<'_>, id: GrantId) -> Result<(), DbError> {
    sqlx::query!("-- begin to give\nUPDATE grants SET tried = true WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Other grants of the same person and entitlement that are to be given or taken away now.
///
/// # Errors
/// The database's.
pub async fn unsettled_beside(tx: &mut Tx<'_>, grant: &Grant) -> Result<Vec<GrantId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- find unsettled grants beside one
         SELECT id FROM grants
          WHERE subject_id = $1 AND entitlement_id = $2 AND id <> $3
            AND state IN ('provisioning', 'ending', 'end_overdue')
          ORDER BY id",
        grant.subject.0,
        grant.entitlement.0,
        grant.id.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(GrantId).collect())
}

/// Writes a new grant, still without holds, and gives it its number.
///
/// # Errors
/// `grants_one_live` when there is a live one already.
pub async fn insert(
    tx: &mut Tx<'_>,
    subject: PersonId,
    entitlement: EntitlementId,
    now: DateTime<Utc>,
) -> Result<GrantId, DbError> {
    let id = sqlx::query_scalar!(
        "-- insert a grant
         INSERT INTO grants (subject_id, entitlement_id, state, created_at) VALUES ($1, $2, 'provisioning', $3)
         RETURNING id",
        subject.0,
        entitlement.0,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(GrantId(id))
}

/// Writes a grant that was locked and changed, its holds included.
///
/// # Errors
/// The database's.
pub async fn save(tx: &mut Tx<'_>, grant: &Grant) -> Result<(), DbError> {
    let cause = grant
        .cause
        .map(|cause| super::write_json(&cause))
        .and_then(|json| json.as_str().map(str::to_owned));
    let requests: Vec<i64> = grant.holds.iter().map(|hold| hold.request.0).collect();
    let lengths: Vec<Option<i64>> = grant.holds.iter().map(|hold| hold.length.into()).collect();
    let untils: Vec<Option<DateTime<Utc>>> = grant.holds.iter().map(|hold| hold.until).collect();
    let overs: Vec<bool> = grant.holds.iter().map(|hold| hold.over).collect();
    sqlx::query!(
        "-- save a grant
         WITH saved AS (
             UPDATE grants SET state = $2, was_there = $3, started_at = $4, until = $5, ending_since = $6,
                               ended_at = $7, cause = $8, trouble = $9, wake_at = $10,
                               given_by = $15, ended_by = $16
              WHERE id = $1)
         INSERT INTO holds (grant_id, request_id, length, until, over)
         SELECT $1, * FROM unnest($11::bigint[], $12::bigint[], $13::timestamptz[], $14::boolean[])
         ON CONFLICT (grant_id, request_id) DO UPDATE SET until = EXCLUDED.until, over = EXCLUDED.over",
        grant.id.0,
        grant.state.word(),
        grant.was_there,
        grant.started_at,
        grant.until(),
        grant.ending_since,
        grant.ended_at,
        cause,
        grant.trouble,
        grant.wake_at(),
        &requests,
        &lengths as &[Option<i64>],
        &untils as &[Option<DateTime<Utc>>],
        &overs,
        grant.given_by.map(|person| person.0),
        grant.ended_by.map(|person| person.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest grant of a request.
///
/// # Errors
/// The database's.
pub async fn of_request(db: &Db, request: RequestId) -> Result<Option<GrantId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find a request's grant\nSELECT grant_id FROM holds WHERE request_id = $1",
        request.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(id.map(GrantId))
}

/// Grants whose time to be looked at has come, soonest first.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<GrantId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- find due grants\nSELECT id FROM grants WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    Ok(ids.into_iter().map(GrantId).collect())
}

/// When the next request or grant has to be looked at.
///
/// # Errors
/// The database's.
pub async fn next_wake(db: &Db) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- find the next wake-up
         SELECT least((SELECT min(wake_at) FROM requests), (SELECT min(wake_at) FROM grants),
                      (SELECT min(wake_at) FROM reviews), (SELECT min(wake_at) FROM rotations),
                      (SELECT min(wake_at) FROM absences))"
    )
    .fetch_one(db.pool())
    .await?)
}
