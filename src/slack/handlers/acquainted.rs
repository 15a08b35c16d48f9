//! Who was here a moment ago: for them the empty form opens without asking the database.
//!
//! A trigger lives three seconds, so `/c1 request` must not wait for a database that is busy or restarting. What is
//! remembered decides nothing: every choice in the form and its submission look at the present.

use crate::{domain::ids::PersonId, slack::gateway::inbound::SlackActor};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How long somebody is remembered.
const FOR: TimeDelta = TimeDelta::seconds(30);

/// At most so many; then all are forgotten and met anew.
const AT_MOST: usize = 10_000;

/// What the empty form depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acquaintance {
    /// Who it is.
    pub(super) person: PersonId,
    /// May they ask for others?
    pub(super) asks_subject: bool,
}

/// People who took part a moment ago.
#[derive(Debug, Default)]
pub(super) struct Acquainted(Mutex<HashMap<SlackActor, (Acquaintance, DateTime<Utc>)>>);

impl Acquainted {
    /// Somebody who was here a moment ago.
    pub(super) fn recall(&self, actor: &SlackActor, now: DateTime<Utc>) -> Option<Acquaintance> {
        let (who, since) = *self.all().get(actor)?;
        (since <= now && now < since + FOR).then_some(who)
    }

    pub(super) fn remember(&self, actor: &SlackActor, who: Acquaintance, now: DateTime<Utc>) {
        let mut all = self.all();
        if all.len() >= AT_MOST {
            all.clear();
        }
        all.insert(actor.clone(), (who, now));
    }

    /// Their account has changed: they may have left.
    pub(super) fn forget(&self, user: &str) {
        self.all().retain(|actor, _| actor.user.as_str() != user);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<SlackActor, (Acquaintance, DateTime<Utc>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_remembered_for_a_moment_and_forgotten_when_they_change() {
        let (all, at) = (Acquainted::default(), DateTime::UNIX_EPOCH);
        let ana = SlackActor {
            team: "T1".into(),
            user: "U1".into(),
        };
        let who = Acquaintance {
            person: PersonId(7),
            asks_subject: false,
        };
        assert_eq!(all.recall(&ana, at), None);
        all.remember(&ana, who, at);
        assert_eq!(all.recall(&ana, at + TimeDelta::seconds(29)), Some(who));
        assert_eq!(all.recall(&ana, at + FOR), None);
        assert_eq!(
            all.recall(&ana, at - TimeDelta::seconds(1)),
            None,
            "the clock went back"
        );
        let stranger = SlackActor {
            team: "T2".into(),
            ..ana.clone()
        };
        assert_eq!(
            all.recall(&stranger, at),
            None,
            "another workspace's U1 is somebody else"
        );
        all.forget("U1");
        assert_eq!(all.recall(&ana, at), None);
    }
}
