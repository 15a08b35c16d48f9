//! The catalog: apps, entitlements and policies, as requests and grants need them.

use super::{Db, DbError, Tx};
use crate::domain::{
    catalog::{App, Entitlement},
    emergency::{EmergencyRules, Who},
    ids::{AppId, EntitlementId, PersonId, PolicyId},
    length::LengthRules,
    policy::{Policy, PolicyKind, Rule},
};
use sqlx::{PgExecutor, types::Json};

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
            },
            lengths: row.lengths.0,
            offered: row.offered,
        }
    }
}

/// These entitlements, as far as they exist; those no longer offered too.
///
/// # Errors
/// When the database does not answer, or a row cannot be read.
pub async fn entitlements_by_ids(db: &Db, ids: &[EntitlementId]) -> Result<Vec<Entitlement>, DbError> {
    entitlements_with(db.pool(), ids).await
}

/// This entitlement, also when it is no longer offered.
///
/// # Errors
/// As [`entitlements_by_ids`].
pub async fn entitlement(db: &Db, id: EntitlementId) -> Result<Option<Entitlement>, DbError> {
    Ok(entitlements_with(db.pool(), &[id]).await?.pop())
}

/// [`entitlement`] in a transaction.
///
/// # Errors
/// As [`entitlements_by_ids`].
pub async fn entitlement_in(tx: &mut Tx<'_>, id: EntitlementId) -> Result<Option<Entitlement>, DbError> {
    Ok(entitlements_with(tx.conn(), &[id]).await?.pop())
}

async fn entitlements_with(on: impl PgExecutor<'_>, ids: &[EntitlementId]) -> Result<Vec<Entitlement>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        EntitlementRow,
        r#"-- entitlements_by_ids
        SELECT e.id, e.key, e.name, e.resource, e.description, e.policy_id, e.emergency_enabled,
               e.emergency_policy_id, e.emergency_max, e.emergency_who AS "emergency_who: Json<Vec<Who>>",
               e.lengths AS "lengths: Json<LengthRules>", (e.active AND a.active) AS "offered!",
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
/// As [`entitlements_by_ids`].
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

/// How an entitlement is given and taken away.
#[derive(Clone, Debug, PartialEq)]
pub struct Provisioning {
    /// The connector of its app (`manual`, `demo`, …).
    pub connector: String,
    /// The connector's settings, as the files say.
    pub settings: serde_json::Value,
    /// What people who do it by hand have to do.
    pub instructions: String,
    /// The app's short name.
    pub app: String,
    /// The entitlement's short name.
    pub entitlement: String,
    /// The app's owners, groups spelled out, in order of name: they do it by hand where no connector does.
    pub app_owners: Vec<PersonId>,
}

/// How this entitlement is given and taken away.
///
/// # Errors
/// When the database does not answer.
pub async fn provisioning(db: &Db, id: EntitlementId) -> Result<Option<Provisioning>, DbError> {
    provisioning_with(db.pool(), id).await
}

/// [`provisioning`] in a transaction.
///
/// # Errors
/// As there.
pub async fn provisioning_in(tx: &mut Tx<'_>, id: EntitlementId) -> Result<Option<Provisioning>, DbError> {
    provisioning_with(tx.conn(), id).await
}

async fn provisioning_with(on: impl PgExecutor<'_>, id: EntitlementId) -> Result<Option<Provisioning>, DbError> {
    let row = sqlx::query!(
        r#"-- provisioning
        SELECT a.connector, a.settings, e.instructions, a.key AS app, e.key AS entitlement,
               ARRAY(SELECT p.id FROM people p
                     WHERE p.id IN (SELECT o.person_id FROM owners o WHERE o.app_id = a.id
                                    UNION ALL
                                    SELECT m.person_id FROM owners o JOIN group_members m ON m.group_id = o.group_id
                                    WHERE o.app_id = a.id)
                     ORDER BY p.name, p.id) AS "app_owners!"
        FROM entitlements e JOIN apps a ON a.id = e.app_id
        WHERE e.id = $1"#,
        id.0
    )
    .fetch_optional(on)
    .await?;
    Ok(row.map(|row| Provisioning {
        connector: row.connector,
        settings: row.settings,
        instructions: row.instructions,
        app: row.app,
        entitlement: row.entitlement,
        app_owners: row.app_owners.into_iter().map(PersonId).collect(),
    }))
}

/// This policy.
///
/// # Errors
/// When the database does not answer, or the row cannot be read.
pub async fn policy(db: &Db, id: PolicyId) -> Result<Option<Policy>, DbError> {
    policy_with(db.pool(), id).await
}

/// [`policy`] in a transaction.
///
/// # Errors
/// As there.
pub async fn policy_in(tx: &mut Tx<'_>, id: PolicyId) -> Result<Option<Policy>, DbError> {
    policy_with(tx.conn(), id).await
}

async fn policy_with(on: impl PgExecutor<'_>, id: PolicyId) -> Result<Option<Policy>, DbError> {
    let row = sqlx::query!(
        r#"-- policy
        SELECT id, key, name, kind, version, rules AS "rules: Json<Vec<Rule>>" FROM policies WHERE id = $1"#,
        id.0
    )
    .fetch_optional(on)
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

/// May this person see this entitlement? Only what is in a catalog for everyone or for one of their groups.
///
/// # Errors
/// When the database does not answer.
pub async fn is_visible_in(tx: &mut Tx<'_>, entitlement: EntitlementId, person: PersonId) -> Result<bool, DbError> {
    is_visible_with(tx.conn(), entitlement, person).await
}

/// [`is_visible_in`], only to look.
///
/// # Errors
/// As there.
pub async fn is_visible(db: &Db, entitlement: EntitlementId, person: PersonId) -> Result<bool, DbError> {
    is_visible_with(db.pool(), entitlement, person).await
}

async fn is_visible_with(
    on: impl PgExecutor<'_>,
    entitlement: EntitlementId,
    person: PersonId,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- is_visible
        SELECT EXISTS (
            SELECT FROM catalog_entitlements ce JOIN catalogs c ON c.id = ce.catalog_id
            WHERE ce.entitlement_id = $1
              AND (c.everyone OR EXISTS (
                    SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                    WHERE ca.catalog_id = c.id AND m.person_id = $2))
        ) AS "visible!""#,
        entitlement.0,
        person.0
    )
    .fetch_one(on)
    .await?)
}
