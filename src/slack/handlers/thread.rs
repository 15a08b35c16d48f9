//! What people write in the threads under their cards.

use super::{Handlers, actor};
use crate::{
    db,
    domain::{
        comment::{File, Said, Visibility},
        markup,
    },
    slack::gateway::{
        inbound::{Message, SharedFile},
        reply::Failure,
    },
    usecases::{Error, comment},
};

impl Handlers {
    /// A reply in a thread of ours is a comment; everything else is not for us.
    pub(super) async fn message(&self, message: Message) -> Result<(), Failure> {
        let Some(parent) = message.reply_to().filter(|_| message.is_comment()) else {
            return Ok(());
        };
        let db = &self.system().db;
        let Some((card, request)) = db::cards::at(db, &message.channel, parent).await? else {
            // They may have seen the card before its post was answered: Slack sends the reply again, and by then we know.
            return if db::cards::is_posting(db, &message.channel).await? {
                let why = anyhow::anyhow!("a reply came while a card was being posted; it has to be sent again");
                Err(Failure(why))
            } else {
                Ok(())
            };
        };
        let Some(author) = &message.author else { return Ok(()) };
        let Some(author) = self.person(author).await? else {
            return Ok(());
        };
        let said = self.said(&message).await?;
        let link = self.0.deliver.link(&message.channel, &message.ts, Some(parent));
        let at = comment::At {
            card,
            channel: message.channel.clone(),
            ts: message.ts.clone(),
            link: Some(link),
        };
        let comment = comment::Comment {
            request,
            said,
            visibility: Visibility::Everyone,
            at: Some(at),
            once: None,
        };
        match comment::comment(self.system(), actor(&author), comment).await {
            Ok(_) | Err(Error::NotFound | Error::Refused(_)) => Ok(()),
            Err(other) => Err(Failure(other.into())),
        }
    }

    /// What a message says: people are those we know, by their accounts.
    async fn said(&self, message: &Message) -> Result<Said, Failure> {
        let words = markup::read(&message.text);
        let accounts: Vec<String> = words.people().cloned().collect();
        let known = db::people::by_accounts(&self.system().db, self.0.deliver.team.as_str(), &accounts).await?;
        let words = words.map(|account| known.get(&account).copied().ok_or_else(|| "@somebody".to_owned()));
        Ok(Said {
            words,
            files: message.files.iter().map(file).collect(),
        })
    }
}

fn file(shared: &SharedFile) -> File {
    File {
        id: shared.id.clone(),
        name: shared.name.clone(),
        mimetype: shared.mimetype.clone(),
        size: i64::try_from(shared.size).unwrap_or(i64::MAX),
        link: shared.permalink.clone(),
        deleted: false,
    }
}
