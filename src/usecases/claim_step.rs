//! "I'm on it": one approver takes a step on for a while, and gives it back. The others are left in peace, and may
//! still decide.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    ids::RequestId,
    refusal::Refusal,
    request::{Command, Request},
};

/// Takes the step on that they saw, at the revision they saw.
///
/// # Errors
/// [`Refusal::NotAnApprover`], [`Refusal::ClaimedBy`], or that the step or the request is over.
pub async fn claim_step(
    system: &System,
    actor: Actor,
    id: RequestId,
    (step, revision): (usize, i64),
) -> Result<Request, Error> {
    let at = system.clock.now();
    let by = actor.somebody()?;
    run(system, actor, id, Command::Claim { by, step, revision, at }).await
}

/// Gives it back before it lapses.
///
/// # Errors
/// [`Refusal::NotClaimed`].
pub async fn give_back(system: &System, actor: Actor, id: RequestId, step: usize) -> Result<Request, Error> {
    let by = actor.somebody()?;
    run(system, actor, id, Command::GiveBack { by, step }).await
}

async fn run(system: &System, actor: Actor, id: RequestId, command: Command) -> Result<Request, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    system
        .db
        .write("claim_step", async |tx| {
            change::change_request(tx, now, actor, id, &command, |_, facts| {
                authorize::takes_part(facts.person(by).ok_or(Refusal::NotAnApprover)?)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}
