//! What `organisation.yaml` says about c1 itself.

use super::{Checker, Files};
use crate::{
    catalog_files::{
        format::{AwayFile, EmergenciesFile, ReviewsFile},
        place::Place,
    },
    domain::{
        organisation::SettingEntry,
        quiet::QuietHours,
        settings::{
            APPROVALS_CHANNEL, ASK_ONE_BY_ONE_UP_TO, AWAY_DO_NOT_DISTURB, AWAY_STATUS, DRILL, EMERGENCIES_ALARM_AFTER,
            FEW, QUIET_HOURS, REVIEWS_DIGEST, REVIEWS_WITHIN, SECURITY_CHANNEL, Weekly, is_channel,
        },
    },
};

impl Checker {
    pub(super) fn settings(&mut self, files: &Files<'_>) {
        let Some((place, said)) = &files.organisation else {
            return;
        };
        for (name, channel) in [
            (SECURITY_CHANNEL, &said.security_channel),
            (APPROVALS_CHANNEL, &said.approvals_channel),
        ] {
            let Some(channel) = channel.as_deref().map(str::trim) else {
                continue;
            };
            if is_channel(channel) {
                self.set(name, channel);
            } else {
                self.wrong(
                    &place.field(name),
                    format!("`{channel}` is no channel: write its id (C0123456789) or \"#its-name\", in quotes"),
                );
            }
        }
        match said.ask_one_by_one_up_to {
            Some(count) if count < FEW => {
                let sentence = format!("up to {FEW} people are always asked one by one; write a number from {FEW}");
                self.wrong(&place.field(ASK_ONE_BY_ONE_UP_TO), sentence);
            }
            Some(count) => self.set(ASK_ONE_BY_ONE_UP_TO, &count.to_string()),
            None => {}
        }
        if let Some(hours) = &said.quiet_hours {
            self.quiet_hours(&place.field("quiet_hours"), hours);
        }
        if let Some(emergencies) = &said.emergencies {
            self.emergencies(&place.field("emergencies"), emergencies);
        }
        if let Some(reviews) = &said.reviews {
            self.reviews(&place.field("reviews"), reviews);
        }
        if let Some(away) = &said.away_in_slack {
            self.away_in_slack(&place.field("away_in_slack"), away);
        }
    }

    /// The drill that runs by itself: of what is marked for it, as somebody who is there.
    pub(super) fn drill(&mut self, files: &Files<'_>) {
        let Some((place, said)) = &files.organisation else {
            return;
        };
        let Some(drill) = &said.drill else { return };
        let place = place.field("drill");
        let every = self.seconds(&place.field("every"), &drill.every);
        if every.is_some_and(|every| every < 3_600) {
            self.wrong(
                &place.field("every"),
                "a drill takes people's time: at most one an hour",
            );
        }
        match self.wanted.entitlements.get(drill.entitlement.trim()) {
            Some(entry) if entry.emergency.drill => {}
            Some(_) => self.wrong(
                &place.field("entitlement"),
                format!(
                    "`{}` is not marked for drills: say `drill: true` in its emergency settings",
                    drill.entitlement
                ),
            ),
            None => self.wrong(
                &place.field("entitlement"),
                format!("there is no entitlement `{}`", drill.entitlement),
            ),
        }
        if !self.wanted.people.contains_key(drill.by.trim()) {
            self.wrong(&place.field("by"), format!("there is nobody called `{}`", drill.by));
        }
        let [name_every, name_entitlement, name_by] = DRILL;
        self.set(name_every, drill.every.trim());
        self.set(name_entitlement, drill.entitlement.trim());
        self.set(name_by, drill.by.trim());
    }

    /// When nobody answers an emergency, somebody hears of it within the day.
    fn emergencies(&mut self, place: &Place<'_>, said: &EmergenciesFile) {
        let Some(after) = &said.alarm_after else { return };
        let place = place.field("alarm_after");
        let Some(seconds) = self.seconds(&place, after) else {
            return;
        };
        if !(60..=86_400).contains(&seconds) {
            let sentence = "an emergency that nobody answers is an alarm within a day; write a length from 1m to 1d";
            self.wrong(&place, sentence);
        }
        self.set(EMERGENCIES_ALARM_AFTER, after.trim());
    }

    fn reviews(&mut self, place: &Place<'_>, said: &ReviewsFile) {
        if let Some(within) = &said.within
            && self.seconds(&place.field("within"), within).is_some()
        {
            self.set(REVIEWS_WITHIN, within.trim());
        }
        if let Some(digest) = &said.digest {
            if Weekly::parse(digest).is_some() {
                self.set(REVIEWS_DIGEST, digest.trim());
            } else {
                self.wrong(
                    &place.field("digest"),
                    format!("`{digest}` is no moment of a week: write a day and a time in UTC, such as monday 09:00"),
                );
            }
        }
    }

    /// Which signs in Slack mean that somebody is away.
    fn away_in_slack(&mut self, place: &Place<'_>, said: &AwayFile) {
        let mut names = Vec::new();
        for (index, emoji) in said.status.iter().enumerate() {
            let name = emoji.trim().trim_matches(':');
            let fits = |c: char| c.is_alphanumeric() || "_-+'".contains(c);
            if name.is_empty() || !name.chars().all(fits) {
                let sentence = format!("`{emoji}` is no emoji: write its name, such as palm_tree");
                self.wrong(&place.field("status").item(index), sentence);
            }
            names.push(name);
        }
        if !names.is_empty() {
            self.set(AWAY_STATUS, &names.join(" "));
        }
        if let Some(length) = &said.do_not_disturb
            && let Some(seconds) = self.seconds(&place.field("do_not_disturb"), length)
        {
            if seconds < 900 {
                let sentence = "whoever does not want to be disturbed for less than a quarter of an hour is not away";
                self.wrong(&place.field("do_not_disturb"), sentence);
            }
            self.set(AWAY_DO_NOT_DISTURB, length.trim());
        }
    }

    fn quiet_hours(&mut self, place: &Place<'_>, said: &str) {
        let hours = said.trim();
        if QuietHours::parse(hours).is_some() {
            self.set(QUIET_HOURS, hours);
        } else {
            let sentence =
                format!("`{hours}` are no quiet hours: write `20:00-08:00 and weekends`, `22:00-06:00` or `never`");
            self.wrong(place, sentence);
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.to_owned();
        self.wanted.settings.insert(name.to_owned(), SettingEntry { value });
    }
}
