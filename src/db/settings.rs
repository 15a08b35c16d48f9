//! What the organisation's files say about c1 itself.

use super::{Db, DbError, Tx};
use crate::domain::settings::Settings;
use sqlx::PgExecutor;
use std::collections::BTreeMap;

/// Reads the settings, inside a transaction.
///
/// # Errors
/// The database's.
pub async fn read_in(tx: &mut Tx<'_>) -> Result<Settings, DbError> {
    Ok(Settings::read(&stored(tx.conn()).await?))
}

/// Reads the settings.
///
/// # Errors
/// The database's.
pub async fn read(db: &Db) -> Result<Settings, DbError> {
    Ok(Settings::read(&stored(db.pool()).await?))
}

/// The settings as they are written, by name.
///
/// # Errors
/// The database's.
pub(in crate::db) async fn stored(from: impl PgExecutor<'_>) -> Result<BTreeMap<String, String>, DbError> {
    let rows = sqlx::query!("-- read the settings\nSELECT name, value FROM organisation_settings")
        .fetch_all(from)
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
}
