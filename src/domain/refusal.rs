//! Every polite "no": a stable code for programs and the log, a sentence for people.

use super::{
    ids::RequestId,
    length::{Length, spoken},
};

/// Why something was not done. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is over.
    AlreadyClosed {
        /// How it ended ("approved by Ana").
        how: String,
    },
    /// The step is over; the request may go on.
    StepDecided {
        /// How ("approved by Ana").
        how: String,
    },
    /// This approver has decided this step before.
    DecidedBefore,
    /// What is asked for has changed since the buttons were shown.
    Changed,
    /// The person is not among the approvers of the step.
    NotAnApprover,
    /// Nobody approves their own access here.
    OwnRequest,
    /// The decision needs a reason.
    ReasonRequired,
    /// A text is longer than this many characters.
    TextTooLong {
        /// The limit in characters.
        max: usize,
    },
    /// The person may not take part: suspended, deleted, a guest or a bot.
    NotTakingPart {
        /// Their name.
        name: String,
    },
    /// Only some people may ask for others.
    MayNotAskFor {
        /// The other's name.
        name: String,
    },
    /// The entitlement does not exist or is not visible.
    NoSuchEntitlement,
    /// The subject holds it already.
    NothingMissing {
        /// The bundle.
        name: String,
    },
    /// A part of a bundle cannot be asked for, so nothing was.
    PartRefused {
        /// The part.
        part: String,
        /// Why, in a sentence.
        why: String,
    },
    /// They have it.
    AlreadyHeld {
        /// Their name, or "You".
        who: String,
    },
    /// There is an open request for it already.
    AlreadyAsked {
        /// That request.
        request: RequestId,
    },
    /// A length that cannot be read.
    LengthNotUnderstood {
        /// What was written.
        wrote: String,
    },
    /// A length above the maximum.
    LengthTooLong {
        /// Seconds.
        max: i64,
    },
    /// Access without an end is not offered.
    NoEndNotAllowed {
        /// Seconds; `None` when an end is needed but no maximum is set.
        max: Option<i64>,
    },
    /// Neither a preset nor custom lengths allowed.
    LengthNotOffered,
    /// The entitlement does not accept emergency requests.
    EmergencyNotOffered,
    /// This person may not use the emergency toggle here.
    EmergencyNotYours,
    /// Nobody in the organisation could decide.
    NobodyToAsk,
    /// The person may not make an emergency of this request.
    MayNotEscalate,
    /// The request is an emergency already.
    AlreadyEmergency,
    /// The emergency policy would deny it at once.
    EmergencyDenied {
        /// What the policy says.
        message: String,
    },
    /// The request was made an emergency after the buttons were shown.
    Escalated {
        /// By whom.
        by: String,
    },
    /// The person may not cancel this request.
    MayNotCancel,
    /// The person may not end this access.
    MayNotEnd,
    /// The access has ended, or never began.
    NotHeld,
    /// The provisioning task is over or belongs to others.
    NotYourTask,
    /// The person may not do this.
    NotAllowed,
    /// An administrator had the request begin anew after the buttons were shown.
    Restarted {
        /// Who.
        by: String,
    },
    /// Somebody else is on it.
    ClaimedBy {
        /// Their name.
        name: String,
    },
    /// The person is not on it.
    NotClaimed,
    /// The policy lets nobody give their place away.
    ReassignNotAllowed,
    /// The policy does not let it be given to this person.
    NotToThem {
        /// Their name.
        name: String,
    },
    /// It is about this person's own access.
    TheirOwnRequest {
        /// Their name.
        name: String,
    },
    /// This person is asked anyway.
    AskedAlready {
        /// Their name.
        name: String,
    },
    /// The policy names others, and none of them could decide now.
    NobodyToGiveTo,
    /// It has to be said in whose place.
    SayInWhosePlace,
    /// Access can only be made shorter.
    NotShorter {
        /// Than this.
        than: Length,
    },
    /// The approvers were reminded a moment ago.
    RemindedLately {
        /// Seconds until they may be reminded again.
        wait: i64,
    },
    /// The person may not have the approvers reminded.
    MayNotRemind,
    /// Only administrators may.
    NotAnAdministrator,
    /// Not even administrators, for their own request.
    OwnOverride,
    /// The entitlement is not marked for drills.
    NotForDrills,
    /// Nobody looks back at an emergency they had a part in.
    OwnReview,
    /// The person is not among those who look back at this emergency.
    NotAReviewer,
    /// Somebody has looked back at it already.
    AlreadyReviewed {
        /// Who.
        by: String,
    },
    /// Somebody sees to the alarm already.
    AlarmTaken {
        /// Who.
        by: String,
    },
    /// A day that cannot be read.
    DayNotUnderstood {
        /// What was written.
        wrote: String,
    },
    /// An absence that would be over already.
    AbsenceOver,
    /// An absence of more than a year.
    AbsenceTooLong,
    /// Nobody stands in for themselves.
    OwnDelegate,
    /// A comment without words and files.
    NothingSaid,
    /// The person is no longer asked about the request, and its conversation goes on without them.
    ConversationLeft,
    /// The person may read the conversation, and no more.
    OnlyReads,
    /// The comment is somebody else's.
    NotYourComment,
    /// The comment is a message in Slack, and is changed there.
    WrittenElsewhere,
    /// The comment was taken back.
    CommentGone,
    /// Only those who decide write to those who decide.
    NoteNotYours,
}

impl Refusal {
    /// The stable name for programs and the log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyClosed { .. } => "already_closed",
            Self::StepDecided { .. } => "step_decided",
            Self::DecidedBefore => "decided_before",
            Self::Changed => "changed",
            Self::NotAnApprover => "not_an_approver",
            Self::OwnRequest => "own_request",
            Self::ReasonRequired => "reason_required",
            Self::TextTooLong { .. } => "text_too_long",
            Self::NotTakingPart { .. } => "not_taking_part",
            Self::MayNotAskFor { .. } => "may_not_ask_for",
            Self::NoSuchEntitlement => "no_such_entitlement",
            Self::AlreadyHeld { .. } => "already_held",
            Self::NothingMissing { .. } => "nothing_missing",
            Self::PartRefused { .. } => "part_refused",
            Self::AlreadyAsked { .. } => "already_asked",
            Self::LengthNotUnderstood { .. } => "length_not_understood",
            Self::LengthTooLong { .. } => "length_too_long",
            Self::NoEndNotAllowed { .. } => "no_end_not_allowed",
            Self::LengthNotOffered => "length_not_offered",
            Self::EmergencyNotOffered => "emergency_not_offered",
            Self::EmergencyNotYours => "emergency_not_yours",
            Self::NobodyToAsk => "nobody_to_ask",
            Self::MayNotEscalate => "may_not_escalate",
            Self::AlreadyEmergency => "already_emergency",
            Self::EmergencyDenied { .. } => "emergency_denied",
            Self::Escalated { .. } => "escalated",
            Self::MayNotCancel => "may_not_cancel",
            Self::MayNotEnd => "may_not_end",
            Self::NotHeld => "not_held",
            Self::NotYourTask => "not_your_task",
            Self::NotAllowed => "not_allowed",
            Self::Restarted { .. } => "restarted",
            Self::ClaimedBy { .. } => "claimed_by",
            Self::NotClaimed => "not_claimed",
            Self::ReassignNotAllowed => "reassign_not_allowed",
            Self::NotToThem { .. } => "not_to_them",
            Self::TheirOwnRequest { .. } => "their_own_request",
            Self::AskedAlready { .. } => "asked_already",
            Self::NobodyToGiveTo => "nobody_to_give_to",
            Self::SayInWhosePlace => "say_in_whose_place",
            Self::NotShorter { .. } => "not_shorter",
            Self::RemindedLately { .. } => "reminded_lately",
            Self::MayNotRemind => "may_not_remind",
            Self::NotAnAdministrator => "not_an_administrator",
            Self::OwnOverride => "own_override",
            Self::NotForDrills => "not_for_drills",
            Self::OwnReview => "own_review",
            Self::NotAReviewer => "not_a_reviewer",
            Self::AlreadyReviewed { .. } => "already_reviewed",
            Self::AlarmTaken { .. } => "alarm_taken",
            Self::DayNotUnderstood { .. } => "day_not_understood",
            Self::AbsenceOver => "absence_over",
            Self::AbsenceTooLong => "absence_too_long",
            Self::OwnDelegate => "own_delegate",
            Self::NothingSaid => "nothing_said",
            Self::ConversationLeft => "conversation_left",
            Self::OnlyReads => "only_reads",
            Self::NotYourComment => "not_your_comment",
            Self::WrittenElsewhere => "written_elsewhere",
            Self::CommentGone => "comment_gone",
            Self::NoteNotYours => "note_not_yours",
        }
    }

    /// One polite sentence for the person who asked.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::AlreadyClosed { how } => format!("This request is already {how}."),
            Self::StepDecided { how } => format!("This step is already {how}."),
            Self::DecidedBefore => "You have already decided this step.".to_owned(),
            Self::Changed => {
                "This request has changed since you saw it. Please look again before you decide.".to_owned()
            }
            Self::NotAnApprover => "You are not among the approvers of this step.".to_owned(),
            Self::OwnRequest => "You cannot decide about your own access.".to_owned(),
            Self::ReasonRequired => "Please give a reason.".to_owned(),
            Self::TextTooLong { max } => format!("That is too long; {max} characters fit."),
            Self::NotTakingPart { name } => format!("{name} cannot ask for, receive or decide about access here."),
            Self::MayNotAskFor { name } => format!("You may not ask for access on behalf of {name}."),
            Self::NoSuchEntitlement => "This access is not offered (any more).".to_owned(),
            Self::NothingMissing { name } => {
                format!("Everything in “{name}” is there already, or asked for.")
            }
            Self::PartRefused { part, why } => format!("{part}: {why}"),
            Self::AlreadyHeld { who } if who == "You" => "You already have this access.".to_owned(),
            Self::AlreadyHeld { who } => format!("{who} already has this access."),
            Self::AlreadyAsked { request } => format!("There is already an open request for this: #{request}."),
            Self::LengthNotUnderstood { wrote } if wrote.is_empty() => {
                "Please write a length such as 90m, 12h or 1w2d.".to_owned()
            }
            Self::LengthNotUnderstood { wrote } => {
                format!("“{wrote}” is not a length. Please write something like 90m, 12h or 1w2d.")
            }
            Self::LengthTooLong { max } => format!("That is too long; at most {} can be asked for.", spoken(*max)),
            Self::NoEndNotAllowed { max: Some(max) } => {
                format!(
                    "This access always has an end; at most {} can be asked for.",
                    spoken(*max)
                )
            }
            Self::NoEndNotAllowed { max: None } => "This access always has an end; please choose a length.".to_owned(),
            Self::LengthNotOffered => "Please choose one of the lengths offered.".to_owned(),
            Self::EmergencyNotOffered => "This access cannot be had as an emergency.".to_owned(),
            Self::EmergencyNotYours => "You are not among the people who may use emergency access here.".to_owned(),
            Self::NobodyToAsk => {
                "Nobody in the organisation could decide about this request. Please tell an administrator.".to_owned()
            }
            Self::MayNotEscalate => {
                "Only the person who asked, the person it is for, or their manager can make it an emergency.".to_owned()
            }
            Self::AlreadyEmergency => "This request is already an emergency.".to_owned(),
            Self::EmergencyDenied { message } if message.is_empty() => {
                "As an emergency it would be denied at once, so it stays as it is.".to_owned()
            }
            Self::EmergencyDenied { message } => {
                format!("As an emergency it would be denied at once, so it stays as it is: {message}")
            }
            Self::Escalated { by } => format!(
                "{by} has made this an emergency meanwhile. It follows other rules now, and what was decided before no \
                 longer counts."
            ),
            Self::MayNotCancel => {
                "Only the person who asked, the person it is for, or an administrator can cancel it.".to_owned()
            }
            Self::MayNotEnd => {
                "Only the person who holds it, its owners or an administrator can end this access.".to_owned()
            }
            Self::NotHeld => "This access has already ended.".to_owned(),
            Self::NotYourTask => "This task is already done, or it belongs to others.".to_owned(),
            Self::NotAllowed => "You may not do this.".to_owned(),
            Self::Restarted { by } => format!(
                "Administrator {by} had this request begin anew meanwhile. What was decided before no longer counts."
            ),
            Self::ClaimedBy { name } => format!("{name} is already on it. You may still decide, if you like."),
            Self::NotClaimed => "You are not on it (any more).".to_owned(),
            Self::ReassignNotAllowed => "The policy does not let this step be given to somebody else.".to_owned(),
            Self::NotToThem { name } => {
                format!("The policy does not let this be given to {name}. Please choose somebody else.")
            }
            Self::TheirOwnRequest { name } => {
                format!("{name} cannot decide about their own access. Please choose somebody else.")
            }
            Self::AskedAlready { name } => format!("{name} is asked already. Please choose somebody else."),
            Self::NobodyToGiveTo => {
                "None of those to whom the policy lets you give this could decide it now.".to_owned()
            }
            Self::SayInWhosePlace => "Several people are asked. Please say in whose place.".to_owned(),
            Self::NotShorter { than } => match than {
                Length::For(seconds) => format!("It can only be made shorter than {}.", spoken(*seconds)),
                Length::NoEnd => "It can only be made shorter: please choose a length.".to_owned(),
            },
            Self::RemindedLately { wait } => format!(
                "They heard of it not long ago. You can remind them in {}.",
                spoken(*wait)
            ),
            Self::MayNotRemind => "Only the person who asked, or the person it is for, can remind them.".to_owned(),
            Self::NotAnAdministrator => "Only an administrator of requests can do this.".to_owned(),
            Self::OwnOverride => {
                "You cannot do this for a request of your own. Please ask another administrator.".to_owned()
            }
            Self::NotForDrills => {
                "This access is not marked for drills: say `drill: true` in its emergency settings.".to_owned()
            }
            Self::OwnReview => "You had a part in this emergency, so somebody else has to look back at it.".to_owned(),
            Self::NotAReviewer => "You are not among those who look back at this emergency.".to_owned(),
            Self::AlreadyReviewed { by } => format!("{by} has already reviewed this emergency."),
            Self::AlarmTaken { by } => format!("{by} sees to this already."),
            Self::DayNotUnderstood { wrote } => format!(
                "“{wrote}” is not a day I understand. Please write “until Monday”, “until 2026-12-01” or “from tomorrow \
                 until Friday”, and “for @somebody” if somebody decides in your place."
            ),
            Self::AbsenceOver => "That would be over before it begins. Please choose a later day.".to_owned(),
            Self::AbsenceTooLong => "Nobody is away for more than a year. Please choose an earlier day.".to_owned(),
            Self::OwnDelegate => "You cannot stand in for yourself. Please name somebody else, or nobody.".to_owned(),
            Self::NothingSaid => "Please write something.".to_owned(),
            Self::ConversationLeft => {
                "You are no longer asked about this request, and its conversation goes on without you. Nobody else has \
                 read what you wrote here."
                    .to_owned()
            }
            Self::OnlyReads => "You can read this conversation, but not write in it.".to_owned(),
            Self::NotYourComment => "Only whoever wrote a comment can change it or take it back.".to_owned(),
            Self::WrittenElsewhere => {
                "You wrote this in Slack. Please change it or delete it there; it changes here too.".to_owned()
            }
            Self::CommentGone => "This comment has been taken back.".to_owned(),
            Self::NoteNotYours => {
                "Only those who are asked to decide this request can write notes to each other.".to_owned()
            }
        }
    }
}

/// The longest justification or reason, in characters.
pub const LONGEST_TEXT: usize = 2_000;

/// Checks a text that a person wrote: trims it, removes what cannot be seen, bounds it.
///
/// # Errors
/// [`Refusal::TextTooLong`]; [`Refusal::ReasonRequired`] when nothing is left although something must be said.
pub fn tidy(text: &str, required: bool) -> Result<String, Refusal> {
    let visible: String = text
        .chars()
        .filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'))
        .collect();
    let blank = visible
        .chars()
        .all(|c| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'));
    if blank {
        return if required {
            Err(Refusal::ReasonRequired)
        } else {
            Ok(String::new())
        };
    }
    if visible.chars().count() > LONGEST_TEXT {
        return Err(Refusal::TextTooLong { max: LONGEST_TEXT });
    }
    Ok(visible.trim().to_owned())
}
