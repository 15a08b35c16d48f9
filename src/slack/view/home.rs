//! The Home tab: what waits for a person, what they hold, what they asked for.

use super::{
    away,
    decision::{asked, decide_buttons, end_button, extend_button},
    kit::{actions, button, context, header, home_tab, section, section_with},
    limits::{SECTION, VIEW_BLOCKS, fit},
    notices::alarm_blocks,
    phrase::Phrase,
    review::owed,
    state,
    text::Mentions,
};
use crate::{
    domain::{grant::GrantState, ids::PersonId},
    slack::surface,
    usecases::queries::my_work::{AccessLine, Home, ProvisioningLine, RequestLine},
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use slack_morphism::prelude::*;

/// The Home tab of a person.
#[must_use]
pub fn home(home: &Home, mentions: &Mentions) -> Value {
    let mut blocks = vec![
        section(
            &Phrase::of("Hi ")
                .person(&home.person)
                .text(". What do you need?")
                .markup(mentions, SECTION),
        ),
        actions(vec![
            request_button(),
            button(
                surface::AWAY,
                if home.absence.is_some() {
                    "Change when I'm away"
                } else {
                    "I'll be away"
                },
                "",
            ),
        ]),
    ];
    if let Some((absence, delegate)) = &home.absence {
        blocks.push(away::home(absence, delegate.as_deref(), home.now, mentions));
    }
    if !home.alarms.is_empty() {
        blocks.push(header(&counted("🚨 Alarms", length(&home.alarms))));
        let alarms = home.alarms.iter().map(|alarm| alarm_blocks(alarm, mentions)).collect();
        blocks.extend(fit(alarms, 0, 20));
    }
    if !home.reviews.is_empty() {
        blocks.push(header(&counted("Emergencies to review", length(&home.reviews))));
        let reviews = home.reviews.iter().map(|review| owed(review, mentions)).collect();
        blocks.extend(fit(reviews, 0, 10));
    }
    let waits = !home.approvals.is_empty() || !home.tasks.is_empty();
    if !home.approvals.is_empty() || !waits {
        let count = home.approvals_total.max(length(&home.approvals));
        blocks.push(header(&counted("Waiting for you", count)));
    }
    if !waits {
        blocks.push(context("Nothing waits for you. 🎉"));
    }
    let approvals = home.approvals.iter().map(|line| approval(line, mentions)).collect();
    blocks.extend(fit(approvals, many(home.approvals_total), 25));
    if !home.tasks.is_empty() {
        blocks.push(header("To set up or remove by hand"));
        let tasks: Vec<_> = home.tasks.iter().map(|task| provisioning(task, mentions)).collect();
        blocks.extend(fit(tasks, 0, 20));
    }
    blocks.push(header(&counted(
        "My access",
        home.access_total.max(length(&home.access)),
    )));
    if home.access.is_empty() {
        blocks.push(context(
            "You hold nothing through me yet. What you are given shows up here, with the time it has left.",
        ));
    }
    let held: Vec<_> = home
        .access
        .iter()
        .map(|line| access(line, home.now, mentions))
        .collect();
    // Room is kept for the requests below.
    let room = (VIEW_BLOCKS - 16).saturating_sub(blocks.len());
    blocks.extend(fit(held, many(home.access_total), room));
    blocks.push(header("My requests"));
    if home.requests.is_empty() {
        blocks.push(context("You have not asked for anything yet."));
    }
    let requests: Vec<_> = home
        .requests
        .iter()
        .map(|line| request(line, home.person.id, mentions))
        .collect();
    let room = VIEW_BLOCKS.saturating_sub(blocks.len());
    blocks.extend(fit(requests, many(home.requests_total), room));
    home_tab(blocks)
}

fn many(total: i64) -> usize {
    usize::try_from(total).unwrap_or(0)
}

fn length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

fn counted(title: &str, count: i64) -> String {
    if count > 0 {
        format!("{title} ({count})")
    } else {
        title.to_owned()
    }
}

/// "Request access".
pub(super) fn request_button() -> SlackBlockButtonElement {
    SlackBlockButtonElement::new(super::kit::plain("Request access", super::limits::BUTTON))
        .with_action_id(surface::REQUEST.into())
        .with_style(SlackBlockButtonStyle::Primary)
}

/// A request that waits for the reader: what, why, Approve and Deny.
pub(super) fn approval(line: &RequestLine, mentions: &Mentions) -> Vec<SlackBlock> {
    let mut buttons = line
        .may_decide
        .as_ref()
        .map(|may| decide_buttons(line.id, may))
        .unwrap_or_default();
    buttons.push(button(surface::SHOW, "Show", &line.id.to_string()));
    vec![section(&asked(line).markup(mentions, SECTION)), actions(buttons)]
}

/// A task to give or take access by hand.
pub(super) fn provisioning(task: &ProvisioningLine, mentions: &Mentions) -> Vec<SlackBlock> {
    let (lead, link) = if task.remove {
        ("Remove ", " from ")
    } else {
        ("Set up ", " for ")
    };
    let bolt = if task.emergency { "⚡ " } else { "" };
    let phrase = Phrase::of(&format!("{bolt}{lead}"))
        .link(task.url.as_deref(), &task.title)
        .text(link)
        .person(&task.subject);
    let id = task.id.to_string();
    let mut buttons = if task.remove {
        vec![button(surface::REMOVED, "Removed", &id).with_style(SlackBlockButtonStyle::Primary)]
    } else {
        let done = button(surface::PROVISIONED, "Provisioned", &id).with_style(SlackBlockButtonStyle::Primary);
        vec![done, button(surface::WONT_DO, "Won't do", &id)]
    };
    buttons.push(button(surface::SHOW, "Show", &task.request.to_string()));
    vec![section(&phrase.markup(mentions, SECTION)), actions(buttons)]
}

/// An access that is held: how long still, "I'm done", "Extend".
pub(super) fn access(line: &AccessLine, now: DateTime<Utc>, mentions: &Mentions) -> Vec<SlackBlock> {
    let bolt = if line.emergency { "⚡ " } else { "" };
    let phrase = Phrase::of(&format!("{} {bolt}", state::grant_sign(line.state)))
        .bold(&line.title)
        .text("\n");
    let phrase = match (line.state, line.until) {
        (GrantState::Active, Some(until)) => match state::time_left(until, now) {
            Some(left) => phrase.text(&format!("{left} left, until ")).when(until),
            None => phrase.text("Ending now"),
        },
        (GrantState::Active, None) => phrase.text("No end"),
        (state, until) => phrase.then(state::access(state, until)),
    };
    let mut blocks = vec![section(&phrase.markup(mentions, SECTION))];
    if line.state == GrantState::Active {
        let mut buttons = vec![end_button(line.id)];
        if line.may_extend {
            buttons.push(extend_button(line.id, "Extend"));
        }
        blocks.push(actions(buttons));
    }
    blocks
}

/// A request of the reader's, on two lines.
pub(super) fn request(line: &RequestLine, reader: PersonId, mentions: &Mentions) -> Vec<SlackBlock> {
    let sign = state::sign(&line.standing, line.grant.map(|(state, _)| state));
    let bolt = if line.emergency { "⚡ " } else { "" };
    let phrase = Phrase::of(&format!("{sign} {bolt}#{} ", line.id)).link(line.url.as_deref(), &line.title);
    let phrase = if line.subject.id == reader {
        phrase
    } else {
        phrase.text(" for ").person(&line.subject)
    };
    let phrase = phrase
        .text("\n")
        .then(state::request_line(line, reader))
        .text(" · asked ")
        .when(line.created_at);
    vec![section_with(
        &phrase.markup(mentions, SECTION),
        button(surface::SHOW, "Show", &line.id.to_string()),
    )]
}
