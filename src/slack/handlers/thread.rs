//! What people write in the threads under their cards, change there and take back.

use super::{Answer, Handlers, actor, tell};
use crate::{
    db,
    domain::{
        comment::{Change, File, Said, Visibility},
        ids::{CardId, PersonId, RequestId},
        markup,
        refusal::Refusal,
        words::{Passage, Piece, Style, Words},
    },
    slack::{
        gateway::{
            inbound::{Message, RichPart, RichPiece, SharedFile},
            reply::{Failure, Reply},
        },
        view::notices,
    },
    usecases::{
        Error,
        comment::{self, At, Written},
        delete_comment, edit_comment,
        queries::conversation::{self, Readers},
        react,
    },
};
use std::collections::HashMap;

impl Handlers {
    /// A reply in a thread of ours is a comment; everything else is not for us.
    pub(super) async fn message(&self, message: Message) -> Answer {
        let Some(parent) = message.reply_to().filter(|_| message.is_comment()) else {
            return Ok(Reply::Ack);
        };
        let Some((card, request)) = self.thread_under(&message.channel, parent).await? else {
            return Ok(Reply::Ack);
        };
        let Some(author) = &message.author else {
            return Ok(Reply::Ack);
        };
        let Some(author) = self.person(author).await? else {
            return Ok(Reply::Ack);
        };
        let comment = comment::Comment {
            request,
            said: self.said(&message).await?,
            visibility: Visibility::Everyone,
            at: Some(self.at(card, &message, parent)),
            once: None,
        };
        match comment::comment(self.system(), actor(&author), comment).await {
            Ok(Some(written)) => self.answer_to(request, author.id, &written).await,
            Ok(None) | Err(Error::NotFound | Error::Refused(Refusal::NothingSaid)) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(tell(self.refused(&refusal))),
            Err(other) => Err(Failure(other.into())),
        }
    }

    /// What whoever wrote a comment should know about it, for them alone.
    async fn answer_to(&self, request: RequestId, author: PersonId, written: &Written) -> Answer {
        let note = written.visibility == Visibility::Approvers;
        if !note && !written.first_since_closed {
            return Ok(Reply::Ack);
        }
        let Some(readers) = conversation::readers(self.system(), request, author).await? else {
            return Ok(Reply::Ack);
        };
        let Readers {
            open,
            all,
            approvers,
            own,
        } = readers;
        Ok(tell(if note {
            notices::note_kept(&approvers, &own, written.in_channel)
        } else {
            debug_assert!(!open, "it was over when it was written");
            notices::kept_though_closed(&all)
        }))
    }

    /// A message was changed: its comment says something else now, if it is one. A preview of a link is no change.
    pub(super) async fn message_changed(&self, message: Message) -> Result<(), Failure> {
        let Some(parent) = message.reply_to().filter(|_| message.is_comment()) else {
            return Ok(());
        };
        let Some((card, request)) = self.thread_under(&message.channel, parent).await? else {
            return Ok(());
        };
        let Some(author) = &message.author else { return Ok(()) };
        let Some(author) = self.person(author).await? else {
            return Ok(());
        };
        let name = message.edited.as_ref().map(|(_, ts)| ts.clone());
        let change = Change {
            said: self.said(&message).await?,
            name: Some(name.unwrap_or_default()),
        };
        let at = self.at(card, &message, parent);
        match edit_comment::message_changed(self.system(), actor(&author), request, &at, change).await {
            Ok(_) | Err(Error::NotFound | Error::Refused(_)) => Ok(()),
            Err(other) => Err(Failure(other.into())),
        }
    }

    /// A message was deleted: its comment is taken back, if it is one.
    pub(super) async fn message_deleted(&self, channel: &str, ts: &str, thread: Option<&str>) -> Result<(), Failure> {
        let known = db::comments::request_at(&self.system().db, channel, ts).await?;
        let request = match (known, thread.filter(|parent| *parent != ts)) {
            (Some(request), _) => request,
            (None, Some(parent)) => match self.thread_under(channel, parent).await? {
                Some((_, request)) => request,
                None => return Ok(()),
            },
            (None, None) => return Ok(()),
        };
        delete_comment::message_deleted(self.system(), request, channel, ts).await?;
        Ok(())
    }

    /// An emoji on a comment or on a copy of one.
    pub(super) async fn reacted(&self, reaction: db::comments::Reaction<'_>) -> Result<(), Failure> {
        Ok(react::react(self.system(), reaction).await?)
    }

    /// A file is gone that comments may have brought.
    pub(super) async fn file_deleted(&self, file: &str) -> Result<(), Failure> {
        Ok(edit_comment::file_deleted(self.system(), file).await?)
    }

    /// The card that a thread hangs on, and its request.
    async fn thread_under(&self, channel: &str, parent: &str) -> Result<Option<(CardId, RequestId)>, Failure> {
        let db = &self.system().db;
        let found = db::cards::at(db, channel, parent).await?;
        // They may have seen the card before its post was answered: Slack sends the event again, and by then we know.
        if found.is_none() && db::cards::is_posting(db, channel).await? {
            let why = anyhow::anyhow!("a reply came while a card was being posted; it has to be sent again");
            return Err(Failure(why));
        }
        Ok(found)
    }

    fn at(&self, card: CardId, message: &Message, parent: &str) -> At {
        At {
            card,
            channel: message.channel.clone(),
            ts: message.ts.clone(),
            link: Some(self.0.deliver.link(&message.channel, &message.ts, Some(parent))),
            edited: message.edited.is_some(),
        }
    }

    /// What a message says: people are those we know, by their accounts.
    async fn said(&self, message: &Message) -> Result<Said, Failure> {
        let words = if message.rich.is_empty() {
            markup::read(&message.text)
        } else {
            let mentioned: Vec<&str> = message.rich.iter().flat_map(groups).collect();
            let now = self.system().clock.now();
            let names = self.0.groups.names(&mentioned, now).await;
            Words(message.rich.iter().map(|part| passage(part, &names)).collect())
        };
        let accounts: Vec<String> = words.people().cloned().collect();
        let known = if accounts.is_empty() {
            HashMap::new()
        } else {
            db::people::by_accounts(&self.system().db, self.0.deliver.team.as_str(), &accounts).await?
        };
        let words = words.map(|account| known.get(&account).copied().ok_or_else(|| "@somebody".to_owned()));
        Ok(Said {
            words,
            files: message.files.iter().map(file).collect(),
        })
    }
}

/// The user groups that are mentioned, by id.
fn groups(part: &RichPart) -> Vec<&str> {
    let lines: Vec<&[RichPiece]> = match part {
        RichPart::Section(line) | RichPart::Quote(line) | RichPart::Code(line) => vec![line],
        RichPart::List { items, .. } => items.iter().map(Vec::as_slice).collect(),
    };
    let pieces = lines.into_iter().flatten();
    pieces
        .filter_map(|piece| match piece {
            RichPiece::Group(id) => Some(id.as_str()),
            _ => None,
        })
        .collect()
}

/// `names`: what user groups are called, by id.
fn passage(part: &RichPart, names: &HashMap<String, String>) -> Passage<String> {
    let pieces = |pieces: &[RichPiece]| -> Vec<Piece<String>> { pieces.iter().map(|one| piece(one, names)).collect() };
    match part {
        RichPart::Section(line) => Passage::Paragraph { pieces: pieces(line) },
        RichPart::Quote(line) => Passage::Quote { pieces: pieces(line) },
        RichPart::Code(line) => {
            let letters = line.iter().map(|piece| match piece {
                RichPiece::Text(text, _) => text.as_str(),
                RichPiece::Link(url, text, _) if text.is_empty() => url,
                RichPiece::Link(_, text, _) => text,
                _ => "",
            });
            Passage::Code {
                text: letters.collect(),
            }
        }
        RichPart::List {
            ordered,
            indent,
            offset,
            items,
        } => Passage::List {
            ordered: *ordered,
            indent: u8::try_from(*indent).unwrap_or(u8::MAX),
            offset: u32::try_from(*offset).unwrap_or(u32::MAX),
            items: items.iter().map(|item| pieces(item)).collect(),
        },
    }
}

fn piece(piece: &RichPiece, names: &HashMap<String, String>) -> Piece<String> {
    let styled = |style: &crate::slack::gateway::inbound::RichStyle| Style {
        bold: style.bold,
        italic: style.italic,
        strike: style.strike,
        code: style.code,
    };
    match piece {
        RichPiece::Text(text, style) => Piece::Text {
            text: text.clone(),
            style: styled(style),
        },
        RichPiece::Link(url, text, style) => Piece::Link {
            url: url.clone(),
            text: text.clone(),
            style: styled(style),
        },
        RichPiece::User(account) => Piece::Person {
            person: account.clone(),
        },
        RichPiece::Channel(id) => Piece::Channel { id: id.clone() },
        RichPiece::Broadcast(range) => Piece::plain(format!("@{range}")),
        RichPiece::Group(id) => Piece::plain(names.get(id).cloned().unwrap_or_else(|| "@group".to_owned())),
        RichPiece::Emoji(name, unicode) => Piece::Emoji {
            name: name.clone(),
            unicode: unicode.clone(),
        },
        RichPiece::Date(at) => Piece::Moment { at: *at },
    }
}

fn file(shared: &SharedFile) -> File {
    File {
        id: shared.id.clone(),
        name: shared.name.clone(),
        mimetype: shared.mimetype.clone(),
        size: i64::try_from(shared.size).unwrap_or(i64::MAX),
        link: shared.permalink.clone(),
        deleted: shared.deleted,
    }
}
