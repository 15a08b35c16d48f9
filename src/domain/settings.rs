//! What an organisation's files say about c1 itself, with what holds where they say nothing.

use super::quiet::QuietHours;
use std::collections::BTreeMap;

/// The channel that hears of emergencies.
pub const SECURITY_CHANNEL: &str = "security_channel";

/// When people are not reminded.
pub const QUIET_HOURS: &str = "quiet_hours";

/// All names, as stored.
pub const NAMES: [&str; 2] = [SECURITY_CHANNEL, QUIET_HOURS];

/// The settings of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The channel that hears of emergencies: its id, or `#name`.
    pub security_channel: Option<String>,
    /// When people are not reminded, by their own clocks.
    pub quiet_hours: QuietHours,
}

impl Settings {
    /// Reads what is stored; what cannot be read is as if it were not said.
    #[must_use]
    pub fn read(stored: &BTreeMap<String, String>) -> Self {
        Self {
            security_channel: stored.get(SECURITY_CHANNEL).cloned(),
            quiet_hours: stored
                .get(QUIET_HOURS)
                .and_then(|hours| QuietHours::parse(hours))
                .unwrap_or_default(),
        }
    }
}

/// Is this how a channel is written: its id, or `#name`?
#[must_use]
pub fn is_channel(text: &str) -> bool {
    let named = |name: &str| {
        !name.is_empty()
            && name.chars().count() <= 80
            && name.chars().all(|c| {
                c.is_lowercase() || c.is_numeric() || (c.is_alphabetic() && !c.is_uppercase()) || "-_".contains(c)
            })
    };
    let id = |id: &str| {
        id.len() >= 9 && id.starts_with(['C', 'G']) && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
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
}
