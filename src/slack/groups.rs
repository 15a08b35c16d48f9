//! What user groups are called: a mention of one becomes its name, which calls nobody.
//!
//! Slack mentions a group by its id. When a message brings one that is not known, the names of all are read and kept, until
//! Slack tells that one of them has changed. Where they cannot be read at once, the mention says `@group`: a comment does
//! not wait for it.

use super::client::Slack;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A message is answered within three seconds, and this is the least of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whoever mentions a group that is not there does not have us ask at every word.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);

/// What is known of them.
#[derive(Debug)]
pub(super) struct Groups {
    slack: Slack,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    handles: HashMap<String, String>,
    asked_at: Option<DateTime<Utc>>,
}

impl Groups {
    /// Nothing is known yet.
    pub(super) fn new(slack: Slack) -> Self {
        Self {
            slack,
            known: Mutex::default(),
        }
    }

    /// What these groups are called, by id, with an `@`.
    pub(super) async fn names(&self, ids: &[&str], now: DateTime<Utc>) -> HashMap<String, String> {
        let asks = self.known().may_ask(ids, now);
        if asks {
            match tokio::time::timeout(PATIENCE, self.slack.usergroups()).await {
                Ok(Ok(groups)) => {
                    self.known().handles = groups.into_iter().map(|group| (group.id, group.handle)).collect();
                }
                Ok(Err(error)) => tracing::info!(%error, "the names of user groups could not be read"),
                Err(_) => tracing::info!("the names of user groups were not told in time"),
            }
        }
        let known = self.known();
        let handle = |id: &str| known.handles.get(id).map_or("group", String::as_str);
        ids.iter()
            .map(|id| ((*id).to_owned(), format!("@{}", handle(id))))
            .collect()
    }

    /// One of them has changed.
    pub(super) fn forget(&self) {
        *self.known() = Known::default();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Is one of them not known, and was nobody asked a moment ago? Whoever hears yes asks.
    fn may_ask(&mut self, ids: &[&str], now: DateTime<Utc>) -> bool {
        let is_news = ids.iter().any(|id| !self.handles.contains_key(*id));
        let lately = |at: DateTime<Utc>| at <= now && now < at + AGAIN_AFTER;
        let asks = is_news && !self.asked_at.is_some_and(lately);
        if asks {
            self.asked_at = Some(now);
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_known_is_asked_and_not_at_every_word() {
        let (mut known, at) = (Known::default(), DateTime::UNIX_EPOCH);
        assert!(!known.may_ask(&[], at), "nothing is mentioned");
        assert!(known.may_ask(&["S1"], at));
        assert!(!known.may_ask(&["S1"], at + TimeDelta::seconds(59)));
        assert!(known.may_ask(&["S1"], at + AGAIN_AFTER));
        known.handles.insert("S1".to_owned(), "on-call".to_owned());
        let later = at + TimeDelta::days(1);
        assert!(!known.may_ask(&["S1"], later));
        assert!(known.may_ask(&["S1", "S2"], later));
    }
}
