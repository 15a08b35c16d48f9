//! What making a request an emergency would mean, before it is done.

use super::{
    names::Names,
    request_card::{RequestCard, Role, request_card},
    request_form::Preview,
};
use crate::{
    db,
    domain::{
        ids::RequestId,
        length::Length,
        person::Person,
        refusal::Refusal,
        request::Command,
        step::{Decision, Verdict},
    },
    usecases::{Error, System, preview::preview_of, submit_request::Ask},
};

/// What would follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The request.
    pub card: RequestCard,
    /// For how long the access would be.
    pub length: Length,
    /// Who would be asked.
    pub preview: Preview,
    /// How many approvals would count no more.
    pub void: usize,
}

/// Reads it for a person who wants to; `None` when there is no such request for them to see.
///
/// # Errors
/// Why they may not, as far as that can be said beforehand: [`Refusal::AlreadyClosed`], [`Refusal::AlreadyEmergency`],
/// [`Refusal::NobodyToAsk`], [`Refusal::EmergencyNotOffered`], [`Refusal::EmergencyNotYours`].
pub async fn escalation(system: &System, person: &Person, id: RequestId) -> Result<Option<Escalation>, Error> {
    let Some(request) = db::requests::get(&system.db, id).await? else {
        return Ok(None);
    };
    let Some(card) = request_card(system, id, person.id, Role::Requester).await? else {
        return Ok(None);
    };
    let now = system.clock.now();
    let ask = system
        .db
        .write("preview_escalation", async |tx| {
            let (requester, subject) = (request.requester, request.subject);
            let mut ask = Ask::load(tx, now, requester, subject, request.entitlement).await?;
            let length = ask.facts.entitlement.emergency.capped(request.length);
            ask.meet(tx, true, length).await?;
            Ok::<_, Error>(ask)
        })
        .await?;
    if !card.viewer.may_escalate {
        // Who has nothing to do with it learns nothing about it.
        let manages = ask.facts.person(request.subject).and_then(|subject| subject.manager) == Some(person.id);
        if !manages && person.id != request.requester && person.id != request.subject {
            return Ok(None);
        }
        let command = Command::Escalate {
            by: person.id,
            reason: String::new(),
            length: request.length,
            plan: request.plan(),
        };
        let names = Names::of(&system.db, std::slice::from_ref(&request), []).await?;
        request.decide(&command, &|id| names.get(id).name)?;
        return Err(if ask.facts.entitlement.emergency.enabled {
            Refusal::EmergencyNotYours.into()
        } else {
            Refusal::EmergencyNotOffered.into()
        });
    }
    let length = ask.facts.entitlement.emergency.capped(request.length);
    let policy = ask.emergency.as_ref().ok_or(Refusal::EmergencyNotOffered)?;
    let decisions = request.steps.iter().flat_map(|step| &step.decisions);
    let approved = |decision: &&Decision| decision.verdict == Verdict::Approve;
    Ok(Some(Escalation {
        preview: preview_of(&ask, policy, true, length)?,
        length,
        void: decisions.filter(approved).count(),
        card,
    }))
}
