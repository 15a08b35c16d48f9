//! Absences: who is away, and who decides in their place.

use super::{Db, DbError, Tx};
use crate::domain::{
    absence::{Absence, Source},
    ids::PersonId,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

struct Row {
    id: i64,
    person_id: i64,
    from_at: DateTime<Utc>,
    until_at: DateTime<Utc>,
    delegate_id: Option<i64>,
    source: String,
}

impl TryFrom<Row> for (i64, Absence) {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let absence = Absence {
            person: PersonId(row.person_id),
            from: row.from_at,
            until: row.until_at,
            delegate: row.delegate_id.map(PersonId),
            source: source(&row.source)?,
        };
        Ok((row.id, absence))
    }
}

fn source(word: &str) -> Result<Source, DbError> {
    Source::from_word(word).ok_or_else(|| DbError::Inconsistent {
        what: "absences.source",
        why: word.to_owned(),
    })
}

/// The absence of a person that is not over, if there is one; what they have said themselves before what Slack says.
///
/// # Errors
/// The database's.
pub async fn of(db: &Db, person: PersonId) -> Result<Option<Absence>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "-- read an absence
         SELECT id, person_id, from_at, until_at, delegate_id, source FROM absences
          WHERE person_id = $1 AND ended_at IS NULL ORDER BY source = 'said' DESC, until_at DESC LIMIT 1",
        person.0
    )
    .fetch_optional(db.pool())
    .await?;
    let found = row.map(<(i64, Absence)>::try_from).transpose()?;
    Ok(found.map(|(_, absence)| absence))
}

/// Locks the person, so that two absences of one do not meet, and reads the one of this source that is not over.
///
/// # Errors
/// The database's.
pub async fn lock_of(tx: &mut Tx<'_>, person: PersonId, source: Source) -> Result<Option<(i64, Absence)>, DbError> {
    sqlx::query!(
        "-- hold a person still\nSELECT FROM people WHERE id = $1 FOR NO KEY UPDATE",
        person.0
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query_as!(
        Row,
        "-- lock an absence
         SELECT id, person_id, from_at, until_at, delegate_id, source FROM absences
          WHERE person_id = $1 AND source = $2 AND ended_at IS NULL FOR UPDATE",
        person.0,
        source.word()
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// The last sign of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMark {
    /// What told it from others.
    pub mark: String,
    /// Is that absence not over?
    pub open: bool,
}

/// The last absence of this source, for those of these people who have ever had one.
///
/// # Errors
/// The database's.
pub async fn last_marks(
    tx: &mut Tx<'_>,
    source: Source,
    people: &[PersonId],
) -> Result<BTreeMap<PersonId, LastMark>, DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    let rows = sqlx::query!(
        r#"-- the last signs of people
         SELECT DISTINCT ON (person_id) person_id, mark, ended_at IS NULL AS "open!" FROM absences
          WHERE person_id = ANY($1) AND source = $2 ORDER BY person_id, id DESC"#,
        &people,
        source.word()
    )
    .fetch_all(tx.conn())
    .await?;
    let last = rows.into_iter().map(|row| {
        let last = LastMark {
            mark: row.mark,
            open: row.open,
        };
        (PersonId(row.person_id), last)
    });
    Ok(last.collect())
}

/// Whose absence this is, and who says so.
///
/// # Errors
/// The database's.
pub async fn whose(db: &Db, id: i64) -> Result<Option<(PersonId, Source)>, DbError> {
    let row = sqlx::query!(
        "-- whose absence is it\nSELECT person_id, source FROM absences WHERE id = $1",
        id
    )
    .fetch_optional(db.pool())
    .await?;
    row.map(|row| Ok((PersonId(row.person_id), source(&row.source)?)))
        .transpose()
}

/// Writes an absence down; `mark` tells it from the next of its source, `wake` is when it begins or ends.
///
/// # Errors
/// The database's.
pub async fn insert(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    by: PersonId,
    absence: &Absence,
    mark: &str,
    wake: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- write an absence
         INSERT INTO absences (person_id, from_at, until_at, delegate_id, set_by, set_at, wake_at, source, mark)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        absence.person.0,
        absence.from,
        absence.until,
        absence.delegate.map(|delegate| delegate.0),
        by.0,
        now,
        wake,
        absence.source.word(),
        mark
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
