//! Opens the look back that an emergency owes, once its access is over, and keeps it in sight until it is done.

use super::{
    Actor, Error, System, facts,
    job::{self, Job},
    raise_alarm,
};
use crate::{
    db::{
        self, Tx,
        alarms::NewAlarm,
        audit::Entry,
        notices::{NewNotice, Reader},
    },
    domain::{
        alarm::AlarmKind,
        event::{About, Event},
        facts::Facts,
        ids::{GrantId, PersonId, RequestId},
        request::Request,
        review::{self, Review},
    },
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Opens it in the transaction that ends the access; a second time does nothing.
pub(super) async fn open(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: RequestId,
    grant: GrantId,
) -> Result<Vec<Job>, Error> {
    let request = db::requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
    let facts = facts::of_request(tx, now, &request, None).await?;
    let settings = db::settings::read_in(tx).await?;
    let mut review = Review {
        id: 0,
        request: request.id,
        grant,
        subject: request.subject,
        opened_at: now,
        due_at: now + settings.reviews_within,
        overdue_since: None,
        reminded: 0,
        reviewers: review::reviewers(&request, &facts, false),
        done: None,
    };
    let Some(id) = db::reviews::open(tx, &review, review.due(now).next).await? else {
        return Ok(Vec::new());
    };
    review.id = id;
    let opened = Event::ReviewOpened {
        review: id,
        reviewers: review.reviewers.clone(),
        due_at: review.due_at,
    };
    write_down(tx, now, &request, vec![opened]).await?;
    show(tx, now, &request, &facts, &review, &[]).await
}

async fn write_down(tx: &mut Tx<'_>, now: DateTime<Utc>, request: &Request, events: Vec<Event>) -> Result<(), Error> {
    let entries: Vec<Entry> = events
        .into_iter()
        .map(|event| Entry {
            actor: None,
            via: Actor::SYSTEM.via.word(),
            about: About::Request(request.id),
            emergency: request.emergency,
            event,
        })
        .collect();
    Ok(db::audit::append(tx, now, &entries).await?)
}

/// Gives everyone who can do it a card, and brings those up to date that others have. `before` could do it until now.
async fn show(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: &Request,
    facts: &Facts,
    review: &Review,
    before: &[PersonId],
) -> Result<Vec<Job>, Error> {
    let mut jobs = Vec::new();
    for person in &review.reviewers {
        let card = NewNotice {
            reader: Reader::Person(*person),
            request: Some(review.request),
            kind: "review",
            topic: &format!("review:{}", review.id),
            body: "",
            alarm: None,
            review: Some(review.id),
        };
        db::notices::tell(tx, now, &card).await?;
    }
    jobs.extend(
        db::reviews::notices(tx, review.id)
            .await?
            .into_iter()
            .map(Job::SendNotice),
    );
    let people: BTreeSet<PersonId> = review.reviewers.iter().chain(before).copied().collect();
    let people: Vec<PersonId> = people.into_iter().collect();
    let homes = db::reading::homes_of(tx, &people).await?;
    jobs.extend(homes.into_iter().map(Job::RefreshHome));
    if review.reviewers.is_empty() {
        let alarm = NewAlarm {
            kind: AlarmKind::ReviewForNobody,
            once: format!("{}:{}", AlarmKind::ReviewForNobody.word(), review.id),
            request: Some(review.request),
            grant: None,
            emergency: true,
            body: format!(
                "🚨 Nobody is left who could look back at the emergency #{}: everyone in charge had a part in it. Name \
                 others as owners of {}, or as last resort.",
                request.id, facts.entitlement.app.name
            ),
        };
        let told = db::alarms::answerable(tx).await?;
        jobs.extend(raise_alarm::raise(tx, now, &alarm, &told).await?);
    }
    Ok(jobs)
}

/// Looks at a review that is owed: who can do it now, reminders, its deadline. Looking once too often changes nothing.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn tick_review(system: &System, id: i64) -> Result<(), Error> {
    let now = system.clock.now();
    let known = db::reviews::get(&system.db, id).await?.ok_or(Error::NotFound)?;
    system
        .db
        .write("tick_review", async |tx| {
            let request = db::requests::lock(tx, known.request).await?.ok_or(Error::NotFound)?;
            let mut review = db::reviews::lock(tx, id).await?.ok_or(Error::NotFound)?;
            if review.done.is_some() {
                return Ok(());
            }
            let facts = facts::of_request(tx, now, &request, None).await?;
            let due = review.due(now);
            let mut events = Vec::new();
            if due.overdue && review.overdue_since.is_none() {
                review.overdue_since = Some(now);
                events.push(Event::ReviewOverdue { review: id });
            }
            let overdue = review.overdue_since.is_some();
            let before = std::mem::replace(&mut review.reviewers, review::reviewers(&request, &facts, overdue));
            if review.reviewers != before {
                db::reviews::set_reviewers(tx, id, &review.reviewers).await?;
                events.push(Event::ReviewersChanged {
                    review: id,
                    reviewers: review.reviewers.clone(),
                });
            }
            let mut jobs = Vec::new();
            if due.reminded > review.reminded {
                review.reminded = due.reminded;
                jobs.extend(remind(tx, now, &request, &facts, &review).await?);
            }
            db::reviews::save(tx, &review, due.next).await?;
            if !events.is_empty() {
                write_down(tx, now, &request, events).await?;
                jobs.extend(show(tx, now, &request, &facts, &review, &before).await?);
            }
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}

/// Reminds everyone who can do it; and, once it is overdue, tells whose use it is about what follows.
async fn remind(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: &Request,
    facts: &Facts,
    review: &Review,
) -> Result<Vec<Job>, Error> {
    let overdue = review.overdue_since.is_some();
    let name = super::consequences::neutral(&facts.name(request.subject));
    let title = super::consequences::neutral(&facts.entitlement.title());
    let when = if overdue { "is overdue" } else { "still waits for you" };
    let body = format!(
        "⏰ The review of the emergency #{} of *{name}* ({title}) {when}. `/c1 reviews` brings you to it.",
        request.id
    );
    let mut told: Vec<(PersonId, String, String)> = review
        .reviewers
        .iter()
        .map(|person| {
            (
                *person,
                format!("review-reminder:{}:{}", review.id, review.reminded),
                body.clone(),
            )
        })
        .collect();
    if overdue {
        told.push((
            request.subject,
            format!("review-overdue:{}", review.id),
            format!(
                "⚠️ The review of your emergency #{} ({title}) is overdue. Until it is done, a second person has to approve \
                 your next emergency.",
                request.id
            ),
        ));
    }
    let mut jobs = Vec::new();
    for (person, topic, body) in &told {
        let notice = NewNotice {
            reader: Reader::Person(*person),
            request: Some(request.id),
            kind: "review_reminder",
            topic,
            body,
            alarm: None,
            review: None,
        };
        jobs.extend(db::notices::tell(tx, now, &notice).await?.map(Job::SendNotice));
    }
    Ok(jobs)
}
