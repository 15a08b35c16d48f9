//! What administrators of requests do outside the plan: cancel, restart, skip, reassign. Each is an act of its own on
//! the record, with a reason, and never looks like an approval. Nothing can be deleted.

use super::{Actor, Error, System, authorize, change, facts};
use crate::{
    db,
    domain::{
        ids::{PersonId, RequestId},
        refusal::Refusal,
        request::{self, Request},
    },
};

/// What an administrator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Call it off.
    Cancel,
    /// Have it begin anew, by today's policy: approvals that were given count no more.
    Restart,
    /// Pass over the step that is open: the one they saw.
    Skip(usize),
    /// Give the place of one who is asked to somebody else; without a `from` that of the only one.
    Reassign {
        /// Whose place.
        from: Option<PersonId>,
        /// To whom.
        to: PersonId,
    },
}

/// Does it.
///
/// # Errors
/// [`Refusal::NotAnAdministrator`], [`Refusal::OwnOverride`], [`Refusal::ReasonRequired`], or that it is over.
pub async fn administer(
    system: &System,
    actor: Actor,
    id: RequestId,
    act: Act,
    reason: String,
) -> Result<Request, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    let act = match act {
        Act::Restart => return restart(system, actor, id, reason).await,
        Act::Cancel => request::Override::Cancel,
        Act::Skip(step) => request::Override::Skip(step),
        Act::Reassign { from, to } => request::Override::Reassign { from, to },
    };
    let to = match &act {
        request::Override::Reassign { to, .. } => Some(*to),
        _ => None,
    };
    let command = request::Command::Override { by, reason, act };
    system
        .db
        .write("administer", async |tx| {
            change::change_request(tx, now, actor, id, &command, |request, facts| {
                authorize::administer(facts.person(by).ok_or(Refusal::NotAnAdministrator)?, request)?;
                to.map_or(Ok(()), |to| {
                    crate::domain::desk::may_take_over(request, facts, to, true)
                })
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}

/// By the policy of this moment.
async fn restart(system: &System, actor: Actor, id: RequestId, reason: String) -> Result<Request, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    let known = db::requests::get(&system.db, id).await?.ok_or(Error::NotFound)?;
    system
        .db
        .write("restart_request", async |tx| {
            // First what it is about, then the request: whoever applies files locks in this order, too.
            db::catalog::hold_still(tx, known.entitlement).await?;
            let request = db::requests::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let entitlement = db::catalog::entitlement_in(tx, request.entitlement)
                .await?
                .ok_or(Error::NotFound)?;
            let (policy, emergency) = db::reading::policies_of(tx, &entitlement).await?;
            let policy = if request.emergency {
                emergency.ok_or(Refusal::EmergencyNotOffered)?
            } else {
                policy
            };
            let patience = db::settings::read_in(tx).await?.alarm_after;
            let facts = facts::of_change(tx, now, &request, [by], Some(&policy), None).await?;
            change::change_locked(tx, now, actor, request, &facts, |request, facts| {
                authorize::administer(facts.person(by).ok_or(Refusal::NotAnAdministrator)?, request)?;
                let scope = facts.scope(request.requester, request.subject, request.emergency, request.length);
                let plan = policy.plan(&scope);
                let plan = if request.emergency {
                    plan.patient_for(patience)
                } else {
                    plan
                };
                Ok(request::Command::Override {
                    by,
                    reason,
                    act: request::Override::Restart(plan),
                })
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}
