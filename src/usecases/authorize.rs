//! Who may do what to a request or a grant. Called inside the transaction that does it, with the facts of that moment.

use crate::domain::{
    desk,
    facts::Facts,
    grant::Grant,
    ids::PersonId,
    person::{Person, Role},
    refusal::Refusal,
    request::Request,
};

/// May this person take part at all?
///
/// # Errors
/// [`Refusal::NotTakingPart`].
pub fn takes_part(person: &Person) -> Result<(), Refusal> {
    if person.takes_part() {
        Ok(())
    } else {
        Err(Refusal::NotTakingPart {
            name: person.name.clone(),
        })
    }
}

/// May this person call the request off? Whoever asked, whoever it is for, their manager, and the admins.
///
/// # Errors
/// [`Refusal::MayNotCancel`], [`Refusal::NotTakingPart`].
pub fn cancel(person: &Person, request: &Request, facts: &Facts) -> Result<(), Refusal> {
    takes_part(person)?;
    let manages = facts
        .person(request.subject)
        .is_some_and(|subject| subject.manager == Some(person.id));
    let concerned = person.id == request.requester || person.id == request.subject || manages;
    if concerned || person.is(Role::RequestAdmin) || person.is(Role::SuperAdmin) {
        Ok(())
    } else {
        Err(Refusal::MayNotCancel)
    }
}

/// May this person make an emergency of the request? Whoever asked, whoever it is for, and their manager; and of them
/// those who may use emergency access here.
///
/// # Errors
/// [`Refusal::MayNotEscalate`], [`Refusal::NotTakingPart`]; [`Refusal::EmergencyNotOffered`] and
/// [`Refusal::EmergencyNotYours`] as the entitlement's rules have it at this moment.
pub fn escalate(person: &Person, request: &Request, facts: &Facts) -> Result<(), Refusal> {
    takes_part(person)?;
    let manages = facts
        .person(request.subject)
        .is_some_and(|subject| subject.manager == Some(person.id));
    if person.id != request.requester && person.id != request.subject && !manages {
        return Err(Refusal::MayNotEscalate);
    }
    // Of a request that is over, or an emergency already, that is what there is to say.
    if !request.is_open() || request.emergency {
        return Ok(());
    }
    let rules = &facts.entitlement.emergency;
    let scope = facts.scope(person.id, request.subject, true, rules.capped(request.length));
    rules.check(person, &facts.groups_of(person.id), &scope).map(drop)
}

/// May this person give their place to `to`? Whether they have one to give, the request itself says.
///
/// # Errors
/// Every reason why not to this person; [`Refusal::NotTakingPart`].
pub fn reassign(person: &Person, request: &Request, facts: &Facts, to: PersonId) -> Result<(), Refusal> {
    takes_part(person)?;
    if request.current().is_some_and(|(_, step)| step.asks(person.id)) {
        desk::may_take_over(request, facts, to, false)
    } else {
        Ok(())
    }
}

/// May this person have the approvers reminded? Whoever asked, and whoever it is for.
///
/// # Errors
/// [`Refusal::MayNotRemind`], [`Refusal::NotTakingPart`].
pub fn nudge(person: &Person, request: &Request) -> Result<(), Refusal> {
    takes_part(person)?;
    if person.id == request.requester || person.id == request.subject {
        Ok(())
    } else {
        Err(Refusal::MayNotRemind)
    }
}

/// May this person act on the request outside its plan? Administrators of requests, but not on their own.
///
/// # Errors
/// [`Refusal::NotAnAdministrator`], [`Refusal::OwnOverride`], [`Refusal::NotTakingPart`].
pub fn administer(person: &Person, request: &Request) -> Result<(), Refusal> {
    takes_part(person)?;
    if !person.administers_requests() {
        Err(Refusal::NotAnAdministrator)
    } else if person.id == request.requester || person.id == request.subject {
        Err(Refusal::OwnOverride)
    } else {
        Ok(())
    }
}

/// May this person end the access? Whoever holds it, the owners, and the admins.
///
/// # Errors
/// [`Refusal::MayNotEnd`], [`Refusal::NotTakingPart`].
pub fn end(person: &Person, grant: &Grant, owners: &[PersonId]) -> Result<(), Refusal> {
    takes_part(person)?;
    let concerned = person.id == grant.subject || owners.contains(&person.id);
    if concerned || person.is(Role::RequestAdmin) || person.is(Role::SuperAdmin) {
        Ok(())
    } else {
        Err(Refusal::MayNotEnd)
    }
}

/// May this person see the request? Those concerned, everyone who was ever asked, owners, and those who see everything.
#[must_use]
pub fn may_see(person: &Person, request: &Request, owners: &[PersonId], manager_of_subject: Option<PersonId>) -> bool {
    person.id == request.requester
        || person.id == request.subject
        || manager_of_subject == Some(person.id)
        || owners.contains(&person.id)
        || person.sees_everything()
        || request
            .steps
            .iter()
            .chain(request.earlier.iter().flat_map(|round| &round.steps))
            .any(|step| step.asks(person.id) || step.decision_of(person.id).is_some() || step.gave_away(person.id))
}

/// Is this person among those who give and take an access by hand: the entitlement's owners, or an admin?
///
/// # Errors
/// [`Refusal::NotYourTask`], [`Refusal::NotTakingPart`].
pub fn provision(person: &Person, owners: &[PersonId]) -> Result<(), Refusal> {
    takes_part(person)?;
    if owners.contains(&person.id) || person.is(Role::SuperAdmin) {
        Ok(())
    } else {
        Err(Refusal::NotYourTask)
    }
}
