//! Absences: who is away, and who decides in their place.

use super::{Db, DbError, Tx};
use crate::domain::{absence::Absence, ids::PersonId};
use chrono::{DateTime, Utc};

struct Row {
    id: i64,
    person_id: i64,
    from_at: DateTime<Utc>,
    until_at: DateTime<Utc>,
    delegate_id: Option<i64>,
}

impl From<Row> for (i64, Absence) {
    fn from(row: Row) -> Self {
        let absence = Absence {
            person: PersonId(row.person_id),
            from: row.from_at,
            until: row.until_at,
            delegate: row.delegate_id.map(PersonId),
        };
        (row.id, absence)
    }
}

/// The absence of a person that is not over, if there is one.
///
/// # Errors
/// The database's.
pub async fn of(db: &Db, person: PersonId) -> Result<Option<Absence>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "-- read an absence
         SELECT id, person_id, from_at, until_at, delegate_id FROM absences WHERE person_id = $1 AND ended_at IS NULL",
        person.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| <(i64, Absence)>::from(row).1))
}

/// Locks the person, so that two absences of one do not meet, and reads the absence that is not over.
///
/// # Errors
/// The database's.
pub async fn lock_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<(i64, Absence)>, DbError> {
    sqlx::query!(
        "-- hold a person still\nSELECT FROM people WHERE id = $1 FOR NO KEY UPDATE",
        person.0
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query_as!(
        Row,
        "-- lock an absence
         SELECT id, person_id, from_at, until_at, delegate_id FROM absences
          WHERE person_id = $1 AND ended_at IS NULL FOR UPDATE",
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

/// Whose absence this is.
///
/// # Errors
/// The database's.
pub async fn person_of(db: &Db, id: i64) -> Result<Option<PersonId>, DbError> {
    let person = sqlx::query_scalar!(
        "-- whose absence is it\nSELECT person_id FROM absences WHERE id = $1",
        id
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(person.map(PersonId))
}

/// Writes an absence down; `wake` is when it begins or ends.
///
/// # Errors
/// The database's.
pub async fn insert(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    by: PersonId,
    absence: &Absence,
    wake: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- write an absence
         INSERT INTO absences (person_id, from_at, until_at, delegate_id, set_by, set_at, wake_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        absence.person.0,
        absence.from,
        absence.until,
        absence.delegate.map(|delegate| delegate.0),
        by.0,
        now,
        wake
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says when to look at it again.
///
/// # Errors
/// The database's.
pub async fn set_wake(tx: &mut Tx<'_>, id: i64, at: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- when to look at an absence again\nUPDATE absences SET wake_at = $2 WHERE id = $1",
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that it is over.
///
/// # Errors
/// The database's.
pub async fn end(tx: &mut Tx<'_>, id: i64, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- an absence is over\nUPDATE absences SET ended_at = $2, wake_at = NULL WHERE id = $1",
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Absences that begin or end.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- find due absences\nSELECT id FROM absences WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?)
}

/// Has all open requests looked at again: others may decide now. In order, so that two such looks do not block each other.
///
/// # Errors
/// The database's.
pub async fn look_again(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- look again at what is open
         UPDATE requests SET wake_at = $1
          WHERE id IN (SELECT id FROM requests WHERE state = 'open' ORDER BY id FOR UPDATE)",
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
