//! Bundles: catalogs that can be asked for whole, and what was asked for together.

use super::{Db, DbError, Tx};
use crate::domain::ids::{BundleId, CatalogId, EntitlementId, PersonId, RequestId};
use chrono::{DateTime, Utc};

/// A catalog that can be asked for whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its number.
    pub id: CatalogId,
    /// Its name.
    pub name: String,
    /// What is in it, in order of app and name.
    pub parts: Vec<EntitlementId>,
}

/// What was asked for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its number.
    pub id: BundleId,
    /// What it was called then.
    pub name: String,
    /// Who asked.
    pub requester: PersonId,
    /// For whom.
    pub subject: PersonId,
    /// Why.
    pub justification: String,
    /// The requests for its parts, in order.
    pub requests: Vec<RequestId>,
}

/// The bundles that somebody may be given, matching what was typed.
///
/// # Errors
/// The database's.
pub async fn offered_to(db: &Db, subject: PersonId, typed: &str, limit: i64) -> Result<Vec<Offered>, DbError> {
    let rows = sqlx::query!(
        r#"-- find the bundles for a person
         SELECT c.id, c.name,
                ARRAY(SELECT e.id FROM catalog_entitlements ce JOIN entitlements e ON e.id = ce.entitlement_id
                        JOIN apps a ON a.id = e.app_id
                       WHERE ce.catalog_id = c.id AND e.active AND a.active
                       ORDER BY lower(a.name), lower(e.name), e.id) AS "parts!"
           FROM catalogs c
          WHERE c.bundle AND position(lower($2) IN lower(c.name || ' ' || c.key)) > 0
            AND (c.everyone OR EXISTS (
                 SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                  WHERE ca.catalog_id = c.id AND m.person_id = $1))
          ORDER BY lower(c.name), c.id LIMIT $3"#,
        subject.0,
        typed,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Offered {
            id: CatalogId(row.id),
            name: row.name,
            parts: row.parts.into_iter().map(EntitlementId).collect(),
        })
        .collect())
}

/// One of them, if this person may be given it.
///
/// # Errors
/// The database's.
pub async fn offered(tx: &mut Tx<'_>, id: CatalogId, subject: PersonId) -> Result<Option<Offered>, DbError> {
    let row = sqlx::query!(
        r#"-- read a bundle for a person
         SELECT c.id, c.name,
                ARRAY(SELECT e.id FROM catalog_entitlements ce JOIN entitlements e ON e.id = ce.entitlement_id
                        JOIN apps a ON a.id = e.app_id
                       WHERE ce.catalog_id = c.id AND e.active AND a.active
                       ORDER BY lower(a.name), lower(e.name), e.id) AS "parts!"
           FROM catalogs c
          WHERE c.id = $1 AND c.bundle
            AND (c.everyone OR EXISTS (
                 SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                  WHERE ca.catalog_id = c.id AND m.person_id = $2))"#,
        id.0,
        subject.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Offered {
        id: CatalogId(row.id),
        name: row.name,
        parts: row.parts.into_iter().map(EntitlementId).collect(),
    }))
}

/// Writes down that something is asked for together; `None` when this act has done so before.
///
/// # Errors
/// The database's.
pub async fn insert(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    bundle: &Bundle,
    origin: Option<&str>,
) -> Result<Option<BundleId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- write a bundle
         INSERT INTO bundles (name, requester_id, subject_id, justification, origin, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (origin) DO NOTHING RETURNING id",
        bundle.name,
        bundle.requester.0,
        bundle.subject.0,
        bundle.justification,
        origin,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(BundleId))
}

/// What an act asked for together, if it did.
///
/// # Errors
/// The database's.
pub async fn by_origin(db: &Db, origin: &str) -> Result<Option<BundleId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find a bundle by its act\nSELECT id FROM bundles WHERE origin = $1",
        origin
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(id.map(BundleId))
}

/// Reads a bundle.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: BundleId) -> Result<Option<Bundle>, DbError> {
    let row = sqlx::query!(
        r#"-- read a bundle
         SELECT name, requester_id, subject_id, justification,
                ARRAY(SELECT r.id FROM requests r WHERE r.bundle_id = bundles.id ORDER BY r.id) AS "requests!"
           FROM bundles WHERE id = $1"#,
        id.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Bundle {
        id,
        name: row.name,
        requester: PersonId(row.requester_id),
        subject: PersonId(row.subject_id),
        justification: row.justification,
        requests: row.requests.into_iter().map(RequestId).collect(),
    }))
}

/// The cards that keep the parts of a bundle together.
///
/// # Errors
/// The database's.
pub async fn notices(tx: &mut Tx<'_>, id: BundleId) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- list the cards of a bundle\nSELECT id FROM notices WHERE bundle_id = $1 ORDER BY id",
        id.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes the card down.
///
/// # Errors
/// The database's.
pub async fn insert_card(tx: &mut Tx<'_>, now: DateTime<Utc>, id: BundleId, bundle: &Bundle) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        "-- write the card of a bundle
         INSERT INTO notices (person_id, kind, body, created_at, bundle_id) VALUES ($1, 'bundle', $2, $3, $4) RETURNING id",
        bundle.requester.0,
        bundle.name,
        now,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}
