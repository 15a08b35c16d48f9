//! Ends an access before its time: "I'm done", or somebody takes it back.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    event::Cause,
    grant::{Command, Grant},
    ids::GrantId,
    refusal::Refusal,
};

/// Begins to take the access away.
///
/// # Errors
/// [`Refusal::MayNotEnd`] or [`Refusal::NotHeld`].
pub async fn end_grant(system: &System, actor: Actor, id: GrantId) -> Result<Grant, Error> {
    let now = system.clock.now();
    system
        .db
        .write("end_grant", async |tx| {
            let by = actor.somebody()?;
            change::change_grant(tx, now, actor, id, |grant, care| {
                authorize::end(care.actor.as_ref().ok_or(Refusal::MayNotEnd)?, grant, &care.owners)?;
                let cause = if by == grant.subject {
                    Cause::Done
                } else {
                    Cause::Revoked
                };
                Ok(Command::End { by: Some(by), cause })
            })
            .await
        })
        .await
}
