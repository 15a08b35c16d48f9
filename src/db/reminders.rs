//! Reminders: who is to hear again of what waits for them, and when. What is due is a query; whoever sends a reminder
//! moves the next one on in the same transaction.

use super::{Db, DbError, Tx};
use crate::domain::{
    ids::{PersonId, RequestId},
    request::Request,
};
use chrono::{DateTime, Utc};

/// Something that waits for a person, as far as reminding goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The request.
    pub request: RequestId,
    /// The step.
    pub step: i32,
    /// Is it an emergency?
    pub emergency: bool,
    /// When they are to hear of it again.
    pub remind_at: DateTime<Utc>,
    /// The pause before the first reminder, in seconds.
    pub remind_after: i64,
    /// How often they were reminded.
    pub reminded: i32,
    /// Somebody else is on it until then.
    pub quiet_until: Option<DateTime<Utc>>,
    /// Did somebody ask for this reminder?
    pub nudged: bool,
    /// Did they themselves?
    pub own: bool,
}

/// How somebody, or a channel, may be reminded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habits {
    /// The IANA names of the time zones they live by: a channel's people may live by several.
    pub zones: Vec<String>,
    /// When they were last reminded of anything.
    pub last: Option<DateTime<Utc>>,
}

/// Whoever is to be reminded of something by now.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<PersonId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- find due reminders
         SELECT person_id FROM request_approvers
          WHERE remind_at <= $1 AND (quiet_until IS NULL OR quiet_until <= $1)
          GROUP BY person_id ORDER BY min(remind_at) LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Locks all that waits for a person and says how they may be reminded.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, person: PersonId) -> Result<(Vec<Waiting>, Habits), DbError> {
    let rows = sqlx::query!(
        r#"-- lock what waits for a person
         SELECT a.request_id, a.step, r.emergency, a.remind_at AS "remind_at!", a.remind_after, a.reminded,
                a.quiet_until, a.nudged, a.own
           FROM request_approvers a JOIN requests r ON r.id = a.request_id
          WHERE a.person_id = $1 AND a.remind_at IS NOT NULL
          ORDER BY a.request_id FOR UPDATE OF a"#,
        person.0
    )
    .fetch_all(tx.conn())
    .await?;
    let habits = sqlx::query!(
        r#"-- how a person may be reminded
         SELECT (SELECT tz FROM slack_identities WHERE person_id = $1) AS zone,
                (SELECT max(created_at) FROM notices WHERE person_id = $1 AND kind = 'reminder') AS last"#,
        person.0
    )
    .fetch_one(tx.conn())
    .await?;
    let waiting = rows
        .into_iter()
        .map(|row| Waiting {
            request: RequestId(row.request_id),
            step: row.step,
            emergency: row.emergency,
            remind_at: row.remind_at,
            remind_after: row.remind_after,
            reminded: row.reminded,
            quiet_until: row.quiet_until,
            nudged: row.nudged,
            own: row.own,
        })
        .collect();
    Ok((
        waiting,
        Habits {
            zones: habits.zone.into_iter().collect(),
            last: habits.last,
        },
    ))
}

/// Notes when a person is to hear of something next, and that they hear of it now (`heard`).
///
/// # Errors
/// The database's.
pub async fn next(
    tx: &mut Tx<'_>,
    person: PersonId,
    waiting: &Waiting,
    at: DateTime<Utc>,
    heard: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- move a reminder on
         UPDATE request_approvers
            SET remind_at = $4, reminded = reminded + $5::integer, nudged = nudged AND $5 = 0, own = own AND $5 = 0
          WHERE request_id = $1 AND step = $2 AND person_id = $3",
        waiting.request.0,
        waiting.step,
        person.0,
        at,
        i32::from(heard)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what a reminder speaks of.
///
/// # Errors
/// The database's.
pub async fn speaks_of(tx: &mut Tx<'_>, notice: i64, lines: &[Waiting]) -> Result<(), DbError> {
    let requests: Vec<i64> = lines.iter().map(|line| line.request.0).collect();
    let steps: Vec<i32> = lines.iter().map(|line| line.step).collect();
    sqlx::query!(
        "-- note what a reminder speaks of
         INSERT INTO reminder_lines (notice_id, request_id, step)
         SELECT $1, * FROM unnest($2::bigint[], $3::integer[])",
        notice,
        &requests,
        &steps
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Of all that a reminder speaks of, what still waits for its reader; with the message that is their card, or the channel's
/// in which they are asked, if it is posted.
///
/// # Errors
/// The database's.
pub async fn still_waits(
    db: &Db,
    notice: i64,
    now: DateTime<Utc>,
) -> Result<Vec<(RequestId, Option<(String, String)>)>, DbError> {
    let rows = sqlx::query!(
        r#"-- what of a reminder still waits
         SELECT a.request_id, coalesce(c.channel, k.channel) AS channel, coalesce(c.ts, k.ts) AS ts
           FROM reminder_lines l
           JOIN notices n ON n.id = l.notice_id
           JOIN request_approvers a ON a.request_id = l.request_id AND a.step = l.step AND a.person_id = n.person_id
           LEFT JOIN cards c ON c.request_id = a.request_id AND c.person_id = a.person_id AND c.role = 'approver'
           LEFT JOIN cards k ON k.request_id = a.request_id AND k.to_channel IS NOT NULL AND k.step = a.step AND c.id IS NULL
          WHERE l.notice_id = $1 AND a.remind_at IS NOT NULL AND (a.quiet_until IS NULL OR a.quiet_until <= $2)
          ORDER BY a.request_id"#,
        notice,
        now
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (RequestId(row.request_id), row.channel.zip(row.ts)))
        .collect())
}

/// Whoever has decided is not reminded any more.
///
/// # Errors
/// The database's.
pub async fn stop(tx: &mut Tx<'_>, request: &Request, step: usize, person: PersonId) -> Result<(), DbError> {
    sqlx::query!(
        "-- stop reminding
         UPDATE request_approvers SET remind_at = NULL WHERE request_id = $1 AND step = $2 AND person_id = $3",
        request.id.0,
        i32::try_from(step).unwrap_or(i32::MAX),
        person.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Leaves everyone but `claimed_by` in peace until then; without a claim, nobody.
///
/// # Errors
/// The database's.
pub async fn quiet(
    tx: &mut Tx<'_>,
    request: &Request,
    claimed_by: Option<(PersonId, DateTime<Utc>)>,
) -> Result<(), DbError> {
    let (person, until) = claimed_by.unzip();
    sqlx::query!(
        "-- leave the others in peace
         UPDATE request_approvers SET quiet_until = CASE WHEN person_id = $2 THEN NULL ELSE $3::timestamptz END WHERE request_id = $1",
        request.id.0,
        person.map_or(0, |person| person.0),
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reminds everyone who has not decided as soon as may be: somebody asked for it.
///
/// # Errors
/// The database's.
pub async fn hurry(tx: &mut Tx<'_>, request: &Request, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- remind as soon as may be
         UPDATE request_approvers SET remind_at = $2, nudged = true WHERE request_id = $1 AND remind_at IS NOT NULL",
        request.id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody but these is reminded one by one: it is asked in a channel. Who wanted to hear of it, does.
///
/// # Errors
/// The database's.
pub async fn only(tx: &mut Tx<'_>, request: RequestId, people: &[PersonId]) -> Result<(), DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    sqlx::query!(
        "-- remind few one by one
         UPDATE request_approvers SET remind_at = NULL
          WHERE request_id = $1 AND remind_at IS NOT NULL AND NOT own AND person_id <> ALL($2)",
        request.0,
        &people
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everything that was noted about reminding is void: it begins anew.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &mut Tx<'_>, request: &Request) -> Result<(), DbError> {
    sqlx::query!(
        "-- forget all reminders of a request
         WITH channels AS (DELETE FROM channel_reminders WHERE request_id = $1)
         DELETE FROM request_approvers WHERE request_id = $1",
        request.id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// These are reminded from now on.
///
/// # Errors
/// The database's.
pub async fn begin(
    tx: &mut Tx<'_>,
    request: &Request,
    people: &[PersonId],
    first: DateTime<Utc>,
) -> Result<(), DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    sqlx::query!(
        "-- begin to remind
         UPDATE request_approvers SET remind_at = $3
          WHERE request_id = $1 AND person_id = ANY($2) AND remind_at IS NULL",
        request.id.0,
        &people,
        first
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person, for whom it waits, wants to hear of something again at that moment.
///
/// # Errors
/// The database's.
pub async fn wanted_at(
    tx: &mut Tx<'_>,
    request: RequestId,
    person: PersonId,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- a person wants to be reminded
         UPDATE request_approvers SET remind_at = $3, own = true
          WHERE request_id = $1 AND person_id = $2",
        request.0,
        person.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The time zone of a person.
///
/// # Errors
/// The database's.
pub async fn zone_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<String>, DbError> {
    let zone = sqlx::query_scalar!(
        "-- read a person's time zone\nSELECT tz FROM slack_identities WHERE person_id = $1",
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(zone.flatten())
}
