//! The small questions between a click and its effect: a reason that is missing, calling a request off, a task that
//! will not be done. And what the buttons carry: ids and versions, never authority.

use super::{
    kit::{self, Modal, button, confirm, context, input, placeholder, plain, sentence},
    limits::{EXCERPT, INPUT, SECTION},
    phrase::Phrase,
    preview::preview_line,
    text::{Mentions, cut},
};
use crate::{
    domain::{
        ids::{BundleId, GrantId, RequestId},
        refusal::LONGEST_TEXT,
        step::Verdict,
    },
    slack::surface,
    usecases::queries::{
        escalation::Escalation,
        my_work::{ProvisioningLine, RequestLine},
        request_card::{MayDecide, RequestCard},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::prelude::*;
use std::{fmt, str::FromStr};

/// What a person saw when they decided: the value of Approve and Deny (`42:0:3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The request.
    pub request: RequestId,
    /// The step, from 0.
    pub step: usize,
    /// The revision of the request.
    pub revision: i64,
}

impl Seen {
    /// What is decided on this card.
    #[must_use]
    pub fn of(request: RequestId, may: &MayDecide) -> Self {
        Self {
            request,
            step: may.step,
            revision: may.revision,
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.request, self.step, self.revision)
    }
}

/// Not a value of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSeen;

impl FromStr for Seen {
    type Err = NotSeen;

    fn from_str(value: &str) -> Result<Self, NotSeen> {
        let mut parts = value.split(':');
        let seen = (|| {
            let request = parts.next()?.parse().ok()?;
            let step = parts.next()?.parse().ok()?;
            let revision = parts.next()?.parse().ok()?;
            Some(Self {
                request,
                step,
                revision,
            })
        })();
        seen.filter(|_| parts.next().is_none()).ok_or(NotSeen)
    }
}

/// The block of the reason on a card: another step starts with an empty one.
#[must_use]
pub fn reason_block(step: usize) -> String {
    format!("decision_reason:{step}")
}

/// The block of the reason in the dialogs of this file.
pub const BLOCK_REASON: &str = "reason";

/// Green Approve and red Deny.
pub(super) fn decide_buttons(request: RequestId, may: &MayDecide) -> Vec<SlackBlockButtonElement> {
    let seen = Seen::of(request, may).to_string();
    vec![
        button(surface::APPROVE, "Approve", &seen).with_style(SlackBlockButtonStyle::Primary),
        button(surface::DENY, "Deny", &seen).with_style(SlackBlockButtonStyle::Danger),
    ]
}

/// The reason beside them. Slack does not insist on inputs in messages: whether it is needed is checked at the click.
pub(super) fn reason_field(may: &MayDecide) -> SlackBlock {
    let label = match (may.reason_to_approve, may.reason_to_deny) {
        (true, true) => "Your reason (needed)",
        (true, false) => "Your reason (needed to approve)",
        (false, true) => "Your reason (needed to deny)",
        (false, false) => "Your reason",
    };
    let text = reason_text(surface::DECISION_REASON, "The person who asked will read it.");
    let needed = may.reason_to_approve || may.reason_to_deny;
    input(&reason_block(may.step), label, text)
        .with_optional(!needed)
        .into()
}

pub(super) fn reason_text(action_id: &str, hint: &str) -> SlackBlockPlainTextInputElement {
    SlackBlockPlainTextInputElement::new()
        .with_action_id(action_id.into())
        .with_placeholder(placeholder(hint))
        .with_multiline(true)
        .with_max_length(LONGEST_TEXT.min(INPUT) as u64)
}

/// "Cancel request", after a question.
pub(super) fn cancel_button(request: RequestId) -> SlackBlockButtonElement {
    button(surface::CANCEL, "Cancel request", &request.to_string()).with_confirm(confirm(
        &format!("Cancel request #{request}?"),
        "Nobody will be asked any more. You can ask again at any time.",
        "Cancel request",
        "Keep it",
    ))
}

/// Calls off all parts of a bundle that are open.
pub(super) fn cancel_bundle_button(bundle: BundleId, open: usize) -> SlackBlockButtonElement {
    let what = match open {
        1 => "the open request".to_owned(),
        open => format!("{open} open requests"),
    };
    button(surface::CANCEL_BUNDLE, &format!("Cancel {what}"), &bundle.to_string()).with_confirm(confirm(
        &format!("Cancel {what}?"),
        "What is decided already stays as it is. You can ask again at any time.",
        "Cancel",
        "Keep",
    ))
}

/// "Escalate to emergency": a dialog asks what has changed.
pub(super) fn escalate_button(request: RequestId) -> SlackBlockButtonElement {
    button(surface::ESCALATE, "⚡ Escalate to emergency", &request.to_string())
}

/// Asks what has changed, and says what follows, before a request is made an emergency. `typed` is the reason that stood
/// in the form of a second request. The private metadata is the request's number.
#[must_use]
pub fn escalate_dialog(escalation: &Escalation, typed: &str, mentions: &Mentions) -> Value {
    let card = &escalation.card;
    let lead = Phrase::of("⚡ ")
        .text(&format!("Request #{} becomes an emergency: ", card.id))
        .link(card.url.as_deref(), &title(card))
        .text(" for ")
        .person(&card.subject)
        .text(&format!(", {}.", escalation.length));
    let mut follows = preview_line(&escalation.preview, true)
        .text("\nThe emergency rules decide from now on, and everyone whose approval is skipped is told at once. ");
    follows = match escalation.void {
        0 => follows,
        1 => follows.text("The approval given so far no longer counts. "),
        more => follows.text(&format!("The {more} approvals given so far no longer count. ")),
    };
    if escalation.length != card.length {
        follows = follows.text(&format!("An emergency lasts {} at most. ", escalation.length));
    }
    let follows = follows.text("The record shows that it was an emergency.");
    let max = LONGEST_TEXT.min(INPUT);
    let mut text =
        reason_text(surface::ESCALATION_REASON, "What cannot wait, and since when?").with_focus_on_load(true);
    if !typed.trim().is_empty() {
        text = text.with_initial_value(cut(typed, max));
    }
    let said = match card.justification.trim() {
        "" => Phrase::new(),
        said => Phrase::of("The reason so far: ").said(said, EXCERPT),
    };
    Modal {
        callback_id: surface::VIEW_ESCALATE,
        title: "Make it an emergency",
        submit: "Escalate",
        close: "Back",
        metadata: card.id.0.into(),
    }
    .of(vec![
        sentence(&lead, mentions),
        input(BLOCK_REASON, "What has changed?", text)
            .with_optional(true)
            .with_hint(plain("Left empty, the reason so far stands.", super::limits::LABEL))
            .into(),
        context(&said.markup(mentions, SECTION)),
        context(&follows.markup(mentions, SECTION)),
    ])
}

/// "I'm done", after a question.
pub(super) fn end_button(grant: GrantId) -> SlackBlockButtonElement {
    button(surface::END, "I'm done", &grant.to_string()).with_confirm(confirm(
        "End this access?",
        "It is taken away now. You can ask again at any time.",
        "End it now",
        "Keep it",
    ))
}

/// The same for an access that does not work yet.
pub(super) fn call_off_button(grant: GrantId) -> SlackBlockButtonElement {
    button(surface::END, "I don't need it any more", &grant.to_string()).with_confirm(confirm(
        "Call it off?",
        "It is not set up then. You can ask again at any time.",
        "Call it off",
        "Keep it",
    ))
}

/// "Ask for more time".
pub(super) fn extend_button(grant: GrantId, text: &str) -> SlackBlockButtonElement {
    button(surface::EXTEND, text, &grant.to_string())
}

/// What the dialog about a decision remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionNotes {
    /// What the person saw.
    pub seen: Seen,
    /// What they said.
    pub verdict: Verdict,
}

impl DecisionNotes {
    /// Reads a view's private metadata.
    #[must_use]
    pub fn read(private_metadata: &str) -> Option<Self> {
        serde_json::from_str(private_metadata).ok()
    }
}

/// Asks for the reason that a decision needs, or (when it is opened on purpose) may have. `typed` is what stood in the
/// card.
#[must_use]
pub fn decision_dialog(
    card: &RequestCard,
    notes: DecisionNotes,
    needed: bool,
    typed: &str,
    mentions: &Mentions,
) -> Value {
    let (title, submit, lead) = match notes.verdict {
        Verdict::Approve => ("Approve", "Approve", "You approve: "),
        Verdict::Deny => ("Deny", "Deny", "You deny: "),
    };
    let lead = Phrase::of(if card.emergency { "⚡ " } else { "" })
        .text(lead)
        .then(summary(card))
        .text(".");
    let mut text = reason_text(surface::DECISION_REASON, "The person who asked will read it.").with_focus_on_load(true);
    if !typed.is_empty() {
        text = text.with_initial_value(cut(typed, LONGEST_TEXT.min(INPUT)));
    }
    Modal {
        callback_id: surface::VIEW_DECISION,
        title: &format!("{title} request #{}", card.id),
        submit,
        close: "Back",
        metadata: kit::json_of(&notes),
    }
    .of(vec![
        sentence(&lead, mentions),
        input(BLOCK_REASON, "Your reason", text).with_optional(!needed).into(),
    ])
}

/// "GitHub / Admin for @Ana, 4 hours".
pub(super) fn summary(card: &RequestCard) -> Phrase {
    Phrase::new()
        .link(card.url.as_deref(), &title(card))
        .text(" for ")
        .person(&card.subject)
        .text(&format!(", {}", card.length))
}

/// "GitHub / payments / Admin".
pub(super) fn title(card: &RequestCard) -> String {
    match &card.resource {
        Some(resource) => format!("{} / {resource} / {}", card.app, card.entitlement),
        None => format!("{} / {}", card.app, card.entitlement),
    }
}

/// Asks why a provisioning task will not be done. The private metadata is the grant's number.
#[must_use]
pub fn wont_do_dialog(task: &ProvisioningLine, mentions: &Mentions) -> Value {
    let lead = Phrase::of("You will not set up ")
        .link(task.url.as_deref(), &task.title)
        .text(" for ")
        .person(&task.subject)
        .text(". They read why.");
    let text = reason_text(surface::REASON, "What keeps it from being done?").with_focus_on_load(true);
    Modal {
        callback_id: surface::VIEW_WONT_DO,
        title: "Won't do",
        submit: "Won't do",
        close: "Back",
        metadata: task.id.0.into(),
    }
    .of(vec![
        sentence(&lead, mentions),
        input(BLOCK_REASON, "Why not?", text).into(),
    ])
}

/// A request on two lines for lists, with what its reason begins with.
pub(super) fn asked(line: &RequestLine) -> Phrase {
    let phrase = Phrase::of(if line.emergency { "⚡ " } else { "" })
        .person(&line.requester)
        .text(" asks for ");
    let phrase = phrase.link(line.url.as_deref(), &line.title);
    let phrase = if line.requester.id == line.subject.id {
        phrase
    } else {
        phrase.text(" for ").person(&line.subject)
    };
    let phrase = phrase.text(&format!(" · {}\n", line.length));
    if line.justification.trim().is_empty() {
        phrase
    } else {
        phrase.said(&line.justification, EXCERPT)
    }
}
