//! What was asked for together, as whoever asked sees it.

use super::{
    my_work::{self, RequestLine},
    request_card::PersonRef,
};
use crate::{
    db::{self, DbError},
    domain::ids::{BundleId, PersonId},
    usecases::System,
};

/// A bundle that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleCard {
    /// Its number.
    pub id: BundleId,
    /// What it was called.
    pub name: String,
    /// Who asked, and reads this.
    pub requester: PersonRef,
    /// For whom.
    pub subject: PersonRef,
    /// Why.
    pub justification: String,
    /// Its parts, in order.
    pub parts: Vec<RequestLine>,
}

impl BundleCard {
    /// Everyone it names.
    pub fn people(&self) -> impl Iterator<Item = PersonId> + '_ {
        let parts = self.parts.iter().flat_map(RequestLine::people);
        parts.chain([self.requester.id, self.subject.id])
    }
}

/// The card of a bundle.
///
/// # Errors
/// The database's.
pub async fn bundle_card(system: &System, id: BundleId) -> Result<Option<BundleCard>, DbError> {
    let Some(bundle) = db::bundles::get(&system.db, id).await? else {
        return Ok(None);
    };
    let people = db::people::people_by_ids(&system.db, &[bundle.requester, bundle.subject]).await?;
    let named = |id: PersonId| PersonRef {
        id,
        name: people
            .get(&id)
            .map_or_else(|| "somebody".to_owned(), |person| person.name.clone()),
    };
    Ok(Some(BundleCard {
        id,
        requester: named(bundle.requester),
        subject: named(bundle.subject),
        parts: my_work::lines(system, &bundle.requests, bundle.requester).await?,
        name: bundle.name,
        justification: bundle.justification,
    }))
}
