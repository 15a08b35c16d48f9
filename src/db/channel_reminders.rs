//! Reminders in channels: when a channel is to hear again of what it is asked.

use super::{
    Db, DbError, Tx,
    reminders::{Habits, Waiting},
};
use crate::domain::{ids::RequestId, request::Request};
use chrono::{DateTime, Utc};

/// The channels that are to be reminded of something by now.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- find due reminders of channels
         SELECT channel FROM channel_reminders
          WHERE remind_at <= $1 AND (quiet_until IS NULL OR quiet_until <= $1)
          GROUP BY channel ORDER BY min(remind_at) LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?)
}

/// Locks all that waits in a channel and says how it may be reminded: by the clocks of those who are asked there.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, channel: &str) -> Result<(Vec<Waiting>, Habits), DbError> {
    let rows = sqlx::query!(
        "-- lock what waits in a channel
         SELECT k.request_id, k.step, r.emergency, k.remind_at, k.remind_after, k.reminded, k.quiet_until, k.nudged
           FROM channel_reminders k JOIN requests r ON r.id = k.request_id
          WHERE k.channel = $1 ORDER BY k.request_id FOR UPDATE OF k",
        channel
    )
    .fetch_all(tx.conn())
    .await?;
    let zones = sqlx::query_scalar!(
        r#"-- the time zones of those who are asked in a channel
         SELECT DISTINCT s.tz AS "tz!"
           FROM channel_reminders k
           JOIN request_approvers a ON a.request_id = k.request_id AND a.step = k.step
           JOIN slack_identities s ON s.person_id = a.person_id
          WHERE k.channel = $1 AND s.tz IS NOT NULL"#,
        channel
    )
    .fetch_all(tx.conn())
    .await?;
    let last = sqlx::query_scalar!(
        "-- when a channel was last reminded
         SELECT max(created_at) FROM notices WHERE to_channel = $1 AND kind = 'reminder'",
        channel
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
            own: false,
        })
        .collect();
    Ok((waiting, Habits { zones, last }))
}

/// Notes when a channel is to hear of something next, and that it hears of it now (`heard`).
///
/// # Errors
/// The database's.
pub async fn next(tx: &mut Tx<'_>, waiting: &Waiting, at: DateTime<Utc>, heard: bool) -> Result<(), DbError> {
    sqlx::query!(
        "-- move a channel's reminder on
         UPDATE channel_reminders SET remind_at = $2, reminded = reminded + $3::integer, nudged = nudged AND $3 = 0
          WHERE request_id = $1",
        waiting.request.0,
        at,
        i32::from(heard)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Of all that a reminder in a channel speaks of, what still waits there; with the message that is the card, if it is
/// posted.
///
/// # Errors
/// The database's.
pub async fn still_waits(
    db: &Db,
    notice: i64,
    now: DateTime<Utc>,
) -> Result<Vec<(RequestId, Option<(String, String)>)>, DbError> {
    let rows = sqlx::query!(
        r#"-- what of a channel's reminder still waits
         SELECT k.request_id, c.channel AS "channel?", c.ts AS "ts?"
           FROM reminder_lines l
           JOIN notices n ON n.id = l.notice_id
           JOIN channel_reminders k ON k.request_id = l.request_id AND k.step = l.step AND k.channel = n.to_channel
           LEFT JOIN cards c ON c.request_id = k.request_id AND c.to_channel = k.channel
          WHERE l.notice_id = $1 AND (k.quiet_until IS NULL OR k.quiet_until <= $2)
          ORDER BY k.request_id"#,
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

/// This step of a request is asked in a channel: it hears of it again at `first`, and later after that pause, doubled.
///
/// # Errors
/// The database's.
pub async fn begin(
    tx: &mut Tx<'_>,
    request: RequestId,
    step: usize,
    channel: &str,
    (first, pause): (DateTime<Utc>, i64),
) -> Result<(), DbError> {
    sqlx::query!(
        "-- begin to remind a channel
         INSERT INTO channel_reminders (request_id, step, channel, remind_at, remind_after) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (request_id) DO NOTHING",
        request.0,
        i32::try_from(step).unwrap_or(i32::MAX),
        channel,
        first,
        pause
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A channel is not reminded of a request any more.
///
/// # Errors
/// The database's.
pub async fn stop(tx: &mut Tx<'_>, request: RequestId) -> Result<(), DbError> {
    sqlx::query!(
        "-- stop reminding a channel\nDELETE FROM channel_reminders WHERE request_id = $1",
        request.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Somebody is on it until then, and the channel is left in peace; without a claim, nobody is.
///
/// # Errors
/// The database's.
pub async fn quiet(tx: &mut Tx<'_>, request: &Request, until: Option<DateTime<Utc>>) -> Result<(), DbError> {
    sqlx::query!(
        "-- leave a channel in peace\nUPDATE channel_reminders SET quiet_until = $2 WHERE request_id = $1",
        request.id.0,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reminds the channel as soon as may be: somebody asked for it.
///
/// # Errors
/// The database's.
pub async fn hurry(tx: &mut Tx<'_>, request: &Request, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- remind a channel as soon as may be
         UPDATE channel_reminders SET remind_at = $2, nudged = true WHERE request_id = $1",
        request.id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
