//! Everything that can have happened. Events are what the state machines answer, what the audit keeps, and what the
//! table of consequences reads. A variant never changes its meaning: rows outlive deploys.

use super::{
    absence,
    alarm::AlarmKind,
    drill::LegDone,
    ids::{BundleId, CommentId, EntitlementId, GrantId, PersonId, RequestId},
    length::Length,
    policy::{Plan, StepSpec},
    review::Findings,
    step::{Approver, Source, Trouble, Verdict},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Something that happened, to a request, a grant or a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    // --- requests ---
    /// Somebody asked.
    Submitted {
        /// Who asked.
        requester: PersonId,
        /// For whom.
        subject: PersonId,
        /// For what.
        entitlement: EntitlementId,
        /// For how long.
        length: Length,
        /// Why.
        justification: String,
        /// With the emergency toggle?
        emergency: bool,
        /// Does it lengthen access that is held?
        extension: bool,
        /// How it will be decided.
        plan: Plan,
        /// What it was asked for together with, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bundle: Option<BundleId>,
    },
    /// A step was reached and people are asked.
    StepOpened {
        /// Its place in the plan, from 0.
        step: usize,
        /// Who is asked.
        approvers: Vec<Approver>,
        /// Where they come from.
        source: Source,
        /// When it must be decided.
        due_at: Option<DateTime<Utc>>,
        /// Why the policy's own approvers could not be found out, if they could not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<Trouble>,
    },
    /// People left or joined those who are asked.
    ApproversChanged {
        /// The step.
        step: usize,
        /// Who is asked now.
        approvers: Vec<Approver>,
        /// Where they come from.
        source: Source,
        /// Why the policy's own approvers could not be found out, if they could not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<Trouble>,
    },
    /// Nobody decided in time, so more people are asked too.
    StepWidened {
        /// The step.
        step: usize,
    },
    /// An approver decided.
    Decided {
        /// The step.
        step: usize,
        /// Who.
        person: PersonId,
        /// What.
        verdict: Verdict,
        /// Why; empty if not said.
        reason: String,
    },
    /// A step passed: by its quorum, or by itself.
    StepPassed {
        /// The step.
        step: usize,
        /// Did it pass by itself?
        automatic: bool,
    },
    /// All steps passed.
    Approved,
    /// The request was denied.
    Denied {
        /// The step.
        step: usize,
        /// By whom; `None`: by a rule.
        by: Option<PersonId>,
        /// Why.
        reason: String,
    },
    /// Somebody called it off.
    Cancelled {
        /// Who; `None`: a deadline.
        by: Option<PersonId>,
        /// Why; empty if not said.
        reason: String,
    },
    /// Nobody decided in time.
    Expired {
        /// The step.
        step: usize,
    },
    /// It lost its object.
    Closed {
        /// Why.
        cause: Cause,
    },
    /// An open request was made an emergency: it begins anew under another plan, and what was decided so far counts no
    /// more.
    Escalated {
        /// Who made it one.
        by: PersonId,
        /// What has changed; empty if not said.
        reason: String,
        /// For how long, from now on.
        length: Length,
        /// How it will be decided.
        plan: Plan,
    },
    /// An approver said "I'm on it".
    Claimed {
        /// The step.
        step: usize,
        /// Who.
        person: PersonId,
        /// When it lapses by itself.
        until: DateTime<Utc>,
    },
    /// Nobody is on it any more: it was given back, it lapsed, or whoever was on it has decided or left.
    ClaimEnded {
        /// The step.
        step: usize,
        /// Who was on it.
        person: PersonId,
    },
    /// A place among those who are asked was given to somebody else.
    Reassigned {
        /// The step.
        step: usize,
        /// Whose it was.
        from: PersonId,
        /// Whose it is.
        to: PersonId,
        /// Who gave it: its holder, or an administrator.
        by: PersonId,
        /// Why; empty if not said.
        reason: String,
    },
    /// An approver made the access shorter before deciding.
    Shortened {
        /// The step.
        step: usize,
        /// Who.
        by: PersonId,
        /// From this length.
        from: Length,
        /// To this one.
        to: Length,
        /// Why; empty if not said.
        reason: String,
    },
    /// Whoever asked wants the approvers reminded.
    Nudged {
        /// The step.
        step: usize,
        /// Who.
        by: PersonId,
    },
    /// An approver wants to hear of it again at a time of their own.
    RemindLater {
        /// The step.
        step: usize,
        /// When.
        at: DateTime<Utc>,
    },
    /// Nobody decided in time, so everyone who is asked is reminded.
    DeadlineReminded {
        /// The step.
        step: usize,
    },
    /// An administrator called it off.
    CancelledByAdmin {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// An administrator had it begin anew under today's policy: what was approved before counts no more.
    Restarted {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// How it will be decided.
        plan: Plan,
    },
    /// An administrator passed over a step. It is no approval.
    StepSkippedByAdmin {
        /// The step.
        step: usize,
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Nobody has answered an emergency for too long, so the last resort is asked too.
    Unanswered {
        /// The step.
        step: usize,
    },
    /// Nobody decided a step in time, and the request goes on without: no approval.
    StepSkipped {
        /// The step.
        step: usize,
    },
    /// Every step was skipped, so that nobody has decided: one more step is asked for.
    StepAdded {
        /// What it is: the last resort decides.
        spec: StepSpec,
    },

    // --- grants ---
    /// A request was approved, so its subject is to have the access: a new grant, or a longer one.
    HoldAdded {
        /// The request whose hold it is.
        request: RequestId,
        /// Who gets access.
        subject: PersonId,
        /// To what.
        entitlement: EntitlementId,
        /// For how long.
        length: Length,
    },
    /// The access works.
    Provisioned {
        /// Who saw to it; `None`: a connector.
        by: Option<PersonId>,
        /// Was it there before c1 did anything?
        already: bool,
    },
    /// The access could not be given.
    ProvisioningFailed {
        /// What the target or the person said.
        why: String,
        /// Who said so; `None`: a connector.
        by: Option<PersonId>,
    },
    /// It is being tried again.
    ProvisioningRetried,
    /// The time of one hold is over; others may go on.
    HoldEnded {
        /// The request whose hold it was.
        request: RequestId,
    },
    /// The last hold is over: the access is being taken away.
    EndingBegan {
        /// Why.
        cause: Cause,
        /// Who ended it; `None`: time or a rule.
        by: Option<PersonId>,
    },
    /// The target no longer has it.
    Ended {
        /// Who saw to it; `None`: a connector.
        by: Option<PersonId>,
        /// Was it left in place because it was there before c1?
        kept: bool,
    },
    /// It could not be taken away in time: an alarm.
    EndOverdue {
        /// What the target or the person said.
        why: String,
    },

    // --- conversation ---
    /// Somebody wrote a comment.
    Commented {
        /// Which.
        comment: CommentId,
        /// Who.
        author: PersonId,
        /// For the approvers alone? Whoever may not read notes does not hear of them either.
        #[serde(default, skip_serializing_if = "is_false")]
        note: bool,
    },
    /// A comment says something else now, or a file is gone that came with it.
    CommentEdited {
        /// Which.
        comment: CommentId,
        /// For the approvers alone?
        #[serde(default, skip_serializing_if = "is_false")]
        note: bool,
    },
    /// A comment was taken back.
    CommentDeleted {
        /// Which.
        comment: CommentId,
        /// For the approvers alone?
        #[serde(default, skip_serializing_if = "is_false")]
        note: bool,
    },

    // --- reviews ---
    /// An emergency is over, or its access is: somebody has to look back at it.
    ReviewOpened {
        /// Its number.
        review: i64,
        /// Who can do it.
        reviewers: Vec<PersonId>,
        /// By when.
        due_at: DateTime<Utc>,
    },
    /// Others can do it now: somebody left, or it is overdue.
    ReviewersChanged {
        /// Its number.
        review: i64,
        /// Who can do it now.
        reviewers: Vec<PersonId>,
    },
    /// Its time has passed without it.
    ReviewOverdue {
        /// Its number.
        review: i64,
    },
    /// Somebody looked back at it.
    Reviewed {
        /// Its number.
        review: i64,
        /// Who.
        by: PersonId,
        /// What they say.
        findings: Findings,
    },

    // --- drills ---
    /// The emergency path is being tried out.
    DrillStarted {
        /// Its number.
        drill: i64,
    },
    /// It was tried out.
    DrillFinished {
        /// Its number.
        drill: i64,
        /// Did everything work?
        ok: bool,
        /// What each part took, and what went wrong.
        legs: Vec<LegDone>,
    },

    // --- alarms ---
    /// Something is wrong that somebody has to see to.
    AlarmRaised {
        /// Its number.
        alarm: i64,
        /// What sort of trouble.
        kind: AlarmKind,
    },
    /// Somebody sees to it.
    AlarmTaken {
        /// Its number.
        alarm: i64,
        /// Who.
        by: PersonId,
    },

    // --- the record ---
    /// Somebody read the record.
    AuditRead {
        /// What of it, in words.
        filter: String,
    },

    // --- people ---
    /// Somebody said that they are away, or will be.
    AbsenceSet {
        /// From then on.
        from: DateTime<Utc>,
        /// Back then.
        until: DateTime<Utc>,
        /// Who decides in their place.
        delegate: Option<PersonId>,
        /// Who says so.
        #[serde(default, skip_serializing_if = "absence::Source::is_said")]
        source: absence::Source,
    },
    /// Their absence has begun.
    AbsenceBegan,
    /// They are back.
    AbsenceEnded {
        /// Before its time, because they said so?
        early: bool,
    },
    /// They signed in on the web, as whom Slack says they are.
    SignedIn,
    /// They signed out again.
    SignedOut,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Why something ended without anybody having decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its time was over.
    Time,
    /// Its holder no longer needs it.
    Done,
    /// Somebody entitled to it took it away.
    Revoked,
    /// The person left or was suspended.
    PersonGone,
    /// The entitlement or its app is gone.
    EntitlementGone,
    /// Nobody in the organisation could decide.
    NobodyToAsk,
}

impl Cause {
    /// Reads the word in the database.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
    }

    /// In words, to follow "because".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Time => "its time was over",
            Self::Done => "it was no longer needed",
            Self::Revoked => "it was taken back",
            Self::PersonGone => "the person is no longer active",
            Self::EntitlementGone => "this access is no longer offered",
            Self::NobodyToAsk => "nobody was left who could decide",
        }
    }
}

impl Event {
    /// The stable name, as stored.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::StepOpened { .. } => "step_opened",
            Self::ApproversChanged { .. } => "approvers_changed",
            Self::StepWidened { .. } => "step_widened",
            Self::Decided { .. } => "decided",
            Self::StepPassed { .. } => "step_passed",
            Self::Approved => "approved",
            Self::Denied { .. } => "denied",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
            Self::Closed { .. } => "closed",
            Self::Escalated { .. } => "escalated",
            Self::Claimed { .. } => "claimed",
            Self::ClaimEnded { .. } => "claim_ended",
            Self::Reassigned { .. } => "reassigned",
            Self::Shortened { .. } => "shortened",
            Self::Nudged { .. } => "nudged",
            Self::RemindLater { .. } => "remind_later",
            Self::DeadlineReminded { .. } => "deadline_reminded",
            Self::CancelledByAdmin { .. } => "cancelled_by_admin",
            Self::Restarted { .. } => "restarted",
            Self::StepSkippedByAdmin { .. } => "step_skipped_by_admin",
            Self::Unanswered { .. } => "unanswered",
            Self::StepSkipped { .. } => "step_skipped",
            Self::StepAdded { .. } => "step_added",
            Self::HoldAdded { .. } => "hold_added",
            Self::Provisioned { .. } => "provisioned",
            Self::ProvisioningFailed { .. } => "provisioning_failed",
            Self::ProvisioningRetried => "provisioning_retried",
            Self::HoldEnded { .. } => "hold_ended",
            Self::EndingBegan { .. } => "ending_began",
            Self::Ended { .. } => "ended",
            Self::EndOverdue { .. } => "end_overdue",
            Self::Commented { .. } => "commented",
            Self::CommentEdited { .. } => "comment_edited",
            Self::CommentDeleted { .. } => "comment_deleted",
            Self::ReviewOpened { .. } => "review_opened",
            Self::ReviewersChanged { .. } => "reviewers_changed",
            Self::ReviewOverdue { .. } => "review_overdue",
            Self::Reviewed { .. } => "reviewed",
            Self::DrillStarted { .. } => "drill_started",
            Self::DrillFinished { .. } => "drill_finished",
            Self::AlarmRaised { .. } => "alarm_raised",
            Self::AlarmTaken { .. } => "alarm_taken",
            Self::AuditRead { .. } => "audit_read",
            Self::AbsenceSet { .. } => "absence_set",
            Self::AbsenceBegan => "absence_began",
            Self::AbsenceEnded { .. } => "absence_ended",
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
        }
    }

    /// Does it tell of a note among approvers? Nobody else is to hear of it, in no list and no count.
    #[must_use]
    pub fn is_for_approvers(&self) -> bool {
        matches!(
            self,
            Self::Commented { note: true, .. }
                | Self::CommentEdited { note: true, .. }
                | Self::CommentDeleted { note: true, .. }
        )
    }

    /// The grant, if the event is about one that has a number.
    #[must_use]
    pub fn is_about_a_grant(&self) -> bool {
        matches!(
            self,
            Self::HoldAdded { .. }
                | Self::Provisioned { .. }
                | Self::ProvisioningFailed { .. }
                | Self::ProvisioningRetried
                | Self::HoldEnded { .. }
                | Self::EndingBegan { .. }
                | Self::Ended { .. }
                | Self::EndOverdue { .. }
        )
    }
}

/// What an event happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A request (its conversation included).
    Request(RequestId),
    /// A grant.
    Grant(GrantId),
    /// A person.
    Person(PersonId),
    /// Neither: something that concerns the organisation as a whole.
    Organisation,
}
