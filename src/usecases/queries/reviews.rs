//! Reviews of emergencies, as those who do them see them: what happened, in order, and what is asked.

use super::request_card::PersonRef;
use crate::{
    db::{self, DbError},
    domain::{
        event::{Cause, Event},
        ids::{PersonId, RequestId},
        length::Length,
        review::{Findings, Review},
        step::Verdict,
    },
    usecases::System,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A review, with what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCard {
    /// Its number.
    pub id: i64,
    /// The emergency.
    pub request: RequestId,
    /// "GitHub / payments / Admin".
    pub title: String,
    /// Who asked.
    pub requester: PersonRef,
    /// Who used it.
    pub subject: PersonRef,
    /// For how long it was asked.
    pub length: Length,
    /// Why.
    pub justification: String,
    /// What had changed, where it was made an emergency later; may be empty.
    pub escalation: Option<String>,
    /// What happened, in order.
    pub timeline: Vec<(DateTime<Utc>, Moment)>,
    /// By when it should be done.
    pub due_at: DateTime<Utc>,
    /// Is it overdue?
    pub overdue: bool,
    /// Who can do it.
    pub reviewers: Vec<PersonRef>,
    /// Who did it, when, and what they say.
    pub done: Option<(PersonRef, DateTime<Utc>, Findings)>,
    /// Address of the request's page, if c1 knows its own address.
    pub url: Option<String>,
}

/// Something that happened in an emergency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Asked.
    Asked(PersonRef),
    /// Made an emergency.
    Escalated(PersonRef),
    /// Approved by somebody.
    Approved(PersonRef),
    /// Passed by the rules, without anybody's approval.
    Automatic,
    /// A step was skipped by an administrator.
    Skipped(PersonRef),
    /// Nobody answered for too long.
    Unanswered,
    /// The access began; given by hand by somebody, or by a connector.
    Began(Option<PersonRef>),
    /// The access was asked for longer, in another request.
    Extended(RequestId, Length),
    /// Its time was over.
    TimeOver,
    /// Ending began before its time.
    CalledOff(Option<PersonRef>, Cause),
    /// The access is gone; taken by hand by somebody, or by a connector.
    Ended(Option<PersonRef>),
    /// The access should be gone but is not.
    EndOverdue,
}

/// One review.
///
/// # Errors
/// The database's.
pub async fn review_card(system: &System, id: i64) -> Result<Option<ReviewCard>, DbError> {
    match db::reviews::get(&system.db, id).await? {
        Some(review) => card(system, review).await,
        None => Ok(None),
    }
}

/// Reviews that a person can do, the longest open first.
///
/// # Errors
/// The database's.
pub async fn reviews(system: &System, person: PersonId) -> Result<Vec<ReviewCard>, DbError> {
    let mut cards = Vec::new();
    for review in db::reviews::owed_by(&system.db, person).await? {
        cards.extend(card(system, review).await?);
    }
    Ok(cards)
}

async fn card(system: &System, review: Review) -> Result<Option<ReviewCard>, DbError> {
    let db = &system.db;
    let Some(request) = db::requests::get(db, review.request).await? else {
        return Ok(None);
    };
    let Some(entitlement) = db::catalog::entitlement(db, request.entitlement).await? else {
        return Ok(None);
    };
    let mut happened = db::audit::of_request(db, request.id).await?;
    happened.extend(db::audit::of_grant(db, review.grant).await?);
    happened.sort_by_key(|(at, _)| *at);
    let mut ids = vec![request.requester, request.subject];
    ids.extend(&review.reviewers);
    ids.extend(review.done.iter().map(|done| done.by));
    ids.extend(happened.iter().filter_map(|(_, event)| who(event)));
    let names = db::people::people_by_ids(db, &ids).await?;
    let named = |id: PersonId| PersonRef {
        id,
        name: names
            .get(&id)
            .map_or_else(|| "somebody".to_owned(), |person| person.name.clone()),
    };
    let timeline = happened
        .into_iter()
        .filter_map(|(at, event)| Some((at, moment(&event, request.id, &named)?)))
        .collect();
    let rounds = request.earlier.iter().rev();
    Ok(Some(ReviewCard {
        id: review.id,
        request: request.id,
        title: entitlement.title(),
        requester: named(request.requester),
        subject: named(request.subject),
        length: request.length,
        justification: request.justification.clone(),
        escalation: rounds
            .into_iter()
            .find(|round| !round.restarted)
            .map(|round| round.reason.clone()),
        timeline,
        due_at: review.due_at,
        overdue: review.overdue_since.is_some(),
        reviewers: review.reviewers.iter().map(|id| named(*id)).collect(),
        done: review.done.map(|done| (named(done.by), done.at, done.findings)),
        url: system.request_url(request.id),
    }))
}

/// The person whom a moment names.
fn who(event: &Event) -> Option<PersonId> {
    match event {
        Event::Submitted { requester, .. } => Some(*requester),
        Event::Escalated { by, .. } | Event::StepSkippedByAdmin { by, .. } => Some(*by),
        Event::Decided { person, .. } => Some(*person),
        Event::Provisioned { by, .. } | Event::EndingBegan { by, .. } | Event::Ended { by, .. } => *by,
        _ => None,
    }
}

fn moment(event: &Event, own: RequestId, named: &impl Fn(PersonId) -> PersonRef) -> Option<Moment> {
    Some(match event {
        Event::Submitted { requester, .. } => Moment::Asked(named(*requester)),
        Event::Escalated { by, .. } => Moment::Escalated(named(*by)),
        Event::Decided {
            person,
            verdict: Verdict::Approve,
            ..
        } => Moment::Approved(named(*person)),
        Event::StepPassed { automatic: true, .. } => Moment::Automatic,
        Event::StepSkippedByAdmin { by, .. } => Moment::Skipped(named(*by)),
        Event::Unanswered { .. } => Moment::Unanswered,
        Event::Provisioned { by, .. } => Moment::Began(by.map(named)),
        Event::HoldAdded { request, length, .. } if *request > own => Moment::Extended(*request, *length),
        Event::HoldEnded { request } if *request == own => Moment::TimeOver,
        Event::EndingBegan { by, cause } if *cause != Cause::Time => Moment::CalledOff(by.map(named), *cause),
        Event::Ended { by, .. } => Moment::Ended(by.map(named)),
        Event::EndOverdue { .. } => Moment::EndOverdue,
        _ => return None,
    })
}

impl ReviewCard {
    /// Everyone it names.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        let moments = self.timeline.iter().filter_map(|(_, moment)| match moment {
            Moment::Asked(by) | Moment::Escalated(by) | Moment::Approved(by) | Moment::Skipped(by) => Some(by.id),
            Moment::Began(by) | Moment::CalledOff(by, _) | Moment::Ended(by) => by.as_ref().map(|by| by.id),
            Moment::Automatic | Moment::Unanswered | Moment::Extended(..) | Moment::TimeOver | Moment::EndOverdue => {
                None
            }
        });
        let people: BTreeMap<PersonId, ()> = moments
            .chain([self.requester.id, self.subject.id])
            .chain(self.reviewers.iter().map(|person| person.id))
            .chain(self.done.iter().map(|(by, ..)| by.id))
            .map(|id| (id, ()))
            .collect();
        people.into_keys().collect()
    }
}
