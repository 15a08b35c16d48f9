//! Raises an alarm: a row that stays in sight until somebody takes it, and a notice to those who have to know.

use super::{
    Actor, Error, System,
    job::{self, Job},
};
use crate::{
    db::{
        self, Tx,
        alarms::NewAlarm,
        audit::Entry,
        notices::{NewNotice, Notice, Reader},
    },
    domain::{
        alarm::AlarmKind,
        event::{About, Event},
        ids::PersonId,
    },
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Raises it in the transaction of what went wrong; `told` get a notice, and everyone who answers for the organisation
/// sees it on their Home tab. The same trouble is raised once.
pub(super) async fn raise(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    alarm: &NewAlarm,
    told: &[PersonId],
) -> Result<Vec<Job>, Error> {
    let Some(id) = db::alarms::raise(tx, now, alarm).await? else {
        return Ok(Vec::new());
    };
    let about = match (alarm.grant, alarm.request) {
        (Some(grant), _) => About::Grant(grant),
        (None, Some(request)) => About::Request(request),
        (None, None) => About::Organisation,
    };
    let entry = Entry {
        actor: None,
        via: Actor::SYSTEM.via.word(),
        about,
        emergency: alarm.emergency,
        event: Event::AlarmRaised {
            alarm: id,
            kind: alarm.kind,
        },
    };
    db::audit::append(tx, now, &[entry]).await?;
    let mut jobs = Vec::new();
    for person in told.iter().collect::<BTreeSet<_>>() {
        let notice = NewNotice {
            reader: Reader::Person(*person),
            request: alarm.request,
            kind: "alarm",
            topic: &alarm.once,
            body: &alarm.body,
            alarm: Some(id),
            review: None,
        };
        jobs.extend(db::notices::tell(tx, now, &notice).await?.map(Job::SendNotice));
    }
    jobs.extend(homes(tx).await?);
    Ok(jobs)
}

/// The Home tabs that show alarms.
pub(super) async fn homes(tx: &mut Tx<'_>) -> Result<Vec<Job>, Error> {
    let people = db::alarms::homes(tx).await?;
    Ok(people.into_iter().map(Job::RefreshHome).collect())
}

/// Why a channel cannot be written to, in words.
pub(super) fn why_gone(code: &str) -> &'static str {
    match code {
        "not_in_channel" => "I am not in it: invite me there",
        "is_archived" => "it is archived",
        "channel_not_found" => "there is no such channel, or it is private and I am not in it",
        _ => "Slack refuses it",
    }
}

/// A channel cannot be written to: an alarm, once a day while it lasts; and whoever is the last resort reads what the
/// channel should have read, so that it is never lost.
///
/// # Errors
/// The database's.
pub async fn channel_gone(system: &System, notice: &Notice, channel: &str, why: &str) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("channel_gone", async |tx| {
            db::notices::undelivered(tx, notice.id, why).await?;
            let told = db::alarms::last_resort(tx).await?;
            let what = why_gone(why);
            let alarm = NewAlarm {
                kind: AlarmKind::ChannelGone,
                once: format!("{}:{channel}:{}", AlarmKind::ChannelGone.word(), now.format("%Y-%m-%d")),
                request: None,
                grant: None,
                emergency: false,
                body: format!(
                    "🚨 I cannot write into the channel {channel}: {what} (`{why}`), or name another as `security_channel`. \
                     Until then you read here what it should have read."
                ),
            };
            let mut jobs = raise(tx, now, &alarm, &told).await?;
            for person in told {
                let copy = NewNotice {
                    reader: Reader::Person(person),
                    request: notice.request,
                    kind: "undelivered",
                    topic: &format!("notice:{}", notice.id),
                    body: &notice.body,
                    alarm: None,
                    review: None,
                };
                jobs.extend(db::notices::tell(tx, now, &copy).await?.map(Job::SendNotice));
            }
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}
