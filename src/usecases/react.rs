//! Notes an emoji that somebody answered a comment with, or took away again.

use super::{Error, System};
use crate::db::{self, comments::Reaction};

/// Notes it. Whoever sees a message can answer it so; it is counted, and changes nothing else.
///
/// # Errors
/// The database's.
pub async fn react(system: &System, reaction: Reaction<'_>) -> Result<(), Error> {
    system
        .db
        .write("react", async |tx| db::comments::react(tx, reaction).await)
        .await
        .map_err(Error::from)
}
