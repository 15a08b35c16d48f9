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

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number: the order in which things were written down.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None`: c1 itself.
    pub actor: Option<PersonId>,
    /// The door.
    pub via: String,
    /// The request it happened to.
    pub request: Option<RequestId>,
    /// The grant.
    pub grant: Option<GrantId>,
    /// The person.
    pub person: Option<PersonId>,
    /// Is the request an emergency?
    pub emergency: bool,
    /// What happened.
    pub event: Event,
}

struct StoredRow {
    id: i64,
    at: DateTime<Utc>,
    actor_id: Option<i64>,
    via: String,
    request_id: Option<i64>,
    grant_id: Option<i64>,
    person_id: Option<i64>,
    emergency: bool,
    event: serde_json::Value,
}

impl TryFrom<StoredRow> for Row {
    type Error = DbError;

    fn try_from(row: StoredRow) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            at: row.at,
            actor: row.actor_id.map(PersonId),
            via: row.via,
            request: row.request_id.map(RequestId),
            grant: row.grant_id.map(GrantId),
            person: row.person_id.map(PersonId),
            emergency: row.emergency,
            event: super::read("audit.event", row.event)?,
        })
    }
}

/// Which rows.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// From then on.
    pub since: DateTime<Utc>,
    /// Until then, not included.
    pub until: DateTime<Utc>,
    /// Only what came before this row.
    pub before: i64,
    /// So many at most.
    pub limit: i64,
}

/// What happened in a span of time, the latest first.
///
/// # Errors
/// The database's.
pub async fn latest(db: &Db, span: Span) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query_as!(
        StoredRow,
        "-- read the audit
         SELECT id, at, actor_id, via, request_id, grant_id, person_id, emergency, event FROM audit
          WHERE id < $1 AND at >= $2 AND at < $3 ORDER BY id DESC LIMIT $4",
        span.before,
        span.since,
        span.until,
        span.limit
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The same, of emergencies.
///
/// # Errors
/// The database's.
pub async fn latest_emergencies(db: &Db, span: Span) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query_as!(
        StoredRow,
        "-- read the audit of emergencies
         SELECT id, at, actor_id, via, request_id, grant_id, person_id, emergency, event FROM audit
          WHERE emergency AND id < $1 AND at >= $2 AND at < $3 ORDER BY id DESC LIMIT $4",
        span.before,
        span.since,
        span.until,
        span.limit
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The same, of what a person did and of what happened to them.
///
/// # Errors
/// The database's.
pub async fn latest_of_person(db: &Db, person: PersonId, span: Span) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query_as!(
        StoredRow,
        "-- read a person's audit
         SELECT id, at, actor_id, via, request_id, grant_id, person_id, emergency, event FROM audit
          WHERE (actor_id = $5 OR person_id = $5) AND id < $1 AND at >= $2 AND at < $3 ORDER BY id DESC LIMIT $4",
        span.before,
        span.since,
        span.until,
        span.limit,
        person.0
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// What happened to a request, its conversation and the access that came of it, in order.
///
/// # Errors
/// The database's.
pub async fn story_of(db: &Db, request: RequestId) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query_as!(
        StoredRow,
        r#"-- read the audit of a request and its grant
         SELECT id AS "id!", at AS "at!", actor_id, via AS "via!", request_id, grant_id, person_id,
                emergency AS "emergency!", event AS "event!"
           FROM (SELECT * FROM audit WHERE request_id = $1
                 UNION ALL
                 SELECT a.* FROM holds h JOIN audit a ON a.grant_id = h.grant_id WHERE h.request_id = $1) AS story
          ORDER BY id"#,
        request.0
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// What changes with a request: for whoever reads it, and for those who read the notes of its approvers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    told: String,
    notes: String,
}

impl Mark {
    /// As a reader hears it: who does not read notes does not hear that there is one.
    #[must_use]
    pub fn for_reader(&self, of_notes: bool) -> String {
        if of_notes {
            format!("{}.{}", self.told, self.notes)
        } else {
            self.told.clone()
        }
    }

    /// Is it no mark yet?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// A mark of these words.
    #[cfg(test)]
    pub(crate) fn of(told: &str, notes: &str) -> Self {
        Self {
            told: told.to_owned(),
            notes: notes.to_owned(),
        }
    }
}

/// Marks of requests, each of which changes whenever something happens to its request, its grants or its conversation.
///
/// # Errors
/// The database's.
pub async fn marks(db: &Db, ids: &[RequestId]) -> Result<Vec<(RequestId, Mark)>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    // Numbers are given before a transaction commits, so the greatest alone could be there before a smaller one is.
    let rows = sqlx::query!(
        r#"-- what changes with a request
         SELECT r.id AS "id!", own.told AS "told!", own.notes AS "notes!", reactions.told AS "reactions!",
                reactions.notes AS "note_reactions!",
                (SELECT concat_ws('-', count(*), max(a.id)) FROM audit a
                  WHERE a.grant_id IN (SELECT grant_id FROM holds WHERE request_id = r.id)) AS "grants!"
           FROM unnest($1::bigint[]) AS r (id)
          CROSS JOIN LATERAL (
                SELECT concat_ws('-', count(*) FILTER (WHERE NOT e.note), max(e.id) FILTER (WHERE NOT e.note)) AS told,
                       concat_ws('-', count(*) FILTER (WHERE e.note), max(e.id) FILTER (WHERE e.note)) AS notes
                  FROM (SELECT a.id, a.event->'note' IS NOT DISTINCT FROM 'true'::jsonb AS note
                          FROM audit a WHERE a.request_id = r.id) e) own
          CROSS JOIN LATERAL (
                SELECT concat_ws('-', count(*) FILTER (WHERE NOT e.note), max(e.at) FILTER (WHERE NOT e.note)) AS told,
                       concat_ws('-', count(*) FILTER (WHERE e.note), max(e.at) FILTER (WHERE e.note)) AS notes
                  FROM (SELECT x.at, c.visibility = 'approvers' AS note
                          FROM comments c JOIN comment_copies k ON k.comment_id = c.id
                          JOIN comment_reactions x ON x.channel = k.channel AND x.ts = k.ts AND x.present
                         WHERE c.request_id = r.id) e) reactions"#,
        &ids
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mark = Mark {
                told: [row.told, row.grants, row.reactions].join("."),
                notes: [row.notes, row.note_reactions].join("."),
            };
            (RequestId(row.id), mark)
        })
        .collect())
}
