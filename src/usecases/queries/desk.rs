//! What the small dialogs of an approver, and of an administrator, need to know.

use super::{
    names::Names,
    request_card::{PersonRef, RequestCard, Role, may_decide, request_card},
};
use crate::{
    db::{self, DbError},
    domain::{desk, ids::RequestId, length::Length, person::Person, policy::StepSpec},
    usecases::{System, facts},
};

/// Giving one's place to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignForm {
    /// The request.
    pub card: RequestCard,
    /// To whom, in order of name; `None`: anyone.
    pub takers: Option<Vec<PersonRef>>,
    /// Must they say why?
    pub reason: bool,
}

/// Making it shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortenForm {
    /// The request.
    pub card: RequestCard,
    /// The lengths that are offered for this access and are shorter, in seconds.
    pub presets: Vec<i64>,
}

/// What there is to know before a place is given away; `None` when there is no such request.
///
/// # Errors
/// The database's.
pub async fn reassign_form(system: &System, id: RequestId, person: &Person) -> Result<Option<ReassignForm>, DbError> {
    let Some(request) = db::requests::get(&system.db, id).await? else {
        return Ok(None);
    };
    let Some(card) = request_card(system, id, person.id, Role::Approver).await? else {
        return Ok(None);
    };
    let facts = facts::glance(&system.db, system.clock.now(), &request, [person.id]).await?;
    let takers = desk::takers(&request, &facts).map(|takers| {
        let mut takers: Vec<PersonRef> = takers
            .into_iter()
            .map(|id| PersonRef {
                id,
                name: facts.name(id),
            })
            .collect();
        takers.sort_by(|one, other| one.name.cmp(&other.name));
        takers
    });
    let reason = match request.current().map(|(_, step)| &step.spec) {
        Some(StepSpec::Approval(approval)) => approval.reassign.as_ref().is_none_or(|reassign| reassign.reason),
        _ => true,
    };
    Ok(Some(ReassignForm { card, takers, reason }))
}

/// What there is to know before it is made shorter; `None` when there is no such request.
///
/// # Errors
/// The database's.
pub async fn shorten_form(system: &System, id: RequestId, person: &Person) -> Result<Option<ShortenForm>, DbError> {
    let Some(request) = db::requests::get(&system.db, id).await? else {
        return Ok(None);
    };
    let Some(card) = request_card(system, id, person.id, Role::Approver).await? else {
        return Ok(None);
    };
    let entitlement = db::catalog::entitlement(&system.db, request.entitlement).await?;
    let presets = entitlement
        .map(|entitlement| entitlement.lengths.presets)
        .unwrap_or_default();
    let shorter = |preset: &i64| desk::is_shorter(Length::For(*preset), request.length);
    Ok(Some(ShortenForm {
        card,
        presets: presets.into_iter().filter(shorter).collect(),
    }))
}

/// Administering a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminForm {
    /// The request.
    pub card: RequestCard,
    /// The step that is open, from 0, and its name.
    pub step: (usize, String),
    /// Who is asked by it and has not decided.
    pub waiting: Vec<PersonRef>,
}

/// What an administrator has to know; `None` when there is no such request, or it is over.
///
/// # Errors
/// The database's.
pub async fn admin_form(system: &System, id: RequestId, person: &Person) -> Result<Option<AdminForm>, DbError> {
    let Some(request) = db::requests::get(&system.db, id).await? else {
        return Ok(None);
    };
    let role = if may_decide(&request, person.id).is_some() {
        Role::Approver
    } else {
        Role::Requester
    };
    let Some(card) = request_card(system, id, person.id, role).await? else {
        return Ok(None);
    };
    let Some((place, step)) = request.current() else {
        return Ok(None);
    };
    let names = Names::of(&system.db, std::slice::from_ref(&request), []).await?;
    let waiting = step.approvers.iter().map(|approver| approver.person);
    Ok(Some(AdminForm {
        step: (place, step.name().to_owned()),
        waiting: waiting
            .filter(|person| step.decision_of(*person).is_none())
            .map(|person| names.get(person))
            .collect(),
        card,
    }))
}
