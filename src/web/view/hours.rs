//! Moments, as people say them in their own time zone.

use chrono::{DateTime, Datelike as _, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;

/// Somebody's clock at the moment of looking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hours {
    zone: Tz,
    now: DateTime<Utc>,
}

/// A moment, for people and for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// "today at 17:00"
    pub(crate) words: String,
    /// RFC 3339, in UTC.
    pub(crate) exact: String,
}

impl Hours {
    /// The clock of whoever lives by this time zone; UTC, where it is not known.
    pub(crate) fn of(zone: Option<&str>, now: DateTime<Utc>) -> Self {
        let zone = zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
        Self { zone, now }
    }

    /// What the page says about its times.
    pub(crate) fn zone(&self) -> &'static str {
        self.zone.name()
    }

    pub(crate) fn moment(&self, at: DateTime<Utc>) -> Moment {
        Moment {
            words: self.when(at),
            exact: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }

    /// "today at 17:00", "Thu 26 Nov at 06:15", "3 Jan 2027 at 09:00".
    pub(crate) fn when(&self, at: DateTime<Utc>) -> String {
        let (at, now) = (at.with_timezone(&self.zone), self.now.with_timezone(&self.zone));
        let days = at.date_naive().signed_duration_since(now.date_naive()).num_days();
        let day = match days {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            -1 => "yesterday".to_owned(),
            _ if at.year() == now.year() => at.format("%a %-d %b").to_string(),
            _ => at.format("%-d %b %Y").to_string(),
        };
        format!("{day} at {}", at.format("%H:%M"))
    }

    /// How much time is left, as people say it; `None` when there is none.
    pub(crate) fn left(&self, until: DateTime<Utc>) -> Option<String> {
        let left = until - self.now;
        (left > TimeDelta::zero()).then(|| crate::domain::length::spoken(left.num_seconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_said_by_the_readers_own_clock() {
        let now = "2026-11-26T22:30:00Z".parse().unwrap();
        let said = |zone, at: &str| Hours::of(zone, now).when(at.parse().unwrap());
        // In Berlin it is half past eleven in the evening; in Tokyo it is tomorrow already.
        assert_eq!(said(Some("Europe/Berlin"), "2026-11-26T22:45:00Z"), "today at 23:45");
        assert_eq!(said(Some("Europe/Berlin"), "2026-11-26T23:15:00Z"), "tomorrow at 00:15");
        assert_eq!(said(Some("Asia/Tokyo"), "2026-11-26T14:15:00Z"), "yesterday at 23:15");
        assert_eq!(said(None, "2026-11-26T01:00:00Z"), "today at 01:00");
        assert_eq!(
            said(Some("Nowhere/At-all"), "2026-11-20T01:00:00Z"),
            "Fri 20 Nov at 01:00"
        );
        assert_eq!(said(None, "2027-01-03T09:00:00Z"), "3 Jan 2027 at 09:00");
        let hours = Hours::of(Some("Europe/Berlin"), now);
        assert_eq!(
            hours.left("2026-11-27T02:30:00Z".parse().unwrap()).as_deref(),
            Some("4 hours")
        );
        assert_eq!(hours.left(now), None);
        assert_eq!(hours.moment(now).exact, "2026-11-26T22:30:00Z");
    }
}
