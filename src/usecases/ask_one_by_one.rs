//! A channel in which a step is asked cannot be written to: that is an alarm, and those who are asked get their messages
//! one by one after all. A request never waits in silence.

use super::{
    Error, System,
    job::{self, Job},
    raise_alarm,
};
use crate::{
    db::{self, alarms::NewAlarm},
    domain::{
        alarm::AlarmKind,
        ids::{CardId, PersonId, RequestId},
    },
};

/// Asks in person what a reminder would have said in the channel: each request that still waits there.
///
/// # Errors
/// The database's.
pub async fn reminded_one_by_one(system: &System, notice: i64, channel: &str, why: &str) -> Result<(), Error> {
    let waits = db::channel_reminders::still_waits(&system.db, notice, system.clock.now()).await?;
    for (request, _) in waits {
        if let Some((card, step)) = db::cards::in_channel(&system.db, request, channel).await? {
            ask_one_by_one(system, (card, request, step), channel, why).await?;
        }
    }
    let undelivered = async |tx: &mut db::Tx<'_>| db::notices::undelivered(tx, notice, why).await;
    Ok(system.db.write("reminder_undelivered", undelivered).await?)
}

/// Asks them one by one: as many as are asked one by one at all.
///
/// # Errors
/// The database's.
pub async fn ask_one_by_one(
    system: &System,
    (card, id, step): (CardId, RequestId, usize),
    channel: &str,
    why: &str,
) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("ask_one_by_one", async |tx| {
            let Some(request) = db::requests::lock(tx, id).await? else {
                return Ok(());
            };
            db::cards::not_posted(tx, card, Some(why)).await?;
            let open = request.current().filter(|(place, _)| *place == step);
            let Some((_, asked)) = open else { return Ok(()) };
            let settings = db::settings::read_in(tx).await?;
            let waiting: Vec<PersonId> = asked
                .approvers
                .iter()
                .map(|approver| approver.person)
                .filter(|person| asked.decision_of(*person).is_none())
                .take(settings.ask_one_by_one_up_to)
                .collect();
            let alarm = NewAlarm {
                kind: AlarmKind::ChannelGone,
                once: format!("{}:{channel}:{}", AlarmKind::ChannelGone.word(), now.format("%Y-%m-%d")),
                request: Some(id),
                grant: None,
                emergency: request.emergency,
                body: format!(
                    "🚨 I cannot ask in the channel {channel}: {}. Until that is mended I ask people one by one, beginning with \
                     request #{id}.",
                    raise_alarm::why_gone(why)
                ),
            };
            let told = db::alarms::last_resort(tx).await?;
            let mut jobs = raise_alarm::raise(tx, now, &alarm, &told).await?;
            let readers: Vec<(PersonId, &'static str)> = waiting.iter().map(|person| (*person, "approver")).collect();
            let copies = db::cards::ensure(tx, now, id, &readers).await?;
            for (copy, home) in copies.into_iter().filter(|(copy, _)| *copy != card) {
                jobs.push(Job::RefreshCard(copy));
                jobs.extend(home.map(Job::RefreshHome));
            }
            db::channel_reminders::stop(tx, id).await?;
            if let Some((at, _)) = request.first_reminder(now) {
                db::reminders::begin(tx, &request, &waiting, at).await?;
            }
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}
