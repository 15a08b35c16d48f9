//! Who has what in the demo company's target systems.

use super::{Db, DbError, Tx};

/// Does this account have this access?
///
/// # Errors
/// The database's.
pub async fn has(db: &Db, app: &str, entitlement: &str, account: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- look into a demo target
         SELECT EXISTS (SELECT FROM demo_target_access
                         WHERE app = $1 AND entitlement = $2 AND account = $3) AS "has!""#,
        app,
        entitlement,
        account
    )
    .fetch_one(db.pool())
    .await?)
}

/// Gives an account an access; harmless when it has it.
///
/// # Errors
/// The database's.
pub async fn give(tx: &mut Tx<'_>, app: &str, entitlement: &str, account: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- give access in a demo target
         INSERT INTO demo_target_access (app, entitlement, account) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        app,
        entitlement,
        account
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an access from an account; harmless when it has none.
///
/// # Errors
/// The database's.
pub async fn take(tx: &mut Tx<'_>, app: &str, entitlement: &str, account: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- take access in a demo target
         DELETE FROM demo_target_access WHERE app = $1 AND entitlement = $2 AND account = $3",
        app,
        entitlement,
        account
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
