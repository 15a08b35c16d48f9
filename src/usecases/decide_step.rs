//! Approves or denies a step.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    ids::RequestId,
    refusal::Refusal,
    request::{Command, Request},
    step::Verdict,
};

/// A decision, as it was made: it names what the approver saw.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The request.
    pub request: RequestId,
    /// The step they saw, from 0.
    pub step: usize,
    /// The revision they saw.
    pub revision: i64,
    /// What they say.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// Records the decision and all that follows from it.
///
/// # Errors
/// Every reason why it does not count: closed, decided, changed, not theirs, a reason is missing.
pub async fn decide_step(system: &System, actor: Actor, decide: Decide) -> Result<Request, Error> {
    let now = system.clock.now();
    system
        .db
        .write("decide_step", async |tx| {
            let by = actor.somebody()?;
            let command = Command::Decide {
                by,
                step: decide.step,
                revision: decide.revision,
                verdict: decide.verdict,
                reason: decide.reason,
            };
            change::change_request(tx, now, actor, decide.request, &command, |_, facts| {
                authorize::takes_part(facts.person(by).ok_or(Refusal::NotAnApprover)?)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}
