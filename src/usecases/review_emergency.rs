//! Looks back at an emergency: was it justified, did the duration fit, what has to follow.

use super::{Actor, Error, System, authorize, consequences, facts, job};
use crate::{
    db::{self, audit::Entry, comments::NewComment},
    domain::{
        event::{About, Event},
        ids::PersonId,
        refusal::Refusal,
        review::{self, Done, Findings},
    },
};

/// Records what the reviewer says. Nobody reviews what they used, asked for or approved: that is found out at the act.
///
/// # Errors
/// [`Refusal::OwnReview`], [`Refusal::NotAReviewer`], [`Refusal::AlreadyReviewed`]; [`Refusal::ReasonRequired`] where it
/// was not justified and nothing is said about it.
pub async fn review_emergency(system: &System, actor: Actor, id: i64, findings: Findings) -> Result<(), Error> {
    let now = system.clock.now();
    let known = db::reviews::get(&system.db, id).await?.ok_or(Error::NotFound)?;
    system
        .db
        .write("review_emergency", async |tx| {
            let by = actor.somebody()?;
            let request = db::requests::lock(tx, known.request).await?.ok_or(Error::NotFound)?;
            let review = db::reviews::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let facts = facts::of_request(tx, now, &request, Some(by)).await?;
            authorize::takes_part(facts.person(by).ok_or(Refusal::NotAReviewer)?)?;
            if review::had_a_part(&request).contains(&by) {
                return Err(Refusal::OwnReview.into());
            }
            if let Some(done) = &review.done {
                if done.by == by {
                    return Ok(());
                }
                let names = db::people::people_by_ids_in(tx, &[done.by]).await?;
                let by = names
                    .get(&done.by)
                    .map_or_else(|| "Somebody".to_owned(), |person| person.name.clone());
                return Err(Refusal::AlreadyReviewed { by }.into());
            }
            let reviewers = review::reviewers(&request, &facts, review.overdue_since.is_some());
            if !reviewers.contains(&by) {
                return Err(Refusal::NotAReviewer.into());
            }
            let findings = findings.checked()?;
            let done = Done {
                by,
                at: now,
                findings: findings.clone(),
            };
            db::reviews::complete(tx, id, &done).await?;
            let entry = Entry {
                actor: actor.person,
                via: actor.via.word(),
                about: About::Request(request.id),
                emergency: request.emergency,
                event: Event::Reviewed {
                    review: id,
                    by,
                    findings: findings.clone(),
                },
            };
            db::audit::append(tx, now, &[entry]).await?;
            let line = in_words(&facts.name(by), &findings);
            let said = NewComment::line(request.id, &line);
            db::comments::append(tx, now, said).await?;
            let mut jobs: Vec<job::Job> = db::cards::of_request(tx, request.id)
                .await?
                .into_iter()
                .map(job::Job::SyncThread)
                .collect();
            jobs.extend(
                db::reviews::notices(tx, id)
                    .await?
                    .into_iter()
                    .map(job::Job::SendNotice),
            );
            let people: Vec<PersonId> = review.reviewers.iter().copied().chain([by]).collect();
            let homes = db::reading::homes_of(tx, &people).await?;
            jobs.extend(homes.into_iter().map(job::Job::RefreshHome));
            if !findings.justified {
                let body = format!("{line} (#{})", request.id);
                jobs.extend(consequences::tell_security(tx, now, request.id, "emergency-unjustified", &body).await?);
            }
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}

fn in_words(name: &str, findings: &Findings) -> String {
    let name = consequences::neutral(name);
    let verdict = if findings.justified {
        "justified"
    } else {
        "⚠️ not justified"
    };
    let follow = if findings.follow_up.is_empty() {
        String::new()
    } else {
        format!("\nTo follow: {}", consequences::neutral(&findings.follow_up))
    };
    format!(
        "🔎 *{name}* reviewed the emergency: {verdict}; {}{follow}",
        findings.fit.said()
    )
}
