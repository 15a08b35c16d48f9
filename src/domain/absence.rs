//! Absence: from when until when somebody is away, in the words people write, and who decides in their place.

use super::{ids::PersonId, refusal::Refusal};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// The longest absence, in days.
pub const LONGEST: i64 = 366;

/// Somebody is away, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub person: PersonId,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Back then.
    pub until: DateTime<Utc>,
    /// Who decides in their place.
    pub delegate: Option<PersonId>,
    /// Who says so.
    pub source: Source,
}

/// Who says that somebody is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// They themselves.
    #[default]
    Said,
    /// Their status in Slack.
    Status,
    /// That they do not want to be disturbed, in Slack.
    DoNotDisturb,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Said, Self::Status, Self::DoNotDisturb];

    /// The word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Status => "status",
            Self::DoNotDisturb => "do_not_disturb",
        }
    }

    /// Reads [`Source::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }

    /// Have they said it themselves?
    #[must_use]
    pub fn is_said(&self) -> bool {
        *self == Self::Said
    }
}

/// Days, as somebody writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The first day; today, if not said.
    pub from: Option<NaiveDate>,
    /// The day they are back.
    pub until: NaiveDate,
}

impl Absence {
    /// Checks a wish to be away.
    ///
    /// # Errors
    /// [`Refusal::AbsenceOver`], [`Refusal::AbsenceTooLong`], [`Refusal::OwnDelegate`].
    pub fn check(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if self.until <= now || self.until <= self.from {
            return Err(Refusal::AbsenceOver);
        }
        if self.until - self.from.max(now) > TimeDelta::days(LONGEST) || self.from - now > TimeDelta::days(LONGEST) {
            return Err(Refusal::AbsenceTooLong);
        }
        if self.delegate == Some(self.person) {
            return Err(Refusal::OwnDelegate);
        }
        Ok(self)
    }

    /// Does it hold at this moment?
    #[must_use]
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && now < self.until
    }
}

/// Reads `until Monday`, `from tomorrow until 2026-12-01`: whoever is away until a day is back on that day.
///
/// # Errors
/// [`Refusal::DayNotUnderstood`].
pub fn days(text: &str, today: NaiveDate) -> Result<Stay, Refusal> {
    let lower = text.trim().to_lowercase();
    let not = |wrote: &str| Refusal::DayNotUnderstood {
        wrote: wrote.trim().chars().take(80).collect(),
    };
    let (from, until) = match lower.strip_prefix("from ") {
        Some(rest) => {
            let (from, until) = rest.split_once(" until ").ok_or_else(|| not(text))?;
            (Some(day(from, today).ok_or_else(|| not(from))?), until)
        }
        None => (None, lower.strip_prefix("until ").ok_or_else(|| not(text))?),
    };
    let first = from.unwrap_or(today);
    let until = day(until, first).ok_or_else(|| not(until))?;
    Ok(Stay { from, until })
}

/// A day as people write it: `today`, `tomorrow`, the name of a weekday (the next one after `today`), `2026-12-01`.
#[must_use]
pub fn day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "today" => return Some(today),
        "tomorrow" => return today.checked_add_days(Days::new(1)),
        _ => {}
    }
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return Some(date);
    }
    let wanted: Weekday = text.strip_prefix("next ").unwrap_or(&text).parse().ok()?;
    let ahead = (wanted.num_days_from_monday() + 7 - today.weekday().num_days_from_monday()) % 7;
    today.checked_add_days(Days::new(u64::from(if ahead == 0 { 7 } else { ahead })))
}
