//! Every name Slack knows of us: commands, shortcuts, views, elements. One place; `manifest.yml` is held against it by a test.
//!
//! Invariant: these names outlive a deploy in messages people can still click. Add and retire them, never reuse one.

/// The slash command.
pub const COMMAND: &str = "/c1";

/// Global shortcut "Request access".
pub const SHORTCUT_REQUEST: &str = "request_access";

/// Message shortcut "Request access for this".
pub const SHORTCUT_REQUEST_ABOUT: &str = "request_access_about";

/// All slash commands.
pub const COMMANDS: &[&str] = &[COMMAND];

/// All global shortcuts.
pub const GLOBAL_SHORTCUTS: &[&str] = &[SHORTCUT_REQUEST];

/// All message shortcuts.
pub const MESSAGE_SHORTCUTS: &[&str] = &[SHORTCUT_REQUEST_ABOUT];

/// The close button of a small modal that only says something; needs no handler.
pub const VIEW_NOTICE: &str = "notice";

/// The modal shown while a slow submission is still at work; needs no handler.
pub const VIEW_WAITING: &str = "waiting";

/// The request form (`request_form`).
pub const VIEW_REQUEST_FORM: &str = "request_form";

/// The question for a reason when a decision needs one.
pub const VIEW_DECISION: &str = "decision";

/// The question why a provisioning task will not be done.
pub const VIEW_WONT_DO: &str = "wont_do_task";

/// The question what has changed, before a request is made an emergency.
pub const VIEW_ESCALATE: &str = "escalate";

/// Calls off all parts of a bundle that are open.
pub const CANCEL_BUNDLE: &str = "cancel_bundle";

/// The form's app select; loads its options.
pub const FORM_APP: &str = "form_app";

/// The form's entitlement select; loads its options.
pub const FORM_ENTITLEMENT: &str = "form_entitlement";

/// The form's length select.
pub const FORM_LENGTH: &str = "form_length";

/// The form's text for a length of one's own.
pub const FORM_CUSTOM_LENGTH: &str = "form_custom_length";

/// The form's justification.
pub const FORM_REASON: &str = "form_reason";

/// The form's emergency toggle.
pub const FORM_EMERGENCY: &str = "form_emergency";

/// The form's "Who needs access?".
pub const FORM_SUBJECT: &str = "form_subject";

/// "Request access" on the Home tab and in answers. No value.
pub const REQUEST: &str = "request";

/// "Approve". Value: request, step and revision.
pub const APPROVE: &str = "approve";

/// "Deny". Value: request, step and revision.
pub const DENY: &str = "deny";

/// The reason beside "Approve" and "Deny", in cards and in the dialog.
pub const DECISION_REASON: &str = "decision_reason";

/// "Cancel request". Value: the request.
pub const CANCEL: &str = "cancel";

/// The reason in the dialog about a task that will not be done.
pub const REASON: &str = "reason";

/// "Escalate to emergency": asks what has changed. Value: the request.
pub const ESCALATE: &str = "escalate_request";

/// What has changed, in the dialog that makes a request an emergency.
pub const ESCALATION_REASON: &str = "escalation_reason";

/// The form in which somebody says that they are away.
pub const VIEW_AWAY: &str = "away";

/// "I'll be away" on the Home tab. No value.
pub const AWAY: &str = "be_away";

/// "I'm back" on the Home tab. No value.
pub const BACK: &str = "be_back";

/// The first day, in that form.
pub const AWAY_FROM: &str = "away_from";

/// The day they are back, in that form.
pub const AWAY_UNTIL: &str = "away_until";

/// Who decides in their place, in that form.
pub const AWAY_DELEGATE: &str = "away_delegate";

/// "I'm done". Value: the grant.
pub const END: &str = "end";

/// "Ask for more time". Value: the grant.
pub const EXTEND: &str = "extend";

/// "Provisioned". Value: the grant.
pub const PROVISIONED: &str = "provisioned";

/// "Won't do". Value: the grant.
pub const WONT_DO: &str = "wont_do";

/// "Removed". Value: the grant.
pub const REMOVED: &str = "removed";

/// "Try again", where a connector could not give an access. Value: the grant.
pub const RETRY: &str = "retry";

/// The form in which somebody looks back at an emergency.
pub const VIEW_REVIEW: &str = "review";

/// "Review". Value: the review.
pub const REVIEW: &str = "review_emergency";

/// "Was it justified?"
pub const REVIEW_JUSTIFIED: &str = "review_justified";

/// "Did the duration fit?"
pub const REVIEW_FIT: &str = "review_fit";

/// "What has to follow?"
pub const REVIEW_FOLLOW_UP: &str = "review_follow_up";

/// "I'll take it". Value: the alarm.
pub const TAKE_ALARM: &str = "take_alarm";

/// "Show": the card of a request, for the person alone. Value: the request.
pub const SHOW: &str = "show";

/// The menu at Approve and Deny: what else an approver can do. Values: the choice, request, step and revision.
pub const MENU: &str = "more";

/// "Reassign": to whom, and why.
pub const VIEW_REASSIGN: &str = "reassign";

/// "Make it shorter": how short, and why.
pub const VIEW_SHORTEN: &str = "shorten";

/// "Ask a question": the question.
pub const VIEW_QUESTION: &str = "question";

/// "Administer": what an administrator does outside the plan, and why.
pub const VIEW_ADMINISTER: &str = "administer";

/// A person of those a dialog offers. Values: the person's number.
pub const DESK_PERSON: &str = "desk_person";

/// Anybody of the workspace.
pub const DESK_USER: &str = "desk_user";

/// A length that is offered. Values: seconds.
pub const SHORTEN_TO: &str = "shorten_to";

/// A length of one's own.
pub const SHORTEN_CUSTOM: &str = "shorten_custom";

/// The question to the one who asked.
pub const QUESTION: &str = "question_text";

/// What an administrator does.
pub const ADMIN_ACT: &str = "admin_act";

/// "Administer…" Value: the request.
pub const ADMINISTER: &str = "administer";

/// "Remind": has the approvers reminded. Value: the request.
pub const NUDGE: &str = "nudge";

/// "Remind me later": when.
pub const VIEW_REMIND_ME: &str = "remind_me";

/// When to be reminded.
pub const REMIND_WHEN: &str = "remind_when";

/// `/c1 approvals`: what waits, to decide several at once.
pub const VIEW_BULK: &str = "bulk";

/// The tick at a request. Value: request, step and revision.
pub const BULK_TICK: &str = "bulk_tick";

/// What is decided about all that is ticked.
pub const BULK_VERDICT: &str = "bulk_verdict";

/// A later page. Value: its first, from 0.
pub const BULK_PAGE: &str = "bulk_page";

/// An earlier page. Value: its first, from 0.
pub const BULK_PAGE_BACK: &str = "bulk_page_back";

/// "Note to approvers": asks what to write. Value: request, step and revision.
pub const NOTE: &str = "note_to_approvers";

/// The form of a note to the approvers.
pub const VIEW_NOTE: &str = "note";

/// What the note says.
pub const NOTE_TEXT: &str = "note_text";
