//! Everything about a request that one person may see, and all that this person may do: the source of its page.

use super::{
    audit::{self, AuditLine},
    names::Names,
    request_card::{PersonRef, RequestCard, Role, request_card, visible_card},
};
use crate::{
    db::{self, DbError, audit::Row},
    domain::{
        desk,
        event::Event,
        ids::{PersonId, RequestId},
        length::Length,
        person::Person,
        policy::StepSpec,
        request::Request,
        step::Why,
    },
    usecases::{
        System,
        authorize::{self, Reads},
        facts,
    },
};
use chrono::{DateTime, Utc};

/// A request, as its page shows it to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The request; its viewer may do all that any of their copies of the card would let them do.
    pub card: RequestCard,
    /// Which state of the request this is: decisions name it.
    pub revision: i64,
    /// Who is asked by each step, and why they.
    pub asked: Vec<Vec<Asked>>,
    /// What can be chosen where the viewer may act.
    pub choices: Choices,
    /// Everything that happened, in order. What was said is not in it: the conversation is.
    pub trail: Vec<AuditLine>,
    /// Does the viewer read what the approvers say among themselves?
    pub notes: bool,
    /// The viewer's time zone (its IANA name), where Slack tells it.
    pub zone: Option<String>,
    /// The hour at which it was read.
    pub now: DateTime<Utc>,
}

/// Somebody who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub person: PersonRef,
    /// Why.
    pub why: Why,
    /// The name of the group, rotation or person that `why` is about; may be empty.
    pub about: String,
}

/// What the viewer can choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Shorter lengths that are offered, in seconds.
    pub shorter: Vec<i64>,
    /// To whom they may give their place; `None`: to anyone.
    pub takers: Option<Vec<PersonRef>>,
    /// Must they say why?
    pub taker_needs_reason: bool,
    /// Lengths to ask for again, in seconds.
    pub again: Vec<i64>,
    /// For an administrator: the step that is open, and who is asked by it and has not decided.
    pub administer: Option<(usize, String, Vec<PersonRef>)>,
}

/// Reads it; `None` when there is no such request, or none that this person may see.
///
/// # Errors
/// The database's.
pub async fn details(system: &System, id: RequestId, person: &Person) -> Result<Option<Details>, DbError> {
    let db = &system.db;
    let Some(mut card) = visible_card(system, id, person).await? else {
        return Ok(None);
    };
    for role in [Role::Approver, Role::Provisioner, Role::Requester] {
        if role != card.viewer.role
            && let Some(other) = request_card(system, id, person.id, role).await?
        {
            also_may(&mut card, other, person.id);
        }
    }
    let Some(request) = db::requests::get(db, id).await? else {
        return Ok(None);
    };
    let trail = own(db::audit::story_of(db, id).await?, id);
    let names = Names::of(db, std::slice::from_ref(&request), []).await?;
    let mut asked = Vec::new();
    for step in &request.steps {
        let mut people = Vec::new();
        for approver in &step.approvers {
            people.push(Asked {
                person: names.get(approver.person),
                about: about(system, &approver.why, &names).await?,
                why: approver.why.clone(),
            });
        }
        asked.push(people);
    }
    Ok(Some(Details {
        choices: choices(system, &request, &card, person).await?,
        revision: request.revision,
        // Looking after it, or managing whom it is for, leads to no notes.
        notes: authorize::reads(person, &request, &[], None) == Reads::Notes,
        asked,
        trail: audit::lines(system, trail).await?,
        zone: db::people::zone(db, person.id).await?,
        now: system.clock.now(),
        card,
    }))
}

/// A person may be asked, and the subject's manager, and look after the target: their page lets them do all of it.
fn also_may(card: &mut RequestCard, other: RequestCard, person: PersonId) {
    let looks_after = other
        .grant
        .as_ref()
        .is_some_and(|grant| grant.provisioners.iter().any(|provisioner| provisioner.id == person));
    let (viewer, other) = (&mut card.viewer, other.viewer);
    match other.role {
        Role::Approver => {
            if other.may_decide.is_some() {
                viewer.why = other.why;
                viewer.why_name = other.why_name;
            }
            viewer.may_decide = other.may_decide;
            viewer.decided = other.decided;
            viewer.context = other.context;
            viewer.desk = other.desk;
        }
        Role::Provisioner if looks_after => {
            viewer.may_provision = other.may_provision;
            viewer.may_retry = other.may_retry;
            viewer.may_deprovision = other.may_deprovision;
        }
        Role::Requester => {
            viewer.may_cancel = other.may_cancel;
            viewer.may_escalate = other.may_escalate;
            viewer.may_end = other.may_end;
            viewer.may_extend = other.may_extend;
            viewer.may_remind = other.may_remind;
        }
        Role::Provisioner | Role::Channel(_) => {}
    }
}

async fn choices(system: &System, request: &Request, card: &RequestCard, person: &Person) -> Result<Choices, DbError> {
    let viewer = &card.viewer;
    let mut choices = Choices::default();
    let lengths = match db::catalog::entitlement(&system.db, request.entitlement).await? {
        Some(entitlement) => entitlement.lengths.presets,
        None => Vec::new(),
    };
    if viewer.may_extend {
        choices.again.clone_from(&lengths);
    }
    if viewer.may_decide.is_some() {
        let shorter = |preset: &i64| desk::is_shorter(Length::For(*preset), request.length);
        choices.shorter = lengths.into_iter().filter(shorter).collect();
        let facts = facts::glance(&system.db, system.clock.now(), request, [person.id]).await?;
        let person_ref = |id| PersonRef {
            id,
            name: facts.name(id),
        };
        choices.takers = desk::takers(request, &facts).map(|takers| takers.into_iter().map(person_ref).collect());
        if let Some(takers) = &mut choices.takers {
            takers.sort_by(|one, other| one.name.cmp(&other.name));
        }
        choices.taker_needs_reason = match request.current().map(|(_, step)| &step.spec) {
            Some(StepSpec::Approval(approval)) => approval.reassign.as_ref().is_none_or(|reassign| reassign.reason),
            _ => true,
        };
    }
    if viewer.may_administer
        && let Some(form) = super::desk::admin_form(system, request.id, person).await?
    {
        choices.administer = Some((form.step.0, form.step.1, form.waiting));
    }
    Ok(choices)
}

/// What the reason why somebody is asked is about, by name.
async fn about(system: &System, why: &Why, names: &Names) -> Result<String, DbError> {
    let db = &system.db;
    Ok(match why {
        Why::Group(key) => db::reading::group_name(db, key).await?.unwrap_or_else(|| key.clone()),
        Why::OnCall(key) => db::rotations::name(db, key).await?.unwrap_or_else(|| key.clone()),
        Why::Reassigned(person) | Why::StandsIn { of: person, .. } => names.get(*person).name,
        Why::Named
        | Why::Manager
        | Why::ManagerAbove
        | Why::AppOwner
        | Why::ResourceOwner
        | Why::EntitlementOwner
        | Why::Subject
        | Why::LastResort
        | Why::Expression => String::new(),
    })
}

/// What belongs to this request: a grant may be held by several, and what the others did to it is theirs. What was said
/// stands in the conversation, for those who may read it there.
fn own(rows: Vec<Row>, id: RequestId) -> Vec<Row> {
    let mut holds = false;
    let mut is_own = |event: &Event| match event {
        Event::Commented { .. } | Event::CommentEdited { .. } | Event::CommentDeleted { .. } => false,
        Event::HoldAdded { request, .. } | Event::HoldEnded { request } => {
            holds |= *request == id;
            *request == id
        }
        event if event.is_about_a_grant() => holds,
        _ => true,
    };
    rows.into_iter().filter(|row| is_own(&row.event)).collect()
}
