//! What `organisation.yaml` says about c1 itself.

use super::{Checker, Files};
use crate::{
    catalog_files::place::Place,
    domain::{
        organisation::SettingEntry,
        quiet::QuietHours,
        settings::{QUIET_HOURS, SECURITY_CHANNEL, is_channel},
    },
};

impl Checker {
    pub(super) fn settings(&mut self, files: &Files<'_>) {
        let Some((place, said)) = &files.organisation else {
            return;
        };
        if let Some(channel) = &said.security_channel {
            let channel = channel.trim();
            if is_channel(channel) {
                self.set(SECURITY_CHANNEL, channel);
            } else {
                self.wrong(
                    &place.field("security_channel"),
                    format!("`{channel}` is no channel: write its id (C0123456789) or \"#its-name\", in quotes"),
                );
            }
        }
        if let Some(hours) = &said.quiet_hours {
            self.quiet_hours(&place.field("quiet_hours"), hours);
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
