//! What a person has to do with: their requests, what waits for them, what they hold.

use super::{
    alarms::{self, AlarmLine},
    names::Names,
    request_card::{MayDecide, NOBODY, PersonRef, Standing, may_decide},
    reviews::{self, ReviewCard},
};
use crate::{
    db::{
        self, DbError,
        notices::Reader,
        reading::{Grants, List},
    },
    domain::{
        absence::Absence,
        grant::GrantState,
        ids::{EntitlementId, GrantId, PersonId, RequestId},
        length::Length,
    },
    usecases::System,
};
use chrono::{DateTime, Utc};

/// A request, in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// Its number.
    pub id: RequestId,
    /// "GitHub / payments / Admin".
    pub title: String,
    /// Who asked.
    pub requester: PersonRef,
    /// For whom.
    pub subject: PersonRef,
    /// For how long.
    pub length: Length,
    /// Why.
    pub justification: String,
    /// ⚡
    pub emergency: bool,
    /// How it stands.
    pub standing: Standing,
    /// The decision the person looking at it may make, if any.
    pub may_decide: Option<MayDecide>,
    /// How the access stands, if it came to that.
    pub grant: Option<(GrantState, Option<DateTime<Utc>>)>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when the step that is open waits.
    pub waits_since: DateTime<Utc>,
    /// Address of the details page, if c1 knows its own address.
    pub url: Option<String>,
}

/// An access that a person holds, in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLine {
    /// The grant.
    pub id: GrantId,
    /// What it is about.
    pub entitlement: EntitlementId,
    /// The request it last came from.
    pub request: RequestId,
    /// "GitHub / payments / Admin".
    pub title: String,
    /// ⚡
    pub emergency: bool,
    /// How it stands.
    pub state: GrantState,
    /// When it ends.
    pub until: Option<DateTime<Utc>>,
    /// Can it be asked for longer?
    pub may_extend: bool,
}

/// A task to give or take access by hand, in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisioningLine {
    /// The grant.
    pub id: GrantId,
    /// The request it came from.
    pub request: RequestId,
    /// "GitHub / payments / Admin".
    pub title: String,
    /// For whom.
    pub subject: PersonRef,
    /// ⚡
    pub emergency: bool,
    /// Is it to be taken away?
    pub remove: bool,
    /// Address of the details page, if c1 knows its own address.
    pub url: Option<String>,
}

/// The Home tab of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Whose.
    pub person: PersonRef,
    /// When they are away or will be, and the name of whoever decides in their place.
    pub absence: Option<(Absence, Option<String>)>,
    /// Alarms that wait for somebody, oldest first.
    pub alarms: Vec<AlarmLine>,
    /// Emergencies they can look back at, the longest waiting first.
    pub reviews: Vec<ReviewCard>,
    /// Requests that wait for their decision, oldest first; at most ten.
    pub approvals: Vec<RequestLine>,
    /// How many there are in all.
    pub approvals_total: i64,
    /// Provisioning tasks for them, oldest first; at most ten.
    pub tasks: Vec<ProvisioningLine>,
    /// What they hold, soonest end first; at most twenty.
    pub access: Vec<AccessLine>,
    /// How much they hold in all.
    pub access_total: i64,
    /// Their requests, newest first; at most ten.
    pub requests: Vec<RequestLine>,
    /// How many they made in all.
    pub requests_total: i64,
    /// The hour it was made at.
    pub now: DateTime<Utc>,
}

/// The Home tab of a person.
///
/// # Errors
/// The database's.
pub async fn home(system: &System, person: PersonRef) -> Result<Home, DbError> {
    let absence = match db::absences::of(&system.db, person.id).await? {
        Some(absence) => {
            let delegate = match absence.delegate {
                Some(delegate) => db::people::person(&system.db, delegate).await?,
                None => None,
            };
            Some((absence, delegate.map(|delegate| delegate.name)))
        }
        None => None,
    };
    let (approvals, approvals_total) = waiting(system, person.id, 10).await?;
    let access = access(system, person.id, 20).await?;
    let (requests, requests_total) = requests(system, person.id, 10).await?;
    Ok(Home {
        absence,
        alarms: alarms::alarms(system, person.id).await?,
        reviews: reviews::reviews(system, person.id).await?,
        approvals,
        approvals_total,
        tasks: tasks(system, person.id, 10).await?,
        access_total: access_total(system, person.id).await?,
        access,
        requests,
        requests_total,
        now: system.clock.now(),
        person,
    })
}

/// A person's requests, newest first; and how many there are in all.
///
/// # Errors
/// The database's.
pub async fn requests(system: &System, person: PersonId, limit: i64) -> Result<(Vec<RequestLine>, i64), DbError> {
    let (ids, total) = db::reading::list(&system.db, List::Of(person), limit).await?;
    Ok((lines(system, &ids, person).await?, total))
}

/// What waits for a person's decision, emergencies first, then the oldest; and how many there are in all.
///
/// # Errors
/// The database's.
pub async fn waiting(system: &System, person: PersonId, limit: i64) -> Result<(Vec<RequestLine>, i64), DbError> {
    let (ids, total) = db::reading::list(&system.db, List::WaitingFor(person), limit).await?;
    Ok((lines(system, &ids, person).await?, total))
}

/// What a person holds, soonest end first.
///
/// # Errors
/// The database's.
pub async fn access(system: &System, person: PersonId, limit: i64) -> Result<Vec<AccessLine>, DbError> {
    let rows = db::reading::access(&system.db, Grants::Of(person), limit).await?;
    Ok(rows
        .into_iter()
        .map(|row| AccessLine {
            may_extend: row.state == GrantState::Active && row.until.is_some() && !row.asked && row.offered,
            id: row.id,
            entitlement: row.entitlement,
            request: row.request,
            title: row.title,
            emergency: row.emergency,
            state: row.state,
            until: row.until,
        })
        .collect())
}

/// What a person is to give or take by hand.
///
/// # Errors
/// The database's.
pub async fn tasks(system: &System, person: PersonId, limit: i64) -> Result<Vec<ProvisioningLine>, DbError> {
    let rows = db::reading::access(&system.db, Grants::ToProvision(person), limit).await?;
    Ok(rows
        .into_iter()
        .map(|row| ProvisioningLine {
            id: row.id,
            request: row.request,
            title: row.title,
            subject: PersonRef {
                id: row.subject.0,
                name: row.subject.1,
            },
            url: system.request_url(row.request),
            emergency: row.emergency,
            remove: matches!(row.state, GrantState::Ending | GrantState::EndOverdue),
        })
        .collect())
}

/// What a reminder speaks of and still waits for its reader, with the message that is their card; in a channel, what still
/// waits there.
///
/// # Errors
/// The database's.
pub async fn reminded_of(
    system: &System,
    notice: i64,
    reader: &Reader,
) -> Result<Vec<(RequestLine, Option<(String, String)>)>, DbError> {
    let now = system.clock.now();
    let (waits, viewer) = match reader {
        Reader::Person(person) => (db::reminders::still_waits(&system.db, notice, now).await?, *person),
        Reader::Channel(_) => (
            db::channel_reminders::still_waits(&system.db, notice, now).await?,
            NOBODY,
        ),
    };
    let ids: Vec<RequestId> = waits.iter().map(|(id, _)| *id).collect();
    let lines = lines(system, &ids, viewer).await?;
    Ok(lines
        .into_iter()
        .filter(|line| viewer == NOBODY || line.may_decide.is_some())
        .map(|line| {
            let card = waits.iter().find(|(id, _)| *id == line.id);
            let card = card.and_then(|(_, card)| card.clone());
            (line, card)
        })
        .collect())
}

/// Requests, each in a line, in the order of their numbers here.
///
/// # Errors
/// The database's.
pub async fn lines(system: &System, ids: &[RequestId], viewer: PersonId) -> Result<Vec<RequestLine>, DbError> {
    let mut requests = db::requests::get_many(&system.db, ids).await?;
    requests.sort_by_key(|request| ids.iter().position(|id| *id == request.id));
    let beside = db::reading::beside(&system.db, ids).await?;
    let names = Names::of(&system.db, &requests, []).await?;
    Ok(requests
        .iter()
        .filter_map(|request| {
            let beside = beside.iter().find(|beside| beside.request == request.id)?;
            Some(RequestLine {
                id: request.id,
                title: beside.title.clone(),
                requester: names.get(request.requester),
                subject: names.get(request.subject),
                length: request.length,
                justification: request.justification.clone(),
                emergency: request.emergency,
                standing: names.standing(request),
                grant: beside.grant,
                may_decide: may_decide(request, viewer),
                created_at: request.created_at,
                waits_since: request
                    .current()
                    .and_then(|(_, step)| step.opened_at)
                    .unwrap_or(request.created_at),
                url: system.request_url(request.id),
            })
        })
        .collect())
}

/// How much a person holds in all.
///
/// # Errors
/// The database's.
pub async fn access_total(system: &System, person: PersonId) -> Result<i64, DbError> {
    db::reading::access_total(&system.db, person).await
}

/// One task of a person, while it is theirs to do.
///
/// # Errors
/// The database's.
pub async fn task(system: &System, person: PersonId, id: GrantId) -> Result<Option<ProvisioningLine>, DbError> {
    Ok(tasks(system, person, i64::MAX)
        .await?
        .into_iter()
        .find(|task| task.id == id))
}

impl RequestLine {
    /// Everyone it names.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        let mut people = self.standing.people();
        people.extend([self.requester.id, self.subject.id]);
        people
    }
}

impl Home {
    /// Everyone it names.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        let lines = self
            .approvals
            .iter()
            .chain(&self.requests)
            .flat_map(RequestLine::people);
        lines
            .chain(self.tasks.iter().map(|task| task.subject.id))
            .chain(self.reviews.iter().map(|review| review.subject.id))
            .chain(self.absence.iter().filter_map(|(absence, _)| absence.delegate))
            .chain([self.person.id])
            .collect()
    }
}
