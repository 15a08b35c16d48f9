//! Messages said once: private answers to late or unauthorised clicks, and notices.

use super::{
    Message,
    kit::{actions, button, context, section},
    limits::{MESSAGE_BLOCKS, SECTION, TEXT},
    phrase::Phrase,
    text::{Mentions, NOTHING, harmless},
};
use crate::{
    domain::{ids::RequestId, length::spoken, refusal::Refusal},
    slack::surface,
    usecases::queries::{alarms::AlarmLine, my_work::RequestLine, request_card::PersonRef},
};
use chrono::{DateTime, Utc};
use slack_morphism::prelude::*;

/// One sentence, shown literally: an answer for one person alone.
#[must_use]
pub fn say(text: &str) -> Message {
    let phrase = Phrase::of(text);
    Message::new(&phrase, vec![section(&phrase.markup(&Mentions::new(), SECTION))])
}

/// Why something was not done, for the person who tried. `link` leads to the page of a request.
#[must_use]
pub fn refused(refusal: &Refusal, link: impl Fn(RequestId) -> Option<String>) -> Message {
    let sentence = refusal.sentence();
    let phrase = match refusal {
        Refusal::AlreadyAsked { request } => {
            let mark = format!("#{request}");
            match (sentence.split_once(&mark), link(*request)) {
                (Some((before, after)), Some(url)) => Phrase::of(before).link(Some(&url), &mark).text(after),
                _ => Phrase::of(&sentence),
            }
        }
        _ => Phrase::of(&sentence),
    };
    Message::new(&phrase, vec![section(&phrase.markup(&Mentions::new(), SECTION))])
}

/// The answer to somebody in Slack whom we do not know, or who may not take part.
#[must_use]
pub fn stranger() -> Message {
    say(
        "I don't know you here, so I can't do this for you. Access requests are for full members of this workspace; \
         if you are one, please tell an administrator.",
    )
}

/// The answer to whoever wrote a note: who reads it, and who does not.
#[must_use]
pub fn note_kept(readers: &[PersonRef], hidden: &[PersonRef], in_channel: bool) -> Message {
    let phrase = Phrase::of("🔒 Kept as a note to the approvers. ");
    let phrase = match readers {
        [] => phrase.text("Nobody else is asked so far; whoever is asked later reads it"),
        _ => names(phrase, readers, 5).text(if readers.len() == 1 { " reads it" } else { " read it" }),
    };
    let phrase = names(phrase.text("; "), hidden, 2).text(if hidden.len() == 1 { " does not." } else { " do not." });
    let phrase = if in_channel {
        phrase.text(" But whoever is in this channel can read it here.")
    } else {
        phrase
    };
    Message::new(&phrase, vec![section(&phrase.markup(&Mentions::new(), SECTION))])
}

/// The answer to whoever wrote a first comment on a request that is closed: it is kept, and who reads it.
#[must_use]
pub fn kept_though_closed(readers: &[PersonRef]) -> Message {
    let phrase = Phrase::of("This request is closed. What you write here is kept, and says so. ");
    let phrase = match readers {
        [] => phrase.text("Nobody else reads this conversation any more."),
        _ => {
            let verb = if readers.len() == 1 {
                " still reads it."
            } else {
                " still read it."
            };
            names(phrase, readers, 5).text(verb)
        }
    };
    Message::new(&phrase, vec![section(&phrase.markup(&Mentions::new(), SECTION))])
}

/// People by name, in bold: nobody is called.
fn names(mut phrase: Phrase, people: &[PersonRef], named: usize) -> Phrase {
    let more = people.len().saturating_sub(named);
    let shown = people.len().min(named);
    for (at, person) in people.iter().take(named).enumerate() {
        let between = match at {
            0 => "",
            at if at + 1 == shown && more == 0 => " and ",
            _ => ", ",
        };
        phrase = phrase.text(between).bold(&person.name);
    }
    match more {
        0 => phrase,
        more => phrase.text(&format!(" and {more} more")),
    }
}

/// A notice that was written down (in Slack's markup), made harmless. `url` leads to the page it is about.
#[must_use]
pub fn notice(body: &str, url: Option<&str>) -> Message {
    let body = harmless(body);
    let mut blocks: Vec<_> = parts(&body).iter().map(|part| section(part)).collect();
    if let Some(url) = url {
        blocks.push(context(&format!("<{url}|Open the request>")));
    }
    fallback(&body, blocks)
}

/// An alarm, as long as it waits with a button to take it; then with who sees to it.
#[must_use]
pub fn alarm(alarm: &AlarmLine, mentions: &Mentions) -> Message {
    let body = harmless(&alarm.body);
    let blocks = alarm_blocks(alarm, mentions);
    fallback(&body, blocks)
}

/// An alarm in a list.
pub(super) fn alarm_blocks(alarm: &AlarmLine, mentions: &Mentions) -> Vec<SlackBlock> {
    let bolt = if alarm.emergency { "⚡ " } else { "" };
    let mut blocks: Vec<_> = parts(&format!("{bolt}{}", harmless(&alarm.body)))
        .iter()
        .map(|part| section(part))
        .collect();
    let since = Phrase::of("Raised ").when(alarm.raised_at);
    let since = match (alarm.request, &alarm.url) {
        (Some(id), Some(url)) => since.text(" · ").link(Some(url), &format!("Request #{id}")),
        (Some(id), None) => since.text(&format!(" · request #{id}")),
        (None, _) => since,
    };
    match &alarm.taken {
        Some((by, at)) => {
            let taken = Phrase::of("✅ ").person(by).text(" sees to it, since ").when(*at);
            blocks.push(section(&taken.markup(mentions, SECTION)));
            blocks.push(context(&since.markup(mentions, SECTION)));
        }
        None => {
            let text = "Nobody sees to it yet. ";
            blocks.push(context(&Phrase::of(text).then(since).markup(mentions, SECTION)));
            blocks.push(actions(vec![
                button(surface::TAKE_ALARM, "I'll take it", &alarm.id.to_string())
                    .with_style(SlackBlockButtonStyle::Primary),
            ]));
        }
    }
    blocks
}

/// What waits for its reader, or is asked in a channel, all of it in one message; each with the address of the card, where
/// there is one. `now` says for how long.
#[must_use]
pub fn reminder(
    lines: &[(RequestLine, Option<String>)],
    in_channel: bool,
    now: DateTime<Utc>,
    mentions: &Mentions,
) -> Message {
    let count = lines.len();
    let whose = if in_channel { "a decision here" } else { "your decision" };
    let bolt = if lines.iter().any(|(line, _)| line.emergency) {
        "⚡ "
    } else {
        ""
    };
    let headline = match count {
        1 => format!("⏰ {bolt}A request waits for {whose}"),
        count => format!("⏰ {bolt}{count} requests wait for {whose}"),
    };
    let mut blocks = vec![section(&Phrase::new().bold(&headline).markup(mentions, SECTION))];
    for (line, card) in lines.iter().take(REMINDED) {
        blocks.push(section(&waiting(line, card.as_deref(), now).markup(mentions, SECTION)));
    }
    let more = match count.saturating_sub(REMINDED) {
        0 => String::new(),
        more => format!("… and {more} more. "),
    };
    if count > 1 {
        let all = match in_channel {
            true => format!("{more}`/c1 approvals` lists those that you can decide."),
            false => format!("{more}`/c1 approvals` lists all of them."),
        };
        blocks.push(context(&all));
    }
    let first = lines.first().map(|(line, card)| waiting(line, card.as_deref(), now));
    let text = match first {
        Some(first) if count == 1 => Phrase::of(&headline).text(": ").then(first),
        _ => Phrase::of(&headline),
    };
    Message::new(&text, blocks)
}

/// As many as a reminder tells one by one.
const REMINDED: usize = 15;

/// "⚡ Ana asks for GitHub / Admin, 4 hours · waiting for 1 day · Open".
fn waiting(line: &RequestLine, card: Option<&str>, now: DateTime<Utc>) -> Phrase {
    let phrase = Phrase::of(if line.emergency { "⚡ " } else { "" })
        .person(&line.requester)
        .text(" asks for ")
        .bold(&line.title);
    let phrase = if line.requester.id == line.subject.id {
        phrase
    } else {
        phrase.text(" for ").person(&line.subject)
    };
    let waited = spoken((now - line.waits_since).num_seconds());
    let phrase = phrase.text(&format!(", {} · waiting for {waited}", line.length));
    match card.or(line.url.as_deref()) {
        Some(url) => phrase.text(" · ").link(Some(url), "Open"),
        None => phrase.text(&format!(" · #{}", line.id)),
    }
}

fn fallback(markup: &str, blocks: Vec<SlackBlock>) -> Message {
    let mut message = Message::new(&Phrase::new(), blocks);
    message.text = whole(if markup.is_empty() { NOTHING } else { markup }, TEXT)
        .0
        .to_owned();
    if message.text.len() < markup.len() {
        message.text.push('…');
    }
    message
}

/// Slack's markup in pieces that fit into sections, split at line ends or spaces where possible, never inside a token
/// or entity.
fn parts(markup: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = markup.trim();
    while !rest.is_empty() && parts.len() < MESSAGE_BLOCKS - 2 {
        let (part, after) = whole(rest, SECTION);
        parts.push(part.trim_end().to_owned());
        rest = after.trim_start_matches('\n');
    }
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() {
        parts.push(NOTHING.to_owned());
    }
    parts
}

/// As much of a marked-up text as fits into `max`, and the rest.
fn whole(markup: &str, max: usize) -> (&str, &str) {
    let (mut width, mut safe, mut line_end, mut space) = (0, 0, 0, 0);
    let mut open: Option<char> = None;
    for (at, c) in markup.char_indices() {
        if width + c.len_utf16() >= max {
            let half = safe / 2;
            let end = [line_end, space, safe]
                .into_iter()
                .find(|end| *end > half)
                .unwrap_or(at);
            return markup.split_at(end);
        }
        width += c.len_utf16();
        match (open, c) {
            (None, '<') => open = Some('>'),
            (None, '&') => open = Some(';'),
            (Some(close), c) if c == close => open = None,
            _ => {}
        }
        if open.is_none() {
            safe = at + c.len_utf8();
            if c == '\n' {
                line_end = safe;
            } else if c.is_whitespace() {
                space = safe;
            }
        }
    }
    (markup, "")
}
