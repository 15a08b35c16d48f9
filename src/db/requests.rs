//! Requests: rows in, [`Request`] values out, always as a whole.

use super::{Db, DbError, Tx};
use crate::domain::{
    ids::{BundleId, EntitlementId, PersonId, RequestId},
    length::Length,
    request::Request,
    step::{Decision, Verdict},
};
use chrono::{DateTime, Utc};
use serde_json::Value;

struct Row {
    id: i64,
    requester_id: i64,
    subject_id: i64,
    entitlement_id: i64,
    length: Option<i64>,
    justification: String,
    emergency: bool,
    extension: bool,
    policy: Value,
    alarm: Option<String>,
    steps: Value,
    outcome: Value,
    revision: i64,
    widened: bool,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    earlier: Value,
    shortened: Option<Value>,
    bundle_id: Option<i64>,
}

impl TryFrom<Row> for Request {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: RequestId(row.id),
            requester: PersonId(row.requester_id),
            subject: PersonId(row.subject_id),
            entitlement: EntitlementId(row.entitlement_id),
            length: Length::from(row.length),
            justification: row.justification,
            emergency: row.emergency,
            extension: row.extension,
            policy: super::read("requests.policy", row.policy)?,
            alarm: row.alarm,
            steps: super::read("requests.steps", row.steps)?,
            state: super::read("requests.outcome", row.outcome)?,
            revision: row.revision,
            created_at: row.created_at,
            closed_at: row.closed_at,
            widened: row.widened,
            earlier: super::read("requests.earlier", row.earlier)?,
            shortened: row
                .shortened
                .map(|value| super::read("requests.shortened", value))
                .transpose()?,
            bundle: row.bundle_id.map(BundleId),
        })
    }
}

/// Locks a request for a change and reads it.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<Request>, DbError> {
    sqlx::query_as!(
        Row,
        "-- lock a request
         SELECT id, requester_id, subject_id, entitlement_id, length, justification, emergency, extension, policy,
                alarm, steps, outcome, revision, widened, created_at, closed_at, earlier, shortened, bundle_id
           FROM requests WHERE id = $1 FOR UPDATE",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Request::try_from)
    .transpose()
}

/// Locks a request without reading it; says what it was asked for together with.
///
/// # Errors
/// The database's.
pub async fn hold_still(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<BundleId>, DbError> {
    let bundle = sqlx::query_scalar!(
        "-- hold a request still\nSELECT bundle_id FROM requests WHERE id = $1 FOR UPDATE",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(bundle.flatten().map(BundleId))
}

/// Reads a request.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: RequestId) -> Result<Option<Request>, DbError> {
    let read = async |ids: Vec<RequestId>| {
        let found = get_many(db, &ids).await?;
        let of = |id: &RequestId| found.iter().find(|request| request.id == *id).cloned();
        Ok(ids.iter().map(of).collect())
    };
    db.questions.requests.ask(id, read).await
}

/// Reads several requests, in no particular order.
///
/// # Errors
/// The database's.
pub async fn get_many(db: &Db, ids: &[RequestId]) -> Result<Vec<Request>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        Row,
        "-- read several requests
         SELECT id, requester_id, subject_id, entitlement_id, length, justification, emergency, extension, policy,
                alarm, steps, outcome, revision, widened, created_at, closed_at, earlier, shortened, bundle_id
           FROM requests WHERE id = ANY($1)",
        &ids
    )
    .fetch_all(db.pool())
    .await?
    .into_iter()
    .map(Request::try_from)
    .collect()
}

/// The youngest requests that were made since then, the youngest first.
///
/// # Errors
/// The database's.
pub async fn since(db: &Db, since: DateTime<Utc>, limit: i64) -> Result<Vec<Request>, DbError> {
    sqlx::query_as!(
        Row,
        "-- read the youngest requests
         SELECT id, requester_id, subject_id, entitlement_id, length, justification, emergency, extension, policy,
                alarm, steps, outcome, revision, widened, created_at, closed_at, earlier, shortened, bundle_id
           FROM requests WHERE created_at >= $1 ORDER BY id DESC LIMIT $2",
        since,
        limit
    )
    .fetch_all(db.pool())
    .await?
    .into_iter()
    .map(Request::try_from)
    .collect()
}

/// Writes a new request and gives it its number. `origin` names the act that made it.
///
/// # Errors
/// `requests_origin_once` when that act has made one already, `requests_one_open` when there is an open one for the
/// same subject and entitlement.
pub async fn insert(tx: &mut Tx<'_>, request: &Request, via: &str, origin: Option<&str>) -> Result<RequestId, DbError> {
    let id = sqlx::query_scalar!(
        "-- insert a request
         INSERT INTO requests (requester_id, subject_id, entitlement_id, length, justification, emergency, extension,
                               via, origin, policy, alarm, steps, state, outcome, revision, widened, created_at,
                               closed_at, wake_at, bundle_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         RETURNING id",
        request.requester.0,
        request.subject.0,
        request.entitlement.0,
        Option::<i64>::from(request.length),
        request.justification,
        request.emergency,
        request.extension,
        via,
        origin,
        super::write_json(&request.policy),
        request.alarm,
        super::write_json(&request.steps),
        request.state.word(),
        super::write_json(&request.state),
        request.revision,
        request.widened,
        request.created_at,
        request.closed_at,
        request.wake_at(),
        request.bundle.map(|bundle| bundle.0),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(RequestId(id))
}

/// Writes a request that was locked and changed.
///
/// # Errors
/// The database's.
pub async fn save(tx: &mut Tx<'_>, request: &Request) -> Result<(), DbError> {
    sqlx::query!(
        "-- save a request
         UPDATE requests
            SET length = $2, emergency = $3, policy = $4, alarm = $5, steps = $6, state = $7, outcome = $8,
                revision = $9, widened = $10, closed_at = $11, wake_at = $12, earlier = $13, shortened = $14
          WHERE id = $1",
        request.id.0,
        Option::<i64>::from(request.length),
        request.emergency,
        super::write_json(&request.policy),
        request.alarm,
        super::write_json(&request.steps),
        request.state.word(),
        super::write_json(&request.state),
        request.revision,
        request.widened,
        request.closed_at,
        request.wake_at(),
        super::write_json(&request.earlier),
        request.shortened.as_ref().map(super::write_json),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says who is asked now: those of the open step, and nobody else. Those who are new hear of it again at `first`, and
/// later after that pause, doubled.
///
/// # Errors
/// The database's.
pub async fn set_asked(tx: &mut Tx<'_>, request: &Request, first: Option<(DateTime<Utc>, i64)>) -> Result<(), DbError> {
    let (remind_at, pause) = first.unzip();
    let claimed = request.current().and_then(|(_, step)| step.claim.as_ref());
    let (step, people) = match request.current() {
        Some((place, step)) => (place, step.approvers.iter().map(|approver| approver.person.0).collect()),
        None => (0, Vec::new()),
    };
    sqlx::query!(
        "-- set who is asked
         WITH asked AS (SELECT unnest($3::bigint[]) AS person_id),
              gone AS (DELETE FROM request_approvers
                        WHERE request_id = $1 AND (step <> $2 OR person_id NOT IN (SELECT person_id FROM asked))),
              over AS (DELETE FROM channel_reminders WHERE request_id = $1 AND (step <> $2 OR cardinality($3) = 0))
         INSERT INTO request_approvers (request_id, step, person_id, remind_at, remind_after, quiet_until)
         SELECT $1, $2, person_id, $4, coalesce($5::bigint, 86400), $6 FROM asked ON CONFLICT DO NOTHING",
        request.id.0,
        i32::try_from(step).unwrap_or(i32::MAX),
        &people,
        remind_at,
        pause,
        claimed.map(|claim| claim.until)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a decision beside the request.
///
/// # Errors
/// `decisions_pkey` when that person has decided that step.
pub async fn insert_decision(
    tx: &mut Tx<'_>,
    request: &Request,
    step: usize,
    decision: &Decision,
    via: &str,
) -> Result<(), DbError> {
    let verdict = match decision.verdict {
        Verdict::Approve => "approve",
        Verdict::Deny => "deny",
    };
    sqlx::query!(
        "-- insert a decision
         INSERT INTO decisions (request_id, step, person_id, verdict, reason, via, at, round)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        request.id.0,
        i32::try_from(step).unwrap_or(i32::MAX),
        decision.person.0,
        verdict,
        decision.reason,
        via,
        decision.at,
        i32::try_from(request.earlier.len()).unwrap_or(i32::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who asked, and for whom.
///
/// # Errors
/// The database's; also when there is no such request.
pub async fn own(tx: &mut Tx<'_>, id: RequestId) -> Result<[PersonId; 2], DbError> {
    let row = sqlx::query!(
        "-- read whose a request is\nSELECT requester_id, subject_id FROM requests WHERE id = $1",
        id.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok([PersonId(row.requester_id), PersonId(row.subject_id)])
}

/// The request that an act of this name has made, if it has.
///
/// # Errors
/// The database's.
pub async fn by_origin(db: &Db, origin: &str) -> Result<Option<RequestId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find a request by origin\nSELECT id FROM requests WHERE origin = $1",
        origin
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(id.map(RequestId))
}

/// Open requests whose time to be looked at has come, soonest first.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<RequestId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- find due requests\nSELECT id FROM requests WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Has every open request looked at again that concerns a person, and every access they hold: they changed.
///
/// # Errors
/// The database's.
pub async fn look_again_at_person(tx: &mut Tx<'_>, person: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- look again at what concerns a person
         WITH looked AS (
             UPDATE grants SET wake_at = $2 WHERE subject_id = $1 AND state IN ('provisioning', 'active', 'failed'))
         UPDATE requests SET wake_at = $2
          WHERE state = 'open'
            AND (requester_id = $1 OR subject_id = $1
                 OR id IN (SELECT request_id FROM request_approvers WHERE person_id = $1))",
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
