//! Who may do what to a request or a grant. Called inside the transaction that does it, with the facts of that moment.

use crate::db::comments::Thread;
use crate::domain::{
    comment::Visibility,
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

/// What of a request's conversation somebody may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// Nothing: to them there is no such request.
    Nothing,
    /// What everybody reads who has to do with it.
    Comments,
    /// The notes of the approvers too.
    Notes,
}

impl Reads {
    /// Does it take in such a comment?
    #[must_use]
    pub fn shows(self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Everyone => self >= Self::Comments,
            Visibility::Approvers => self >= Self::Notes,
        }
    }
}

/// What of a request's conversation this person may read. Whoever asked, and whoever it is for, never reads notes about it,
/// whatever else they are.
#[must_use]
pub fn reads(person: &Person, request: &Request, owners: &[PersonId], manager_of_subject: Option<PersonId>) -> Reads {
    if !person.takes_part() || !may_see(person, request, owners, manager_of_subject) {
        Reads::Nothing
    } else if is_own(person.id, request) {
        Reads::Comments
    } else if is_asked(person.id, request) || was_asked(person.id, request) || person.sees_everything() {
        Reads::Notes
    } else {
        Reads::Comments
    }
}

/// Did they ask, or is it for them?
#[must_use]
pub fn is_own(person: PersonId, request: &Request) -> bool {
    person == request.requester || person == request.subject
}

/// Are they asked by the present plan, or have they decided in it?
#[must_use]
pub fn is_asked(person: PersonId, request: &Request) -> bool {
    let mut steps = request.steps.iter();
    steps.any(|step| step.asks(person) || step.decision_of(person).is_some())
}

/// Were they asked by a plan that counts no more?
fn was_asked(person: PersonId, request: &Request) -> bool {
    let mut steps = request.earlier.iter().flat_map(|round| &round.steps);
    steps.any(|step| step.asks(person) || step.decision_of(person).is_some())
}

/// May this person write in the conversation? A thread follows the conversation as long as its reader may. `None`: to them
/// there is no such request. On a page there is no thread: the default one.
#[must_use]
pub fn write(
    person: &Person,
    request: &Request,
    owners: &[PersonId],
    manager_of_subject: Option<PersonId>,
    thread: Thread,
) -> Option<Result<(), Refusal>> {
    if !person.takes_part() {
        return None;
    }
    let concerned = is_own(person.id, request)
        || is_asked(person.id, request)
        || manager_of_subject == Some(person.id)
        || owners.contains(&person.id)
        || person.administers_requests();
    if concerned || thread.in_channel || thread.of_provisioner {
        return Some(Ok(()));
    }
    let gave_away = request.steps.iter().any(|step| step.gave_away(person.id));
    if thread.of_approver || gave_away || was_asked(person.id, request) {
        Some(Err(Refusal::ConversationLeft))
    } else if person.sees_everything() {
        Some(Err(Refusal::OnlyReads))
    } else {
        None
    }
}

/// May this person write to the approvers alone? Those who are asked, or have decided; not about their own access.
///
/// # Errors
/// [`Refusal::NoteNotYours`].
pub fn note(person: &Person, request: &Request) -> Result<(), Refusal> {
    if is_asked(person.id, request) && !is_own(person.id, request) {
        Ok(())
    } else {
        Err(Refusal::NoteNotYours)
    }
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
