//! A sentence with people, moments and links in it, written once and shown in three ways: as rich text (where nothing
//! needs escaping), in Slack's markup (fields, context lines, lists) and as plain text (headers, notifications).

use super::{
    limits::{NAME, TITLE},
    text::{DATE_FORMAT, Mentions, cut, escape, line, mention, utc, when},
};
use crate::{
    domain::{
        ids::PersonId,
        typed::{clean, with_links},
    },
    usecases::queries::request_card::PersonRef,
};
use chrono::{DateTime, Utc};
use serde_json::json;
use slack_morphism::prelude::*;

/// A sentence. Whatever is put into it is shown literally.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Bold(String),
    Italic(String),
    Person(PersonRef),
    When(DateTime<Utc>),
    Link(String, String),
}

impl Phrase {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A sentence of words.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::new().text(text)
    }

    /// Is there nothing in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Words, ours or others'.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.words(clean(text))
    }

    /// A name or title, on one line.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.words(line(name, TITLE))
    }

    /// Words that are clean already: cleaning them again would take the marks that keep right-to-left names apart.
    fn words(mut self, text: String) -> Self {
        if let Some(Piece::Text(last)) = self.0.last_mut() {
            last.push_str(&text);
        } else if !text.is_empty() {
            self.0.push(Piece::Text(text));
        }
        self
    }

    /// A name or title in bold.
    #[must_use]
    pub fn bold(mut self, name: &str) -> Self {
        self.0.push(Piece::Bold(line(name, TITLE)));
        self
    }

    /// Somebody's words, on one line, cut short.
    #[must_use]
    pub fn said(mut self, words: &str, max: usize) -> Self {
        self.0.push(Piece::Italic(format!("“{}”", line(words, max))));
        self
    }

    /// A person.
    #[must_use]
    pub fn person(mut self, person: &PersonRef) -> Self {
        self.0.push(Piece::Person(person.clone()));
        self
    }

    /// A person, who is "you" when it is the reader.
    #[must_use]
    pub fn person_or_you(self, person: &PersonRef, reader: PersonId) -> Self {
        if person.id == reader {
            self.text("you")
        } else {
            self.person(person)
        }
    }

    /// A moment.
    #[must_use]
    pub fn when(mut self, at: DateTime<Utc>) -> Self {
        self.0.push(Piece::When(at));
        self
    }

    /// A title that leads to a page when there is one, else stands in bold.
    #[must_use]
    pub fn link(mut self, url: Option<&str>, title: &str) -> Self {
        match url {
            Some(url) => self.0.push(Piece::Link(url.to_owned(), line(title, TITLE))),
            None => self.0.push(Piece::Bold(line(title, TITLE))),
        }
        self
    }

    /// Several people: "@Ana, @Bob + 2".
    #[must_use]
    pub fn people(mut self, people: &[PersonRef], named: usize) -> Self {
        for (i, person) in people.iter().take(named.max(1)).enumerate() {
            self = if i > 0 { self.text(", ") } else { self };
            self = self.person(person);
        }
        match people.len().saturating_sub(named.max(1)) {
            0 => self,
            more => self.text(&format!(" + {more}")),
        }
    }

    /// Another sentence behind this one.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        for piece in next.0 {
            match piece {
                Piece::Text(text) => self = self.words(text),
                piece => self.0.push(piece),
            }
        }
        self
    }

    /// The same with a small first letter, for the middle of a sentence.
    #[must_use]
    pub fn lowered(mut self) -> Self {
        if let Some(Piece::Text(first)) = self.0.first_mut() {
            let mut chars = first.chars();
            if let Some(c) = chars.next() {
                *first = c.to_lowercase().chain(chars).collect();
            }
        }
        self
    }

    /// As elements of a rich text.
    #[must_use]
    pub fn rich(&self, mentions: &Mentions) -> Vec<SlackRichTextInlineElement> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone().into(),
                Piece::Bold(text) => SlackRichTextText::new(text.clone()).bold().into(),
                Piece::Italic(text) => SlackRichTextText::new(text.clone()).italic().into(),
                Piece::Person(person) => match mentions.get(&person.id) {
                    Some(id) => SlackRichTextUser::new(id.clone().into()).into(),
                    None => SlackRichTextText::new(line(&person.name, NAME)).bold().into(),
                },
                // The crate's own date wants another calendar library's type.
                Piece::When(at) => SlackRichTextInlineElement::Unknown(json!({
                    "type": "date", "timestamp": at.timestamp(), "format": DATE_FORMAT, "fallback": utc(*at)
                })),
                Piece::Link(url, title) => {
                    let style = SlackRichTextStyle::new().with_bold(true);
                    SlackRichTextLink::new(url.clone().into())
                        .with_text(title.clone())
                        .with_style(style)
                        .into()
                }
            })
            .collect()
    }

    /// In Slack's markup, at most `max` characters.
    #[must_use]
    pub fn markup(&self, mentions: &Mentions, max: usize) -> String {
        let width = |text: &str| text.encode_utf16().count();
        let mut text = String::new();
        for piece in &self.0 {
            let room = max.saturating_sub(width(&text));
            let styled = |mark: &str, words: &str| format!("{mark}{}{mark}", escape(words, room.saturating_sub(2)));
            let part = match piece {
                Piece::Text(words) => escape(words, room),
                Piece::Bold(words) => styled("*", words),
                Piece::Italic(words) => styled("_", words),
                Piece::Person(person) => mention(person, mentions),
                Piece::When(at) => when(*at),
                Piece::Link(url, title) => format!("<{url}|{}>", escape(title, TITLE * 2).replace('|', "∣")),
            };
            // A mention, a moment or a link is shown whole or not at all.
            let whole = matches!(piece, Piece::Person(_) | Piece::When(_) | Piece::Link(..));
            if room < 4 || (whole && width(&part) >= room) {
                return if room == 0 { text } else { text + "…" };
            }
            text.push_str(&part);
        }
        text
    }

    /// As plain text, at most `max` characters; moments in UTC.
    #[must_use]
    pub fn plain(&self, max: usize) -> String {
        let text: String = self
            .0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Bold(text) | Piece::Italic(text) | Piece::Link(_, text) => text.clone(),
                Piece::Person(person) => line(&person.name, NAME),
                Piece::When(at) => utc(*at),
            })
            .collect();
        cut(&text, max)
    }
}

/// A text of several lines as elements of a rich text, with its web addresses made links that show where they lead.
pub(super) fn linked(text: &str) -> Vec<SlackRichTextInlineElement> {
    with_links(text)
        .into_iter()
        .map(|(is_link, part)| {
            if is_link {
                SlackRichTextLink::new(part.to_owned().into()).into()
            } else {
                part.into()
            }
        })
        .collect()
}
