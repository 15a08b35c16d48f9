//! Rotations and what their services last said.

use super::{Db, DbError, Tx};
use crate::domain::{
    ids::PersonId,
    rotation::{Remembered, Roster, Rotation},
};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};

/// A rotation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub id: i64,
    /// What the files say.
    pub rotation: Rotation,
    /// What its service last said.
    pub remembered: Remembered,
    /// Have people been told that nobody knows who is on call?
    pub alarmed: bool,
}

struct Row {
    id: i64,
    key: String,
    name: String,
    roster: Json<Roster>,
    stale_after: i64,
    answered_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
    alarmed: bool,
    people: Vec<i64>,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            rotation: Rotation {
                key: row.key,
                name: row.name,
                roster: row.roster.0,
                stale_after: row.stale_after,
            },
            remembered: Remembered {
                at: row.answered_at,
                people: row.people.into_iter().map(PersonId).collect(),
                trouble: row.trouble,
            },
            alarmed: row.alarmed,
        }
    }
}

/// Reads a rotation that the files describe.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: i64) -> Result<Option<Stored>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"-- read a rotation
         SELECT r.id, r.key, r.name, r.roster AS "roster: Json<Roster>", r.stale_after, r.answered_at, r.trouble, r.alarmed,
                ARRAY(SELECT person_id FROM rotation_people WHERE rotation_id = r.id ORDER BY 1) AS "people!"
           FROM rotations r WHERE r.id = $1 AND r.active"#,
        id
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(Stored::from))
}

/// Locks a rotation that the files describe, and reads it.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, id: i64) -> Result<Option<Stored>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"-- lock a rotation
         SELECT r.id, r.key, r.name, r.roster AS "roster: Json<Roster>", r.stale_after, r.answered_at, r.trouble, r.alarmed,
                ARRAY(SELECT person_id FROM rotation_people WHERE rotation_id = r.id ORDER BY 1) AS "people!"
           FROM rotations r WHERE r.id = $1 AND r.active FOR UPDATE"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Stored::from))
}

/// Reads the rotations with these keys that the files describe.
///
/// # Errors
/// The database's.
pub(in crate::db) async fn by_keys(on: &mut PgConnection, keys: &[String]) -> Result<Vec<Stored>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- read rotations by key
         SELECT r.id, r.key, r.name, r.roster AS "roster: Json<Roster>", r.stale_after, r.answered_at, r.trouble, r.alarmed,
                ARRAY(SELECT person_id FROM rotation_people WHERE rotation_id = r.id ORDER BY 1) AS "people!"
           FROM rotations r WHERE r.key = ANY($1) AND r.active"#,
        keys
    )
    .fetch_all(on)
    .await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// The name of a rotation, also of one that is not described any more.
///
/// # Errors
/// The database's.
pub async fn name(db: &Db, key: &str) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- read a rotation's name\nSELECT name FROM rotations WHERE key = $1",
        key
    )
    .fetch_optional(db.pool())
    .await?)
}

/// Rotations whose time to be looked at has come.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- find due rotations\nSELECT id FROM rotations WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?)
}

/// Says when to look at it again.
///
/// # Errors
/// The database's.
pub async fn set_wake(tx: &mut Tx<'_>, id: i64, at: Option<DateTime<Utc>>) -> Result<(), DbError> {
    sqlx::query!(
        "-- when to look at a rotation again\nUPDATE rotations SET wake_at = $2 WHERE id = $1",
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes whether people have been told that nobody knows who is on call.
///
/// # Errors
/// The database's.
pub async fn set_alarmed(tx: &mut Tx<'_>, id: i64, alarmed: bool) -> Result<(), DbError> {
    sqlx::query!(
        "-- note an alarm about a rotation\nUPDATE rotations SET alarmed = $2 WHERE id = $1",
        id,
        alarmed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what a service last said.
///
/// # Errors
/// The database's.
pub async fn remember(tx: &mut Tx<'_>, id: i64, remembered: &Remembered) -> Result<(), DbError> {
    let people: Vec<i64> = remembered.people.iter().map(|person| person.0).collect();
    sqlx::query!(
        "-- keep what a rotation's service said
         WITH kept AS (UPDATE rotations SET answered_at = $2, trouble = $3 WHERE id = $1),
              gone AS (DELETE FROM rotation_people WHERE rotation_id = $1 AND person_id <> ALL($4))
         INSERT INTO rotation_people (rotation_id, person_id) SELECT $1, unnest($4::bigint[]) ON CONFLICT DO NOTHING",
        id,
        remembered.at,
        remembered.trouble,
        &people
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The people with these e-mail addresses (in lower case), who are at work.
///
/// # Errors
/// The database's.
pub async fn people_at(tx: &mut Tx<'_>, addresses: &[String]) -> Result<Vec<PersonId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- find people by address
         SELECT id FROM people WHERE lower(email) = ANY($1) AND standing = 'active' AND kind = 'employee' ORDER BY id",
        addresses
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Has the open requests looked at again that name the rotation.
///
/// # Errors
/// The database's.
pub async fn look_again(tx: &mut Tx<'_>, key: &str, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- look again at requests that ask whoever is on call
         UPDATE requests SET wake_at = $2
          WHERE state = 'open'
            AND jsonb_path_exists(steps, '$.**.on_call ? (@ == $key)', jsonb_build_object('key', $1::text))",
        key,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
