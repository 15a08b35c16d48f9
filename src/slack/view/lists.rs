//! Answers to `/c1 …`, which only the person who typed it sees.

use super::{
    Message,
    decision::{cancel_button, title},
    home::{self, request_button},
    kit::{actions, context, header, section, sentence},
    limits::{MESSAGE_BLOCKS, NAME, SECTION, fit},
    notices::alarm_blocks,
    phrase::Phrase,
    state,
    text::Mentions,
};
use crate::{
    domain::{
        ids::{PersonId, RequestId},
        nearest::nearest,
    },
    usecases::queries::{
        alarms::AlarmLine,
        audit::AuditLine,
        my_work::{AccessLine, ProvisioningLine, RequestLine},
        request_card::RequestCard,
    },
};
use chrono::{DateTime, Utc};

/// The commands: the word, what may follow, what it does.
pub const COMMANDS: [(&str, &str, &str); 13] = [
    (
        "request",
        "[app] [access]",
        "ask for access; the words after it fill in the form",
    ),
    ("list", "", "what you asked for, and how it stands"),
    (
        "approvals",
        "[list]",
        "what waits for you, to decide several at once; “list”: as a message",
    ),
    (
        "access",
        "",
        "what you hold and for how long, with “Extend” and “I'm done”",
    ),
    ("show", "42", "a request"),
    ("cancel", "42", "call a request off"),
    ("escalate", "42 [why]", "make an open request an emergency"),
    ("reviews", "", "emergencies that wait for you to look back at them"),
    ("alarms", "", "what is wrong and waits for somebody to see to it"),
    (
        "away",
        "until Monday for @Ben",
        "who decides in your place while you are away; without words: whether you are",
    ),
    ("back", "", "you are back"),
    (
        "audit",
        "[42 | @Ana | emergencies]",
        "what happened, for auditors; reading it is on record too",
    ),
    ("help", "", "this list"),
];

/// Words that people try for a command.
const MEANT: [(&str, &str); 15] = [
    ("approve", "approvals"),
    ("deny", "approvals"),
    ("tasks", "approvals"),
    ("ask", "request"),
    ("new", "request"),
    ("mine", "list"),
    ("requests", "list"),
    ("grants", "access"),
    ("extend", "access"),
    ("emergency", "escalate"),
    ("urgent", "escalate"),
    ("vacation", "away"),
    ("delegate", "away"),
    ("log", "audit"),
    ("history", "audit"),
];

/// What can be typed.
#[must_use]
pub fn help() -> Message {
    let mut text = String::from("*What you can type*\n");
    for (word, rest, says) in COMMANDS {
        let space = if rest.is_empty() { "" } else { " " };
        text.push_str(&format!("`/c1 {word}{space}{rest}` – {says}\n"));
    }
    let plain = Phrase::of("What you can type: ").text(&COMMANDS.map(|(word, ..)| word).join(", "));
    Message::new(&plain, vec![section(text.trim_end()), actions(vec![request_button()])])
}

/// The answer to a word that is no command: the nearest that is.
#[must_use]
pub fn unknown_command(typed: &str) -> Message {
    let phrase = Phrase::of("I don't know “")
        .text(&super::text::line(typed, NAME))
        .text("”.");
    let phrase = match nearest_command(typed) {
        Some(word) => phrase.text(" Did you mean ").bold(&format!("/c1 {word}")).text("?"),
        None => phrase,
    };
    let phrase = phrase.text(" ").bold("/c1 help").text(" lists what you can type.");
    Message::new(&phrase, vec![sentence(&phrase, &Mentions::new())])
}

/// The command nearest to a word, if one is near enough to be meant.
#[must_use]
pub fn nearest_command(typed: &str) -> Option<&'static str> {
    let typed = typed.trim().to_lowercase();
    let words: Vec<(&str, &str)> = COMMANDS.iter().map(|&(word, ..)| (word, word)).chain(MEANT).collect();
    let word = words
        .iter()
        .map(|(word, _)| *word)
        .find(|word| typed.len() > 1 && word.starts_with(&typed))
        .or_else(|| nearest(&typed, words.iter().map(|(word, _)| *word)))?;
    words
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, command)| *command)
}

/// `/c1 list`: the reader's requests, newest first, of `total`.
#[must_use]
pub fn requests(lines: &[RequestLine], total: i64, reader: PersonId, mentions: &Mentions) -> Message {
    if lines.is_empty() {
        let phrase = Phrase::of("You have not asked for anything yet.");
        return Message::new(
            &phrase,
            vec![sentence(&phrase, mentions), actions(vec![request_button()])],
        );
    }
    let groups = lines.iter().map(|line| home::request(line, reader, mentions)).collect();
    list("Your requests", groups, total)
}

/// `/c1 approvals`: what waits for the reader: decisions, oldest first, of `total`, then tasks.
#[must_use]
pub fn approvals(lines: &[RequestLine], total: i64, tasks: &[ProvisioningLine], mentions: &Mentions) -> Message {
    if lines.is_empty() && tasks.is_empty() {
        let phrase = Phrase::of("Nothing waits for you. 🎉");
        return Message::new(&phrase, vec![sentence(&phrase, mentions)]);
    }
    let mut groups: Vec<_> = lines.iter().map(|line| home::approval(line, mentions)).collect();
    groups.extend(tasks.iter().map(|task| home::provisioning(task, mentions)));
    let tasks = i64::try_from(tasks.len()).unwrap_or(0);
    list("Waiting for you", groups, total.saturating_add(tasks))
}

/// `/c1 access`: what the reader holds, soonest end first, of `total`.
#[must_use]
pub fn access(lines: &[AccessLine], total: i64, now: DateTime<Utc>, mentions: &Mentions) -> Message {
    if lines.is_empty() {
        let phrase = Phrase::of("You hold nothing through me yet.");
        return Message::new(
            &phrase,
            vec![sentence(&phrase, mentions), actions(vec![request_button()])],
        );
    }
    let groups = lines.iter().map(|line| home::access(line, now, mentions)).collect();
    list("Your access", groups, total)
}

/// `/c1 alarms`: what is wrong and waits for somebody, oldest first.
#[must_use]
pub fn alarms(lines: &[AlarmLine], mentions: &Mentions) -> Message {
    if lines.is_empty() {
        let phrase = Phrase::of("There is no alarm that waits for you. 🎉");
        return Message::new(&phrase, vec![sentence(&phrase, mentions)]);
    }
    let groups = lines.iter().map(|line| alarm_blocks(line, mentions)).collect();
    list("Alarms", groups, i64::try_from(lines.len()).unwrap_or(0))
}

/// `/c1 audit`: what happened, the latest last, as far as it fits.
#[must_use]
pub fn audit(lines: &[AuditLine], more: bool, mentions: &Mentions) -> Message {
    if lines.is_empty() {
        let phrase = Phrase::of("Nothing of that is on record.");
        return Message::new(&phrase, vec![sentence(&phrase, mentions)]);
    }
    let title = format!("The record ({}{})", lines.len(), if more { "+" } else { "" });
    let mut blocks = vec![header(&title)];
    blocks.extend(
        lines
            .iter()
            .map(|line| context(&audit_line(line).markup(mentions, SECTION))),
    );
    if more {
        blocks.push(context("There is more: `c1 audit` on the command line has all of it."));
    }
    Message::new(&Phrase::of(&title), blocks)
}

fn audit_line(line: &AuditLine) -> Phrase {
    let mut phrase = Phrase::new().when(line.at).text(" · ");
    if line.emergency {
        phrase = phrase.text("⚡ ");
    }
    if let Some(request) = line.request {
        phrase = phrase.text(&format!("#{request} "));
    }
    let phrase = match &line.actor {
        Some(actor) => phrase.person(&actor.into()),
        None => phrase.text("c1"),
    };
    let phrase = phrase.text(&format!(" {}", line.sentence));
    match line.via.as_str() {
        "slack" => phrase.text(" · in Slack"),
        "web" => phrase.text(" · on the web"),
        "operator" => phrase.text(" · at the command line"),
        _ => phrase,
    }
}

fn list(title: &str, groups: Vec<Vec<slack_morphism::prelude::SlackBlock>>, total: i64) -> Message {
    let total = usize::try_from(total).unwrap_or(0).max(groups.len());
    let title = format!("{title} ({total})");
    let mut blocks = vec![header(&title)];
    blocks.extend(fit(groups, total, MESSAGE_BLOCKS - 1));
    Message::new(&Phrase::of(&title), blocks)
}

/// `/c1 cancel 42`: asks before it does.
#[must_use]
pub fn cancel(card: &RequestCard, mentions: &Mentions) -> Message {
    let bolt = if card.emergency { "⚡ " } else { "" };
    let phrase = Phrase::of(&format!("{bolt}#{} ", card.id))
        .link(card.url.as_deref(), &title(card))
        .text(" · ");
    let phrase = phrase.then(state::standing(&card.standing, card.viewer.person));
    let mut blocks = vec![sentence(&phrase, mentions)];
    if card.viewer.may_cancel {
        blocks.push(actions(vec![cancel_button(card.id)]));
    } else {
        blocks.push(context("There is nothing to cancel here."));
    }
    Message::new(&phrase, blocks)
}

/// `/c1 show 42` or `/c1 cancel 42`, when there is no such request or the reader may not see it: nobody learns which.
#[must_use]
pub fn no_such_request(wrote: &str) -> Message {
    let phrase = match wrote.trim().trim_start_matches('#').parse::<RequestId>() {
        Ok(id) => Phrase::of(&format!("There is no request #{id} that you can see.")),
        Err(_) if wrote.trim().is_empty() => Phrase::of("Which one? Give its number, as in ")
            .bold("/c1 show 42")
            .text("."),
        Err(_) => Phrase::of("“")
            .text(&super::text::line(wrote, NAME))
            .text("” is not the number of a request."),
    };
    let line = phrase.markup(&Mentions::new(), SECTION);
    Message::new(&phrase, vec![section(&line)])
}
