//! An approver gives their place to somebody else, where the policy lets them.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    ids::{PersonId, RequestId},
    refusal::Refusal,
    request::{Command, Request},
};

/// What is given, as it was seen, and to whom.
#[derive(Clone, Debug)]
pub struct Reassign {
    /// The request.
    pub request: RequestId,
    /// The step they saw, from 0.
    pub step: usize,
    /// The revision they saw.
    pub revision: i64,
    /// To whom.
    pub to: PersonId,
    /// Why.
    pub reason: String,
}

/// Gives the place of the one who acts to somebody else.
///
/// # Errors
/// Every reason why not: not theirs to give, not to this person, not without a reason, or the step is over.
pub async fn reassign_step(system: &System, actor: Actor, reassign: Reassign) -> Result<Request, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    let Reassign {
        request: id,
        step,
        revision,
        to,
        reason,
    } = reassign;
    let command = Command::Reassign {
        by,
        step,
        revision,
        from: by,
        to,
        reason,
    };
    system
        .db
        .write("reassign_step", async |tx| {
            change::change_request(tx, now, actor, id, &command, |request, facts| {
                authorize::reassign(facts.person(by).ok_or(Refusal::NotAnApprover)?, request, facts, to)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}
