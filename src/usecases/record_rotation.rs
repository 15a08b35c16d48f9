//! Who is on call changes: a turn is over, a service has answered, or it has not and its last answer is too old.
//!
//! Nobody knowing is an alarm to the last resort: once for each time that begins, never silence.

use super::{
    Error, System,
    job::{self, Job},
    raise_alarm,
};
use crate::{
    db::{self, Tx, alarms::NewAlarm, rotations::Stored},
    domain::{
        alarm::AlarmKind,
        rotation::{Roster, Rotation},
    },
};
use chrono::{DateTime, TimeDelta, Utc};

/// What a service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The e-mail addresses of those on call, in lower case.
    OnCall(Vec<String>),
    /// Nothing, and why; in words to follow "because".
    None(String),
}

/// The rotation that is to be asked about; `None` if it is not described any more.
///
/// # Errors
/// The database's.
pub async fn to_ask(system: &System, id: i64) -> Result<Option<Rotation>, Error> {
    Ok(db::rotations::get(&system.db, id).await?.map(|stored| stored.rotation))
}

/// Looks at a rotation whose time has come: another turn begins, or its service is to be asked again.
///
/// # Errors
/// The database's.
pub async fn tick_rotation(system: &System, id: i64) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("tick_rotation", async |tx| {
            let Some(stored) = db::rotations::lock(tx, id).await? else {
                return Ok(());
            };
            let next = match &stored.rotation.roster {
                Roster::Service(_) => {
                    job::enqueue(tx, now, &[Job::SyncRotation(id)]).await?;
                    // Often enough that one answer that is lost is no outage.
                    Some(now + TimeDelta::seconds((stored.rotation.stale_after / 3).max(60)))
                }
                Roster::Shifts(_) | Roster::Turns { .. } => stored.rotation.roster.next_change(now),
            };
            db::rotations::set_wake(tx, id, next).await?;
            look(tx, now, &stored).await
        })
        .await
}

/// Records what a service said about `asked`. An answer about what is no longer described that way counts for nothing.
///
/// # Errors
/// The database's.
pub async fn record_rotation(system: &System, id: i64, asked: &Rotation, answer: Answer) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("record_rotation", async |tx| {
            let Some(mut stored) = db::rotations::lock(tx, id).await? else {
                return Ok(());
            };
            if stored.rotation.roster != asked.roster {
                return Ok(());
            }
            let before = stored.remembered.people.clone();
            match answer {
                Answer::OnCall(addresses) => {
                    let people = db::rotations::people_at(tx, &addresses).await?;
                    stored.remembered.trouble = (people.is_empty() && !addresses.is_empty())
                        .then(|| "it names nobody who is known here".to_owned());
                    stored.remembered.at = Some(now);
                    stored.remembered.people = people;
                }
                Answer::None(why) => stored.remembered.trouble = Some(short(&why)),
            }
            db::rotations::remember(tx, id, &stored.remembered).await?;
            if stored.remembered.people != before {
                db::rotations::look_again(tx, &stored.rotation.key, now).await?;
            }
            look(tx, now, &stored).await
        })
        .await
}

/// Has those requests looked at that ask whoever is on call, when it may be another, and tells the last resort when nobody
/// knows who it is.
async fn look(tx: &mut Tx<'_>, now: DateTime<Utc>, stored: &Stored) -> Result<(), Error> {
    let rotation = &stored.rotation;
    let by_files = !matches!(rotation.roster, Roster::Service(_));
    let why = match rotation.trusted(&stored.remembered, now) {
        _ if by_files && rotation.roster.on_call(now).is_empty() => Some("nobody has a shift now".to_owned()),
        _ if by_files => None,
        // Before its first answer there was nothing to lose yet: it is asked at this moment.
        Err(_) if stored.remembered.at.is_none() && stored.remembered.trouble.is_none() => return Ok(()),
        Err(why) => Some(match &stored.remembered.trouble {
            Some(trouble) => format!("{why} ({trouble})"),
            None => why,
        }),
        Ok(people) if people.is_empty() => Some(match &stored.remembered.trouble {
            Some(trouble) => trouble.clone(),
            None => "it says that nobody is".to_owned(),
        }),
        Ok(_) => None,
    };
    if by_files || why.is_some() != stored.alarmed {
        db::rotations::look_again(tx, &rotation.key, now).await?;
    }
    match why {
        None if stored.alarmed => db::rotations::set_alarmed(tx, stored.id, false).await?,
        Some(why) if !stored.alarmed => {
            db::rotations::set_alarmed(tx, stored.id, true).await?;
            alarm(tx, now, rotation, &why).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn alarm(tx: &mut Tx<'_>, now: DateTime<Utc>, rotation: &Rotation, why: &str) -> Result<(), Error> {
    let body = format!(
        "🚨 Nobody knows who is on call for *{}*: {why}. Until somebody does, its requests go to the fallback of their \
         policy, or to you.",
        rotation.name
    );
    let alarm = NewAlarm {
        kind: AlarmKind::NobodyOnCall,
        // Each time it begins is an alarm of its own.
        once: format!(
            "{}:{}:{}",
            AlarmKind::NobodyOnCall.word(),
            rotation.key,
            now.timestamp()
        ),
        request: None,
        grant: None,
        emergency: false,
        body,
    };
    let told = db::alarms::last_resort(tx).await?;
    let jobs = raise_alarm::raise(tx, now, &alarm, &told).await?;
    Ok(job::enqueue(tx, now, &jobs).await?)
}

fn short(why: &str) -> String {
    why.chars().filter(|c| !c.is_control()).take(200).collect()
}
