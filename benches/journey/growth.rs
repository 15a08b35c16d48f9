//! What growth costs.

use c1::private_postgres::PrivatePostgres;
use std::path::Path;
use tokio::runtime::Runtime;

pub(crate) fn measure(_: &Runtime, _: &PrivatePostgres, _: &Path, _: bool) -> anyhow::Result<()> {
    Ok(())
}
