//! Time passed, or people changed: works through what follows by itself. Level-triggered: looking once too often
//! changes nothing.

use super::{Actor, Error, System, change};
use crate::domain::{
    event::Cause,
    grant,
    ids::{GrantId, RequestId},
    request,
};

/// Looks at a request: steps that are due, approvers who left, a subject who is gone.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn tick_request(system: &System, id: RequestId) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("tick_request", async |tx| {
            change::change_request(tx, now, Actor::SYSTEM, id, &request::Command::Look, |_, _| Ok(())).await
        })
        .await?
        .map(drop)
        .map_err(Error::Refused)
}

/// Looks at a grant: holds whose time is over, a holder who is gone.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn tick_grant(system: &System, id: GrantId) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("tick_grant", async |tx| {
            change::change_grant(tx, now, Actor::SYSTEM, id, |grant, care| {
                let ending = matches!(grant.state, grant::GrantState::Provisioning | grant::GrantState::Active);
                Ok(if ending && !care.subject.takes_part() {
                    grant::Command::End {
                        by: None,
                        cause: Cause::PersonGone,
                    }
                } else {
                    grant::Command::Look
                })
            })
            .await?;
            Ok(())
        })
        .await
}
