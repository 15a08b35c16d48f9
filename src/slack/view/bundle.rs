//! A bundle: its parts in the request form, and the card that keeps its requests together.

use super::{
    Message,
    decision::cancel_bundle_button,
    home,
    kit::{actions, context, quote, section},
    limits::{MESSAGE_BLOCKS, SECTION, fit},
    phrase::Phrase,
    preview::preview_line,
    text::Mentions,
};
use crate::{
    domain::{length::Length, refusal::Refusal},
    usecases::{
        queries::{bundle::BundleCard, request_card::Standing},
        request_bundle::{Part, Parts},
    },
};
use slack_morphism::prelude::*;

/// What the form shows of a bundle's parts: what is missing and who will be asked for it, and what is not asked for.
#[must_use]
pub fn parts(parts: &Parts, mentions: &Mentions) -> Vec<SlackBlock> {
    let missing = parts.parts.iter().filter(|part| !part.is_there()).count();
    let head = match missing {
        0 => format!("Everything in “{}” is there already, or asked for.", parts.name),
        1 => "1 request, for what is missing:".to_owned(),
        count => format!("{count} requests, one for each part that is missing:"),
    };
    let mut blocks = vec![context(&Phrase::of(&head).markup(mentions, SECTION))];
    blocks.extend(
        parts
            .parts
            .iter()
            .map(|part| context(&part_line(part).markup(mentions, SECTION))),
    );
    blocks
}

fn part_line(part: &Part) -> Phrase {
    let said = |sign: &str, words: &str| Phrase::of(sign).text(" ").bold(&part.title).text(words);
    match &part.outcome {
        Ok(preview) => {
            let length = match part.length {
                Length::For(_) => format!(", {}. ", part.length),
                Length::NoEnd => ". ".to_owned(),
            };
            said("➕", &length).then(preview_line(preview, false))
        }
        Err(Refusal::AlreadyHeld { .. }) => said("✅", " is there already."),
        Err(Refusal::AlreadyAsked { request }) => said("⏳", &format!(" is asked for already, by request #{request}.")),
        Err(refusal) => said("⚠️", &format!(": {}", refusal.sentence())),
    }
}

/// The card: what was asked for together, and how each part stands.
#[must_use]
pub fn card(card: &BundleCard, mentions: &Mentions) -> Message {
    let count = card.parts.len();
    let title = Phrase::of("📦 You have asked for ").bold(&card.name);
    let title = if card.subject.id == card.requester.id {
        title
    } else {
        title.text(" for ").person(&card.subject)
    };
    let title = title.text(&match count {
        1 => ": 1 request".to_owned(),
        count => format!(": {count} requests"),
    });
    let mut blocks = vec![
        section(&title.clone().markup(mentions, SECTION)),
        quote("Reason", &card.justification),
    ];
    let open = |part: &&crate::usecases::queries::my_work::RequestLine| {
        matches!(part.standing, Standing::Open { .. } | Standing::Waiting { .. })
    };
    let open = card.parts.iter().filter(open).count();
    let lines = card
        .parts
        .iter()
        .map(|part| home::request(part, card.requester.id, mentions))
        .collect();
    blocks.extend(fit(lines, count, MESSAGE_BLOCKS - 4));
    let standing = match (open, count) {
        (0, _) => "All of them are decided. Each has its own card and conversation.".to_owned(),
        (open, count) => format!("{open} of {count} still open. Each has its own card and conversation."),
    };
    blocks.push(context(&standing));
    if open > 0 {
        blocks.push(actions(vec![cancel_bundle_button(card.id, open)]));
    }
    Message::new(&title, blocks)
}
