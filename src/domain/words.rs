//! What somebody said, with its form: paragraphs, lists, quotes, code, and the people it mentions.
//!
//! People are of one type at a time: as a door names them (a Slack account), as they are kept ([`PersonId`]), as they are
//! read (with their name). [`Words::map`] leads from one to the next.
//!
//! Invariant: words that went through [`Words::harmless`] call nobody but people, and every link in them shows where it
//! leads. Each door's words go through it before they are kept.
//!
//! [`PersonId`]: super::ids::PersonId

use super::typed::{LONGEST_LINK, clean, is_plain, is_web_link, poses_as_another, with_links};
use serde::{Deserialize, Serialize};

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words<P>(pub Vec<Passage<P>>);

/// A part of it that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Passage<P> {
    /// Lines of text.
    Paragraph {
        /// What stands in it.
        pieces: Vec<Piece<P>>,
    },
    /// Somebody else's words.
    Quote {
        /// What stands in it.
        pieces: Vec<Piece<P>>,
    },
    /// Lines to be read letter by letter.
    Code {
        /// The lines.
        text: String,
    },
    /// One thing under the other.
    List {
        /// With numbers?
        ordered: bool,
        /// How deep, from 0.
        #[serde(default)]
        indent: u8,
        /// The number before the first, less one.
        #[serde(default)]
        offset: u32,
        /// The things.
        items: Vec<Vec<Piece<P>>>,
    },
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Piece<P> {
    /// Letters; may run over several lines.
    Text {
        /// The letters, literally: nothing in them is markup.
        text: String,
        /// How they look.
        #[serde(default, skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    /// A way to a page.
    Link {
        /// Where it leads.
        url: String,
        /// What it says; empty: the address itself.
        #[serde(default)]
        text: String,
        /// How it looks.
        #[serde(default, skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    /// Somebody who is called by name.
    Person {
        /// Who.
        person: P,
    },
    /// A channel of the workspace, by Slack's id.
    Channel {
        /// Which.
        id: String,
    },
    /// A small picture.
    Emoji {
        /// Its name, without colons.
        name: String,
        /// Its characters, in hexadecimal joined by `-`, where it has some (the workspace's own have none).
        #[serde(default)]
        unicode: String,
    },
    /// A moment, which everyone reads in their own time zone.
    Moment {
        /// Seconds since 1970.
        at: i64,
    },
}

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// Bold.
    #[serde(skip_serializing_if = "is_off")]
    pub bold: bool,
    /// Italic.
    #[serde(skip_serializing_if = "is_off")]
    pub italic: bool,
    /// Struck through.
    #[serde(skip_serializing_if = "is_off")]
    pub strike: bool,
    /// To be read letter by letter.
    #[serde(skip_serializing_if = "is_off")]
    pub code: bool,
}

fn is_off(flag: &bool) -> bool {
    !flag
}

impl Style {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

impl<P> Default for Words<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P> Piece<P> {
    /// Letters that look like any others.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            style: Style::default(),
        }
    }
}

/// What a note to the approvers begins with, in a thread.
pub const NOTE_MARK: &str = "note:";

impl<P: Clone> Words<P> {
    /// A text as it was typed into a form: nothing in it is markup; its web addresses are links.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let text = clean(text);
        let text = text.trim();
        if text.is_empty() {
            return Self::default();
        }
        let pieces = with_links(text).into_iter().map(|(is_link, part)| {
            if is_link {
                Piece::Link {
                    url: part.to_owned(),
                    text: String::new(),
                    style: Style::default(),
                }
            } else {
                Piece::plain(part)
            }
        });
        Self(vec![Passage::Paragraph {
            pieces: pieces.collect(),
        }])
    }

    /// Everyone it mentions.
    pub fn people(&self) -> impl Iterator<Item = &P> {
        self.lines().flatten().filter_map(|piece| match piece {
            Piece::Person { person } => Some(person),
            _ => None,
        })
    }

    /// The pieces, line by line.
    fn lines(&self) -> impl Iterator<Item = &Vec<Piece<P>>> {
        self.0.iter().flat_map(|passage| match passage {
            Passage::Paragraph { pieces } | Passage::Quote { pieces } => std::slice::from_ref(pieces),
            Passage::Code { .. } => &[],
            Passage::List { items, .. } => items.as_slice(),
        })
    }

    /// The same with other people in it; whoever is not known stands there in words.
    pub fn map<Q>(self, mut who: impl FnMut(P) -> Result<Q, String>) -> Words<Q> {
        let mut line = |pieces: Vec<Piece<P>>| -> Vec<Piece<Q>> {
            pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text { text, style } => Piece::Text { text, style },
                    Piece::Link { url, text, style } => Piece::Link { url, text, style },
                    Piece::Person { person } => match who(person) {
                        Ok(person) => Piece::Person { person },
                        Err(words) => Piece::plain(words),
                    },
                    Piece::Channel { id } => Piece::Channel { id },
                    Piece::Emoji { name, unicode } => Piece::Emoji { name, unicode },
                    Piece::Moment { at } => Piece::Moment { at },
                })
                .collect()
        };
        let passages = self.0.into_iter().map(|passage| match passage {
            Passage::Paragraph { pieces } => Passage::Paragraph { pieces: line(pieces) },
            Passage::Quote { pieces } => Passage::Quote { pieces: line(pieces) },
            Passage::Code { text } => Passage::Code { text },
            Passage::List {
                ordered,
                indent,
                offset,
                items,
            } => Passage::List {
                ordered,
                indent,
                offset,
                items: items.into_iter().map(&mut line).collect(),
            },
        });
        Words(passages.collect())
    }

    /// The same without what deceives: letters that cannot be seen, links that lead elsewhere than they say, and what has
    /// nothing in it.
    #[must_use]
    pub fn harmless(self) -> Self {
        let passages = self.0.into_iter().filter_map(|passage| match passage {
            Passage::Paragraph { pieces } => some_pieces(pieces).map(|pieces| Passage::Paragraph { pieces }),
            Passage::Quote { pieces } => some_pieces(pieces).map(|pieces| Passage::Quote { pieces }),
            Passage::Code { text } => {
                let text = clean(&text);
                (!text.trim().is_empty()).then_some(Passage::Code { text })
            }
            Passage::List {
                ordered,
                indent,
                offset,
                items,
            } => {
                let items: Vec<_> = items.into_iter().map(harmless_pieces).collect();
                items.iter().any(|item| says_something(item)).then_some(Passage::List {
                    ordered,
                    indent: indent.min(8),
                    offset,
                    items,
                })
            }
        });
        Self(passages.collect())
    }

    /// The same in parts of at most `max`, each piece as wide as `width` says; nothing is lost, and nothing is cut that need
    /// not be. At least one part.
    #[must_use]
    pub fn split(self, max: usize, width: impl Fn(char) -> usize) -> Vec<Self> {
        let mut parts = vec![Self::default()];
        let mut used = 0;
        for passage in self.0 {
            for (size, passage) in passage.split(max, &width) {
                if used + size > max && used > 0 {
                    parts.push(Self::default());
                    used = 0;
                }
                used += size;
                if let Some(part) = parts.last_mut() {
                    part.0.push(passage);
                }
            }
        }
        parts
    }

    /// The words behind `note:`, if they begin so: they are meant for the approvers alone.
    #[must_use]
    pub fn after_note_mark(&self) -> Option<Self> {
        let mut words = self.0.iter();
        let Some(Passage::Paragraph { pieces }) = words.next() else {
            return None;
        };
        let mut pieces = pieces.iter();
        let Some(Piece::Text { text, style }) = pieces.next() else {
            return None;
        };
        let start = text.trim_start();
        let mark = start.get(..NOTE_MARK.len())?;
        if !mark.eq_ignore_ascii_case(NOTE_MARK) {
            return None;
        }
        let rest = start[NOTE_MARK.len()..].trim_start();
        let first = (!rest.is_empty()).then(|| Piece::Text {
            text: rest.to_owned(),
            style: *style,
        });
        let pieces: Vec<Piece<P>> = first.into_iter().chain(pieces.cloned()).collect();
        let first = says_something(&pieces).then_some(Passage::Paragraph { pieces });
        Some(Self(first.into_iter().chain(words.cloned()).collect()))
    }

    /// Is nothing said?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As plain text, with the people called by what `name` says.
    pub fn text(&self, name: impl Fn(&P) -> String) -> String {
        let line = |pieces: &[Piece<P>]| -> String { pieces.iter().map(|piece| piece_text(piece, &name)).collect() };
        let passages = self.0.iter().map(|passage| match passage {
            Passage::Paragraph { pieces } => line(pieces).trim_end_matches('\n').to_owned(),
            Passage::Quote { pieces } => format!("> {}", line(pieces).trim_end_matches('\n').replace('\n', "\n> ")),
            Passage::Code { text } => text.clone(),
            Passage::List {
                ordered,
                indent,
                offset,
                items,
            } => {
                let margin = "  ".repeat(usize::from(*indent));
                let mark = |at: usize| {
                    if *ordered {
                        format!("{}.", at.saturating_add(*offset as usize).saturating_add(1))
                    } else {
                        "•".to_owned()
                    }
                };
                let items = items.iter().enumerate();
                let lines: Vec<_> = items
                    .map(|(at, item)| format!("{margin}{} {}", mark(at), line(item)))
                    .collect();
                lines.join("\n")
            }
        });
        passages.collect::<Vec<_>>().join("\n")
    }
}

impl<P> Passage<P> {
    /// The same in passages of the same kind that fit, each with its size.
    fn split(self, max: usize, width: &impl Fn(char) -> usize) -> Vec<(usize, Self)> {
        match self {
            Self::Paragraph { pieces } => fitting(pieces, max, width)
                .into_iter()
                .map(|(size, pieces)| (size, Self::Paragraph { pieces }))
                .collect(),
            Self::Quote { pieces } => fitting(pieces, max, width)
                .into_iter()
                .map(|(size, pieces)| (size, Self::Quote { pieces }))
                .collect(),
            Self::Code { text } => cut_text(&text, max, width)
                .into_iter()
                .map(|(size, text)| (size, Self::Code { text }))
                .collect(),
            Self::List {
                ordered,
                indent,
                offset,
                items,
            } => {
                let mut lists: Vec<(usize, Vec<Vec<Piece<P>>>)> = vec![(0, Vec::new())];
                for item in items {
                    for (size, item) in fitting(item, max, width) {
                        if lists.last().is_some_and(|(used, _)| *used > 0 && used + size > max) {
                            lists.push((0, Vec::new()));
                        }
                        if let Some((used, list)) = lists.last_mut() {
                            *used += size;
                            list.push(item);
                        }
                    }
                }
                let mut before = offset;
                let mut passages = Vec::new();
                for (size, items) in lists {
                    let offset = before;
                    before = before.saturating_add(u32::try_from(items.len()).unwrap_or(u32::MAX));
                    let list = Self::List {
                        ordered,
                        indent,
                        offset,
                        items,
                    };
                    passages.push((size, list));
                }
                passages
            }
        }
    }
}

/// Pieces in lines that fit, each with its size. At least one line.
fn fitting<P>(pieces: Vec<Piece<P>>, max: usize, width: &impl Fn(char) -> usize) -> Vec<(usize, Vec<Piece<P>>)> {
    let mut lines = vec![(0, Vec::new())];
    for piece in pieces {
        let parts = match piece {
            Piece::Text { text, style } => cut_text(&text, max, width)
                .into_iter()
                .map(|(size, text)| (size, Piece::Text { text, style }))
                .collect(),
            Piece::Link { ref url, ref text, .. } => {
                let size = url.chars().chain(text.chars()).map(width).sum();
                vec![(size, piece)]
            }
            // As much as any name takes.
            other => vec![(100, other)],
        };
        for (size, piece) in parts {
            if lines.last().is_some_and(|(used, _)| *used > 0 && used + size > max) {
                lines.push((0, Vec::new()));
            }
            if let Some((used, line)) = lines.last_mut() {
                *used += size;
                line.push(piece);
            }
        }
    }
    lines
}

/// A text in parts that fit, each with its size: cut at line ends or spaces where there are some.
fn cut_text(text: &str, max: usize, width: &impl Fn(char) -> usize) -> Vec<(usize, String)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (mut used, mut end, mut line_end, mut space) = (0, rest.len(), 0, 0);
        for (at, c) in rest.char_indices() {
            if used + width(c) > max && at > 0 {
                end = [line_end, space].into_iter().find(|end| *end > at / 2).unwrap_or(at);
                break;
            }
            used += width(c);
            let after = at + c.len_utf8();
            if c == '\n' {
                line_end = after;
            } else if c.is_whitespace() {
                space = after;
            }
        }
        let (part, after) = rest.split_at(end);
        parts.push((part.chars().map(width).sum(), part.to_owned()));
        if after.is_empty() {
            return parts;
        }
        rest = after;
    }
}

fn piece_text<P>(piece: &Piece<P>, name: impl Fn(&P) -> String) -> String {
    match piece {
        Piece::Text { text, .. } => text.clone(),
        Piece::Link { url, text, .. } if text.is_empty() || text == url => url.clone(),
        Piece::Link { url, text, .. } => format!("{text} ({url})"),
        Piece::Person { person } => format!("@{}", name(person)),
        Piece::Channel { .. } => "#channel".to_owned(),
        Piece::Emoji { name, unicode } => emoji(unicode).unwrap_or_else(|| format!(":{name}:")),
        Piece::Moment { at } => moment(*at),
    }
}

/// The characters of an emoji, where it has some and each of them can be seen.
#[must_use]
pub fn emoji(unicode: &str) -> Option<String> {
    let chars: Option<String> = unicode
        .split('-')
        .map(|code| u32::from_str_radix(code, 16).ok().and_then(char::from_u32))
        .collect();
    chars.filter(|chars| !chars.is_empty() && clean(chars) == *chars)
}

/// A moment where nobody translates it.
fn moment(at: i64) -> String {
    chrono::DateTime::from_timestamp(at, 0).map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

fn some_pieces<P>(pieces: Vec<Piece<P>>) -> Option<Vec<Piece<P>>> {
    let pieces = harmless_pieces(pieces);
    says_something(&pieces).then_some(pieces)
}

fn says_something<P>(pieces: &[Piece<P>]) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Text { text, .. } => !text.trim().is_empty(),
        _ => true,
    })
}

fn harmless_pieces<P>(pieces: Vec<Piece<P>>) -> Vec<Piece<P>> {
    let harmless = pieces.into_iter().map(|piece| match piece {
        Piece::Text { text, style } => Piece::Text {
            text: clean(&text),
            style,
        },
        Piece::Link { url, text, style } => link(&clean(&url), &clean(&text), style),
        Piece::Channel { id } if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Piece::plain("#channel")
        }
        Piece::Emoji { name, unicode } if !is_emoji_name(&name) => {
            Piece::plain(emoji(&unicode).unwrap_or_else(|| clean(&name)))
        }
        Piece::Moment { at } if !(0..=9_999_999_999).contains(&at) => Piece::plain(at.to_string()),
        other @ (Piece::Person { .. } | Piece::Channel { .. } | Piece::Emoji { .. } | Piece::Moment { .. }) => other,
    });
    harmless
        .filter(|piece| !matches!(piece, Piece::Text { text, .. } if text.is_empty()))
        .collect()
}

fn is_emoji_name(name: &str) -> bool {
    (1..=100).contains(&name.chars().count())
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'' | ':'))
}

/// A link that shows where it leads; what leads to no page, or hides where, is words.
fn link<P>(url: &str, text: &str, style: Style) -> Piece<P> {
    let said = if text.trim().is_empty() { url } else { text };
    let leads = url.len() <= LONGEST_LINK && !url.contains(char::is_whitespace) && is_web_link(url);
    if !leads {
        return Piece::Text {
            text: said.to_owned(),
            style,
        };
    }
    if !is_plain(url) {
        let both = if said == url {
            url.to_owned()
        } else {
            format!("{text} ({url})")
        };
        return Piece::Text { text: both, style };
    }
    let text = if said == url || poses_as_another(text, url) {
        String::new()
    } else {
        text.to_owned()
    };
    Piece::Link {
        url: url.to_owned(),
        text,
        style,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(words: &Words<u8>) -> String {
        words.text(|person| format!("person {person}"))
    }

    #[test]
    fn what_is_typed_into_a_form_is_no_markup() {
        let words: Words<u8> = Words::typed("  *not bold* <!channel> see https://a.example/x.\u{202e} \n");
        assert_eq!(said(&words), "*not bold* <!channel> see https://a.example/x.");
        assert_eq!(words.0.len(), 1);
        assert!(Words::<u8>::typed(" \u{200b}\n ").is_empty());
    }

    #[test]
    fn links_show_where_they_lead() {
        for (url, text, shown) in [
            ("https://a.example/x", "", "https://a.example/x"),
            ("https://a.example/x", "the ticket", "the ticket (https://a.example/x)"),
            ("https://evil.example", "https://a.example", "https://evil.example"),
            ("https://evil.example", "log in at a.example", "https://evil.example"),
            ("https://evil.example", "a\u{200b}.example", "https://evil.example"),
            ("javascript:alert(1)", "click", "click"),
            ("https://gооgle.com", "google", "google (https://gооgle.com)"),
            (
                "https://a.example@evil.example",
                "a",
                "a (https://a.example@evil.example)",
            ),
            ("mailto:a@b.example", "a@b.example", "a@b.example (mailto:a@b.example)"),
        ] {
            let link = Piece::Link {
                url: url.to_owned(),
                text: text.to_owned(),
                style: Style::default(),
            };
            let words: Words<u8> = Words(vec![Passage::Paragraph { pieces: vec![link] }]).harmless();
            assert_eq!(said(&words), shown, "{url} {text}");
        }
    }

    #[test]
    fn a_note_is_told_by_its_first_word() {
        for (typed, note) in [
            ("note: is she on call?", Some("is she on call?")),
            ("  NOTE:is she?", Some("is she?")),
            ("note:", Some("")),
            ("a note: no", None),
            ("notes: no", None),
            ("", None),
        ] {
            let words: Words<u8> = Words::typed(typed);
            assert_eq!(
                words.after_note_mark().map(|words| said(&words)).as_deref(),
                note,
                "{typed}"
            );
        }
    }

    #[test]
    fn stored_words_are_pinned() {
        let words: Words<u8> = Words(vec![
            Passage::Paragraph {
                pieces: vec![
                    Piece::plain("see "),
                    Piece::Text {
                        text: "this".to_owned(),
                        style: Style {
                            bold: true,
                            ..Style::default()
                        },
                    },
                    Piece::Person { person: 7 },
                    Piece::Emoji {
                        name: "tada".to_owned(),
                        unicode: "1f389".to_owned(),
                    },
                ],
            },
            Passage::List {
                ordered: true,
                indent: 1,
                offset: 2,
                items: vec![vec![Piece::plain("three")]],
            },
            Passage::Code {
                text: "SELECT 1".to_owned(),
            },
        ]);
        let stored = serde_json::json!([
            {"type": "paragraph", "pieces": [
                {"type": "text", "text": "see "}, {"type": "text", "text": "this", "style": {"bold": true}},
                {"type": "person", "person": 7}, {"type": "emoji", "name": "tada", "unicode": "1f389"}]},
            {"type": "list", "ordered": true, "indent": 1, "offset": 2, "items": [[{"type": "text", "text": "three"}]]},
            {"type": "code", "text": "SELECT 1"}
        ]);
        assert_eq!(serde_json::to_value(&words).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Words<u8>>(stored).unwrap(), words);
        assert_eq!(said(&words), "see this@person 7🎉\n  3. three\nSELECT 1");
    }

    fn any_piece() -> impl Strategy<Value = Piece<u8>> {
        let style = any::<[bool; 4]>().prop_map(|[bold, italic, strike, code]| Style {
            bold,
            italic,
            strike,
            code,
        });
        let nasty = prop_oneof![
            any::<String>(),
            Just("<!channel>".to_owned()),
            Just("https://a.example".to_owned()),
            Just("\u{202e}\u{200b}".to_owned()),
            Just("0".to_owned()),
            Just("1f389-202e".to_owned()),
        ];
        let url = prop_oneof![
            any::<String>(),
            Just("https://evil.example/a".to_owned()),
            Just("JAVASCRIPT:x".to_owned()),
            "https?://[a-zа-я.@]{1,20}(/[a-z]{0,5})?",
        ];
        prop_oneof![
            (nasty.clone(), style.clone()).prop_map(|(text, style)| Piece::Text { text, style }),
            (url, nasty.clone(), style).prop_map(|(url, text, style)| Piece::Link { url, text, style }),
            any::<u8>().prop_map(|person| Piece::Person { person }),
            nasty.clone().prop_map(|id| Piece::Channel { id }),
            (nasty.clone(), nasty).prop_map(|(name, unicode)| Piece::Emoji { name, unicode }),
            any::<i64>().prop_map(|at| Piece::Moment { at }),
        ]
    }

    fn any_words() -> impl Strategy<Value = Words<u8>> {
        let line = || prop::collection::vec(any_piece(), 0..6);
        let passage = prop_oneof![
            line().prop_map(|pieces| Passage::Paragraph { pieces }),
            line().prop_map(|pieces| Passage::Quote { pieces }),
            any::<String>().prop_map(|text| Passage::Code { text }),
            (
                any::<bool>(),
                any::<u8>(),
                any::<u32>(),
                prop::collection::vec(line(), 0..4)
            )
                .prop_map(|(ordered, indent, offset, items)| Passage::List {
                    ordered,
                    indent,
                    offset,
                    items
                }),
        ];
        prop::collection::vec(passage, 0..5).prop_map(Words)
    }

    proptest! {
        /// However long it is, its parts fit, and together they are all of it.
        #[test]
        fn parts_fit_and_are_all_of_it(words in any_words(), max in 150_usize..400) {
            let words = words.harmless();
            let width = |c: char| if c == '&' { 5 } else { c.len_utf16() };
            let letters = |words: &Words<u8>| -> String {
                let mut all = String::new();
                for passage in &words.0 {
                    match passage {
                        Passage::Code { text } => all.push_str(text),
                        Passage::Paragraph { pieces } | Passage::Quote { pieces } => {
                            pieces.iter().for_each(|piece| all.push_str(&piece_text(piece, |_| String::new())));
                        }
                        Passage::List { items, .. } => {
                            items.iter().flatten().for_each(|piece| all.push_str(&piece_text(piece, |_| String::new())));
                        }
                    }
                }
                all
            };
            let parts = words.clone().split(max, width);
            prop_assert_eq!(parts.iter().map(letters).collect::<String>(), letters(&words));
            for part in &parts {
                let links = part.lines().flatten().any(|piece| matches!(piece, Piece::Link { .. }));
                prop_assert!(links || letters(part).chars().map(width).sum::<usize>() <= max + 100);
            }
        }

        /// Whatever is said: no letter deceives, no link poses as another or leads to no page, and once is enough.
        #[test]
        fn whatever_is_said_is_harmless(words in any_words()) {
            let harmless = words.harmless();
            prop_assert_eq!(&harmless.clone().harmless(), &harmless);
            for piece in harmless.lines().flatten() {
                match piece {
                    Piece::Text { text, .. } => prop_assert_eq!(&clean(text), text),
                    Piece::Link { url, text, .. } => {
                        prop_assert!(is_web_link(url) && is_plain(url), "{}", url);
                        prop_assert!(text.is_empty() || !poses_as_another(text, url), "{} {}", text, url);
                    }
                    Piece::Channel { id } => prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric())),
                    Piece::Emoji { name, .. } => prop_assert!(is_emoji_name(name)),
                    Piece::Moment { at } => prop_assert!(*at >= 0),
                    Piece::Person { .. } => {}
                }
            }
            // Nobody is left out or brought in.
            let text = harmless.text(|_| "x".to_owned());
            prop_assert_eq!(&clean(&text), &text);
        }
    }
}
