//! The demo company's target systems: a table of who has what, standing in for a real directory.

use super::{Access, Connector};
use crate::db::{Db, DbError, demo_target};
use async_trait::async_trait;

/// An automatic target that lives in c1's own database.
#[derive(Debug)]
pub(super) struct DemoTarget {
    db: Db,
}

impl DemoTarget {
    pub(super) fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Connector for DemoTarget {
    async fn observe(&self, access: &Access) -> anyhow::Result<bool> {
        Ok(demo_target::has(&self.db, &access.app, &access.entitlement, &access.account).await?)
    }

    async fn provision(&self, access: &Access) -> anyhow::Result<()> {
        // A target can be told to refuse, so that one sees what happens then.
        if let Some(why) = access.settings.get("refuses").and_then(serde_json::Value::as_str) {
            anyhow::bail!("{why}");
        }
        let give = async |tx: &mut crate::db::Tx<'_>| {
            demo_target::give(tx, &access.app, &access.entitlement, &access.account).await
        };
        Ok(self.db.write::<_, DbError>("demo_provision", give).await?)
    }

    async fn deprovision(&self, access: &Access) -> anyhow::Result<()> {
        let take = async |tx: &mut crate::db::Tx<'_>| {
            demo_target::take(tx, &access.app, &access.entitlement, &access.account).await
        };
        Ok(self.db.write::<_, DbError>("demo_deprovision", take).await?)
    }
}
