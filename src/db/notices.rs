//! Notices: messages that a person gets once, or a channel, each with a row that says whether it was sent.

use super::{Db, DbError, Tx};
use crate::domain::ids::{BundleId, PersonId, RequestId};
use chrono::{DateTime, Utc};

/// A notice that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number; travels in the message's metadata.
    pub id: i64,
    /// For whom.
    pub reader: Reader,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// What sort of notice.
    pub kind: String,
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
    /// The alarm it is about: drawn anew as that stands.
    pub alarm: Option<i64>,
    /// The review it is about: drawn anew as that stands.
    pub review: Option<i64>,
    /// What was asked for together, which it shows: drawn anew as that stands.
    pub bundle: Option<BundleId>,
    /// The hash of what it shows, where it is drawn anew.
    pub shown: Option<String>,
}

/// Who reads a notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// A person, in their conversation with the app.
    Person(PersonId),
    /// A channel, by its id or `#name`.
    Channel(String),
}

/// A notice that is said once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice<'a> {
    /// For whom.
    pub reader: Reader,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// What sort of notice.
    pub kind: &'a str,
    /// What it is about: the same reader hears of it once.
    pub topic: &'a str,
    /// What it says, in Slack's markup.
    pub body: &'a str,
    /// The alarm it is about.
    pub alarm: Option<i64>,
    /// The review it is about.
    pub review: Option<i64>,
}

/// Writes a notice down and says its number; `None` when this reader has been told of it before.
///
/// # Errors
/// The database's.
pub async fn tell(tx: &mut Tx<'_>, now: DateTime<Utc>, new: &NewNotice<'_>) -> Result<Option<i64>, DbError> {
    let (person, channel, reader) = match &new.reader {
        Reader::Person(person) => (Some(person.0), None, format!("person:{person}")),
        Reader::Channel(channel) => (None, Some(channel.as_str()), "channel".to_owned()),
    };
    Ok(sqlx::query_scalar!(
        "-- write a notice that is said once
         INSERT INTO notices (person_id, to_channel, request_id, kind, body, once, alarm_id, created_at, review_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (once) WHERE once IS NOT NULL DO NOTHING RETURNING id",
        person,
        channel,
        new.request.map(|request| request.0),
        new.kind,
        new.body,
        format!("{}:{reader}", new.topic),
        new.alarm,
        now,
        new.review
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Who was told something of this kind about a request.
///
/// # Errors
/// The database's.
pub async fn told(tx: &mut Tx<'_>, request: RequestId, kind: &str) -> Result<Vec<PersonId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"-- list who was told about a request
         SELECT DISTINCT person_id AS "person!" FROM notices
          WHERE request_id = $1 AND kind = $2 AND person_id IS NOT NULL ORDER BY 1"#,
        request.0,
        kind
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// The notices of an alarm.
///
/// # Errors
/// The database's.
pub async fn of_alarm(tx: &mut Tx<'_>, alarm: i64) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- list the notices of an alarm\nSELECT id FROM notices WHERE alarm_id = $1 ORDER BY id",
        alarm
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Was this person told of an alarm?
///
/// # Errors
/// The database's.
pub async fn was_told_of(tx: &mut Tx<'_>, alarm: i64, person: PersonId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- was somebody told of an alarm
         SELECT EXISTS (SELECT FROM notices WHERE alarm_id = $1 AND person_id = $2) AS "told!""#,
        alarm,
        person.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The id of a channel that was written to before, by what the settings call it.
///
/// # Errors
/// The database's.
pub async fn known_channel(db: &Db, name: &str) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- find a channel by what it is called
         SELECT channel AS "channel!" FROM (
             (SELECT channel FROM notices WHERE to_channel = $1 AND ts IS NOT NULL ORDER BY id DESC LIMIT 1)
             UNION ALL
             (SELECT channel FROM cards WHERE to_channel = $1 AND ts IS NOT NULL ORDER BY id DESC LIMIT 1)) known
          WHERE channel IS NOT NULL LIMIT 1"#,
        name
    )
    .fetch_optional(db.pool())
    .await?)
}

/// Notes that it cannot be delivered, and why.
///
/// # Errors
/// The database's.
pub async fn undelivered(tx: &mut Tx<'_>, id: i64, why: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- a notice cannot be delivered\nUPDATE notices SET posting = false, trouble = $2 WHERE id = $1",
        id,
        why
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what it shows now.
///
/// # Errors
/// The database's.
pub async fn shows(tx: &mut Tx<'_>, id: i64, shown: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- a notice shows something else\nUPDATE notices SET shown = $2 WHERE id = $1",
        id,
        shown
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// Writes a reminder in a channel down.
///
/// # Errors
/// The database's.
pub async fn remind_channel(tx: &mut Tx<'_>, now: DateTime<Utc>, channel: &str, body: &str) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        "-- write a reminder in a channel
         INSERT INTO notices (to_channel, kind, body, created_at) VALUES ($1, 'reminder', $2, $3) RETURNING id",
        channel,
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
        "-- read a notice\nSELECT id, person_id, to_channel, request_id, kind, body, channel, ts, posting, created_at, alarm_id, review_id, bundle_id, shown
           FROM notices WHERE id = $1",
        id
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Notice {
        id: row.id,
        reader: match row.person_id {
            Some(person) => Reader::Person(PersonId(person)),
            None => Reader::Channel(row.to_channel.unwrap_or_default()),
        },
        alarm: row.alarm_id,
        review: row.review_id,
        bundle: row.bundle_id.map(BundleId),
        shown: row.shown,
        request: row.request_id.map(RequestId),
        kind: row.kind,
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
