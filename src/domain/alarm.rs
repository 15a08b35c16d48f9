//! Alarms: trouble that stays in sight until somebody has taken it.

use super::ids::{GrantId, PersonId, RequestId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What sort of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// A policy could not be followed, so the last resort decides.
    PolicyFailed,
    /// A step came to nobody, so the last resort was asked.
    LastResortAsked,
    /// An access should have ended but has not.
    EndOverdue,
    /// An emergency that nobody has answered.
    Unanswered,
    /// An emergency that has ended because nobody decided in time.
    NotDecided,
    /// A channel that has to be written to cannot be.
    ChannelGone,
    /// Nobody could look back at an emergency.
    ReviewForNobody,
    /// Whom a step should ask could not be found out, so others were asked.
    ApproversUnknown,
    /// Nobody knows who is on call.
    NobodyOnCall,
    /// A drill of the emergency path has failed.
    DrillFailed,
}

impl AlarmKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::PolicyFailed,
        Self::LastResortAsked,
        Self::EndOverdue,
        Self::Unanswered,
        Self::NotDecided,
        Self::ChannelGone,
        Self::ReviewForNobody,
        Self::ApproversUnknown,
        Self::NobodyOnCall,
        Self::DrillFailed,
    ];

    /// The word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PolicyFailed => "policy_failed",
            Self::LastResortAsked => "last_resort_asked",
            Self::EndOverdue => "end_overdue",
            Self::Unanswered => "unanswered",
            Self::NotDecided => "not_decided",
            Self::ChannelGone => "channel_gone",
            Self::ReviewForNobody => "review_for_nobody",
            Self::ApproversUnknown => "approvers_unknown",
            Self::NobodyOnCall => "nobody_on_call",
            Self::DrillFailed => "drill_failed",
        }
    }
}

/// An alarm that was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its number.
    pub id: i64,
    /// The request it is about, if it is about one.
    pub request: Option<RequestId>,
    /// The grant it is about, if it is about one.
    pub grant: Option<GrantId>,
    /// ⚡
    pub emergency: bool,
    /// What is wrong, in Slack's markup.
    pub body: String,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// Who has taken it, and when.
    pub taken: Option<(PersonId, DateTime<Utc>)>,
}
