//! Notices: messages that a person gets once, each with a row that says whether it was sent.

use super::{Db, DbError, Tx};
use crate::domain::ids::{PersonId, RequestId};
use chrono::{DateTime, Utc};

/// A notice that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number; travels in the message's metadata.
    pub id: i64,
    /// For whom.
    pub person: PersonId,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// What it says, in Slack's markup.
    pub body: String,
    /// The conversation it is sent to, once begun.
    pub channel: Option<String>,
    /// The message, once sent.
    pub ts: Option<String>,
    /// Was sending begun, with an answer that is not known?
    pub posting: bool,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
}

/// Writes a notice down.
///
/// # Errors
/// The database's.
pub async fn insert(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    person: PersonId,
    request: Option<RequestId>,
    kind: &str,
    body: &str,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        "-- write a notice
         INSERT INTO notices (person_id, request_id, kind, body, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        person.0,
        request.map(|request| request.0),
        kind,
        body,
        now
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Reads a notice.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: i64) -> Result<Option<Notice>, DbError> {
    let row = sqlx::query!(
        "-- read a notice\nSELECT id, person_id, request_id, body, channel, ts, posting, created_at FROM notices WHERE id = $1",
        id
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Notice {
        id: row.id,
        person: PersonId(row.person_id),
        request: row.request_id.map(RequestId),
        body: row.body,
        channel: row.channel,
        ts: row.ts,
        posting: row.posting,
        created_at: row.created_at,
    }))
}

/// Notes that sending begins in this conversation, or (with `false`) that it was refused.
///
/// # Errors
/// The database's.
pub async fn set_posting(tx: &mut Tx<'_>, id: i64, channel: &str, posting: bool) -> Result<(), DbError> {
    sqlx::query!(
        "-- begin to send a notice\nUPDATE notices SET posting = $3, channel = $2 WHERE id = $1",
        id,
        channel,
        posting
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that it was sent.
///
/// # Errors
/// The database's.
pub async fn sent(tx: &mut Tx<'_>, id: i64, channel: &str, ts: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- a notice was sent\nUPDATE notices SET posting = false, channel = $2, ts = $3 WHERE id = $1",
        id,
        channel,
        ts
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
