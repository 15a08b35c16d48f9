//! Rotations: everyone who takes turns is somebody, and a service can be asked.

use super::{Checker, unknown};
use crate::catalog_files::{format::RotationFile, place::Place};
use crate::domain::{
    organisation::RotationEntry,
    rotation::{Format, Roster, STALE_AFTER, Service, Shift},
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// The shortest turn, in seconds: cards are posted anew to each who takes over.
const SHORTEST_TURN: i64 = 3_600;

/// A service is asked every few minutes, so an answer is allowed to be that old.
const FRESHEST: i64 = 5 * 60;

impl Checker {
    pub(super) fn rotations(&mut self, rotations: &[(Place<'_>, RotationFile)]) {
        for (place, rotation) in rotations {
            let taken = self.wanted.rotations.contains_key(&rotation.key);
            if !self.key(place, &rotation.key, "rotation", taken) {
                continue;
            }
            let name = self.name(place, &rotation.name);
            let stale_after = match &rotation.stale_after {
                Some(text) => self.seconds(&place.field("stale_after"), text).unwrap_or(STALE_AFTER),
                None => STALE_AFTER,
            };
            if stale_after < FRESHEST {
                let sentence = "the service is asked every few minutes; `stale_after` is at least 5m";
                self.wrong(&place.field("stale_after"), sentence);
            }
            if rotation.stale_after.is_some() && rotation.url.is_none() {
                self.wrong(&place.field("stale_after"), "only the answer of a `url` gets old");
            }
            if let Some(roster) = self.roster(place, rotation) {
                let entry = RotationEntry {
                    name,
                    roster,
                    stale_after,
                };
                self.wanted.rotations.insert(rotation.key.clone(), entry);
            }
        }
    }

    fn roster(&mut self, place: &Place<'_>, said: &RotationFile) -> Option<Roster> {
        let before = self.troubles();
        let turns = said.people.is_some() || said.every.is_some() || said.from.is_some();
        let service = said.url.is_some() || said.format.is_some() || said.token_env.is_some();
        let roster = match (&said.shifts, turns, service) {
            (Some(_), false, false) => Roster::Shifts(self.shifts(place, said)),
            (None, true, false) => self.turns(place, said)?,
            (None, false, true) => Roster::Service(self.service(place, said)?),
            _ => {
                let sentence = "a rotation has either `shifts`, or `people`, `every` and `from`, or `url`, `format` and \
                                `token_env`";
                self.wrong(place, sentence);
                return None;
            }
        };
        (self.troubles() == before).then_some(roster)
    }

    fn shifts(&mut self, place: &Place<'_>, said: &RotationFile) -> Vec<Shift> {
        let at = place.field("shifts");
        let said = said.shifts.as_deref().unwrap_or_default();
        if said.is_empty() {
            self.wrong(&at, "nobody is ever on call here");
        }
        let mut shifts = Vec::new();
        for (index, shift) in said.iter().enumerate() {
            let at = at.item(index);
            let known = self.person_exists(&at.field("person"), &shift.person);
            let from = self.moment(&at.field("from"), &shift.from);
            let until = self.moment(&at.field("until"), &shift.until);
            let (Some(from), Some(until), true) = (from, until, known) else {
                continue;
            };
            if until <= from {
                self.wrong(&at.field("until"), "the shift ends before it begins");
            }
            shifts.push(Shift {
                person: shift.person.clone(),
                from,
                until,
            });
        }
        shifts
    }

    fn turns(&mut self, place: &Place<'_>, said: &RotationFile) -> Option<Roster> {
        let (Some(people), Some(every), Some(from)) = (&said.people, &said.every, &said.from) else {
            self.wrong(
                place,
                "who takes turns needs `people`, `every` (`1w`) and `from` (the first hand-over)",
            );
            return None;
        };
        let at = place.field("people");
        if people.is_empty() {
            self.wrong(&at, "nobody is ever on call here");
        }
        for (index, key) in people.iter().enumerate() {
            self.person_exists(&at.item(index), key);
        }
        let every = self.seconds(&place.field("every"), every)?;
        if every < SHORTEST_TURN {
            self.wrong(&place.field("every"), "nobody takes over more often than every hour");
        }
        let from = self.moment(&place.field("from"), from)?;
        Some(Roster::Turns {
            people: people.clone(),
            every,
            from,
        })
    }

    fn service(&mut self, place: &Place<'_>, said: &RotationFile) -> Option<Service> {
        let (Some(url), Some(format), Some(token_env)) = (&said.url, &said.format, &said.token_env) else {
            self.wrong(
                place,
                "a service needs `url`, `format` (pagerduty or opsgenie) and `token_env` (the variable with the token)",
            );
            return None;
        };
        let at = place.field("url");
        match url::Url::parse(url) {
            Ok(parsed) if !crate::http::client::may_call(&parsed) => {
                self.wrong(&at, "the service is asked by https (by http on this machine alone)");
            }
            Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
                self.wrong(&at, "no secret belongs in a file: the token comes from `token_env`");
            }
            Ok(_) => {}
            Err(error) => self.wrong(&at, format!("this is no address: {error}")),
        }
        let formats = [Format::Pagerduty, Format::Opsgenie];
        let known = formats.into_iter().find(|known| known.word() == format);
        if known.is_none() {
            self.wrong(
                &place.field("format"),
                unknown("format", format, &formats.map(Format::word)),
            );
        }
        // Whoever writes a file must not have c1 carry its own secrets elsewhere.
        if token_env.starts_with("SLACK_") || token_env.starts_with("C1_") || token_env == "DATABASE_URL" {
            self.wrong(
                &place.field("token_env"),
                format!("`{token_env}` is a setting of c1 itself"),
            );
        }
        let named = token_env.starts_with(|c: char| c.is_ascii_uppercase())
            && token_env
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if !named {
            let sentence =
                "the name of an environment variable is needed (`PAGERDUTY_TOKEN`), and not the token itself";
            self.wrong(&place.field("token_env"), sentence);
        }
        Some(Service {
            url: url.clone(),
            format: known?,
            token_env: token_env.clone(),
        })
    }

    /// `2026-11-30`, `2026-11-30 09:00` (both in UTC) or `2026-11-30T09:00:00+01:00`.
    fn moment(&mut self, place: &Place<'_>, text: &str) -> Option<DateTime<Utc>> {
        let text = text.trim();
        let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
        let minute = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok();
        let found = DateTime::parse_from_rfc3339(text)
            .map(|at| at.with_timezone(&Utc))
            .ok()
            .or_else(|| minute().or_else(date).map(|at| at.and_utc()));
        if found.is_none() {
            let sentence = format!(
                "`{text}` is no moment: write `2026-11-30`, `2026-11-30 09:00` (in UTC) or `2026-11-30T09:00:00+01:00`"
            );
            self.wrong(place, sentence);
        }
        found
    }
}
