//! Keeps what somebody typed into a page whose session was over when they sent it, until they have signed in again. It is
//! never sent by itself: it is shown in its form, to be looked at and sent by hand.

use super::{Error, System, sign_in::Secret};
use crate::{
    db::{self, kept_words::KeptWords},
    domain::ids::{PersonId, RequestId},
};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// Long enough to sign in.
const FOR: TimeDelta = TimeDelta::minutes(30);

/// More than any form has.
const MOST_FIELDS: usize = 12;

/// What a form brings, by name.
pub type Fields = BTreeMap<String, String>;

/// Keeps what was typed into a form for the browser that carries `secret`.
///
/// # Errors
/// The database's.
pub async fn keep_words(
    system: &System,
    secret: &Secret,
    person: Option<PersonId>,
    (request, act): (RequestId, &str),
    fields: &Fields,
) -> Result<(), Error> {
    let now = system.clock.now();
    let words = KeptWords {
        person,
        request,
        act: act.to_owned(),
        fields: fields
            .iter()
            .take(MOST_FIELDS)
            .map(|(name, value)| (storable(name), storable(value)))
            .collect(),
    };
    system
        .db
        .write("keep_words", async |tx| {
            Ok(db::kept_words::keep(tx, &secret.hash(), &words, now, now - FOR).await?)
        })
        .await
}

/// What a browser has kept about a request, if it is for this person to see: the form, and what was typed into it.
///
/// # Errors
/// The database's.
pub async fn kept_words(
    system: &System,
    secret: &Secret,
    person: PersonId,
    request: RequestId,
) -> Result<Option<(String, Fields)>, Error> {
    let since = system.clock.now() - FOR;
    let kept = db::kept_words::find(&system.db, &secret.hash(), since).await?;
    Ok(kept
        .filter(|kept| kept.request == request && kept.person.is_none_or(|whose| whose == person))
        .map(|kept| (kept.act, kept.fields)))
}

/// Forgets it: it stands in its form again.
///
/// # Errors
/// The database's.
pub async fn forget_words(system: &System, secret: &Secret) -> Result<(), Error> {
    system
        .db
        .write("forget_words", async |tx| {
            Ok(db::kept_words::forget(tx, &secret.hash()).await?)
        })
        .await
}

/// The database takes any letter but one.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}
