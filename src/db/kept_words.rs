//! What somebody typed into a page whose session was over: kept for minutes, for the browser that sent it.

use super::{Db, DbError, Tx};
use crate::domain::ids::{PersonId, RequestId};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What a form brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWords {
    /// Whose session it was, where that is known.
    pub person: Option<PersonId>,
    /// The page of which request.
    pub request: RequestId,
    /// Which form of it.
    pub act: String,
    /// What was typed, by name.
    pub fields: BTreeMap<String, String>,
}

/// As many are kept; then the oldest go. Whoever is not signed in can have something kept, but cannot fill the database.
const AT_MOST: i64 = 1_000;

/// Keeps words, in place of what this browser had kept.
///
/// # Errors
/// The database's.
pub async fn keep(
    tx: &mut Tx<'_>,
    hash: &[u8],
    words: &KeptWords,
    now: DateTime<Utc>,
    old: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- forget old words
         DELETE FROM kept_words WHERE created_at < $1
             OR created_at <= (SELECT created_at FROM kept_words ORDER BY created_at DESC OFFSET $2 LIMIT 1)",
        old,
        AT_MOST
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- keep words
         INSERT INTO kept_words (hash, person_id, request_id, act, fields, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (hash) DO UPDATE SET person_id = excluded.person_id, request_id = excluded.request_id,
                act = excluded.act, fields = excluded.fields, created_at = excluded.created_at",
        hash,
        words.person.map(|person| person.0),
        words.request.0,
        words.act,
        serde_json::json!(words.fields),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a browser has kept since.
///
/// # Errors
/// The database's.
pub async fn find(db: &Db, hash: &[u8], since: DateTime<Utc>) -> Result<Option<KeptWords>, DbError> {
    let row = sqlx::query!(
        "-- find kept words
         SELECT person_id, request_id, act, fields FROM kept_words WHERE hash = $1 AND created_at >= $2",
        hash,
        since
    )
    .fetch_optional(db.pool())
    .await?;
    row.map(|row| {
        Ok(KeptWords {
            person: row.person_id.map(PersonId),
            request: RequestId(row.request_id),
            act: row.act,
            fields: super::read("kept_words.fields", row.fields)?,
        })
    })
    .transpose()
}

/// Forgets what a browser has kept: it was shown.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &mut Tx<'_>, hash: &[u8]) -> Result<(), DbError> {
    sqlx::query!("-- forget kept words\nDELETE FROM kept_words WHERE hash = $1", hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}
