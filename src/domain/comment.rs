//! A comment in the conversation of a request: what it says now, who may read it, and how it came to say so.
//!
//! Events in a conversation come in any order: a change may be known before what it changes, and an older change after a
//! newer one. [`Comment::edit`] and [`Comment::delete`] say what becomes of it in each case; nothing ever leads back.

use super::{
    event::Event,
    ids::{CommentId, PersonId, RequestId},
    refusal::Refusal,
    words::Words,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest comment, in characters: as long as a message in Slack.
pub const LONGEST_COMMENT: usize = 12_000;

/// As many files as a comment can bring.
pub const MOST_FILES: usize = 20;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: CommentId,
    /// The request it is about.
    pub request: RequestId,
    /// Its place in the conversation.
    pub place: i64,
    /// Who wrote it; `None`: c1, about a change of state.
    pub author: Option<PersonId>,
    /// Who may read it.
    pub visibility: Visibility,
    /// The door through which it came, and where it can be seen there.
    pub origin: Origin,
    /// What it says.
    pub words: Words<PersonId>,
    /// The files that came with it.
    pub files: Vec<File>,
    /// Was the request over when it was written?
    pub late: bool,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When it was changed last.
    pub edited_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Counts what it has said, from 1: whoever shows an earlier edition shows something old.
    pub edition: i64,
    /// Where it was written calls its last change so; later names are greater.
    pub changed: Option<String>,
}

/// Who may read a comment. Chosen when it is written, for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody who may read the conversation.
    #[default]
    Everyone,
    /// The approvers alone; never whoever asked, nor whom it is for.
    Approvers,
}

impl Visibility {
    /// The word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Approvers => "approvers",
        }
    }

    /// Reads [`Visibility::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Everyone, Self::Approvers]
            .into_iter()
            .find(|visibility| visibility.word() == word)
    }
}

/// Where a comment comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A message in a thread: it is changed and taken back there.
    Message {
        /// Its address.
        link: Option<String>,
    },
    /// The details page.
    Page,
    /// A form: a question, a note.
    Form,
    /// c1 itself, about a change of state.
    System,
}

/// A file that came with a comment. It stays where it is; c1 only names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct File {
    /// What its place calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its media type; may be empty.
    pub mimetype: String,
    /// Its size in bytes.
    pub size: i64,
    /// Where whoever may can open it; may be empty.
    pub link: String,
    /// Is it gone?
    #[serde(default)]
    pub deleted: bool,
}

/// What somebody wants a comment to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub words: Words<PersonId>,
    /// The files.
    pub files: Vec<File>,
}

impl Said {
    /// The same, fit to be kept.
    ///
    /// # Errors
    /// [`Refusal::NothingSaid`], [`Refusal::TextTooLong`].
    pub fn checked(self) -> Result<Self, Refusal> {
        let words = self.words.harmless();
        let mut files = self.files;
        files.truncate(MOST_FILES);
        if words.is_empty() && files.is_empty() {
            return Err(Refusal::NothingSaid);
        }
        // People count by a name of some length, so that nobody's words depend on how others are called.
        let length = words.text(|_| "somebody".to_owned()).chars().count();
        // The marks of lists and quotes are not typed.
        if length > LONGEST_COMMENT * 2 {
            return Err(Refusal::TextTooLong { max: LONGEST_COMMENT });
        }
        Ok(Self { words, files })
    }
}

/// A change to a comment, as it was made where the comment was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it says now.
    pub said: Said,
    /// What that place calls the change; `None` where changes come one by one.
    pub name: Option<String>,
}

impl Comment {
    /// Was it chosen for the approvers alone?
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.visibility == Visibility::Approvers
    }

    /// Lets it say something else. `None` when that changes nothing: it says so already, or something newer, or it was taken
    /// back.
    pub fn edit(&mut self, change: Change, now: DateTime<Utc>) -> Option<Event> {
        if self.deleted_at.is_some() {
            return None;
        }
        let said_so = self.words == change.said.words;
        let newer = match (&change.name, &self.changed) {
            (None, _) => true,
            // A preview of a link, a count of replies: nobody has changed anything.
            (Some(name), _) if name.is_empty() => false,
            (Some(name), Some(last)) => name > last,
            (Some(_), None) => true,
        };
        let gone = self.lose_files(&change.said.files);
        if said_so || !newer {
            return gone.then(|| self.changed_to_next());
        }
        self.words = change.said.words;
        let now_there = change.said.files;
        self.files
            .retain(|file| file.deleted || now_there.iter().any(|known| known.id == file.id));
        for file in now_there {
            if !self.files.iter().any(|known| known.id == file.id) {
                self.files.push(file);
            }
        }
        self.edited_at = Some(now);
        if change.name.is_some() {
            self.changed = change.name;
        }
        Some(self.changed_to_next())
    }

    /// Notes that files are gone which it brought.
    fn lose_files(&mut self, now: &[File]) -> bool {
        let mut any = false;
        for file in &mut self.files {
            let gone = now.iter().any(|known| known.id == file.id && known.deleted);
            if gone && !file.deleted {
                file.deleted = true;
                any = true;
            }
        }
        any
    }

    /// Notes that one file is gone. `None` when it did not bring it, or that is known.
    pub fn lose_file(&mut self, id: &str) -> Option<Event> {
        let gone: Vec<File> = self.files.iter().filter(|file| file.id == id).cloned().collect();
        let gone: Vec<File> = gone.into_iter().map(|file| File { deleted: true, ..file }).collect();
        if self.deleted_at.is_none() && self.lose_files(&gone) {
            Some(self.changed_to_next())
        } else {
            None
        }
    }

    fn changed_to_next(&mut self) -> Event {
        self.edition += 1;
        Event::CommentEdited {
            comment: self.id,
            note: self.is_note(),
        }
    }

    /// Takes it back. `None` when it was before.
    pub fn delete(&mut self, now: DateTime<Utc>) -> Option<Event> {
        if self.deleted_at.is_some() {
            return None;
        }
        self.deleted_at = Some(now);
        self.edition += 1;
        Some(Event::CommentDeleted {
            comment: self.id,
            note: self.is_note(),
        })
    }

    /// May this person change it, or take it back, at this door? Only its author, and where it was written.
    ///
    /// # Errors
    /// [`Refusal::NotYourComment`], [`Refusal::WrittenElsewhere`], [`Refusal::CommentGone`].
    pub fn may_change(&self, person: PersonId) -> Result<(), Refusal> {
        if self.author != Some(person) {
            Err(Refusal::NotYourComment)
        } else if self.deleted_at.is_some() {
            Err(Refusal::CommentGone)
        } else if matches!(self.origin, Origin::Message { .. }) {
            Err(Refusal::WrittenElsewhere)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comment(words: &str) -> Comment {
        Comment {
            id: CommentId(1),
            request: RequestId(1),
            place: 1,
            author: Some(PersonId(1)),
            visibility: Visibility::Everyone,
            origin: Origin::Message { link: None },
            words: Words::typed(words),
            files: vec![file("F1", false)],
            late: false,
            written_at: DateTime::UNIX_EPOCH,
            edited_at: None,
            deleted_at: None,
            edition: 1,
            changed: None,
        }
    }

    fn file(id: &str, deleted: bool) -> File {
        File {
            id: id.to_owned(),
            name: "plan.pdf".to_owned(),
            mimetype: "application/pdf".to_owned(),
            size: 1,
            link: String::new(),
            deleted,
        }
    }

    fn change(words: &str, name: Option<&str>) -> Change {
        Change {
            said: Said {
                words: Words::typed(words),
                files: vec![file("F1", false)],
            },
            name: name.map(str::to_owned),
        }
    }

    #[test]
    fn the_newest_change_counts_in_whatever_order_they_come() {
        let at = DateTime::UNIX_EPOCH;
        let edits = [
            change("two", Some("2.0")),
            change("three", Some("3.0")),
            // Previews: with the words of before the edit, and of after it.
            change("one", Some("")),
            change("three", Some("3.0")),
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
            let mut said = comment("one");
            for at_place in order {
                let _ = said.edit(edits[at_place].clone(), at);
            }
            assert_eq!(said.words, Words::typed("three"), "{order:?}");
        }
    }

    #[test]
    fn what_changes_nothing_is_no_change() {
        let at = DateTime::UNIX_EPOCH;
        let mut said = comment("one");
        assert_eq!(said.edit(change("one", Some("2.0")), at), None, "the same words");
        assert_eq!(said.edit(change("other", Some("")), at), None, "a preview");
        assert_eq!((said.edition, said.edited_at), (1, None));
        assert!(said.edit(change("two", None), at).is_some());
        assert!(said.delete(at).is_some());
        assert_eq!(said.delete(at), None, "once is enough");
        assert_eq!(said.edit(change("three", None), at), None, "nothing comes back");
        assert_eq!(said.edition, 3);
    }

    #[test]
    fn a_file_that_is_gone_is_no_edit_of_the_words() {
        let at = DateTime::UNIX_EPOCH;
        let mut said = comment("one");
        let mut gone = change("one", Some(""));
        gone.said.files = vec![file("F1", true)];
        assert!(said.edit(gone.clone(), at).is_some());
        assert!(said.files[0].deleted && said.edited_at.is_none());
        assert_eq!(said.edit(gone, at), None);
        let mut said = comment("one");
        assert!(said.lose_file("F2").is_none());
        assert!(said.lose_file("F1").is_some());
        assert!(said.lose_file("F1").is_none());
    }

    #[test]
    fn only_its_author_changes_it_and_where_it_was_written() {
        let mut said = comment("one");
        assert_eq!(said.may_change(PersonId(2)), Err(Refusal::NotYourComment));
        assert_eq!(said.may_change(PersonId(1)), Err(Refusal::WrittenElsewhere));
        said.origin = Origin::Page;
        assert_eq!(said.may_change(PersonId(1)), Ok(()));
        said.deleted_at = Some(DateTime::UNIX_EPOCH);
        assert_eq!(said.may_change(PersonId(1)), Err(Refusal::CommentGone));
    }

    #[test]
    fn something_has_to_be_said_and_not_too_much() {
        let said = |words: &str, files| Said {
            words: Words::typed(words),
            files,
        };
        assert_eq!(said(" \u{200b}", Vec::new()).checked(), Err(Refusal::NothingSaid));
        assert!(said("", vec![file("F1", false)]).checked().is_ok());
        assert!(said(&"x".repeat(LONGEST_COMMENT), Vec::new()).checked().is_ok());
        assert!(
            said(&"x".repeat(2 * LONGEST_COMMENT + 1), Vec::new())
                .checked()
                .is_err()
        );
    }

    proptest! {
        /// Any changes, any number of times, in any order: in the end it says what the newest says, or is gone.
        #[test]
        fn any_order_comes_to_the_same(names in prop::collection::vec(1_u8..9, 1..12), seed in any::<u64>(), gone in any::<bool>()) {
            let at = DateTime::UNIX_EPOCH;
            let mut order: Vec<u8> = names.iter().chain(&names).copied().collect();
            let count = order.len() as u64;
            for place in 0..order.len() {
                let other = usize::try_from((seed >> (place % 60)) % count).unwrap_or(0);
                order.swap(place, other);
            }
            let mut said = comment("0");
            for (place, name) in order.iter().enumerate() {
                if gone && place == order.len() / 2 {
                    let _ = said.delete(at);
                }
                let _ = said.edit(change(&name.to_string(), Some(&format!("{name}.0"))), at);
            }
            if gone {
                prop_assert!(said.deleted_at.is_some());
            } else {
                let newest = names.iter().max().map(ToString::to_string).unwrap_or_default();
                prop_assert_eq!(said.words, Words::typed(&newest));
            }
        }
    }
}
