//! The conversation, as the template prints it.

use super::hours::{Hours, Moment};
use crate::{
    domain::{comment::Origin, picture, typed::is_web_link, words::Passage},
    usecases::queries::{
        conversation::{Conversation, Entry},
        request_card::PersonRef,
    },
};
use std::collections::BTreeSet;

/// What was said, and what the reader may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TalkView {
    pub(crate) open: bool,
    pub(crate) entries: Vec<EntryView>,
    pub(crate) may_write: bool,
    pub(crate) may_note: bool,
    /// Who reads a note, by name; may be empty.
    pub(crate) note_readers: String,
    /// Where the pictures beside comments come from, also of those that come while the page is open.
    pub(crate) pictures_from: BTreeSet<String>,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryView {
    pub(crate) id: i64,
    /// `None`: c1, about a change of state.
    pub(crate) author: Option<AuthorView>,
    pub(crate) passages: Vec<Passage<PersonRef>>,
    /// The same as letters, to be changed.
    pub(crate) plain: String,
    pub(crate) files: Vec<FileView>,
    pub(crate) note: bool,
    pub(crate) at: Moment,
    pub(crate) edited: Option<Moment>,
    pub(crate) deleted: bool,
    /// Written when the request was over?
    pub(crate) late: bool,
    /// The message it is, in Slack.
    pub(crate) link: Option<String>,
    pub(crate) reactions: Vec<(String, i64)>,
    pub(crate) may_change: bool,
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorView {
    pub(crate) name: String,
    pub(crate) initials: String,
    /// Covers the letters.
    pub(crate) picture: Option<String>,
    /// A class of the style sheet: the same person has the same colour.
    pub(crate) hue: i64,
}

/// A file, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileView {
    pub(crate) name: String,
    /// "12 kB"; may be empty.
    pub(crate) size: String,
    pub(crate) link: Option<String>,
    pub(crate) deleted: bool,
}

/// As many colours as the style sheet has.
const HUES: i64 = 6;

pub(crate) fn talk(conversation: &Conversation, reader: crate::domain::ids::PersonId, hours: &Hours) -> TalkView {
    let readers: Vec<&str> = conversation
        .note_readers
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    TalkView {
        open: conversation.open,
        entries: conversation
            .entries
            .iter()
            .map(|said| entry(said, reader, hours))
            .collect(),
        may_write: conversation.may_write,
        may_note: conversation.may_note,
        note_readers: match readers.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first @ .., last] if first.len() < 4 => format!("{} and {last}", first.join(", ")),
            [one, two, three, rest @ ..] => format!("{one}, {two}, {three} and {} more", rest.len()),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        },
        pictures_from: conversation
            .pictures
            .iter()
            .filter_map(|address| picture::origin(address))
            .collect(),
    }
}

fn entry(said: &Entry, reader: crate::domain::ids::PersonId, hours: &Hours) -> EntryView {
    EntryView {
        id: said.comment.0,
        author: said.author.as_ref().map(|author| AuthorView {
            name: if author.id == reader {
                format!("{} (you)", author.name)
            } else {
                author.name.clone()
            },
            initials: initials(&author.name),
            picture: said
                .picture
                .clone()
                .filter(|address| picture::origin(address).is_some()),
            hue: author.id.0.rem_euclid(HUES),
        }),
        passages: said.words.0.clone(),
        plain: said.words.text(|person| person.name.clone()),
        files: said
            .files
            .iter()
            .map(|file| FileView {
                name: file.name.clone(),
                size: size(file.size),
                link: Some(&file.link)
                    .filter(|link| is_web_link(link) && !file.deleted)
                    .cloned(),
                deleted: file.deleted,
            })
            .collect(),
        note: said.note,
        at: hours.moment(said.written_at),
        edited: said.edited_at.map(|at| hours.moment(at)),
        deleted: said.deleted_at.is_some(),
        late: said.late,
        link: match &said.origin {
            Origin::Message { link: Some(link) } if is_web_link(link) => Some(link.clone()),
            Origin::Message { .. } | Origin::Page | Origin::Form | Origin::System => None,
        },
        reactions: said
            .reactions
            .iter()
            .map(|(name, count)| (emoji(name), *count))
            .collect(),
        may_change: said.may_change,
    }
}

/// At most two letters that stand for a name.
fn initials(name: &str) -> String {
    let words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let letters: Vec<char> = words.collect();
    match letters.as_slice() {
        [] => "?".to_owned(),
        [one] => one.to_uppercase().collect(),
        [first, .., last] => first.to_uppercase().chain(last.to_uppercase()).collect(),
    }
}

fn size(bytes: i64) -> String {
    const STEPS: [(i64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match STEPS.into_iter().find(|(step, _)| bytes >= *step) {
        Some((step, unit)) => format!("{} {unit}", bytes / step),
        None if bytes > 0 => format!("{bytes} bytes"),
        None => String::new(),
    }
}

/// Characters from their hexadecimal numbers, joined by `-`.
pub(crate) fn unicode(hex: &str) -> Option<String> {
    let read = |part: &str| u32::from_str_radix(part, 16).ok().and_then(char::from_u32);
    let characters: Option<String> = hex.split('-').map(read).collect();
    characters.filter(|characters| !characters.is_empty())
}

/// The emoji people answer with most; the others are shown by name.
fn emoji(name: &str) -> String {
    let known = [
        ("+1", "👍"),
        ("thumbsup", "👍"),
        ("-1", "👎"),
        ("thumbsdown", "👎"),
        ("white_check_mark", "✅"),
        ("heavy_check_mark", "✔️"),
        ("x", "❌"),
        ("eyes", "👀"),
        ("pray", "🙏"),
        ("tada", "🎉"),
        ("heart", "❤️"),
        ("rocket", "🚀"),
        ("fire", "🔥"),
        ("clap", "👏"),
        ("raised_hands", "🙌"),
        ("ok_hand", "👌"),
        ("wave", "👋"),
        ("joy", "😂"),
        ("smile", "😄"),
        ("slightly_smiling_face", "🙂"),
        ("thinking_face", "🤔"),
        ("100", "💯"),
        ("warning", "⚠️"),
        ("hourglass_flowing_sand", "⏳"),
    ];
    let plain = name.split("::").next().unwrap_or(name);
    let found = known.into_iter().find(|(known, _)| *known == plain);
    found.map_or_else(|| format!(":{name}:"), |(_, sign)| sign.to_owned())
}

/// May this be a link? What is kept has been looked at already; a page looks once more.
pub(crate) fn leads(url: &str) -> bool {
    is_web_link(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_about_people_files_and_emoji() {
        for (name, letters) in [
            ("Ana Alvarez", "AA"),
            ("Bob", "B"),
            ("Jan van der Berg", "JB"),
            ("", "?"),
            ("– –", "?"),
            ("élan ß", "ÉSS"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
        for (bytes, words) in [
            (0, ""),
            (-1, ""),
            (12, "12 bytes"),
            (2_000, "2 kB"),
            (3_400_000, "3 MB"),
            (7_000_000_000, "7 GB"),
        ] {
            assert_eq!(size(bytes), words);
        }
        assert_eq!(unicode("1f44d"), Some("👍".to_owned()));
        assert_eq!(unicode("1f1e9-1f1ea"), Some("🇩🇪".to_owned()));
        assert_eq!((unicode(""), unicode("zz"), unicode("d800")), (None, None, None));
        assert_eq!(
            (emoji("+1::skin-tone-3").as_str(), emoji("our_logo").as_str()),
            ("👍", ":our_logo:")
        );
    }
}
