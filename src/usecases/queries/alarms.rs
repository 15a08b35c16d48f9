//! Alarms, as people see them.

use super::request_card::PersonRef;
use crate::{
    db::{self, DbError},
    domain::{
        alarm::Alarm,
        ids::{PersonId, RequestId},
    },
    usecases::System,
};
use chrono::{DateTime, Utc};

/// An alarm, in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmLine {
    /// Its number.
    pub id: i64,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// ⚡
    pub emergency: bool,
    /// What is wrong, in Slack's markup.
    pub body: String,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// Who sees to it, and since when.
    pub taken: Option<(PersonRef, DateTime<Utc>)>,
    /// Address of the request's page, if c1 knows its own address.
    pub url: Option<String>,
}

/// One alarm.
///
/// # Errors
/// The database's.
pub async fn alarm(system: &System, id: i64) -> Result<Option<AlarmLine>, DbError> {
    let found = db::alarms::get(&system.db, id).await?;
    Ok(lines(system, found.into_iter().collect()).await?.pop())
}

/// The alarms that wait for somebody, as far as this person is to see them, oldest first.
///
/// # Errors
/// The database's.
pub async fn alarms(system: &System, person: PersonId) -> Result<Vec<AlarmLine>, DbError> {
    let waiting = db::alarms::waiting(&system.db, person).await?;
    lines(system, waiting).await
}

async fn lines(system: &System, alarms: Vec<Alarm>) -> Result<Vec<AlarmLine>, DbError> {
    let takers: Vec<PersonId> = alarms.iter().filter_map(|alarm| Some(alarm.taken?.0)).collect();
    let names = db::people::people_by_ids(&system.db, &takers).await?;
    let named = |id: PersonId| PersonRef {
        id,
        name: names
            .get(&id)
            .map_or_else(|| "somebody".to_owned(), |person| person.name.clone()),
    };
    Ok(alarms
        .into_iter()
        .map(|alarm| AlarmLine {
            id: alarm.id,
            request: alarm.request,
            emergency: alarm.emergency,
            body: alarm.body,
            raised_at: alarm.raised_at,
            taken: alarm.taken.map(|(by, at)| (named(by), at)),
            url: alarm.request.and_then(|id| system.request_url(id)),
        })
        .collect())
}
