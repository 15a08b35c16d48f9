//! Calls an open request off.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    ids::RequestId,
    refusal::Refusal,
    request::{Command, Request},
};

/// Cancels the request.
///
/// # Errors
/// [`Refusal::MayNotCancel`], or [`Refusal::AlreadyClosed`].
pub async fn cancel_request(system: &System, actor: Actor, id: RequestId, reason: String) -> Result<Request, Error> {
    let now = system.clock.now();
    system
        .db
        .write("cancel_request", async |tx| {
            let by = actor.somebody()?;
            change::change_request(tx, now, actor, id, &Command::Cancel { by, reason }, |request, facts| {
                authorize::cancel(facts.person(by).ok_or(Refusal::MayNotCancel)?, request, facts)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}
