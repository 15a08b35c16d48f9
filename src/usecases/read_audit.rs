//! Reads the record. Whoever does is on record too.

use super::{
    Actor, Error, System,
    queries::audit::{self, AuditLine},
};
use crate::{
    db::{
        self,
        audit::{Entry, Span},
    },
    domain::{
        event::{About, Event},
        ids::{PersonId, RequestId},
        refusal::Refusal,
    },
};
use chrono::{DateTime, Utc};

/// What of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Everything.
    All,
    /// What happened in emergencies.
    Emergencies,
    /// What somebody did, and what happened to them.
    Person(PersonId),
    /// A request, and the access that came of it; all of it, whatever the time.
    Request(RequestId),
}

/// Which part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Of what.
    pub of: Of,
    /// From then on.
    pub since: DateTime<Utc>,
    /// Only what came before this line: the next page.
    pub before: Option<i64>,
    /// So many lines at most.
    pub limit: i64,
}

/// The lines, the latest first; of a request, in order. Auditors and those who administer requests may.
///
/// # Errors
/// [`Refusal::NotAllowed`], or the database's.
pub async fn read_audit(system: &System, actor: Actor, wish: Wish) -> Result<Vec<AuditLine>, Error> {
    let now = system.clock.now();
    let db = &system.db;
    let reader = db::people::person(db, actor.somebody()?)
        .await?
        .filter(|person| person.takes_part() && person.sees_everything())
        .ok_or(Refusal::NotAllowed)?;
    let span = Span {
        since: wish.since,
        until: now + chrono::TimeDelta::seconds(1),
        before: wish.before.unwrap_or(i64::MAX),
        limit: wish.limit,
    };
    let (what, rows) = match wish.of {
        Of::All => ("everything".to_owned(), db::audit::latest(db, span).await?),
        Of::Emergencies => ("emergencies".to_owned(), db::audit::latest_emergencies(db, span).await?),
        Of::Person(person) => {
            let key = db::people::person(db, person).await?.ok_or(Error::NotFound)?.key;
            (
                format!("what concerns {key}"),
                db::audit::latest_of_person(db, person, span).await?,
            )
        }
        Of::Request(request) => (format!("request #{request}"), db::audit::story_of(db, request).await?),
    };
    // One act, however many pages it takes.
    if wish.before.is_none() {
        let since = match wish.of {
            Of::Request(_) => String::new(),
            Of::All | Of::Emergencies | Of::Person(_) => format!(", since {}", wish.since.format("%Y-%m-%d %H:%M UTC")),
        };
        let entry = Entry {
            actor: Some(reader.id),
            via: actor.via.word(),
            about: About::Organisation,
            emergency: false,
            event: Event::AuditRead {
                filter: format!("{what}{since}"),
            },
        };
        db.write("read_audit", async |tx| db::audit::append(tx, now, &[entry]).await)
            .await?;
    }
    let rows = audit::without_notes_about(db, reader.id, rows).await?;
    Ok(audit::lines(system, rows).await?)
}
