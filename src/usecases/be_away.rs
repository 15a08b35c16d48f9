//! Somebody is away, or back: whoever stands in decides in their place, also what is open already.

use super::{
    Actor, Error, System,
    authorize::takes_part,
    job::{self, Job},
};
use crate::{
    db::{
        self, DbError, Tx,
        audit::Entry,
        notices::{NewNotice, Reader},
    },
    domain::{
        absence::{Absence, Source},
        event::{About, Event},
        ids::PersonId,
        quiet::midnight,
        refusal::Refusal,
    },
};
use chrono::{DateTime, NaiveDate, Utc};

/// What somebody says about being away.
#[derive(Clone, Copy, Debug)]
pub struct Away {
    /// The first day; from now on, if not said or if it has begun.
    pub from: Option<NaiveDate>,
    /// The day they are back.
    pub until: NaiveDate,
    /// Who decides in their place.
    pub delegate: Option<PersonId>,
}

/// The day it is for a person, by their own clock.
///
/// # Errors
/// The database's.
pub async fn today(system: &System, person: PersonId) -> Result<NaiveDate, Error> {
    let now = system.clock.now();
    let zone = system
        .db
        .write("today", async |tx| db::reminders::zone_of(tx, person).await)
        .await?;
    Ok(crate::domain::quiet::day_of(now, zone.as_deref()))
}

/// Says that the one who acts is away; days begin at midnight by their own clock. Said again, it takes the place of what was
/// said before.
///
/// # Errors
/// [`Refusal::AbsenceOver`], [`Refusal::AbsenceTooLong`], [`Refusal::OwnDelegate`], [`Refusal::NotTakingPart`].
pub async fn be_away(system: &System, actor: Actor, away: Away) -> Result<Absence, Error> {
    let now = system.clock.now();
    let person = actor.somebody()?;
    system
        .db
        .write("be_away", async |tx| {
            let before = db::absences::lock_of(tx, person, Source::Said).await?;
            let zone = db::reminders::zone_of(tx, person).await?;
            let zone = zone.as_deref();
            let today = crate::domain::quiet::day_of(now, zone);
            let from = away.from.filter(|from| *from > today).map(|from| midnight(from, zone));
            // Said twice, it begins when it was said first.
            let begun = before
                .as_ref()
                .map(|(_, before)| before.from)
                .filter(|from| *from <= now);
            let absence = Absence {
                person,
                from: from.unwrap_or(begun.unwrap_or(now)),
                until: midnight(away.until, zone),
                delegate: away.delegate,
                source: Source::Said,
            }
            .check(now)?;
            let mut people = db::people::people_by_ids_in(
                tx,
                &[Some(person), away.delegate].into_iter().flatten().collect::<Vec<_>>(),
            )
            .await?;
            takes_part(people.get(&person).ok_or(Error::NotFound)?)?;
            if let Some(delegate) = away.delegate {
                takes_part(people.get(&delegate).ok_or(Refusal::NotTakingPart {
                    name: "Somebody who is not known here".to_owned(),
                })?)?;
            }
            if before.as_ref().is_some_and(|(_, before)| *before == absence) {
                return Ok(absence);
            }
            let moved = before.as_ref().is_some_and(|(_, before)| before.holds(now));
            if let Some((id, _)) = before {
                db::absences::end(tx, id, now).await?;
            }
            let begins = absence.holds(now);
            let wake = if begins { absence.until } else { absence.from };
            db::absences::insert(tx, now, person, &absence, "", wake).await?;
            let event = Event::AbsenceSet {
                from: absence.from,
                until: absence.until,
                delegate: absence.delegate,
                source: Source::Said,
            };
            note(tx, now, actor, person, event).await?;
            if begins || moved {
                db::absences::look_again(tx, now).await?;
                db::reviews::look_again(tx, now).await?;
            }
            let mut jobs = vec![Job::RefreshHome(person)];
            if let Some(delegate) = absence.delegate {
                let name = people.remove(&person).map(|person| person.name).unwrap_or_default();
                let body = format!(
                    "🌴 *{}* is away {}until {} and has named you: what waits for them is decided by you in that time.",
                    super::comment::literally(&name),
                    if begins {
                        String::new()
                    } else {
                        format!("from {} ", stamp(absence.from))
                    },
                    stamp(absence.until)
                );
                let notice = NewNotice {
                    reader: Reader::Person(delegate),
                    request: None,
                    kind: "absence",
                    review: None,
                    topic: &format!(
                        "absence:{person}:{}:{}",
                        absence.from.timestamp(),
                        absence.until.timestamp()
                    ),
                    body: &body,
                    alarm: None,
                };
                jobs.extend(db::notices::tell(tx, now, &notice).await?.map(Job::SendNotice));
            }
            job::enqueue(tx, now, &jobs).await?;
            Ok(absence)
        })
        .await
}

/// A moment that Slack shows by the reader's own clock.
fn stamp(at: DateTime<Utc>) -> String {
    format!(
        "<!date^{}^{{date_short_pretty}}|{}>",
        at.timestamp(),
        at.format("%Y-%m-%d")
    )
}

/// Says that the one who acts is back. Says whether they were away, or would have been.
///
/// # Errors
/// The database's.
pub async fn be_back(system: &System, actor: Actor) -> Result<bool, Error> {
    let now = system.clock.now();
    let person = actor.somebody()?;
    system
        .db
        .write("be_back", async |tx| {
            let (mut was, mut held) = (false, false);
            for source in Source::ALL {
                let Some((id, absence)) = db::absences::lock_of(tx, person, source).await? else {
                    continue;
                };
                db::absences::end(tx, id, now).await?;
                was = true;
                held |= absence.holds(now);
            }
            if !was {
                return Ok(false);
            }
            note(tx, now, actor, person, Event::AbsenceEnded { early: true }).await?;
            if held {
                db::absences::look_again(tx, now).await?;
                db::reviews::look_again(tx, now).await?;
            }
            job::enqueue(tx, now, &[Job::RefreshHome(person)]).await?;
            Ok(true)
        })
        .await
}

/// An absence begins or ends. Level-triggered: looking once too often changes nothing.
///
/// # Errors
/// The database's.
pub async fn tick_absence(system: &System, id: i64) -> Result<(), Error> {
    let now = system.clock.now();
    let Some((person, source)) = db::absences::whose(&system.db, id).await? else {
        return Ok(());
    };
    system
        .db
        .write("tick_absence", async |tx| {
            let Some((_, absence)) = db::absences::lock_of(tx, person, source)
                .await?
                .filter(|(found, _)| *found == id)
            else {
                return Ok(());
            };
            if now < absence.from {
                return Ok(());
            }
            let event = if now < absence.until {
                db::absences::set_wake(tx, id, absence.until).await?;
                Event::AbsenceBegan
            } else {
                db::absences::end(tx, id, now).await?;
                Event::AbsenceEnded { early: false }
            };
            note(tx, now, Actor::SYSTEM, person, event).await?;
            db::absences::look_again(tx, now).await?;
            db::reviews::look_again(tx, now).await?;
            Ok(job::enqueue(tx, now, &[Job::RefreshHome(person)]).await?)
        })
        .await
}

pub(super) async fn note(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    person: PersonId,
    event: Event,
) -> Result<(), DbError> {
    let entry = Entry {
        actor: actor.person,
        via: actor.via.word(),
        about: About::Person(person),
        emergency: false,
        event,
    };
    db::audit::append(tx, now, &[entry]).await
}
