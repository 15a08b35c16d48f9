//! The look back at an emergency: the card with what happened, and the form with the three questions.

use super::{
    Message,
    decision::{BLOCK_REASON, reason_text},
    kit::{Modal, actions, button, context, fields, header, input, plain, quote, section_with, sentence},
    limits::{EXCERPT, FIELD, LABEL, NAME, SECTION},
    phrase::Phrase,
    text::{Mentions, line},
};
use crate::{
    domain::{
        event::Cause,
        ids::PersonId,
        review::{Findings, Fit},
    },
    slack::surface,
    usecases::queries::reviews::{Moment, ReviewCard},
};
use serde_json::Value;
use slack_morphism::prelude::*;

/// The block of "Was it justified?".
pub const BLOCK_JUSTIFIED: &str = "justified";
/// The block of "Did the duration fit?".
pub const BLOCK_FIT: &str = "fit";

/// As many moments as a card tells.
const MOMENTS: usize = 20;

/// The card, for one who can do it.
#[must_use]
pub fn card(card: &ReviewCard, reader: PersonId, mentions: &Mentions) -> Message {
    let subject = line(&card.subject.name, NAME);
    let headline = match &card.done {
        Some(_) => format!("⚡ Reviewed: the emergency of {subject}"),
        None => format!("⚡ Please review the emergency of {subject}"),
    };
    let lead = Phrase::of("").link(card.url.as_deref(), &format!("#{} {}", card.request, card.title));
    let value = |phrase: Phrase| phrase.markup(mentions, FIELD - 50);
    let mut pairs = vec![
        ("Used by", value(Phrase::new().person(&card.subject))),
        ("Asked for", value(Phrase::of(&card.length.to_string()))),
    ];
    if card.requester.id != card.subject.id {
        pairs.insert(0, ("Requested by", value(Phrase::new().person(&card.requester))));
    }
    let mut blocks = vec![
        header(&headline),
        sentence(&lead, mentions),
        fields(&pairs),
        quote("Justification", &card.justification),
    ];
    if let Some(changed) = card.escalation.as_deref().filter(|changed| !changed.trim().is_empty()) {
        blocks.push(quote("What had changed", changed));
    }
    blocks.push(sentence(&timeline(card), mentions));
    let mine = card.reviewers.iter().any(|person| person.id == reader);
    let state = match &card.done {
        Some((by, at, findings)) => {
            let phrase = Phrase::of("🔎 Reviewed by ")
                .person_or_you(by, reader)
                .text(" ")
                .when(*at)
                .text(": ")
                .then(findings_in_words(findings));
            blocks.push(sentence(&phrase, mentions));
            if !findings.follow_up.trim().is_empty() {
                blocks.push(quote("To follow", &findings.follow_up));
            }
            phrase
        }
        None if mine => {
            let phrase = due(card);
            blocks.push(context(&phrase.markup(mentions, SECTION)));
            blocks.push(actions(vec![
                review_button(card).with_style(SlackBlockButtonStyle::Primary),
            ]));
            phrase
        }
        None => {
            let phrase = Phrase::of("No longer needed from you");
            blocks.push(sentence(&phrase, mentions));
            phrase
        }
    };
    let text = Phrase::of(&headline)
        .text(": ")
        .name(&card.title)
        .text(" · ")
        .then(state);
    Message::new(&text, blocks)
}

/// A review that is owed, in a list.
pub(super) fn owed(card: &ReviewCard, mentions: &Mentions) -> Vec<SlackBlock> {
    let phrase = Phrase::of(if card.overdue { "⚠️ ⚡ " } else { "⚡ " })
        .link(card.url.as_deref(), &format!("#{} {}", card.request, card.title))
        .text(" · used by ")
        .person(&card.subject)
        .text("\n")
        .then(due(card));
    vec![section_with(&phrase.markup(mentions, SECTION), review_button(card))]
}

fn review_button(card: &ReviewCard) -> SlackBlockButtonElement {
    button(surface::REVIEW, "Review", &card.id.to_string())
}

fn due(card: &ReviewCard) -> Phrase {
    let others = card.reviewers.len().saturating_sub(1);
    let phrase = if card.overdue {
        Phrase::of("Overdue since ")
            .when(card.due_at)
            .text("; until it is done, a second person has to approve the next emergency")
    } else {
        Phrase::of("Please do it by ").when(card.due_at)
    };
    match others {
        0 => phrase,
        1 => phrase.text(" · one other can do it, too"),
        more => phrase.text(&format!(" · {more} others can do it, too")),
    }
}

fn findings_in_words(findings: &Findings) -> Phrase {
    let justified = if findings.justified {
        "justified"
    } else {
        "⚠️ not justified"
    };
    Phrase::of(justified).text("; ").text(findings.fit.said())
}

/// What happened, one a line.
fn timeline(card: &ReviewCard) -> Phrase {
    let mut phrase = Phrase::new();
    for (i, (at, moment)) in card.timeline.iter().take(MOMENTS).enumerate() {
        phrase = if i > 0 { phrase.text("\n") } else { phrase };
        phrase = phrase.when(*at).text(" · ").then(told(moment));
    }
    match card.timeline.len().saturating_sub(MOMENTS) {
        0 => phrase,
        more => phrase.text(&format!("\n… and {more} more")),
    }
}

fn told(moment: &Moment) -> Phrase {
    let by = |words: &str, by: &Option<_>| match by {
        Some(by) => Phrase::of(words).text(" by ").person(by),
        None => Phrase::of(words),
    };
    match moment {
        Moment::Asked(who) => Phrase::of("asked for by ").person(who),
        Moment::Escalated(who) => Phrase::of("made an emergency by ").person(who),
        Moment::Approved(who) => Phrase::of("approved by ").person(who),
        Moment::Automatic => Phrase::of("passed by the emergency rules, without an approval"),
        Moment::Skipped(who) => Phrase::of("a step was skipped by administrator ").person(who),
        Moment::Unanswered => Phrase::of("nobody had answered; the last resort was asked too"),
        Moment::Began(giver) => by("access began, given", giver).then(match giver {
            Some(_) => Phrase::new(),
            None => Phrase::of(" automatically"),
        }),
        Moment::Extended(request, length) => Phrase::of(&format!("more time: {length}, by request #{request}")),
        Moment::TimeOver => Phrase::of("its time was over"),
        Moment::CalledOff(who, Cause::Done) => by("ended early", who).text(", who no longer needed it"),
        Moment::CalledOff(who, cause) => by(&format!("ended because {}", cause.words()), who),
        Moment::Ended(who) => by("access is gone, removed", who).then(match who {
            Some(_) => Phrase::new(),
            None => Phrase::of(" automatically"),
        }),
        Moment::EndOverdue => Phrase::of("🚨 access should have been gone, and was not"),
    }
}

/// The form. The private metadata is the review's number.
#[must_use]
pub fn form(card: &ReviewCard, mentions: &Mentions) -> Value {
    let lead = Phrase::of("⚡ ")
        .link(card.url.as_deref(), &format!("#{} {}", card.request, card.title))
        .text(", used by ")
        .person(&card.subject)
        .text(". ")
        .said(
            card.escalation
                .as_deref()
                .filter(|said| !said.trim().is_empty())
                .unwrap_or(&card.justification),
            EXCERPT,
        );
    let yes = vec![
        choice("Yes, it was an emergency", "yes"),
        choice("No, the usual way would have done", "no"),
    ];
    let justified = SlackBlockRadioButtonsElement::new(yes).with_action_id(surface::REVIEW_JUSTIFIED.into());
    let fits = Fit::ALL
        .into_iter()
        .map(|fit| {
            let text = match fit {
                Fit::Fits => "Yes",
                Fit::TooLong => "No, it was longer than needed",
                Fit::TooShort => "No, it was too short",
            };
            choice(text, fit.word())
        })
        .collect();
    let fit = SlackBlockRadioButtonsElement::new(fits).with_action_id(surface::REVIEW_FIT.into());
    let text = reason_text(
        surface::REVIEW_FOLLOW_UP,
        "A fix, a rule to change, somebody to talk to",
    );
    Modal {
        callback_id: surface::VIEW_REVIEW,
        title: "Review an emergency",
        submit: "Done",
        close: "Back",
        metadata: card.id.into(),
    }
    .of(vec![
        sentence(&lead, mentions),
        context(&timeline(card).markup(mentions, SECTION)),
        input(BLOCK_JUSTIFIED, "Was it justified?", justified).into(),
        input(BLOCK_FIT, "Did the duration fit?", fit).into(),
        input(BLOCK_REASON, "What has to follow?", text)
            .with_optional(true)
            .with_hint(plain(
                "Needed where it was not justified. It is on record, and the person reads it.",
                LABEL,
            ))
            .into(),
    ])
}

fn choice(text: &str, value: &str) -> SlackBlockChoiceItem<SlackBlockText> {
    let text = SlackBlockPlainText::new(text.to_owned()).with_emoji(true);
    SlackBlockChoiceItem::new(SlackBlockText::from(text), value.to_owned())
}

/// What was chosen in the form; `None` where something is missing.
#[must_use]
pub fn findings(justified: Option<&str>, fit: Option<&str>, follow_up: &str) -> Option<Findings> {
    Some(Findings {
        justified: match justified? {
            "yes" => true,
            "no" => false,
            _ => return None,
        },
        fit: Fit::from_word(fit?)?,
        follow_up: follow_up.to_owned(),
    })
}

/// The answer to `/c1 reviews`.
#[must_use]
pub fn list(cards: &[ReviewCard], mentions: &Mentions) -> Message {
    if cards.is_empty() {
        let phrase = Phrase::of("No emergency waits for your review. 🎉");
        return Message::new(&phrase, vec![sentence(&phrase, mentions)]);
    }
    let title = format!("Emergencies to review ({})", cards.len());
    let mut blocks = vec![header(&title)];
    let groups = cards.iter().map(|card| owed(card, mentions)).collect();
    blocks.extend(super::limits::fit(
        groups,
        cards.len(),
        super::limits::MESSAGE_BLOCKS - 1,
    ));
    Message::new(&Phrase::of(&title), blocks)
}
