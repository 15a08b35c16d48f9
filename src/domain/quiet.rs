//! Quiet hours: when people are left in peace, by their own clock.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;

/// When people are left in peace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// From this time of the day until that one; the same twice: never.
    hours: (NaiveTime, NaiveTime),
    /// All of Saturday and Sunday, too?
    weekends: bool,
}

impl Default for QuietHours {
    /// From eight in the evening until eight in the morning, and at weekends.
    fn default() -> Self {
        Self {
            hours: (at(20, 0), at(8, 0)),
            weekends: true,
        }
    }
}

fn at(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default()
}

impl QuietHours {
    /// Reads `20:00-08:00 and weekends`, `22:00-06:00` or `never`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "never" {
            return Some(Self {
                hours: (at(0, 0), at(0, 0)),
                weekends: false,
            });
        }
        let (hours, weekends) = match text.strip_suffix("and weekends") {
            Some(hours) => (hours.trim(), true),
            None => (text, false),
        };
        if hours == "never" && weekends {
            return Some(Self {
                hours: (at(0, 0), at(0, 0)),
                weekends,
            });
        }
        let (from, until) = hours.split_once('-')?;
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let (from, until) = (time(from)?, time(until)?);
        (from != until).then_some(Self {
            hours: (from, until),
            weekends,
        })
    }

    /// The first moment from `now` on that is not quiet for somebody who lives by this time zone (its IANA name; UTC,
    /// where it is not known).
    #[must_use]
    pub fn over(&self, now: DateTime<Utc>, zone: Option<&str>) -> DateTime<Utc> {
        let zone = zone_of(zone);
        let mut local = now.with_timezone(&zone).naive_local();
        // A day has two edges, and a weekend two days: more steps than these there are not.
        for _ in 0..6 {
            match self.edge(local) {
                Some(edge) => local = edge,
                None => break,
            }
        }
        utc(local, zone).max(now)
    }

    /// The end of the quiet time that `local` lies in.
    fn edge(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let tomorrow = (local.date() + TimeDelta::days(1)).and_time(at(0, 0));
        if self.weekends && matches!(local.weekday(), Weekday::Sat | Weekday::Sun) {
            return Some(tomorrow);
        }
        let (from, until) = self.hours;
        let time = local.time();
        match (from < until, from == until) {
            (_, true) => None,
            (true, _) => (time >= from && time < until).then(|| local.date().and_time(until)),
            (false, _) if time < until => Some(local.date().and_time(until)),
            (false, _) => (time >= from).then_some(tomorrow),
        }
    }
}

/// A working day after `now`, for somebody who lives by this time zone: the same time on the next day that is no weekend.
#[must_use]
pub fn working_day_after(now: DateTime<Utc>, zone: Option<&str>) -> DateTime<Utc> {
    let zone = zone_of(zone);
    let mut local = now.with_timezone(&zone).naive_local() + TimeDelta::days(1);
    while matches!(local.weekday(), Weekday::Sat | Weekday::Sun) {
        local += TimeDelta::days(1);
    }
    utc(local, zone)
}

/// Nine in the morning of the next day, for somebody who lives by this time zone.
#[must_use]
pub fn tomorrow_morning(now: DateTime<Utc>, zone: Option<&str>) -> DateTime<Utc> {
    let zone = zone_of(zone);
    let tomorrow = now.with_timezone(&zone).date_naive() + TimeDelta::days(1);
    utc(tomorrow.and_time(at(9, 0)), zone)
}

/// The day it is at `now` for somebody who lives by this time zone.
#[must_use]
pub fn day_of(now: DateTime<Utc>, zone: Option<&str>) -> NaiveDate {
    now.with_timezone(&zone_of(zone)).date_naive()
}

/// When a day begins for somebody who lives by this time zone.
#[must_use]
pub fn midnight(day: NaiveDate, zone: Option<&str>) -> DateTime<Utc> {
    utc(day.and_time(at(0, 0)), zone_of(zone))
}

fn zone_of(name: Option<&str>) -> Tz {
    name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// The moment of a local time. One that a change of clocks leaves out is taken an hour later; of two, the first.
fn utc(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    found.map_or_else(|| local.and_utc(), |found| found.with_timezone(&Utc))
}
