//! What an organisation's files say about c1 itself, with what holds where they say nothing.

use super::{length::Length, quiet::QuietHours, request::PATIENCE};
use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc, Weekday};
use std::collections::BTreeMap;

/// The channel that hears of emergencies.
pub const SECURITY_CHANNEL: &str = "security_channel";

/// When people are not reminded.
pub const QUIET_HOURS: &str = "quiet_hours";

/// Which status in Slack means that somebody is away: the names of emoji, without colons.
pub const AWAY_STATUS: &str = "away_in_slack.status";

/// From what length "do not disturb" in Slack means that somebody is away.
pub const AWAY_DO_NOT_DISTURB: &str = "away_in_slack.do_not_disturb";

/// How long a reviewer has.
pub const REVIEWS_WITHIN: &str = "reviews.within";

/// How often a drill runs by itself, against what, and as whom.
pub const DRILL: [&str; 3] = ["drill.every", "drill.entitlement", "drill.by"];

/// How long an emergency waits for people before it is an alarm.
pub const EMERGENCIES_ALARM_AFTER: &str = "emergencies.alarm_after";

/// When the digest of what is unreviewed goes out.
pub const REVIEWS_DIGEST: &str = "reviews.digest";

/// The channel in which large groups are asked.
pub const APPROVALS_CHANNEL: &str = "approvals_channel";

/// How many are asked one by one at most.
pub const ASK_ONE_BY_ONE_UP_TO: &str = "ask_one_by_one_up_to";

/// So many are asked one by one, where nothing is said.
const MANY: usize = 128;

/// So many always are, whatever is said.
pub const FEW: usize = 3;

/// The settings of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The channel that hears of emergencies: its id, or `#name`.
    pub security_channel: Option<String>,
    /// When people are not reminded, by their own clocks.
    pub quiet_hours: QuietHours,
    /// The channel in which larger groups are asked: its id, or `#name`.
    pub approvals_channel: Option<String>,
    /// Groups up to this size are asked one by one.
    pub ask_one_by_one_up_to: usize,
    /// How long an emergency waits for people before it is an alarm.
    pub alarm_after: TimeDelta,
    /// How long a reviewer has.
    pub reviews_within: TimeDelta,
    /// When the digest of what is unreviewed goes out.
    pub digest: Weekly,
    /// The drill that runs by itself.
    pub drill: Option<Schedule>,
    /// Which status in Slack means that somebody is away: the names of emoji, without colons.
    pub away_status: Vec<String>,
    /// From what length "do not disturb" means it; never, if not said.
    pub away_do_not_disturb: Option<TimeDelta>,
}

/// A drill that runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often.
    pub every: TimeDelta,
    /// Against what, by its path.
    pub entitlement: String,
    /// As whom, by their key.
    pub by: String,
}

impl Schedule {
    /// The latest moment for it that is not after `now`: counted from a Monday at nine.
    #[must_use]
    pub fn latest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        const MONDAY: i64 = 1_767_603_600;
        let every = self.every.num_seconds().max(60);
        let since = (now.timestamp() - MONDAY).rem_euclid(every);
        now - TimeDelta::seconds(since) - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()))
    }
}

/// A moment of every week, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// The day.
    pub day: Weekday,
    /// The time of day.
    pub time: NaiveTime,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            security_channel: None,
            quiet_hours: QuietHours::default(),
            approvals_channel: None,
            ask_one_by_one_up_to: MANY,
            alarm_after: PATIENCE,
            reviews_within: TimeDelta::days(3),
            digest: Weekly {
                day: Weekday::Mon,
                time: NaiveTime::MIN + TimeDelta::hours(9),
            },
            drill: None,
            away_status: Vec::new(),
            away_do_not_disturb: None,
        }
    }
}

impl Settings {
    /// Reads what is stored; what cannot be read is as if it were not said.
    #[must_use]
    pub fn read(stored: &BTreeMap<String, String>) -> Self {
        let said = |name: &str| stored.get(name).map(String::as_str);
        let otherwise = Self::default();
        Self {
            security_channel: said(SECURITY_CHANNEL).map(str::to_owned),
            quiet_hours: said(QUIET_HOURS).and_then(QuietHours::parse).unwrap_or_default(),
            alarm_after: said(EMERGENCIES_ALARM_AFTER)
                .and_then(time)
                .unwrap_or(otherwise.alarm_after),
            reviews_within: said(REVIEWS_WITHIN).and_then(time).unwrap_or(otherwise.reviews_within),
            drill: (|| {
                let [every, entitlement, by] = DRILL.map(said);
                Some(Schedule {
                    every: time(every?)?,
                    entitlement: entitlement?.to_owned(),
                    by: by?.to_owned(),
                })
            })(),
            away_status: said(AWAY_STATUS)
                .map(|names| names.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            away_do_not_disturb: said(AWAY_DO_NOT_DISTURB).and_then(time),
            digest: said(REVIEWS_DIGEST).and_then(Weekly::parse).unwrap_or(otherwise.digest),
            approvals_channel: said(APPROVALS_CHANNEL).map(str::to_owned),
            ask_one_by_one_up_to: said(ASK_ONE_BY_ONE_UP_TO)
                .and_then(|count| count.parse().ok())
                .map_or(MANY, |count: usize| count.max(FEW)),
        }
    }
}

fn time(text: &str) -> Option<TimeDelta> {
    match Length::parse(text) {
        Ok(Length::For(seconds)) => Some(TimeDelta::seconds(seconds)),
        _ => None,
    }
}

impl Weekly {
    /// Reads `monday 09:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.trim().split_once(char::is_whitespace)?;
        Some(Self {
            day: day.parse().ok()?,
            time: NaiveTime::parse_from_str(time.trim(), "%H:%M").ok()?,
        })
    }

    /// The latest such moment that is not after `now`.
    #[must_use]
    pub fn latest(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let days = i64::from(now.weekday().days_since(self.day));
        let slot = (now - TimeDelta::days(days)).date_naive().and_time(self.time).and_utc();
        if slot <= now { slot } else { slot - TimeDelta::days(7) }
    }
}

/// Is this how a channel is written: its id, or `#name`?
#[must_use]
pub fn is_channel(text: &str) -> bool {
    let named = |name: &str| {
        let fits = |c: char| c.is_numeric() || (c.is_alphabetic() && !c.is_uppercase()) || "-_".contains(c);
        !name.is_empty() && name.chars().count() <= 80 && name.chars().all(fits)
    };
    let id = |id: &str| {
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        id.len() >= 9 && id.starts_with(['C', 'G']) && id.chars().all(fits)
    };
    text.strip_prefix('#').map_or_else(|| id(text), named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_an_id_or_a_name() {
        for channel in [
            "#security",
            "#sec-ops_2",
            "#sécurité",
            "#安全",
            "C0123456789",
            "G012345678",
        ] {
            assert!(is_channel(channel), "{channel}");
        }
        for other in [
            "security",
            "#",
            "#Two Words",
            "#Security",
            "U0123456789",
            "C12",
            "c0123456789",
            "",
        ] {
            assert!(!is_channel(other), "{other}");
        }
    }

    #[test]
    fn a_weekly_moment_is_the_latest_that_has_come() {
        let weekly = Weekly::parse("monday 09:00").expect("well written");
        let at = |text: &str| DateTime::parse_from_rfc3339(text).expect("a time").to_utc();
        for (now, latest) in [
            ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z"),
            ("2026-01-05T08:59:59Z", "2025-12-29T09:00:00Z"),
            ("2026-01-07T00:00:00Z", "2026-01-05T09:00:00Z"),
            ("2026-01-12T08:00:00Z", "2026-01-05T09:00:00Z"),
        ] {
            assert_eq!(weekly.latest(at(now)), at(latest), "{now}");
        }
        assert_eq!(
            Weekly::parse("Friday  17:30").map(|weekly| weekly.day),
            Some(Weekday::Fri)
        );
        for wrong in ["monday", "09:00", "someday 09:00", "monday 25:00", ""] {
            assert_eq!(Weekly::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_schedule_counts_from_a_monday_at_nine() {
        let schedule = |every| Schedule {
            every,
            entitlement: "drill/access".to_owned(),
            by: "ana".to_owned(),
        };
        let at = |text: &str| DateTime::parse_from_rfc3339(text).expect("a time").to_utc();
        let now = at("2026-03-12T10:11:12.5Z");
        assert_eq!(schedule(TimeDelta::weeks(1)).latest(now), at("2026-03-09T09:00:00Z"));
        assert_eq!(schedule(TimeDelta::days(1)).latest(now), at("2026-03-12T09:00:00Z"));
        assert_eq!(
            schedule(TimeDelta::days(1)).latest(at("2025-03-12T08:00:00Z")),
            at("2025-03-11T09:00:00Z")
        );
    }

    #[test]
    fn what_is_not_said_or_makes_no_sense_is_as_by_default() {
        assert_eq!(Settings::read(&BTreeMap::new()), Settings::default());
        let stored = BTreeMap::from([
            (REVIEWS_WITHIN.to_owned(), "soon".to_owned()),
            (REVIEWS_DIGEST.to_owned(), "friday 17:00".to_owned()),
        ]);
        let read = Settings::read(&stored);
        assert_eq!(read.reviews_within, TimeDelta::days(3));
        assert_eq!(read.digest.day, Weekday::Fri);
    }
}
