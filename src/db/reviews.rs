//! Reviews of emergencies: owed, reminded of, done. And what is done at fixed times, once for each.

use super::{Db, DbError, Tx};
use crate::domain::{
    ids::{GrantId, PersonId, RequestId},
    review::{Done, Findings, Fit, Review},
};
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

struct Row {
    id: i64,
    request_id: i64,
    grant_id: i64,
    subject_id: i64,
    opened_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    overdue_since: Option<DateTime<Utc>>,
    reminded: i32,
    completed_by: Option<i64>,
    completed_at: Option<DateTime<Utc>>,
    justified: Option<bool>,
    fit: Option<String>,
    follow_up: String,
    reviewers: Vec<i64>,
}

impl From<Row> for Review {
    fn from(row: Row) -> Self {
        let done = (|| {
            Some(Done {
                by: PersonId(row.completed_by?),
                at: row.completed_at?,
                findings: Findings {
                    justified: row.justified?,
                    fit: Fit::from_word(row.fit.as_deref()?)?,
                    follow_up: row.follow_up,
                },
            })
        })();
        Self {
            id: row.id,
            request: RequestId(row.request_id),
            grant: GrantId(row.grant_id),
            subject: PersonId(row.subject_id),
            opened_at: row.opened_at,
            due_at: row.due_at,
            overdue_since: row.overdue_since,
            reminded: row.reminded,
            reviewers: row.reviewers.into_iter().map(PersonId).collect(),
            done,
        }
    }
}

/// Opens a review and says its number; `None` when there is one for this emergency.
///
/// # Errors
/// The database's.
pub async fn open(tx: &mut Tx<'_>, review: &Review, wake_at: DateTime<Utc>) -> Result<Option<i64>, DbError> {
    let id = sqlx::query_scalar!(
        "-- open a review
         INSERT INTO reviews (request_id, grant_id, subject_id, opened_at, due_at, wake_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (request_id) DO NOTHING RETURNING id",
        review.request.0,
        review.grant.0,
        review.subject.0,
        review.opened_at,
        review.due_at,
        wake_at
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(id) = id {
        set_reviewers(tx, id, &review.reviewers).await?;
    }
    Ok(id)
}

/// Says who can do it.
///
/// # Errors
/// The database's.
pub async fn set_reviewers(tx: &mut Tx<'_>, id: i64, people: &[PersonId]) -> Result<(), DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    sqlx::query!(
        "-- set who reviews
         WITH gone AS (DELETE FROM review_reviewers WHERE review_id = $1 AND person_id <> ALL($2))
         INSERT INTO review_reviewers (review_id, person_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
        id,
        &people
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks a review and reads it.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx<'_>, id: i64) -> Result<Option<Review>, DbError> {
    sqlx::query!("-- lock a review\nSELECT FROM reviews WHERE id = $1 FOR UPDATE", id)
        .execute(tx.conn())
        .await?;
    Ok(read(tx.conn(), &[id]).await?.pop())
}

/// Reads a review.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: i64) -> Result<Option<Review>, DbError> {
    Ok(read(db.pool(), &[id]).await?.pop())
}

async fn read(from: impl PgExecutor<'_>, ids: &[i64]) -> Result<Vec<Review>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- read reviews
         SELECT id, request_id, grant_id, subject_id, opened_at, due_at, overdue_since, reminded, completed_by,
                completed_at, justified, fit, follow_up,
                ARRAY(SELECT w.person_id FROM review_reviewers w WHERE w.review_id = r.id ORDER BY 1) AS "reviewers!"
           FROM reviews r WHERE id = ANY($1) ORDER BY id"#,
        ids
    )
    .fetch_all(from)
    .await?;
    Ok(rows.into_iter().map(Review::from).collect())
}

/// The review of an emergency, if there is one.
///
/// # Errors
/// The database's.
pub async fn of_request(tx: &mut Tx<'_>, request: RequestId) -> Result<Option<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- find the review of a request\nSELECT id FROM reviews WHERE request_id = $1",
        request.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Writes down how far a review that is owed has come.
///
/// # Errors
/// The database's.
pub async fn save(tx: &mut Tx<'_>, review: &Review, wake_at: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- save a review\nUPDATE reviews SET overdue_since = $2, reminded = $3, wake_at = $4 WHERE id = $1",
        review.id,
        review.overdue_since,
        review.reminded,
        wake_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down what was said.
///
/// # Errors
/// `reviews_not_by_the_user` when the person is the one whose use it is about.
pub async fn complete(tx: &mut Tx<'_>, id: i64, done: &Done) -> Result<(), DbError> {
    sqlx::query!(
        "-- complete a review
         UPDATE reviews SET completed_by = $2, completed_at = $3, justified = $4, fit = $5, follow_up = $6, wake_at = NULL
          WHERE id = $1",
        id,
        done.by.0,
        done.at,
        done.findings.justified,
        done.findings.fit.word(),
        done.findings.follow_up
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The notices that show a review.
///
/// # Errors
/// The database's.
pub async fn notices(tx: &mut Tx<'_>, id: i64) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- list the notices of a review\nSELECT id FROM notices WHERE review_id = $1 ORDER BY id",
        id
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Reviews that a person can do, the longest open first.
///
/// # Errors
/// The database's.
pub async fn owed_by(db: &Db, person: PersonId) -> Result<Vec<Review>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- list the reviews a person owes
         SELECT r.id FROM reviews r JOIN review_reviewers w ON w.review_id = r.id
          WHERE w.person_id = $1 AND r.completed_at IS NULL",
        person.0
    )
    .fetch_all(db.pool())
    .await?;
    read(db.pool(), &ids).await
}

/// All reviews that were opened before a moment and are still owed, the longest open first.
///
/// # Errors
/// The database's.
pub async fn owed(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<Vec<Review>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- list the reviews that are owed\nSELECT id FROM reviews WHERE completed_at IS NULL AND opened_at < $1",
        before
    )
    .fetch_all(tx.conn())
    .await?;
    read(tx.conn(), &ids).await
}

/// The emergency of one of these people whose review is overdue, the oldest first. Drills are none.
///
/// # Errors
/// The database's.
pub async fn overdue_of(tx: &mut Tx<'_>, people: &[PersonId]) -> Result<Option<RequestId>, DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    let id = sqlx::query_scalar!(
        "-- find somebody's overdue review
         SELECT v.request_id FROM reviews v JOIN requests r ON r.id = v.request_id
           JOIN entitlements e ON e.id = r.entitlement_id
          WHERE v.subject_id = ANY($1) AND v.completed_at IS NULL AND v.overdue_since IS NOT NULL
            AND NOT e.emergency_drill ORDER BY v.id LIMIT 1",
        &people
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(RequestId))
}

/// Reviews whose time to be looked at has come, soonest first.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- find due reviews\nSELECT id FROM reviews WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2",
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?)
}

/// Has every review that is owed looked at again: people, groups or owners have changed.
///
/// # Errors
/// The database's.
pub async fn look_again(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- look again at reviews\nUPDATE reviews SET wake_at = $1 WHERE completed_at IS NULL",
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Claims a run of what is done at fixed times; `false` when it was done, or somebody is at it.
///
/// # Errors
/// The database's.
pub async fn claim_run(tx: &mut Tx<'_>, name: &str, slot: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, DbError> {
    let claimed = sqlx::query!(
        "-- claim a scheduled run
         INSERT INTO scheduled_runs (name, slot, run_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        name,
        slot,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Was it run?
///
/// # Errors
/// The database's.
pub async fn was_run(db: &Db, name: &str, slot: DateTime<Utc>) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- was it run
         SELECT EXISTS (SELECT FROM scheduled_runs WHERE name = $1 AND slot = $2) AS "run!""#,
        name,
        slot
    )
    .fetch_one(db.pool())
    .await?)
}
