//! The audit: every event, appended in the transaction that made it true. The database refuses to change a row.

use super::{Db, DbError, Tx};
use crate::domain::{
    event::{About, Event},
    ids::{GrantId, PersonId, RequestId},
};
use chrono::{DateTime, Utc};

/// An event with who made it happen, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who; `None`: c1 itself.
    pub actor: Option<PersonId>,
    /// The door.
    pub via: &'static str,
    /// What it happened to.
    pub about: About,
    /// Is the request an emergency?
    pub emergency: bool,
    /// What happened.
    pub event: Event,
}

/// Appends entries, in order.
///
/// # Errors
/// The database's.
pub async fn append(tx: &mut Tx<'_>, at: DateTime<Utc>, entries: &[Entry]) -> Result<(), DbError> {
    let actors: Vec<Option<i64>> = entries.iter().map(|entry| entry.actor.map(|person| person.0)).collect();
    let via: Vec<String> = entries.iter().map(|entry| entry.via.to_owned()).collect();
    let (mut requests, mut grants, mut people) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let (request, grant, person) = match entry.about {
            About::Request(id) => (Some(id.0), None, None),
            About::Grant(id) => (None, Some(id.0), None),
            About::Person(id) => (None, None, Some(id.0)),
            About::Organisation => (None, None, None),
        };
        requests.push(request);
        grants.push(grant);
        people.push(person);
    }
    let emergency: Vec<bool> = entries.iter().map(|entry| entry.emergency).collect();
    let events: Vec<serde_json::Value> = entries.iter().map(|entry| super::write_json(&entry.event)).collect();
    sqlx::query!(
        "-- append to the audit
         INSERT INTO audit (at, actor_id, via, request_id, grant_id, emergency, event, person_id)
         SELECT $1, actor, via, request, granted, emergency, event, person
           FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[], $7::jsonb[], $8::bigint[])
                WITH ORDINALITY AS entry (actor, via, request, granted, emergency, event, person, place)
          ORDER BY place",
        at,
        &actors as &[Option<i64>],
        &via,
        &requests as &[Option<i64>],
        &grants as &[Option<i64>],
        &emergency,
        &events,
        &people as &[Option<i64>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What happened to a request, in order.
///
/// # Errors
/// The database's.
pub async fn of_request(db: &Db, id: RequestId) -> Result<Vec<(DateTime<Utc>, Event)>, DbError> {
    let rows = sqlx::query!(
        "-- read a request's audit\nSELECT at, event FROM audit WHERE request_id = $1 ORDER BY id",
        id.0
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.at, super::read("audit.event", row.event)?)))
        .collect()
}

/// What happened to a grant, in order.
///
/// # Errors
/// The database's.
pub async fn of_grant(db: &Db, id: GrantId) -> Result<Vec<(DateTime<Utc>, Event)>, DbError> {
    let rows = sqlx::query!(
        "-- read a grant's audit\nSELECT at, event FROM audit WHERE grant_id = $1 ORDER BY id",
        id.0
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.at, super::read("audit.event", row.event)?)))
        .collect()
}
