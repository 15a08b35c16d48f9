//! An approver makes the access shorter before deciding. Never longer.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    ids::RequestId,
    length::Length,
    refusal::Refusal,
    request::{Command, Request},
};

/// How short, and what they saw.
#[derive(Clone, Debug)]
pub struct Shorten {
    /// The request.
    pub request: RequestId,
    /// The step they saw, from 0.
    pub step: usize,
    /// The revision they saw.
    pub revision: i64,
    /// How short.
    pub to: Length,
    /// Why.
    pub reason: String,
}

/// Makes it shorter. Approvals that were given stay: it is less than what they approved.
///
/// # Errors
/// [`Refusal::NotShorter`], [`Refusal::NotAnApprover`], or that it changed since they saw it.
pub async fn shorten_request(system: &System, actor: Actor, shorten: Shorten) -> Result<Request, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    let command = Command::Shorten {
        by,
        step: shorten.step,
        revision: shorten.revision,
        to: shorten.to,
        reason: shorten.reason,
    };
    system
        .db
        .write("shorten_request", async |tx| {
            change::change_request(tx, now, actor, shorten.request, &command, |_, facts| {
                authorize::takes_part(facts.person(by).ok_or(Refusal::NotAnApprover)?)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}
