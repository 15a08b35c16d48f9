//! Takes an alarm: from now on somebody sees to it.

use super::{
    Actor, Error, System, authorize,
    job::{self, Job},
    raise_alarm,
};
use crate::{
    db::{self, audit::Entry},
    domain::{
        event::{About, Event},
        refusal::Refusal,
    },
};

/// Takes it. Those may who answer for the organisation, and those who were told of it.
///
/// # Errors
/// [`Refusal::AlarmTaken`] when somebody was faster, [`Refusal::NotAllowed`], [`Error::NotFound`].
pub async fn take_alarm(system: &System, actor: Actor, id: i64) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("take_alarm", async |tx| {
            let by = actor.somebody()?;
            let alarm = db::alarms::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let people = db::people::people_by_ids_in(tx, &[by]).await?;
            authorize::takes_part(people.get(&by).ok_or(Refusal::NotAllowed)?)?;
            let may = db::alarms::answerable(tx).await?.contains(&by) || db::notices::was_told_of(tx, id, by).await?;
            if !may {
                return Err(Refusal::NotAllowed.into());
            }
            match alarm.taken {
                // A second click.
                Some((taker, _)) if taker == by => return Ok(()),
                Some((taker, _)) => {
                    let people = db::people::people_by_ids_in(tx, &[taker]).await?;
                    let by = people
                        .get(&taker)
                        .map_or_else(|| "Somebody".to_owned(), |person| person.name.clone());
                    return Err(Refusal::AlarmTaken { by }.into());
                }
                None => {}
            }
            db::alarms::take(tx, id, by, now).await?;
            let about = match (alarm.grant, alarm.request) {
                (Some(grant), _) => About::Grant(grant),
                (None, Some(request)) => About::Request(request),
                (None, None) => About::Organisation,
            };
            let entry = Entry {
                actor: actor.person,
                via: actor.via.word(),
                about,
                emergency: alarm.emergency,
                event: Event::AlarmTaken { alarm: id, by },
            };
            db::audit::append(tx, now, &[entry]).await?;
            let mut jobs: Vec<Job> = db::notices::of_alarm(tx, id)
                .await?
                .into_iter()
                .map(Job::SendNotice)
                .collect();
            jobs.extend(raise_alarm::homes(tx).await?);
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}
