//! Makes an emergency of an open request: the same number, but the emergency policy decides from now on, and what was
//! decided so far counts no more.

use super::{Actor, Error, System, authorize, change, facts, submit_request::with_second_person};
use crate::{
    db,
    domain::{
        event::{Cause, Event},
        facts::Facts,
        ids::{PersonId, RequestId},
        policy::{Plan, Policy},
        refusal::Refusal,
        request::{Command, Request, RequestState},
    },
};
use chrono::{DateTime, Utc};

/// Makes it one. `reason` says what has changed; without one, the reason it was asked for stands.
///
/// # Errors
/// [`Refusal::MayNotEscalate`], [`Refusal::EmergencyNotOffered`], [`Refusal::EmergencyNotYours`],
/// [`Refusal::AlreadyEmergency`], [`Refusal::AlreadyClosed`]; [`Refusal::NobodyToAsk`] and [`Refusal::EmergencyDenied`]
/// when the request would end by it.
pub async fn escalate_request(system: &System, actor: Actor, id: RequestId, reason: String) -> Result<Request, Error> {
    let now = system.clock.now();
    let known = db::requests::get(&system.db, id).await?.ok_or(Error::NotFound)?;
    system
        .db
        .write("escalate_request", async |tx| {
            let by = actor.somebody()?;
            // First what it is about, then the request: whoever applies files locks in this order, too. Neither can be
            // changed any more until this is decided.
            db::catalog::hold_still(tx, known.entitlement).await?;
            let request = db::requests::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let entitlement = db::catalog::entitlement_in(tx, request.entitlement)
                .await?
                .ok_or(Error::NotFound)?;
            let (_, policy) = db::reading::policies_of(tx, &entitlement).await?;
            let overdue = db::reviews::overdue_of(tx, &[request.subject]).await?;
            let patience = db::settings::read_in(tx).await?.alarm_after;
            let mut facts = facts::of_change(tx, now, &request, Some(by), policy.as_ref(), None).await?;
            if by != request.requester && by != request.subject {
                let groups = db::people::groups_of(tx, by).await?;
                facts.members.extend(groups.into_iter().map(|group| (by, group)));
            }
            change::change_locked(tx, now, actor, request, &facts, |request, facts| {
                let person = facts.person(by).ok_or(Refusal::MayNotEscalate)?;
                authorize::escalate(person, request, facts)?;
                let plan = match plan(request, facts, policy.as_ref(), overdue).map(|plan| plan.patient_for(patience)) {
                    // What has ended, or is an emergency already, says so itself.
                    Err(_) if !request.is_open() || request.emergency => request.plan(),
                    plan => plan?,
                };
                let command = Command::Escalate {
                    by,
                    reason,
                    length: facts.entitlement.emergency.capped(request.length),
                    plan,
                };
                goes_on(request, &command, facts, now)?;
                Ok(command)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}

/// How the emergency policy decides this request.
fn plan(
    request: &Request,
    facts: &Facts,
    policy: Option<&Policy>,
    overdue: Option<RequestId>,
) -> Result<Plan, Refusal> {
    let length = facts.entitlement.emergency.capped(request.length);
    let scope = facts.scope(request.requester, request.subject, true, length);
    let plan = policy.ok_or(Refusal::EmergencyNotOffered)?.plan(&scope);
    Ok(with_second_person(plan, overdue))
}

/// An open request is not lost by making it an emergency: would it end without anybody's decision, it stays as it is.
fn goes_on(request: &Request, command: &Command, facts: &Facts, now: DateTime<Utc>) -> Result<(), Refusal> {
    let mut trial = request.clone();
    for event in trial.decide(command, &|person: PersonId| facts.name(person))? {
        trial.apply(&event, now);
    }
    let followed = trial.proceed(facts, now);
    if followed.contains(
        &(Event::Closed {
            cause: Cause::NobodyToAsk,
        }),
    ) {
        return Err(Refusal::NobodyToAsk);
    }
    match trial.state {
        RequestState::Denied { by: None, reason } => Err(Refusal::EmergencyDenied { message: reason }),
        _ => Ok(()),
    }
}
