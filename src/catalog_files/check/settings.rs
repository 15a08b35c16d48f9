//! What `organisation.yaml` says about c1 itself.

use super::{Checker, Files};
use crate::domain::{
    organisation::SettingEntry,
    settings::{SECURITY_CHANNEL, is_channel},
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
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.to_owned();
        self.wanted.settings.insert(name.to_owned(), SettingEntry { value });
    }
}
