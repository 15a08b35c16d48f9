//! Asks for all that is missing of a bundle: one request for each part, all of them or none.

use super::{
    Actor, Error, System, change,
    job::{self, Job},
    queries::request_form::Preview,
    submit_request::{Ask, Submission},
};
use crate::{
    db::{self, Tx, bundles::Bundle},
    domain::{
        ids::{BundleId, CatalogId, PersonId, RequestId},
        length::Length,
        refusal::{Refusal, tidy},
    },
};
use chrono::{DateTime, Utc};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// For whom; `None`: for oneself.
    pub subject: Option<PersonId>,
    /// Which bundle.
    pub catalog: CatalogId,
    /// Why.
    pub justification: String,
    /// The act, as the door names it: the same act asks once.
    pub origin: Option<String>,
}

/// A bundle, with how somebody stands to each of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Its name.
    pub name: String,
    /// One for each part, in order.
    pub parts: Vec<Part>,
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// "GitHub / payments / Admin".
    pub title: String,
    /// For how long it would be asked: its usual time.
    pub length: Length,
    /// Who would be asked; or why it is not asked for.
    pub outcome: Result<Preview, Refusal>,
}

impl Part {
    /// Is it there already, or asked for?
    #[must_use]
    pub fn is_there(&self) -> bool {
        is_there(&self.outcome)
    }
}

fn is_there<T>(outcome: &Result<T, Refusal>) -> bool {
    matches!(outcome, Err(Refusal::AlreadyHeld { .. } | Refusal::AlreadyAsked { .. }))
}

/// What would be asked for.
///
/// # Errors
/// [`Refusal::NoSuchEntitlement`] where this person may not be given it, or the database's.
pub async fn parts(
    system: &System,
    requester: PersonId,
    subject: PersonId,
    catalog: CatalogId,
) -> Result<Parts, Error> {
    let now = system.clock.now();
    system
        .db
        .write("look_at_bundle", async |tx| {
            let (name, asks) = load(tx, now, requester, subject, catalog).await?;
            let parts = asks.iter().map(|(ask, length)| Part {
                title: ask.facts.entitlement.title(),
                length: *length,
                outcome: ask
                    .check(false)
                    .and_then(|()| super::preview::preview(ask, false, *length)),
            });
            Ok(Parts {
                name,
                parts: parts.collect(),
            })
        })
        .await
}

async fn load(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    requester: PersonId,
    subject: PersonId,
    catalog: CatalogId,
) -> Result<(String, Vec<(Ask, Length)>), Error> {
    let offered = db::bundles::offered(tx, catalog, subject)
        .await?
        .ok_or(Refusal::NoSuchEntitlement)?;
    let mut asks = Vec::new();
    for part in offered.parts {
        let mut ask = Ask::load(tx, now, requester, subject, part).await?;
        let length = ask.lengths(false).default;
        ask.meet(tx, false, length).await?;
        asks.push((ask, length));
    }
    Ok((offered.name, asks))
}

/// Makes the requests, and the card that keeps them together.
///
/// # Errors
/// [`Refusal::NothingMissing`], [`Refusal::PartRefused`] for the first part that cannot be asked for, and what concerns
/// the reason.
pub async fn request_bundle(system: &System, actor: Actor, wish: Wish) -> Result<BundleId, Error> {
    let now = system.clock.now();
    let requester = actor.somebody()?;
    let subject = wish.subject.unwrap_or(requester);
    let made = system
        .db
        .write("request_bundle", async |tx| {
            let (name, asks) = load(tx, now, requester, subject, wish.catalog).await?;
            let bundle = Bundle {
                id: BundleId(0),
                name,
                requester,
                subject,
                justification: tidy(&wish.justification, true)?,
                requests: Vec::new(),
            };
            let Some(id) = db::bundles::insert(tx, now, &bundle, wish.origin.as_deref()).await? else {
                return Ok(None);
            };
            let mut made: Vec<RequestId> = Vec::new();
            for (ask, length) in &asks {
                let outcome = ask.check(false);
                if is_there(&outcome) {
                    continue;
                }
                let submission = Submission {
                    subject: Some(subject),
                    entitlement: ask.facts.entitlement.id,
                    length: Some(*length),
                    justification: wish.justification.clone(),
                    emergency: false,
                    extension: false,
                    origin: None,
                };
                let named = |refusal: Refusal| match refusal {
                    // These are about the whole, not about the part.
                    Refusal::NotTakingPart { .. } | Refusal::MayNotAskFor { .. } => refusal,
                    refusal => Refusal::PartRefused {
                        part: ask.facts.entitlement.title(),
                        why: refusal.sentence(),
                    },
                };
                let event = ask.event(&submission, Some(id)).map_err(named)?;
                let request = change::begin_request(tx, now, actor, event, &ask.facts, Vec::new(), None).await;
                made.push(match request {
                    Err(Error::Refused(refusal)) => return Err(named(refusal).into()),
                    other => other?.id,
                });
            }
            if made.is_empty() {
                return Err(Refusal::NothingMissing { name: bundle.name }.into());
            }
            let card = db::bundles::insert_card(tx, now, id, &bundle).await?;
            job::enqueue(tx, now, &[Job::SendNotice(card)]).await?;
            Ok::<_, Error>(Some(id))
        })
        .await;
    // The first time the same act was taken in, its answer got lost.
    let before = async || match &wish.origin {
        Some(origin) => db::bundles::by_origin(&system.db, origin).await,
        None => Ok(None),
    };
    match made {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Ok(before().await?.ok_or(Error::NotFound)?),
        Err(Error::Refused(refusal @ Refusal::NothingMissing { .. })) => before().await?.ok_or(Error::Refused(refusal)),
        Err(error) => Err(error),
    }
}
