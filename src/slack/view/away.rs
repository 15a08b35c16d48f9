//! Being away: what one reads about it, and the form in which one says it.

use super::{
    Message,
    kit::{Modal, button, context, input, placeholder, section_with, sentence},
    limits::SECTION,
    phrase::Phrase,
    text::Mentions,
};
use crate::{
    domain::absence::{Absence, LONGEST, Source},
    slack::surface,
    usecases::queries::request_card::PersonRef,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use slack_morphism::prelude::*;

/// The block of the first day.
pub const BLOCK_FROM: &str = "away_from";

/// The block of the day they are back.
pub const BLOCK_UNTIL: &str = "away_until";

/// The block of whoever decides in their place.
pub const BLOCK_DELEGATE: &str = "away_delegate";

/// "You are away until … · Ben decides in your place".
#[must_use]
pub fn phrase(absence: &Absence, delegate: Option<&str>, now: DateTime<Utc>) -> Phrase {
    let by = match absence.source {
        Source::Said => "",
        Source::Status => "Your status in Slack says so. ",
        Source::DoNotDisturb => "You do not want to be disturbed in Slack. ",
    };
    let phrase = if absence.until - now > TimeDelta::days(LONGEST - 30) {
        Phrase::of("🌴 You are away")
    } else if absence.holds(now) {
        Phrase::of("🌴 You are away until ").when(absence.until)
    } else {
        Phrase::of("🌴 You will be away from ")
            .when(absence.from)
            .text(" until ")
            .when(absence.until)
    };
    match absence.delegate {
        Some(id) => phrase
            .text(". ")
            .person(&PersonRef {
                id,
                name: delegate.unwrap_or("somebody").to_owned(),
            })
            .text(" decides in your place."),
        None => phrase
            .text(". ")
            .text(by)
            .text("Nobody stands in for you: others are asked, as the policies say."),
    }
}

/// What the person who typed `/c1 away` reads.
#[must_use]
pub fn away(absence: Option<&Absence>, delegate: Option<&str>, now: DateTime<Utc>, mentions: &Mentions) -> Message {
    let Some(absence) = absence else {
        let phrase = Phrase::of(
            "You are not away. Type for example “/c1 away until Monday for @Ben”, or “/c1 away from 2026-12-21 until \
             2027-01-04”. Whoever you name decides in your place.",
        );
        return Message::new(&phrase, vec![sentence(&phrase, mentions)]);
    };
    let phrase = phrase(absence, delegate, now);
    let hint = context("`/c1 back` as soon as you are back earlier.");
    Message::new(&phrase, vec![sentence(&phrase, mentions), hint])
}

/// What the person who is back reads.
#[must_use]
pub fn back(was: bool) -> Message {
    super::notices::say(if was {
        "Welcome back. What waits for you comes to you again."
    } else {
        "You were not away."
    })
}

/// The line on the Home tab of somebody who is away.
pub(super) fn home(absence: &Absence, delegate: Option<&str>, now: DateTime<Utc>, mentions: &Mentions) -> SlackBlock {
    section_with(
        &phrase(absence, delegate, now).markup(mentions, SECTION),
        button(surface::BACK, "I'm back", ""),
    )
}

/// The form.
#[must_use]
pub fn form(absence: Option<&Absence>, today: NaiveDate, mentions: &Mentions) -> Value {
    let date = |action: &str, day: Option<NaiveDate>| {
        let picker = SlackBlockDatePickerElement::new().with_action_id(action.into());
        match day {
            Some(day) => picker.with_initial_date(day.format("%Y-%m-%d").to_string()),
            None => picker,
        }
    };
    let mut select = SlackBlockUsersSelectElement::new()
        .with_action_id(surface::AWAY_DELEGATE.into())
        .with_placeholder(placeholder("Choose a person"));
    let delegate = absence.and_then(|absence| absence.delegate);
    if let Some(user) = delegate.and_then(|delegate| mentions.get(&delegate)) {
        select = select.with_initial_user(user.clone());
    }
    Modal {
        callback_id: surface::VIEW_AWAY,
        title: "I'll be away",
        submit: "Save",
        close: "Back",
        metadata: Value::Null,
    }
    .of(vec![
        input(BLOCK_FROM, "From", date(surface::AWAY_FROM, Some(today)))
            .with_optional(true)
            .into(),
        input(BLOCK_UNTIL, "Back on", date(surface::AWAY_UNTIL, None)).into(),
        input(BLOCK_DELEGATE, "Who decides in your place?", select)
            .with_optional(true)
            .into(),
        context("What waits for you goes to them while you are away, also what waits already."),
    ])
}
