//! Slack's own signs that somebody is away: their status, or that they do not want to be disturbed. They count where the
//! organisation's files say so.

use super::{
    be_away::note,
    job::{self, Job},
};
use crate::{
    db::{self, DbError, Tx},
    domain::{
        absence::{Absence, LONGEST, Source},
        event::Event,
        ids::PersonId,
    },
    usecases::Actor,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// A sign that somebody is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Tells it from the next one.
    pub mark: String,
    /// Until then; open, if not said.
    pub until: Option<DateTime<Utc>>,
}

/// Takes in what Slack shows of these people: a sign, or none. Seeing the same again changes nothing, and whoever has said
/// "I'm back" stays so until there is another sign.
///
/// # Errors
/// The database's.
pub async fn read_status(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    source: Source,
    seen: &BTreeMap<PersonId, Option<Sign>>,
) -> Result<(), DbError> {
    let ids: Vec<PersonId> = seen.keys().copied().collect();
    let last = db::absences::last_marks(tx, source, &ids).await?;
    let mut changed = false;
    for (person, sign) in seen {
        let is_news = match (last.get(person), sign) {
            (None, None) => false,
            (Some(last), None) => last.open,
            (Some(last), Some(sign)) => last.mark != sign.mark,
            (None, Some(_)) => true,
        };
        if is_news {
            changed |= follow(tx, now, source, *person, sign.as_ref()).await?;
        }
    }
    if changed {
        db::absences::look_again(tx, now).await?;
        db::reviews::look_again(tx, now).await?;
    }
    Ok(())
}

/// Says whether somebody is away, or back, who was not before.
async fn follow(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    source: Source,
    person: PersonId,
    sign: Option<&Sign>,
) -> Result<bool, DbError> {
    let open = db::absences::lock_of(tx, person, source).await?;
    let was = open.is_some();
    if let Some((id, _)) = open {
        db::absences::end(tx, id, now).await?;
    }
    let until = sign.map(|sign| sign.until.unwrap_or(now + TimeDelta::days(LONGEST)));
    let (Some(sign), Some(until)) = (sign, until.filter(|until| *until > now)) else {
        if was {
            note(
                tx,
                now,
                Actor::slack(person),
                person,
                Event::AbsenceEnded { early: true },
            )
            .await?;
            job::enqueue(tx, now, &[Job::RefreshHome(person)]).await?;
        }
        return Ok(was);
    };
    let absence = Absence {
        person,
        from: now,
        until,
        delegate: None,
        source,
    };
    db::absences::insert(tx, now, person, &absence, &sign.mark, until).await?;
    let event = Event::AbsenceSet {
        from: now,
        until,
        delegate: None,
        source,
    };
    note(tx, now, Actor::slack(person), person, event).await?;
    job::enqueue(tx, now, &[Job::RefreshHome(person)]).await?;
    Ok(true)
}
