//! How long access lasts: lengths, what an entitlement allows, how people write and read them.

use super::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
const YEAR: i64 = 365 * DAY;

/// The longest length that can be written: ten years. Beyond it people mean "no end".
pub const LONGEST: i64 = 10 * YEAR;

/// How long access lasts. Stored as whole seconds; `NULL` is no end, so "unlimited" is never a zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Option<i64>", into = "Option<i64>")]
pub enum Length {
    /// This many seconds, counted from the moment access works.
    For(i64),
    /// Until somebody ends it.
    NoEnd,
}

impl From<Option<i64>> for Length {
    fn from(seconds: Option<i64>) -> Self {
        seconds.map_or(Self::NoEnd, Self::For)
    }
}

impl From<Length> for Option<i64> {
    fn from(length: Length) -> Self {
        match length {
            Length::For(seconds) => Some(seconds),
            Length::NoEnd => None,
        }
    }
}

impl Length {
    /// The moment at which access of this length ends when it begins `at`.
    #[must_use]
    pub fn end(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::For(seconds) => TimeDelta::try_seconds(seconds).and_then(|span| at.checked_add_signed(span)),
            Self::NoEnd => None,
        }
    }

    /// Reads what a person wrote: `90m`, `12h`, `1w2d`, `2 hours 30 minutes`, `no end`.
    ///
    /// # Errors
    /// [`Refusal::LengthNotUnderstood`] for anything else, [`Refusal::LengthTooLong`] above ten years.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let wrote = text.trim();
        let lower: String = wrote
            .to_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace() && *c != ',')
            .collect();
        if matches!(lower.as_str(), "noend" | "forever" | "unlimited" | "permanent") {
            return Ok(Self::NoEnd);
        }
        let not_understood = || Refusal::LengthNotUnderstood {
            wrote: wrote.chars().take(40).collect(),
        };
        let mut rest = lower.as_str();
        let mut total: i64 = 0;
        if rest.is_empty() {
            return Err(not_understood());
        }
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .filter(|&n| n > 0)
                .ok_or_else(not_understood)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let unit = match unit {
                "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
                "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
                "d" | "day" | "days" => DAY,
                "w" | "wk" | "week" | "weeks" => WEEK,
                "y" | "yr" | "year" | "years" => YEAR,
                _ => return Err(not_understood()),
            };
            // A number too large for 64 bits is too long, not "not understood".
            let number: i64 = number.parse().unwrap_or(i64::MAX);
            total = total.saturating_add(number.saturating_mul(unit));
            rest = tail;
        }
        match total {
            0 => Err(not_understood()),
            seconds if seconds > LONGEST => Err(Refusal::LengthTooLong { max: LONGEST }),
            seconds => Ok(Self::For(seconds)),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(seconds) => f.write_str(&spoken(*seconds)),
            Self::NoEnd => f.write_str("no end"),
        }
    }
}

/// Seconds as people say them, in the two largest units that matter: `4 hours`, `1 week 2 days`, `less than a minute`.
#[must_use]
pub fn spoken(seconds: i64) -> String {
    let mut parts = Vec::new();
    let mut rest = seconds.max(0);
    // Beyond two weeks people count in days, unless it comes out even: "30 days", but "4 weeks".
    let weeks = rest < 2 * WEEK || (rest % WEEK == 0 && rest < YEAR);
    for (size, name) in [
        (YEAR, "year"),
        (WEEK, "week"),
        (DAY, "day"),
        (HOUR, "hour"),
        (MINUTE, "minute"),
    ] {
        if size == WEEK && !weeks {
            continue;
        }
        let count = rest / size;
        if count > 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
            rest %= size;
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        "less than a minute".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Which lengths an entitlement offers and allows. All in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LengthRules {
    /// Offered in the form, in this order.
    pub presets: Vec<i64>,
    /// Never longer than this.
    pub max: Option<i64>,
    /// May people write a length of their own?
    pub custom: bool,
    /// May access have no end? Has no effect as soon as a maximum exists.
    pub no_end: bool,
    /// Chosen when the person chooses nothing.
    pub default: Length,
}

impl LengthRules {
    /// Access without an end and nothing to choose.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            presets: Vec::new(),
            max: None,
            custom: false,
            no_end: true,
            default: Length::NoEnd,
        }
    }

    /// Is there anything to choose? Only then does the form ask.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.custom || self.presets.len() + usize::from(self.offers_no_end()) > 1
    }

    /// "No end" disappears as soon as a maximum exists.
    #[must_use]
    pub fn offers_no_end(&self) -> bool {
        self.no_end && self.max.is_none()
    }

    /// These rules with a lower maximum (an emergency has its own).
    #[must_use]
    pub fn capped(&self, cap: Option<i64>) -> Self {
        let Some(cap) = cap else { return self.clone() };
        let ceiling = self.max.map_or(cap, |max| max.min(cap));
        let mut presets: Vec<i64> = self
            .presets
            .iter()
            .copied()
            .filter(|preset| *preset <= ceiling)
            .collect();
        let default = match self.default {
            Length::For(seconds) if seconds <= ceiling => self.default,
            Length::For(_) | Length::NoEnd => {
                // Whatever is chosen for people must be among what they can choose.
                if !presets.contains(&ceiling) {
                    presets.push(ceiling);
                }
                Length::For(ceiling)
            }
        };
        Self {
            presets,
            max: Some(ceiling),
            custom: self.custom,
            no_end: self.no_end,
            default,
        }
    }

    /// Checks a length that somebody asks for.
    ///
    /// # Errors
    /// [`Refusal::LengthTooLong`], [`Refusal::NoEndNotAllowed`] or [`Refusal::LengthNotOffered`].
    pub fn check(&self, length: Length) -> Result<Length, Refusal> {
        match (length, self.max) {
            (Length::NoEnd, _) if self.offers_no_end() => Ok(length),
            (Length::NoEnd, max) => Err(Refusal::NoEndNotAllowed { max }),
            (Length::For(seconds), Some(max)) if seconds > max => Err(Refusal::LengthTooLong { max }),
            (Length::For(seconds), _) if seconds <= 0 => Err(Refusal::LengthNotUnderstood {
                wrote: seconds.to_string(),
            }),
            (Length::For(seconds), _) if self.custom || self.presets.contains(&seconds) => Ok(length),
            (Length::For(_), _) if length == self.default => Ok(length),
            (Length::For(_), _) => Err(Refusal::LengthNotOffered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_lengths_in_many_ways() {
        for (wrote, seconds) in [
            ("90m", 5_400),
            ("12h", 43_200),
            ("1w2d", 777_600),
            (" 2 hours, 30 minutes ", 9_000),
            ("1D", 86_400),
            ("1y", 31_536_000),
        ] {
            assert_eq!(Length::parse(wrote), Ok(Length::For(seconds)), "{wrote}");
        }
        assert_eq!(Length::parse("No end"), Ok(Length::NoEnd));
        for wrote in [
            "",
            "-3d",
            "0h",
            "3",
            "h",
            "4 fortnights",
            "3d-1h",
            "1.5h",
            "٣h",
            "\u{200b}",
        ] {
            assert!(
                matches!(Length::parse(wrote), Err(Refusal::LengthNotUnderstood { .. })),
                "{wrote}"
            );
        }
        for wrote in ["9999y", "99999999999999999999999h", "3651d"] {
            assert_eq!(
                Length::parse(wrote),
                Err(Refusal::LengthTooLong { max: LONGEST }),
                "{wrote}"
            );
        }
    }

    #[test]
    fn lengths_are_spoken_in_two_units() {
        for (seconds, text) in [
            (30, "less than a minute"),
            (60, "1 minute"),
            (5_400, "1 hour 30 minutes"),
            (14_400, "4 hours"),
            (777_600, "1 week 2 days"),
            (788_645, "1 week 2 days"),
            (28 * DAY, "4 weeks"),
            (30 * DAY, "30 days"),
            (90 * DAY, "90 days"),
            (YEAR, "1 year"),
            (400 * DAY, "1 year 35 days"),
            (LONGEST, "10 years"),
        ] {
            assert_eq!(spoken(seconds), text);
        }
        assert_eq!(Length::NoEnd.to_string(), "no end");
    }

    #[test]
    fn no_end_disappears_as_soon_as_a_maximum_exists() {
        let mut rules = LengthRules {
            custom: true,
            ..LengthRules::unlimited()
        };
        assert_eq!(rules.check(Length::NoEnd), Ok(Length::NoEnd));
        rules.max = Some(DAY);
        assert_eq!(
            rules.check(Length::NoEnd),
            Err(Refusal::NoEndNotAllowed { max: Some(DAY) })
        );
        assert_eq!(
            rules.check(Length::For(DAY + 1)),
            Err(Refusal::LengthTooLong { max: DAY })
        );
        assert_eq!(rules.check(Length::For(DAY)), Ok(Length::For(DAY)));
    }

    #[test]
    fn an_emergency_has_its_own_lower_maximum() {
        let rules = LengthRules {
            presets: vec![HOUR, DAY, WEEK],
            max: Some(WEEK),
            custom: false,
            no_end: true,
            default: Length::For(WEEK),
        };
        let capped = rules.capped(Some(4 * HOUR));
        assert_eq!(capped.presets, [HOUR, 4 * HOUR]);
        assert_eq!(capped.default, Length::For(4 * HOUR));
        assert_eq!(
            capped.check(Length::For(DAY)),
            Err(Refusal::LengthTooLong { max: 4 * HOUR })
        );
        assert_eq!(rules.capped(None), rules);
    }
}
