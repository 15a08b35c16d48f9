//! What an approver can do beside deciding, in a menu at the buttons and the small dialogs behind it; and what an
//! administrator can do outside the plan.

use super::{
    decision::{BLOCK_REASON, Seen, decide_buttons, reason_text, summary},
    kit::{self, Modal, input, option, placeholder, plain, sentence},
    limits::{INPUT, LABEL, OPTIONS},
    phrase::Phrase,
    text::Mentions,
};
use crate::{
    domain::{length::spoken, refusal::LONGEST_TEXT},
    slack::surface,
    usecases::{
        queries::{
            desk::{AdminForm, ReassignForm, ShortenForm},
            request_card::{Desk, MayDecide, PersonRef, RequestCard, Role},
        },
        remind::When,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::prelude::*;

/// A choice of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// "I'm on it".
    Claim,
    /// "I'm not on it any more".
    GiveBack,
    /// "Make it shorter…"
    Shorten,
    /// "Reassign…"
    Reassign,
    /// "Ask a question…"
    Ask,
    /// "Remind me later…"
    Later,
}

impl Choice {
    const ALL: [Self; 6] = [
        Self::Claim,
        Self::GiveBack,
        Self::Shorten,
        Self::Reassign,
        Self::Ask,
        Self::Later,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::GiveBack => "give_back",
            Self::Shorten => "shorten",
            Self::Reassign => "reassign",
            Self::Ask => "ask",
            Self::Later => "later",
        }
    }

    /// Reads what was chosen, and on what.
    #[must_use]
    pub fn read(value: &str) -> Option<(Self, Seen)> {
        let (word, seen) = value.split_once(':')?;
        let choice = Self::ALL.into_iter().find(|choice| choice.word() == word)?;
        Some((choice, seen.parse().ok()?))
    }
}

/// Approve, Deny, and the menu.
pub(super) fn decide_actions(card: &RequestCard, may: &MayDecide) -> SlackBlock {
    let mut elements: Vec<SlackActionBlockElement> = decide_buttons(card.id, may).into_iter().map(Into::into).collect();
    // In a channel anybody may read along, and whose access it is writes to nobody behind their own back.
    let viewer = &card.viewer;
    let own = viewer.person == card.requester.id || viewer.person == card.subject.id;
    if viewer.role == Role::Approver && !own {
        let seen = Seen::of(card.id, may).to_string();
        elements.push(kit::button(surface::NOTE, "Note to approvers", &seen).into());
    }
    if let Some(desk) = card.viewer.desk {
        elements.push(menu(card, may, desk).into());
    }
    SlackActionsBlock::new(elements).into()
}

fn menu(card: &RequestCard, may: &MayDecide, desk: Desk) -> SlackBlockOverflowElement {
    let seen = Seen::of(card.id, may);
    let item = |text: &str, choice: Choice| option(text, &format!("{}:{seen}", choice.word()));
    let mut items = Vec::new();
    if desk.claimed {
        items.push(item("I'm not on it any more", Choice::GiveBack));
    } else if desk.may_claim {
        items.push(item("I'm on it", Choice::Claim));
    }
    items.push(item("Make it shorter…", Choice::Shorten));
    if desk.may_reassign {
        items.push(item("Reassign…", Choice::Reassign));
    }
    items.push(item(&format!("Ask {}…", card.requester.name), Choice::Ask));
    items.push(item("Remind me later…", Choice::Later));
    SlackBlockOverflowElement::new(items).with_action_id(surface::MENU.into())
}

/// The block of the person in the dialogs of this file.
pub const BLOCK_WHO: &str = "who";
/// The block of the person whose place it is.
pub const BLOCK_FROM: &str = "from";
/// The block of the lengths that are offered.
pub const BLOCK_LENGTH: &str = "length";
/// The block of a length of one's own.
pub const BLOCK_CUSTOM: &str = "custom";
/// The block of the question.
pub const BLOCK_QUESTION: &str = "question";
/// The block of what an administrator does.
pub const BLOCK_ACT: &str = "act";

/// What a dialog of this file remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// What the person saw.
    pub seen: Seen,
}

impl Notes {
    /// Reads a view's private metadata.
    #[must_use]
    pub fn read(private_metadata: &str) -> Option<Self> {
        serde_json::from_str(private_metadata).ok()
    }
}

fn lead(before: &str, card: &RequestCard, after: &str) -> Phrase {
    Phrase::of(if card.emergency { "⚡ " } else { "" })
        .text(before)
        .then(summary(card))
        .text(after)
}

/// To whom, and why.
#[must_use]
pub fn reassign_dialog(form: &ReassignForm, seen: Seen, mentions: &Mentions) -> Value {
    let after = ". They are asked in your place; you are asked again if they cannot decide any more.";
    let mut blocks = vec![sentence(&lead("You give away: ", &form.card, after), mentions)];
    blocks.push(match &form.takers {
        Some(takers) if (1..=OPTIONS).contains(&takers.len()) => person_select(BLOCK_WHO, "To whom?", takers),
        _ => users_select("To whom?"),
    });
    let why = reason_text(surface::REASON, "Everyone involved reads it.");
    blocks.push(input(BLOCK_REASON, "Why?", why).with_optional(!form.reason).into());
    Modal {
        callback_id: surface::VIEW_REASSIGN,
        title: "Reassign",
        submit: "Reassign",
        close: "Back",
        metadata: kit::json_of(&Notes { seen }),
    }
    .of(blocks)
}

fn person_select(block: &str, label: &str, people: &[PersonRef]) -> SlackBlock {
    let options = people
        .iter()
        .map(|person| option(&person.name, &person.id.to_string()))
        .collect();
    let select = SlackBlockStaticSelectElement::new()
        .with_action_id(surface::DESK_PERSON.into())
        .with_placeholder(placeholder("Choose a person"))
        .with_options(options);
    input(block, label, select).into()
}

fn users_select(label: &str) -> SlackBlock {
    let select = SlackBlockUsersSelectElement::new()
        .with_action_id(surface::DESK_USER.into())
        .with_placeholder(placeholder("Choose a person"));
    input(BLOCK_WHO, label, select).into()
}

/// How short, and why.
#[must_use]
pub fn shorten_dialog(form: &ShortenForm, seen: Seen, mentions: &Mentions) -> Value {
    let after = ". It can only be made shorter. Approvals that were given stay.";
    let mut blocks = vec![sentence(&lead("Asked for: ", &form.card, after), mentions)];
    let presets = !form.presets.is_empty();
    if presets {
        // Lengths that are spoken alike are one to people.
        let mut options: Vec<SlackBlockChoiceItem<SlackBlockPlainTextOnly>> = Vec::new();
        let mut spoken_before: Vec<String> = Vec::new();
        for preset in form.presets.iter().take(OPTIONS) {
            let words = spoken(*preset);
            if !spoken_before.contains(&words) {
                options.push(option(&words, &preset.to_string()));
                spoken_before.push(words);
            }
        }
        let select = SlackBlockStaticSelectElement::new()
            .with_action_id(surface::SHORTEN_TO.into())
            .with_placeholder(placeholder("Choose how long"))
            .with_options(options);
        blocks.push(
            input(BLOCK_LENGTH, "How long at most?", select)
                .with_optional(true)
                .into(),
        );
    }
    let text = SlackBlockPlainTextInputElement::new()
        .with_action_id(surface::SHORTEN_CUSTOM.into())
        .with_placeholder(placeholder("e.g. 90m, 12h, 1w2d"))
        .with_max_length(100);
    let label = if presets { "Or exactly" } else { "How long exactly?" };
    let hint = "m for minutes, h for hours, d for days, w for weeks.";
    blocks.push(
        input(BLOCK_CUSTOM, label, text)
            .with_optional(presets)
            .with_hint(plain(hint, LABEL))
            .into(),
    );
    let why = reason_text(surface::REASON, "The person who asked will read it.");
    blocks.push(input(BLOCK_REASON, "Why?", why).with_optional(true).into());
    Modal {
        callback_id: surface::VIEW_SHORTEN,
        title: "Make it shorter",
        submit: "Shorten",
        close: "Back",
        metadata: kit::json_of(&Notes { seen }),
    }
    .of(blocks)
}

/// The question.
#[must_use]
pub fn question_dialog(card: &RequestCard, seen: Seen, mentions: &Mentions) -> Value {
    let after = ". Everyone involved reads your question and the answer in their threads.";
    let text = SlackBlockPlainTextInputElement::new()
        .with_action_id(surface::QUESTION.into())
        .with_placeholder(placeholder("What do you need to know to decide?"))
        .with_multiline(true)
        .with_focus_on_load(true)
        .with_max_length(LONGEST_TEXT as u64);
    Modal {
        callback_id: surface::VIEW_QUESTION,
        title: "Ask a question",
        submit: "Ask",
        close: "Back",
        metadata: kit::json_of(&Notes { seen }),
    }
    .of(vec![
        sentence(&lead("About: ", card, after), mentions),
        input(
            BLOCK_QUESTION,
            &format!("Your question to {}", card.requester.name),
            text,
        )
        .into(),
    ])
}

/// The block of what a note says.
pub const BLOCK_NOTE: &str = "note";

/// What a note says, and who will read it.
#[must_use]
pub fn note_dialog(card: &RequestCard, readers: &[PersonRef], seen: Seen, mentions: &Mentions) -> Value {
    let readers = match readers {
        [] => Phrase::of("🔒 Whoever is asked later reads it; nobody else is asked now. "),
        all => Phrase::of("🔒 Read by the approvers: ")
            .people(all, 5)
            .text(", and whoever is asked later. "),
    };
    let who = if card.requester.id == card.subject.id {
        Phrase::new().person(&card.requester).text(" never sees it")
    } else {
        Phrase::new()
            .person(&card.requester)
            .text(" and ")
            .person(&card.subject)
            .text(" never see it")
    };
    let hidden = who.text(", neither here nor anywhere else. It stays on record.");
    let text = SlackBlockPlainTextInputElement::new()
        .with_action_id(surface::NOTE_TEXT.into())
        .with_placeholder(placeholder("What should the others know before they decide?"))
        .with_multiline(true)
        .with_focus_on_load(true)
        .with_max_length(INPUT as u64);
    Modal {
        callback_id: surface::VIEW_NOTE,
        title: "Note to approvers",
        submit: "Write",
        close: "Back",
        metadata: kit::json_of(&Notes { seen }),
    }
    .of(vec![
        sentence(&lead("About: ", card, "."), mentions),
        sentence(&readers.then(hidden), mentions),
        input(BLOCK_NOTE, "Your note", text).into(),
    ])
}

/// The block of when to be reminded.
pub const BLOCK_WHEN: &str = "when";

/// When one can be reminded: the value, what it is called.
const WHENS: [(&str, &str); 3] = [
    ("hour", "In an hour"),
    ("four_hours", "In four hours"),
    ("tomorrow", "Tomorrow morning"),
];

/// Reads what was chosen.
#[must_use]
pub fn when(value: &str) -> Option<When> {
    match value {
        "hour" => Some(When::InAnHour),
        "four_hours" => Some(When::InFourHours),
        "tomorrow" => Some(When::Tomorrow),
        _ => None,
    }
}

/// When to hear of it again.
#[must_use]
pub fn later_dialog(card: &RequestCard, seen: Seen, mentions: &Mentions) -> Value {
    let options: Vec<_> = WHENS.iter().map(|(value, text)| option(text, value)).collect();
    let select = SlackBlockStaticSelectElement::new()
        .with_action_id(surface::REMIND_WHEN.into())
        .with_initial_option(option(WHENS[0].1, WHENS[0].0))
        .with_options(options);
    Modal {
        callback_id: surface::VIEW_REMIND_ME,
        title: "Remind me later",
        submit: "Remind me",
        close: "Back",
        metadata: kit::json_of(&Notes { seen }),
    }
    .of(vec![
        sentence(&lead("About: ", card, ". Nobody else hears of this."), mentions),
        input(BLOCK_WHEN, "When?", select).into(),
    ])
}

/// What an administrator can choose: the value, what it is called.
pub const ACTS: [(&str, &str); 4] = [
    ("cancel", "Cancel the request"),
    ("restart", "Restart it by today's policy"),
    ("skip", "Skip the step that is open"),
    ("reassign", "Give the step to somebody else"),
];

/// What, to whom, and why.
#[must_use]
pub fn admin_dialog(form: &AdminForm, revision: i64, mentions: &Mentions) -> Value {
    let seen = Seen {
        request: form.card.id,
        step: form.step.0,
        revision,
    };
    let phrase = lead("", &form.card, ".")
        .text(" The step that is open is ")
        .bold(&form.step.1)
        .text(". What you do here stands on the record under your name, as an administrator's act and not as an approval.");
    let options = ACTS.iter().map(|(value, text)| option(text, value)).collect();
    let act = SlackBlockStaticSelectElement::new()
        .with_action_id(surface::ADMIN_ACT.into())
        .with_placeholder(placeholder("Choose"))
        .with_options(options);
    let mut blocks = vec![
        sentence(&phrase, mentions),
        input(BLOCK_ACT, "What is to be done?", act).into(),
    ];
    if (2..=OPTIONS).contains(&form.waiting.len()) {
        let options = form
            .waiting
            .iter()
            .map(|person| option(&person.name, &person.id.to_string()))
            .collect();
        let select = SlackBlockStaticSelectElement::new()
            .with_action_id(surface::DESK_PERSON.into())
            .with_placeholder(placeholder("Choose a person"))
            .with_options(options);
        let label = "In whose place? (to give the step to somebody else)";
        blocks.push(input(BLOCK_FROM, label, select).with_optional(true).into());
    }
    let select = SlackBlockUsersSelectElement::new()
        .with_action_id(surface::DESK_USER.into())
        .with_placeholder(placeholder("Choose a person"));
    let label = "To whom? (to give the step to somebody else)";
    blocks.push(input(BLOCK_WHO, label, select).with_optional(true).into());
    let why = reason_text(surface::REASON, "Everyone involved reads it.");
    blocks.push(input(BLOCK_REASON, "Why?", why).into());
    Modal {
        callback_id: surface::VIEW_ADMINISTER,
        title: "Administer",
        submit: "Do it",
        close: "Back",
        metadata: kit::json_of(&Notes { seen }),
    }
    .of(blocks)
}
