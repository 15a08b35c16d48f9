//! Jobs: what has to be brought in line outside. A job says what to look at, never what to say; so losing its order,
//! or doing it twice, costs nothing.

use crate::{
    db::{
        DbError, Tx,
        jobs::{self, NewJob},
    },
    domain::ids::{CardId, GrantId, PersonId},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Something outside to bring in line with the present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Post or update one copy of a request's card.
    RefreshCard(CardId),
    /// Bring the thread under one copy up to date with the conversation.
    SyncThread(CardId),
    /// Make a target system agree with a grant.
    SettleGrant(GrantId),
    /// Send a notice that was written down.
    SendNotice(i64),
    /// Show a person's Home tab anew, if they have ever opened it.
    RefreshHome(PersonId),
    /// Read all people from Slack.
    SyncPeople,
    /// Ask the service of a rotation who is on call.
    SyncRotation(i64),
    /// Put right what is amiss in the thread under one copy.
    MendThread(CardId),
    /// Compare copies with Slack.
    LookAtCopies,
}

impl Job {
    /// All names, as stored. They outlive deploys: a name is never changed and never given a new meaning.
    pub const NAMES: &'static [&'static str] = &[
        "refresh_card",
        "sync_thread",
        "settle_grant",
        "send_notice",
        "refresh_home",
        "sync_people",
        "sync_rotation",
        "mend_thread",
        "look_at_copies",
    ];

    /// The name, as stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RefreshCard(_) => "refresh_card",
            Self::SyncThread(_) => "sync_thread",
            Self::SettleGrant(_) => "settle_grant",
            Self::SendNotice(_) => "send_notice",
            Self::RefreshHome(_) => "refresh_home",
            Self::SyncPeople => "sync_people",
            Self::SyncRotation(_) => "sync_rotation",
            Self::MendThread(_) => "mend_thread",
            Self::LookAtCopies => "look_at_copies",
        }
    }

    fn subject(self) -> i64 {
        match self {
            Self::RefreshCard(card) | Self::SyncThread(card) | Self::MendThread(card) => card.0,
            Self::SettleGrant(grant) => grant.0,
            Self::SendNotice(notice) => notice,
            Self::SyncRotation(rotation) => rotation,
            Self::RefreshHome(person) => person.0,
            Self::SyncPeople | Self::LookAtCopies => 0,
        }
    }

    /// The lane: jobs of one lane never run at the same time, and waiting ones of one name are one.
    #[must_use]
    pub fn lane(self) -> String {
        match self {
            // One hand writes into a thread at a time.
            Self::MendThread(card) => Self::SyncThread(card).lane(),
            other => format!("{}:{}", other.name(), other.subject()),
        }
    }

    /// Lower goes first: what people wait for, then what they decide by, then decoration.
    #[must_use]
    pub fn priority(self) -> i16 {
        match self {
            Self::SettleGrant(_) => 0,
            Self::RefreshCard(_) => 1,
            Self::SyncThread(_) | Self::SendNotice(_) => 2,
            Self::SyncRotation(_) | Self::MendThread(_) => 3,
            Self::RefreshHome(_) => 5,
            Self::SyncPeople | Self::LookAtCopies => 9,
        }
    }

    fn payload(self) -> Value {
        json!({ "id": self.subject() })
    }

    /// Reads a stored job; `None` for a name of another version.
    #[must_use]
    pub fn read(name: &str, payload: &Value) -> Option<Self> {
        let id = payload.get("id")?.as_i64()?;
        Some(match name {
            "refresh_card" => Self::RefreshCard(CardId(id)),
            "sync_thread" => Self::SyncThread(CardId(id)),
            "settle_grant" => Self::SettleGrant(GrantId(id)),
            "send_notice" => Self::SendNotice(id),
            "refresh_home" => Self::RefreshHome(PersonId(id)),
            "sync_people" => Self::SyncPeople,
            "sync_rotation" => Self::SyncRotation(id),
            "mend_thread" => Self::MendThread(CardId(id)),
            "look_at_copies" => Self::LookAtCopies,
            _ => return None,
        })
    }
}

/// Writes jobs down with the decision that causes them.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut Tx<'_>, now: DateTime<Utc>, all: &[Job]) -> Result<(), DbError> {
    enqueue_before_others(tx, now, all, &[]).await
}

/// Writes jobs down of which these copies go before all others: where Slack's limits make most of them wait, it is not
/// those who asked or who just acted.
///
/// # Errors
/// The database's.
pub async fn enqueue_before_others(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    all: &[Job],
    first: &[CardId],
) -> Result<(), DbError> {
    let lanes: Vec<String> = all.iter().map(|job| job.lane()).collect();
    let rows: Vec<NewJob<'_>> = all
        .iter()
        .zip(&lanes)
        .map(|(job, lane)| NewJob {
            name: job.name(),
            lane,
            payload: job.payload(),
            priority: match job {
                Job::RefreshCard(card) if first.contains(card) => 0,
                other => other.priority(),
            },
            run_at: None,
        })
        .collect();
    if rows.is_empty() {
        Ok(())
    } else {
        jobs::enqueue_many(tx, now, &rows).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_pinned_and_read_back() {
        let all = [
            Job::RefreshCard(CardId(1)),
            Job::SyncThread(CardId(2)),
            Job::SettleGrant(GrantId(3)),
            Job::SendNotice(4),
            Job::RefreshHome(PersonId(5)),
            Job::SyncPeople,
            Job::SyncRotation(6),
            Job::MendThread(CardId(7)),
            Job::LookAtCopies,
        ];
        assert_eq!(all.map(Job::name), Job::NAMES, "stored names never change");
        for job in all {
            assert_eq!(Job::read(job.name(), &job.payload()), Some(job));
        }
        assert_eq!(Job::read("of_a_later_version", &json!({"id": 1})), None);
    }
}
