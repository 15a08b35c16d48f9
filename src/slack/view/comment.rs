//! A comment carried into another thread: what was said, with its form, under the name of whoever said it.

use super::{
    Message,
    kit::{self, context},
    limits::{MESSAGE_BLOCKS, NAME, SECTION, TEXT, TITLE},
    phrase::Phrase,
    text::{self, Mentions, NOTHING, line},
};
use crate::{
    domain::{
        comment::{File, Origin},
        words::{Passage, Piece, Style, Words},
    },
    usecases::queries::request_card::PersonRef,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// A comment as it is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Who wrote it; `None`: c1, about a change of state.
    pub author: Option<PersonRef>,
    /// What it says.
    pub words: Words<PersonRef>,
    /// The files that came with it.
    pub files: Vec<File>,
    /// For the approvers alone: who does not see it.
    pub note: Option<Vec<PersonRef>>,
    /// Where it was written, and its address there.
    pub origin: Origin,
    /// The address of the comment on the details page, if c1 knows its own.
    pub page: Option<String>,
    /// Was it changed since?
    pub edited: bool,
    /// Was the request over when it was written?
    pub late: bool,
    /// When it was written, if it was lost from the thread and stands at its end now.
    pub restored: Option<DateTime<Utc>>,
}

/// The message that carries it, in as many blocks as it takes. `named`: does the author's name stand above it already?
#[must_use]
pub fn copy(carried: &Carried, named: bool, mentions: &Mentions) -> Message {
    let mut blocks = Vec::new();
    let name = carried.author.as_ref().map(name);
    blocks.extend(
        carried
            .note
            .as_ref()
            .map(|hidden| kit::json_of(&context(&for_approvers(hidden)))),
    );
    if let Some(name) = name.as_ref().filter(|_| !named) {
        let phrase = Phrase::new().bold(name);
        blocks.push(kit::json_of(&kit::section(&phrase.markup(&Mentions::new(), SECTION))));
    }
    let said = carried.words.text(|person| line(&person.name, NAME));
    // Room for the name, the files and what stands beneath.
    let parts = carried.words.clone().split(SECTION, stored).into_iter();
    blocks.extend(
        parts
            .take(MESSAGE_BLOCKS - 8)
            .filter_map(|words| rich_text(words, mentions)),
    );
    blocks.extend(files(&carried.files));
    blocks.extend(footer(carried).map(|footer| kit::json_of(&context(&footer))));
    Message {
        text: fallback(name.as_deref(), &said, carried),
        blocks,
    }
}

/// A thread that begins late in a long conversation says so: how much is left out, and where all of it can be read.
#[must_use]
pub fn left_out(count: i64, page: Option<&str>) -> Message {
    let what = match count {
        1 => "1 earlier message is".to_owned(),
        count => format!("{count} earlier messages are"),
    };
    let begun = format!("💬 This conversation is long: {what} left out here.");
    let words = match page {
        Some(page) => format!("{begun} <{page}#talk|Read all of it on the web>"),
        None => format!("{begun} Whoever was asked before you has them in their thread."),
    };
    Message {
        blocks: vec![kit::json_of(&context(&words))],
        text: begun,
    }
}

/// The name that a comment stands under.
#[must_use]
pub fn name(author: &PersonRef) -> String {
    line(&author.name, NAME)
}

/// As Slack stores a character, and counts it.
fn stored(c: char) -> usize {
    match c {
        '&' => 5,
        '<' | '>' => 4,
        c => c.len_utf16(),
    }
}

fn for_approvers(hidden: &[PersonRef]) -> String {
    let mut phrase = Phrase::of("🔒 ").bold("Note to approvers").text(" · ");
    for (at, person) in hidden.iter().enumerate() {
        phrase = if at > 0 { phrase.text(" and ") } else { phrase };
        phrase = phrase.bold(&person.name);
    }
    let verb = if hidden.len() == 1 { "does" } else { "do" };
    phrase
        .text(&format!(" {verb} not see it"))
        .markup(&Mentions::new(), SECTION)
}

/// For notifications and screen readers: who, and what.
fn fallback(name: Option<&str>, said: &str, carried: &Carried) -> String {
    let mut words = said.trim().to_owned();
    if words.is_empty() {
        let names: Vec<_> = carried.files.iter().map(|file| format!("📎 {}", named(file))).collect();
        words = names.join(", ");
    }
    let lock = if carried.note.is_some() { "🔒 " } else { "" };
    let all = match name {
        Some(name) => format!("{lock}{name}: {words}"),
        None => words,
    };
    let all = text::escape(&all, TEXT);
    if all.is_empty() { NOTHING.to_owned() } else { all }
}

/// Where it was written, and what has become of it.
fn footer(carried: &Carried) -> Option<String> {
    let mut parts = Vec::new();
    let linked = |url: &str, words: &str| format!("<{url}|{words}>");
    if let Some(author) = &carried.author {
        let who = text::escape(&line(&author.name, NAME), NAME * 2).replace('|', "∣");
        let page = carried.page.as_deref();
        parts.push(match &carried.origin {
            Origin::Message { link: Some(link) } => format!("from {}", linked(link, &format!("{who}’s thread"))),
            Origin::Page => match page {
                Some(page) => format!("from {who}, {}", linked(page, "on the web")),
                None => format!("from {who}, on the web"),
            },
            Origin::Message { link: None } | Origin::Form | Origin::System => match page {
                Some(page) => format!("from {}", linked(page, &who)),
                None => format!("from {who}"),
            },
        });
    }
    if carried.edited {
        parts.push("edited".to_owned());
    }
    if carried.late {
        parts.push("the request was closed by then".to_owned());
    }
    if let Some(at) = carried.restored {
        let when = text::when(at);
        parts.push(format!(
            "written {when}; it had disappeared from this thread and was put back"
        ));
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The files by name, with what there is to know; they stay where they are.
fn files(files: &[File]) -> Vec<Value> {
    let lines: Vec<String> = files.iter().map(file).collect();
    lines
        .chunks(5)
        .map(|lines| kit::json_of(&kit::section(&lines.join("\n"))))
        .collect()
}

fn file(file: &File) -> String {
    let name = text::escape(&named(file), TITLE * 2).replace('|', "∣");
    if file.deleted {
        return format!("📎 ~{name}~ · deleted");
    }
    let link = file.link.starts_with("https://") && !file.link.contains(['|', '>', '<']);
    let name = if link { format!("<{}|{name}>", file.link) } else { name };
    let kind = kind(file);
    let kind = if kind.is_empty() { kind } else { format!(" · {kind}") };
    format!("📎 {name}{kind} · {}", size(file.size))
}

fn named(file: &File) -> String {
    match line(&file.name, TITLE) {
        nothing if nothing == NOTHING => "a file".to_owned(),
        name => name,
    }
}

/// "PDF": the ending of the name, else of the media type.
fn kind(file: &File) -> String {
    let ending = file.name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let plain = |word: &str| (1..=8).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric());
    let word = if plain(ending) {
        ending
    } else {
        file.mimetype
            .rsplit('/')
            .next()
            .filter(|word| plain(word))
            .unwrap_or("")
    };
    word.to_ascii_uppercase()
}

/// "2 KB", "1.4 MB".
#[must_use]
pub fn size(bytes: i64) -> String {
    let bytes = bytes.max(0);
    for (unit, name) in [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")] {
        if bytes >= unit {
            let tenths = bytes / (unit / 10);
            return match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                _ if tenths >= 100 => format!("{} {name}", tenths / 10),
                rest => format!("{}.{rest} {name}", tenths / 10),
            };
        }
    }
    format!("{bytes} bytes")
}

/// Words as Slack's rich text; nothing if there are none.
fn rich_text(words: Words<PersonRef>, mentions: &Mentions) -> Option<Value> {
    let parts: Vec<Value> = words.0.into_iter().map(|passage| part(passage, mentions)).collect();
    (!parts.is_empty()).then(|| json!({ "type": "rich_text", "elements": parts }))
}

fn part(passage: Passage<PersonRef>, mentions: &Mentions) -> Value {
    let elements = |pieces: Vec<Piece<PersonRef>>| -> Vec<Value> {
        pieces.into_iter().map(|piece| element(piece, mentions)).collect()
    };
    match passage {
        Passage::Paragraph { pieces } => json!({ "type": "rich_text_section", "elements": elements(pieces) }),
        Passage::Quote { pieces } => json!({ "type": "rich_text_quote", "elements": elements(pieces) }),
        Passage::Code { text } => {
            json!({ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": text }] })
        }
        Passage::List {
            ordered,
            indent,
            offset,
            items,
        } => {
            let items: Vec<Value> = items
                .into_iter()
                .map(|item| json!({ "type": "rich_text_section", "elements": elements(item) }))
                .collect();
            let style = if ordered { "ordered" } else { "bullet" };
            let mut list = json!({ "type": "rich_text_list", "style": style, "indent": indent, "elements": items });
            if offset > 0 {
                list["offset"] = offset.into();
            }
            list
        }
    }
}

fn element(piece: Piece<PersonRef>, mentions: &Mentions) -> Value {
    let styled = |mut element: Value, style: Style| {
        let flags = [
            ("bold", style.bold),
            ("italic", style.italic),
            ("strike", style.strike),
            ("code", style.code),
        ];
        let on: serde_json::Map<String, Value> = flags
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, on)| (name.to_owned(), on.into()))
            .collect();
        if !on.is_empty() {
            element["style"] = on.into();
        }
        element
    };
    match piece {
        Piece::Text { text, style } => styled(json!({ "type": "text", "text": text }), style),
        Piece::Link { url, text, style } => {
            let mut link = json!({ "type": "link", "url": url });
            if !text.is_empty() {
                link["text"] = text.into();
            }
            styled(link, style)
        }
        Piece::Person { person } => match mentions.get(&person.id) {
            Some(account) => json!({ "type": "user", "user_id": account }),
            None => {
                json!({ "type": "text", "text": format!("@{}", line(&person.name, NAME)), "style": { "bold": true } })
            }
        },
        Piece::Channel { id } => json!({ "type": "channel", "channel_id": id }),
        Piece::Emoji { name, unicode } => {
            let mut emoji = json!({ "type": "emoji", "name": name });
            if !unicode.is_empty() {
                emoji["unicode"] = unicode.into();
            }
            emoji
        }
        Piece::Moment { at } => {
            let utc = chrono::DateTime::from_timestamp(at, 0).map_or_else(String::new, text::utc);
            json!({ "type": "date", "timestamp": at, "format": text::DATE_FORMAT, "fallback": utc })
        }
    }
}
