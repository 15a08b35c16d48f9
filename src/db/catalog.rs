//! The catalog: apps, entitlements and policies, as requests and grants need them.

use super::{Db, DbError, Tx};
use crate::domain::{
    catalog::{App, Entitlement},
    emergency::{EmergencyRules, Who},
    ids::{AppId, EntitlementId, PolicyId},
    length::LengthRules,
    policy::{Policy, PolicyKind, Rule},
};
use sqlx::{PgExecutor, types::Json};
use std::collections::BTreeMap;

/// A row of `entitlements` with its app.
struct EntitlementRow {
    id: i64,
    key: String,
    name: String,
    resource: Option<String>,
    description: String,
    policy_id: i64,
    emergency_enabled: bool,
    emergency_policy_id: Option<i64>,
    emergency_max: Option<i64>,
    emergency_who: Json<Vec<Who>>,
    emergency_drill: bool,
    lengths: Json<LengthRules>,
    offered: bool,
    app_id: i64,
    app_key: String,
    app_name: String,
}

impl From<EntitlementRow> for Entitlement {
    fn from(row: EntitlementRow) -> Self {
        Self {
            id: EntitlementId(row.id),
            key: row.key,
            name: row.name,
            resource: row.resource,
            description: row.description,
            app: App {
                id: AppId(row.app_id),
                key: row.app_key,
                name: row.app_name,
            },
            policy: PolicyId(row.policy_id),
            emergency: EmergencyRules {
                enabled: row.emergency_enabled,
                policy: row.emergency_policy_id.map(PolicyId),
                max: row.emergency_max,
                who: row.emergency_who.0,
                drill: row.emergency_drill,
            },
            lengths: row.lengths.0,
            offered: row.offered,
        }
    }
}

/// This entitlement, also when it is no longer offered.
///
/// # Errors
/// When the database does not answer, or the row cannot be read.
pub async fn entitlement(db: &Db, id: EntitlementId) -> Result<Option<Entitlement>, DbError> {
    let read = async |ids: Vec<EntitlementId>| {
        let found = entitlements_with(db.pool(), &ids).await?;
        let of = |id: &EntitlementId| found.iter().find(|entitlement| entitlement.id == *id).cloned();
        Ok(ids.iter().map(of).collect())
    };
    db.questions.entitlements.ask(id, read).await
}

/// [`entitlement`] in a transaction.
///
/// # Errors
/// As [`entitlement`].
pub async fn entitlement_in(tx: &mut Tx<'_>, id: EntitlementId) -> Result<Option<Entitlement>, DbError> {
    Ok(entitlements_with(tx.conn(), &[id]).await?.pop())
}

/// Keeps an entitlement as it is until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn hold_still(tx: &mut Tx<'_>, id: EntitlementId) -> Result<(), DbError> {
    sqlx::query!(
        "-- hold an entitlement still\nSELECT FROM entitlements WHERE id = $1 FOR SHARE",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn entitlements_with(on: impl PgExecutor<'_>, ids: &[EntitlementId]) -> Result<Vec<Entitlement>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        EntitlementRow,
        r#"-- entitlements_by_ids
        SELECT e.id, e.key, e.name, e.resource, e.description, e.policy_id, e.emergency_enabled,
               e.emergency_policy_id, e.emergency_max, e.emergency_who AS "emergency_who: Json<Vec<Who>>",
               e.emergency_drill, e.lengths AS "lengths: Json<LengthRules>", (e.active AND a.active) AS "offered!",
               a.id AS app_id, a.key AS app_key, a.name AS app_name
        FROM entitlements e JOIN apps a ON a.id = e.app_id
        WHERE e.id = ANY($1)"#,
        &ids
    )
    .fetch_all(on)
    .await?;
    Ok(rows.into_iter().map(Entitlement::from).collect())
}

/// The entitlement with this name in files and commands: `github/admin`.
///
/// # Errors
/// As [`entitlement`].
pub async fn entitlement_by_path(db: &Db, path: &str) -> Result<Option<Entitlement>, DbError> {
    let Some((app, key)) = path.split_once('/') else {
        return Ok(None);
    };
    let id = sqlx::query_scalar!(
        "-- entitlement_by_path
        SELECT e.id FROM entitlements e JOIN apps a ON a.id = e.app_id WHERE a.key = $1 AND e.key = $2",
        app,
        key
    )
    .fetch_optional(db.pool())
    .await?;
    match id {
        Some(id) => entitlement(db, EntitlementId(id)).await,
        None => Ok(None),
    }
}

/// The paths of entitlements (`github/admin`), also of those that are no longer offered.
///
/// # Errors
/// When the database does not answer.
pub async fn paths(db: &Db, ids: &[EntitlementId]) -> Result<BTreeMap<EntitlementId, String>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"-- the paths of entitlements
        SELECT e.id, a.key || '/' || e.key AS "path!"
        FROM entitlements e JOIN apps a ON a.id = e.app_id WHERE e.id = ANY($1)"#,
        &ids
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (EntitlementId(row.id), row.path)).collect())
}

/// This app.
///
/// # Errors
/// When the database does not answer.
pub async fn app(db: &Db, id: AppId) -> Result<Option<App>, DbError> {
    let row = sqlx::query!("SELECT id, key, name FROM apps WHERE id = $1", id.0)
        .fetch_optional(db.pool())
        .await?;
    Ok(row.map(|row| App {
        id: AppId(row.id),
        key: row.key,
        name: row.name,
    }))
}

/// This policy.
///
/// # Errors
/// When the database does not answer, or the row cannot be read.
pub async fn policy(db: &Db, id: PolicyId) -> Result<Option<Policy>, DbError> {
    let row = sqlx::query!(
        r#"-- policy
        SELECT id, key, name, kind, version, rules AS "rules: Json<Vec<Rule>>" FROM policies WHERE id = $1"#,
        id.0
    )
    .fetch_optional(db.pool())
    .await?;
    row.map(|row| {
        Ok(Policy {
            id: PolicyId(row.id),
            key: row.key,
            name: row.name,
            kind: policy_kind(&row.kind)?,
            version: row.version,
            rules: row.rules.0,
        })
    })
    .transpose()
}

/// Reads the word of the column `kind`.
pub(in crate::db) fn policy_kind(word: &str) -> Result<PolicyKind, DbError> {
    match word {
        "request" => Ok(PolicyKind::Request),
        "emergency" => Ok(PolicyKind::Emergency),
        "review" => Ok(PolicyKind::Review),
        "revoke" => Ok(PolicyKind::Revoke),
        _ => Err(DbError::Inconsistent {
            what: "policy",
            why: format!("the kind {word} is unknown"),
        }),
    }
}
