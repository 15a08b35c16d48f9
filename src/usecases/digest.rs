//! Once a week the security channel reads which emergencies nobody has looked back at yet.

use super::{Error, System, consequences, job};
use crate::{
    db::{
        self,
        notices::{NewNotice, Reader},
    },
    domain::ids::PersonId,
};
use std::collections::BTreeSet;

/// The name of its runs.
const NAME: &str = "digest";

/// Sends the digest whose time has come, if it has not been sent: any number of replicas may ask at the same moment.
///
/// # Errors
/// The database's.
pub async fn digest(system: &System) -> Result<(), Error> {
    let now = system.clock.now();
    let slot = db::settings::read(&system.db).await?.digest.latest(now);
    if db::reviews::was_run(&system.db, NAME, slot).await? {
        return Ok(());
    }
    system
        .db
        .write("digest", async |tx| {
            if !db::reviews::claim_run(tx, NAME, slot, now).await? {
                return Ok(());
            }
            let owed = db::reviews::owed(tx, slot).await?;
            if owed.is_empty() {
                return Ok(());
            }
            let people: BTreeSet<PersonId> = owed
                .iter()
                .flat_map(|review| review.reviewers.iter().copied().chain([review.subject]))
                .collect();
            let people: Vec<PersonId> = people.into_iter().collect();
            let names = db::people::people_by_ids_in(tx, &people).await?;
            let name = |id: &PersonId| {
                let name = names.get(id).map_or("somebody", |person| person.name.as_str());
                format!("*{}*", consequences::neutral(name))
            };
            let mut body = format!(
                "🔎 {} not been reviewed yet:",
                match owed.len() {
                    1 => "One emergency has".to_owned(),
                    more => format!("{more} emergencies have"),
                }
            );
            for review in owed.iter().take(30) {
                let since = (now - review.opened_at).num_seconds();
                let late = if review.overdue_since.is_some() {
                    ", overdue"
                } else {
                    ""
                };
                let asked: Vec<String> = review.reviewers.iter().take(3).map(name).collect();
                let more = review.reviewers.len().saturating_sub(asked.len());
                let more = if more > 0 { format!(" + {more}") } else { String::new() };
                body.push_str(&format!(
                    "\n• #{} of {}, for {}{late}: waits for {}{more}",
                    review.request,
                    name(&review.subject),
                    crate::domain::length::spoken(since),
                    if asked.is_empty() {
                        "nobody".to_owned()
                    } else {
                        asked.join(", ")
                    }
                ));
            }
            if owed.len() > 30 {
                body.push_str(&format!("\n… and {} more", owed.len() - 30));
            }
            let settings = db::settings::read_in(tx).await?;
            let readers: Vec<Reader> = match settings.security_channel {
                Some(channel) => vec![Reader::Channel(channel)],
                None => db::alarms::last_resort(tx)
                    .await?
                    .into_iter()
                    .map(Reader::Person)
                    .collect(),
            };
            let mut jobs = Vec::new();
            for reader in readers {
                let notice = NewNotice {
                    reader,
                    request: None,
                    kind: "digest",
                    topic: &format!("digest:{}", slot.timestamp()),
                    body: &body,
                    alarm: None,
                    review: None,
                };
                jobs.extend(db::notices::tell(tx, now, &notice).await?.map(job::Job::SendNotice));
            }
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}
