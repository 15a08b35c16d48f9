//! The catalog as one person may see it: what the pickers offer.

use crate::{
    db::{self, DbError, reading::EntitlementRow},
    domain::ids::{AppId, CatalogId, EntitlementId, PersonId},
    usecases::System,
};
use chrono::{DateTime, TimeDelta, Utc};

/// An app in the picker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppChoice {
    /// Its number.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// A few words about it; may be empty.
    pub description: String,
}

/// A bundle in the picker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleChoice {
    /// Its number.
    pub id: CatalogId,
    /// Its name.
    pub name: String,
    /// How many parts it has.
    pub parts: usize,
}

/// An entitlement in the picker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementChoice {
    /// Its number.
    pub id: EntitlementId,
    /// The resource and the name: `payments / Admin`.
    pub name: String,
    /// A few words about it; may be empty.
    pub description: String,
    /// Does the person have it?
    pub holding: Holding,
}

/// Does a person have an entitlement?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// No.
    Not,
    /// Asked for (⏳).
    Pending,
    /// Yes, for good or until then (✅; soon over: expiring).
    Held {
        /// When it ends.
        until: Option<DateTime<Utc>>,
        /// Within a day?
        expiring: bool,
    },
}

/// How soon an end counts as soon.
const SOON: TimeDelta = TimeDelta::days(1);

/// Apps the subject may ask for, matching what was typed; at most 100, as many as a picker shows.
///
/// # Errors
/// The database's.
pub async fn apps(system: &System, subject: PersonId, typed: &str) -> Result<Vec<AppChoice>, DbError> {
    let rows = db::reading::apps(&system.db, subject, typed.trim(), 100).await?;
    Ok(rows
        .into_iter()
        .map(|row| AppChoice {
            id: row.id,
            name: row.name,
            description: row.description,
        })
        .collect())
}

/// Bundles the subject may be given, matching what was typed; at most 20.
///
/// # Errors
/// The database's.
pub async fn bundles(system: &System, subject: PersonId, typed: &str) -> Result<Vec<BundleChoice>, DbError> {
    // The picker shows them with a box, which some will type.
    let typed = typed.trim().trim_start_matches('📦').trim();
    let found = db::bundles::offered_to(&system.db, subject, typed, 20).await?;
    Ok(found
        .into_iter()
        .map(|bundle| BundleChoice {
            id: bundle.id,
            name: bundle.name,
            parts: bundle.parts.len(),
        })
        .collect())
}

/// Entitlements of an app the subject may ask for, matching what was typed; at most 100.
///
/// # Errors
/// The database's.
pub async fn entitlements(
    system: &System,
    subject: PersonId,
    app: AppId,
    typed: &str,
) -> Result<Vec<EntitlementChoice>, DbError> {
    let now = system.clock.now();
    let rows = db::reading::entitlements(&system.db, subject, Some(app), &words(typed), 100).await?;
    Ok(rows.into_iter().map(|row| choice(row, now)).collect())
}

fn choice(row: EntitlementRow, now: DateTime<Utc>) -> EntitlementChoice {
    let holding = if row.pending {
        Holding::Pending
    } else if row.held {
        Holding::Held {
            until: row.until,
            expiring: row.until.is_some_and(|until| until - now < SOON),
        }
    } else {
        Holding::Not
    };
    EntitlementChoice {
        id: row.id,
        name: row.name,
        description: row.description,
        holding,
    }
}

/// What words after the command come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing was said.
    Nothing,
    /// One entitlement.
    One(AppId, EntitlementId),
    /// Several, all of one app.
    InApp(AppId),
    /// Several, of several apps.
    Several,
    /// None.
    Unknown,
}

/// Finds what words mean ("github admin"), among what the subject may ask for.
///
/// # Errors
/// The database's.
pub async fn find(system: &System, subject: PersonId, text: &str) -> Result<Found, DbError> {
    let words = words(text);
    if words.is_empty() {
        return Ok(Found::Nothing);
    }
    let mut rows = db::reading::entitlements(&system.db, subject, None, &words, 50).await?;
    // Words that name an app mean it, even if something in another app is called alike.
    let named = |row: &EntitlementRow| {
        let name = row.app_name.to_lowercase();
        words.iter().all(|word| name.contains(word.as_str()))
    };
    if rows.iter().any(named) {
        rows.retain(named);
    }
    Ok(match rows.as_slice() {
        [] => Found::Unknown,
        [only] => Found::One(only.app, only.id),
        [first, rest @ ..] if rest.iter().all(|row| row.app == first.app) => Found::InApp(first.app),
        _ => Found::Several,
    })
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| c.is_whitespace() || c == '/')
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(str::to_owned)
        .take(8)
        .collect()
}
