//! Several decisions at once: what waits for a person, each with a tick, and one reason for all that are ticked.

use super::{
    decision::{BLOCK_REASON, Seen, asked, reason_text},
    kit::{self, Modal, button, context, input, option, placeholder, section},
    limits::SECTION,
    phrase::Phrase,
    text::Mentions,
};
use crate::{
    domain::{ids::RequestId, length::spoken, step::Verdict},
    slack::surface,
    usecases::queries::my_work::RequestLine,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::prelude::*;

/// As many as one page shows.
pub const PAGE: usize = 20;

/// The block of the verdict.
pub const BLOCK_VERDICT: &str = "verdict";

/// What the list remembers: what it shows, as it was seen, and what is ticked on other pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// The first one that is shown, from 0.
    pub from: usize,
    /// What is shown.
    shown: Vec<String>,
    /// What is ticked elsewhere.
    ticked: Vec<String>,
}

impl Notes {
    /// A list that begins at the beginning.
    #[must_use]
    pub fn first() -> Self {
        Self::default()
    }

    /// Reads a view's private metadata.
    #[must_use]
    pub fn read(private_metadata: &str) -> Option<Self> {
        serde_json::from_str(private_metadata).ok()
    }

    /// What is ticked in all: on this page, as `is_ticked` says, and on the others.
    #[must_use]
    pub fn ticked(&self, is_ticked: impl Fn(RequestId) -> bool) -> Vec<Seen> {
        let elsewhere = self.ticked.iter().filter(|seen| !self.shown.contains(seen));
        let here = self.shown.iter().filter_map(|seen| seen.parse::<Seen>().ok());
        elsewhere
            .filter_map(|seen| seen.parse().ok())
            .chain(here.filter(|seen| is_ticked(seen.request)))
            .collect()
    }

    /// Another page, with all that is ticked by now.
    #[must_use]
    pub fn page(from: usize, ticked: &[Seen]) -> Self {
        Self {
            from,
            shown: Vec::new(),
            // As many as fit into what Slack keeps for us, beside those of a page.
            ticked: ticked.iter().take(TICKED).map(ToString::to_string).collect(),
        }
    }
}

/// As many ticks are kept from other pages.
const TICKED: usize = 100;

/// The block of one tick.
#[must_use]
pub fn tick_block(request: RequestId) -> String {
    format!("tick:{request}")
}

/// One page of what waits, of `total`.
#[must_use]
pub fn list(lines: &[RequestLine], total: usize, notes: &Notes, now: DateTime<Utc>, mentions: &Mentions) -> Value {
    let mut notes = notes.clone();
    let shown: Vec<(&RequestLine, Seen)> = lines
        .iter()
        .filter_map(|line| Some((line, Seen::of(line.id, line.may_decide.as_ref()?))))
        .take(PAGE)
        .collect();
    notes.shown = shown.iter().map(|(_, seen)| seen.to_string()).collect();
    let mut blocks = vec![context(
        "Tick what you have looked at. Each one still passes its own rules, and only what you have seen is decided.",
    )];
    for (line, seen) in &shown {
        blocks.push(tickable(line, *seen, &notes, now, mentions));
    }
    let last = notes.from + shown.len();
    let mut turn = Vec::new();
    if notes.from > 0 {
        let before = notes.from.saturating_sub(PAGE);
        turn.push(button(surface::BULK_PAGE_BACK, "← Earlier", &before.to_string()));
    }
    if last < total {
        turn.push(button(surface::BULK_PAGE, "Later →", &last.to_string()));
    }
    if !turn.is_empty() {
        blocks.push(context(&format!("{} to {last} of {total}", notes.from + 1)));
        blocks.push(kit::actions(turn));
    }
    let verdicts = vec![
        option("Approve what is ticked", "approve"),
        option("Deny what is ticked", "deny"),
    ];
    let verdict = SlackBlockStaticSelectElement::new()
        .with_action_id(surface::BULK_VERDICT.into())
        .with_placeholder(placeholder("Choose"))
        .with_options(verdicts);
    blocks.push(input(BLOCK_VERDICT, "What do you decide?", verdict).into());
    let why = reason_text(surface::REASON, "Those who asked will read it.");
    blocks.push(
        input(BLOCK_REASON, "Your reason, for all of them", why)
            .with_optional(true)
            .into(),
    );
    Modal {
        callback_id: surface::VIEW_BULK,
        title: "Waiting for you",
        submit: "Decide",
        close: "Close",
        metadata: kit::json_of(&notes),
    }
    .of(blocks)
}

fn tickable(line: &RequestLine, seen: Seen, notes: &Notes, now: DateTime<Utc>, mentions: &Mentions) -> SlackBlock {
    let waited = spoken((now - line.waits_since).num_seconds());
    let phrase = asked(line).text(&format!("\n#{} · waiting for {waited}", line.id));
    let tick = option("Tick", &seen.to_string());
    let tick = SlackBlockChoiceItem::new(tick.text.into(), tick.value);
    let mut boxes = SlackBlockCheckboxesElement::new(vec![tick.clone()]).with_action_id(surface::BULK_TICK.into());
    if notes.ticked.contains(&seen.to_string()) {
        boxes = boxes.with_initial_options(vec![tick]);
    }
    SlackSectionBlock::new()
        .with_block_id(tick_block(line.id).into())
        .with_text(
            SlackBlockMarkDownText::new(phrase.markup(mentions, SECTION))
                .with_verbatim(true)
                .into(),
        )
        .with_accessory(boxes.into())
        .into()
}

/// What became of them: how many were decided, and what each of the others was refused for.
#[must_use]
pub fn outcome(verdict: Verdict, decided: usize, refused: &[(RequestId, String)]) -> Value {
    let done = match verdict {
        Verdict::Approve => "approved",
        Verdict::Deny => "denied",
    };
    let phrase = match (decided, refused.len()) {
        (0, _) => Phrase::of(&format!("Nothing was {done}.")),
        (1, _) => Phrase::of(&format!("✅ One request {done}.")),
        (decided, _) => Phrase::of(&format!("✅ {decided} requests {done}.")),
    };
    let mut blocks = vec![section(&phrase.markup(&Mentions::new(), SECTION))];
    if !refused.is_empty() {
        let count = refused.len();
        let these = if count == 1 { "this one" } else { "these" };
        blocks.push(section(&format!("⚠️ Not {these}:")));
        for (request, sentence) in refused.iter().take(90) {
            let phrase = Phrase::of("#").text(&request.to_string()).text(": ").text(sentence);
            blocks.push(section(&phrase.markup(&Mentions::new(), SECTION)));
        }
    }
    let view = SlackModalView::new(kit::plain("Waiting for you", super::limits::VIEW_TITLE), blocks)
        .with_close(kit::plain("Close", super::limits::VIEW_TITLE))
        .with_callback_id(surface::VIEW_NOTICE.into());
    kit::json_of(&SlackView::Modal(view))
}
