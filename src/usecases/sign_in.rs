//! Signs somebody in on the web: out to Slack, back with its word about who they are, and a session from then on.
//!
//! Invariant: what a browser carries is a secret of 256 random bits, and is kept here only as a hash.

use super::{Actor, Error, System, Via};
use crate::{
    db::{self, audit::Entry},
    domain::{
        event::{About, Event},
        ids::PersonId,
        person::Person,
    },
};
use chrono::TimeDelta;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// How long the way to Slack and back may take.
const TO_COME_BACK: TimeDelta = TimeDelta::minutes(10);

/// A session that is not used for so long is over.
const IDLE: TimeDelta = TimeDelta::hours(12);

/// No session lasts longer, however much it is used.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// Its use is noted so often.
const NOTED: TimeDelta = TimeDelta::minutes(5);

/// Something that a browser carries and nobody can guess.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(hex::encode(rand::random::<[u8; 32]>()))
    }

    /// One that a browser brings, if it can be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let fits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// As the browser gets it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Another secret, which only this one and the word lead to.
    fn derived(&self, word: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length will do");
        mac.update(word.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// What goes out to Slack with somebody, and must come back, or be known, in the browser that set out.
#[derive(Clone, Debug)]
pub struct Departure {
    /// Comes back in the address.
    pub state: Secret,
    /// Comes back inside what Slack signs.
    pub nonce: String,
    /// Proves that who redeems the code is who asked for it (PKCE).
    pub verifier: String,
}

impl Departure {
    /// Nonce and verifier follow from what the browser carries, so that they are kept nowhere.
    fn of(browser: &Secret, state: Secret) -> Self {
        Self {
            nonce: browser.derived(&format!("nonce {}", state.0)),
            verifier: browser.derived(&format!("verifier {}", state.0)),
            state,
        }
    }
}

/// Lets somebody set out. `goes_to` is the page they wanted; see [`local`].
///
/// # Errors
/// The database's.
pub async fn set_out(system: &System, browser: &Secret, goes_to: &str) -> Result<Departure, Error> {
    let now = system.clock.now();
    let departure = Departure::of(browser, Secret::random());
    system
        .db
        .write::<_, Error>("set_out", async |tx| {
            db::sessions::forget(tx, now - IDLE, now - TO_COME_BACK).await?;
            let (state, browser) = (departure.state.hash(), browser.hash());
            db::sessions::set_out(tx, &state, &browser, local(goes_to), now).await?;
            Ok(())
        })
        .await?;
    Ok(departure)
}

/// Somebody comes back with a `state`: what they set out with, and where they wanted to go. `None` when it was used
/// before, is too old, or began in another browser.
///
/// # Errors
/// The database's.
pub async fn come_back(system: &System, browser: &Secret, state: Secret) -> Result<Option<(Departure, String)>, Error> {
    let now = system.clock.now();
    let goes_to = system
        .db
        .write::<_, Error>("come_back", async |tx| {
            let (state, browser) = (state.hash(), browser.hash());
            Ok(db::sessions::come_back(tx, &state, &browser, now - TO_COME_BACK).await?)
        })
        .await?;
    Ok(goes_to.map(|goes_to| (Departure::of(browser, state), goes_to)))
}

/// A page of ours, or the first one for whatever leads elsewhere.
#[must_use]
pub fn local(path: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
    let ours = path.starts_with('/') && !path.contains("//") && path.len() <= 200 && path.chars().all(plain);
    if ours { path } else { "/" }
}

/// Begins a session for whoever Slack says it is; the browser's earlier one, if there is one, is over.
///
/// # Errors
/// [`Error::NotFound`] for an account that c1 does not know; [`crate::domain::refusal::Refusal::NotTakingPart`] for guests, bots and people who
/// are suspended or gone.
pub async fn sign_in(
    system: &System,
    team: &str,
    user: &str,
    earlier: Option<&Secret>,
) -> Result<(Secret, Person), Error> {
    let person = db::people::by_slack(&system.db, team, user).await?;
    let person = person.ok_or(Error::NotFound)?;
    super::authorize::takes_part(&person)?;
    let now = system.clock.now();
    let session = Secret::random();
    system
        .db
        .write::<_, Error>("sign_in", async |tx| {
            if let Some(earlier) = earlier {
                db::sessions::remove(tx, &earlier.hash()).await?;
            }
            db::sessions::insert(tx, &session.hash(), person.id, now).await?;
            db::audit::append(tx, now, &[entry(person.id, Event::SignedIn)]).await?;
            Ok(())
        })
        .await?;
    Ok((session, person))
}

/// Ends a session. Harmless when it is over already.
///
/// # Errors
/// The database's.
pub async fn sign_out(system: &System, session: &Secret) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("sign_out", async |tx| {
            if let Some(person) = db::sessions::remove(tx, &session.hash()).await? {
                db::audit::append(tx, now, &[entry(person, Event::SignedOut)]).await?;
            }
            Ok(())
        })
        .await
}

/// Whose session it is, as they are at this moment: a session of somebody who no longer takes part is over. `used` says
/// that they themselves did something.
///
/// # Errors
/// The database's.
pub async fn signed_in(system: &System, session: &Secret, used: bool) -> Result<Option<Person>, Error> {
    let now = system.clock.now();
    let Some(row) = db::sessions::find(&system.db, &session.hash()).await? else {
        return Ok(None);
    };
    let person = db::people::person(&system.db, row.person).await?;
    let in_time = now - row.seen_at < IDLE && now - row.created_at < LONGEST;
    let Some(person) = person.filter(|person| in_time && person.takes_part()) else {
        system
            .db
            .write::<_, Error>("end_session", async |tx| {
                db::sessions::remove(tx, &session.hash()).await?;
                Ok(())
            })
            .await?;
        return Ok(None);
    };
    if used && now - row.seen_at >= NOTED {
        system
            .db
            .write::<_, Error>("use_session", async |tx| Ok(db::sessions::seen(tx, row.id, now).await?))
            .await?;
    }
    Ok(Some(person))
}

/// Whose session it is, or was: of one that is over this says nothing for long.
///
/// # Errors
/// The database's.
pub async fn whose(system: &System, session: &Secret) -> Result<Option<PersonId>, Error> {
    let row = db::sessions::find(&system.db, &session.hash()).await?;
    Ok(row.map(|row| row.person))
}

/// Does it go on? Asking is no use of it.
///
/// # Errors
/// The database's.
pub async fn still_signed_in(system: &System, session: &Secret) -> Result<bool, Error> {
    Ok(signed_in(system, session, false).await?.is_some())
}

fn entry(person: PersonId, event: Event) -> Entry {
    Entry {
        actor: Actor::web(person).person,
        via: Via::Web.word(),
        about: About::Person(person),
        emergency: false,
        event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_gone_back_to() {
        for (asked, goes_to) in [
            ("/requests/42", "/requests/42"),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/requests/42", "/"),
            ("/requests//evil.example", "/"),
            ("/requests/42?x=1", "/"),
            ("/requests/42\r\nSet-Cookie: a=b", "/"),
            ("/%2f%2fevil.example", "/"),
            ("requests/42", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(local(asked), goes_to, "{asked}");
        }
    }

    #[test]
    fn a_secret_is_what_we_make_and_is_not_printed() {
        let secret = Secret::random();
        assert_eq!(Secret::read(secret.as_str()), Some(secret.clone()));
        assert_ne!(secret, Secret::random());
        assert_eq!(format!("{secret:?}"), "Secret");
        for wrong in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"a".repeat(65)] {
            assert_eq!(Secret::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nonce_and_verifier_belong_to_one_way_in_one_browser() {
        let (browser, other, state) = (Secret::random(), Secret::random(), Secret::random());
        let made = Departure::of(&browser, state.clone());
        let again = Departure::of(&browser, state.clone());
        assert_eq!((&made.nonce, &made.verifier), (&again.nonce, &again.verifier));
        assert_ne!(made.nonce, made.verifier);
        assert_ne!(made.nonce, Departure::of(&other, state).nonce);
        assert_ne!(made.nonce, Departure::of(&browser, Secret::random()).nonce);
        // What PKCE asks of a verifier: 43 to 128 plain characters.
        assert_eq!(made.verifier.len(), 64);
    }
}
