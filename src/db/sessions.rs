//! Who is signed in on the web, and who is on the way to Slack and back. Browsers carry secrets; here are their hashes.

use super::{Db, DbError, Tx};
use crate::domain::ids::PersonId;
use chrono::{DateTime, Utc};

/// Somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its number.
    pub id: i64,
    /// Who.
    pub person: PersonId,
    /// When they signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a few minutes.
    pub seen_at: DateTime<Utc>,
}

/// Begins a session.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut Tx<'_>, hash: &[u8], person: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- begin a session
         INSERT INTO sessions (hash, person_id, created_at, seen_at) VALUES ($1, $2, $3, $3)",
        hash,
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The session of this secret, whether it is over or not.
///
/// # Errors
/// The database's.
pub async fn find(db: &Db, hash: &[u8]) -> Result<Option<SessionRow>, DbError> {
    let row = sqlx::query!(
        "-- find a session\nSELECT id, person_id, created_at, seen_at FROM sessions WHERE hash = $1",
        hash
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| SessionRow {
        id: row.id,
        person: PersonId(row.person_id),
        created_at: row.created_at,
        seen_at: row.seen_at,
    }))
}

/// Notes that it was used.
///
/// # Errors
/// The database's.
pub async fn seen(tx: &mut Tx<'_>, id: i64, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- a session was used\nUPDATE sessions SET seen_at = greatest(seen_at, $2) WHERE id = $1",
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a session; whose it was.
///
/// # Errors
/// The database's.
pub async fn remove(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<PersonId>, DbError> {
    let person = sqlx::query_scalar!(
        "-- end a session\nDELETE FROM sessions WHERE hash = $1 RETURNING person_id",
        hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(person.map(PersonId))
}

/// Forgets sessions that were not used since, and who set out before and did not come back.
///
/// # Errors
/// The database's.
pub async fn forget(
    tx: &mut Tx<'_>,
    unused_since: DateTime<Utc>,
    set_out_before: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- forget old sessions\nDELETE FROM sessions WHERE seen_at < $1",
        unused_since
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- forget who did not come back\nDELETE FROM sign_ins WHERE created_at < $1",
        set_out_before
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Somebody sets out to Slack.
///
/// # Errors
/// The database's.
pub async fn set_out(
    tx: &mut Tx<'_>,
    hash: &[u8],
    browser: &[u8],
    goes_to: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- somebody sets out to sign in
         INSERT INTO sign_ins (hash, browser, goes_to, created_at) VALUES ($1, $2, $3, $4)",
        hash,
        browser,
        goes_to,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// They come back, in the browser they set out in and not before `set_out_after`; where they wanted to go. Once.
///
/// # Errors
/// The database's.
pub async fn come_back(
    tx: &mut Tx<'_>,
    hash: &[u8],
    browser: &[u8],
    set_out_after: DateTime<Utc>,
) -> Result<Option<String>, DbError> {
    let goes_to = sqlx::query_scalar!(
        "-- somebody comes back from signing in
         DELETE FROM sign_ins WHERE hash = $1 AND browser = $2 AND created_at > $3 RETURNING goes_to",
        hash,
        browser,
        set_out_after
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(goes_to)
}
