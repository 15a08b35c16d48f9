//! Alarms: raised once each, in sight until somebody takes them.

use super::{Db, DbError, Tx, facts::LAST_RESORT};
use crate::domain::{
    alarm::{Alarm, AlarmKind},
    ids::{GrantId, PersonId, RequestId},
};
use chrono::{DateTime, Utc};

/// An alarm to raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlarm {
    /// What sort of trouble.
    pub kind: AlarmKind,
    /// What it is about, so that the same trouble is one alarm.
    pub once: String,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// The grant it is about.
    pub grant: Option<GrantId>,
    /// ⚡
    pub emergency: bool,
    /// What is wrong, in Slack's markup.
    pub body: String,
}

/// Raises an alarm and says its number; `None` when it has been raised before.
///
/// # Errors
/// The database's.
pub async fn raise(tx: &mut Tx<'_>, now: DateTime<Utc>, alarm: &NewAlarm) -> Result<Option<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- raise an alarm
         INSERT INTO alarms (kind, once, request_id, grant_id, emergency, body, raised_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (once) DO NOTHING RETURNING id",
        alarm.kind.word(),
        alarm.once,
        alarm.request.map(|request| request.0),
        alarm.grant.map(|grant| grant.0),
        alarm.emergency,
        alarm.body,
        now
    )
    .fetch_optional(tx.conn())
    .await?)
}

struct Row {
    id: i64,
    request_id: Option<i64>,
    grant_id: Option<i64>,
    emergency: bool,
    body: String,
    raised_at: DateTime<Utc>,
    taken_by: Option<i64>,
    taken_at: Option<DateTime<Utc>>,
}

impl From<Row> for Alarm {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            request: row.request_id.map(RequestId),
            grant: row.grant_id.map(GrantId),
            emergency: row.emergency,
            body: row.body,
            raised_at: row.raised_at,
            taken: row.taken_by.map(PersonId).zip(row.taken_at),
        }
    }
}

/// Locks an alarm and reads it.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, id: i64) -> Result<Option<Alarm>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "-- lock an alarm
         SELECT id, request_id, grant_id, emergency, body, raised_at, taken_by, taken_at FROM alarms
          WHERE id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Alarm::from))
}

/// Reads an alarm.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: i64) -> Result<Option<Alarm>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "-- read an alarm
         SELECT id, request_id, grant_id, emergency, body, raised_at, taken_by, taken_at FROM alarms WHERE id = $1",
        id
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(Alarm::from))
}

/// Writes down who has taken it.
///
/// # Errors
/// The database's.
pub async fn take(tx: &mut Tx<'_>, id: i64, by: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- take an alarm\nUPDATE alarms SET taken_by = $2, taken_at = $3 WHERE id = $1",
        id,
        by.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The alarms that wait for somebody, oldest first: all of them for those who answer for the organisation, else those
/// that this person was told of.
///
/// # Errors
/// The database's.
pub async fn waiting(db: &Db, person: PersonId) -> Result<Vec<Alarm>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "-- list the alarms that wait
         SELECT a.id, a.request_id, a.grant_id, a.emergency, a.body, a.raised_at, a.taken_by, a.taken_at
           FROM alarms a
          WHERE a.taken_at IS NULL
            AND (EXISTS (SELECT FROM person_roles r WHERE r.person_id = $1 AND r.role = 'super_admin')
                 OR EXISTS (SELECT FROM group_members m JOIN groups g ON g.id = m.group_id
                             WHERE g.key = $2 AND m.person_id = $1)
                 OR EXISTS (SELECT FROM notices n WHERE n.alarm_id = a.id AND n.person_id = $1))
          ORDER BY a.raised_at, a.id",
        person.0,
        LAST_RESORT
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows.into_iter().map(Alarm::from).collect())
}

/// Those who answer for the organisation when nobody else does: the last resort and the super admins, those at work.
///
/// # Errors
/// The database's.
pub async fn answerable(tx: &mut Tx<'_>) -> Result<Vec<PersonId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"-- list who answers for the organisation
         SELECT p.id FROM people p
          WHERE p.standing = 'active' AND p.kind = 'employee'
            AND (EXISTS (SELECT FROM person_roles r WHERE r.person_id = p.id AND r.role = 'super_admin')
                 OR EXISTS (SELECT FROM group_members m JOIN groups g ON g.id = m.group_id
                             WHERE g.key = $1 AND m.person_id = p.id))
          ORDER BY p.id"#,
        LAST_RESORT
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Those of them who have opened their Home tab, where alarms are shown.
///
/// # Errors
/// The database's.
pub async fn homes(tx: &mut Tx<'_>) -> Result<Vec<PersonId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"-- list the Home tabs that show alarms
         SELECT DISTINCT s.person_id FROM slack_identities s
          WHERE s.home_at IS NOT NULL
            AND (EXISTS (SELECT FROM person_roles r WHERE r.person_id = s.person_id AND r.role = 'super_admin')
                 OR EXISTS (SELECT FROM group_members m JOIN groups g ON g.id = m.group_id
                             WHERE g.key = $1 AND m.person_id = s.person_id)
                 OR EXISTS (SELECT FROM notices n WHERE n.person_id = s.person_id AND n.alarm_id IS NOT NULL))"#,
        LAST_RESORT
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// The last resort: its members at work, else the super admins.
///
/// # Errors
/// The database's.
pub async fn last_resort(tx: &mut Tx<'_>) -> Result<Vec<PersonId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"-- list the last resort
         WITH members AS (
             SELECT p.id FROM people p JOIN group_members m ON m.person_id = p.id JOIN groups g ON g.id = m.group_id
              WHERE g.key = $1 AND p.standing = 'active' AND p.kind = 'employee')
         SELECT id AS "id!" FROM members
         UNION SELECT p.id FROM people p JOIN person_roles r ON r.person_id = p.id
          WHERE r.role = 'super_admin' AND p.standing = 'active' AND p.kind = 'employee'
            AND NOT EXISTS (SELECT FROM members)
          ORDER BY 1"#,
        LAST_RESORT
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}
