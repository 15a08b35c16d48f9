//! What people write in the threads under their cards.

use super::{Handlers, actor};
use crate::{
    db,
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
        let comment = comment::Comment {
            request,
            body: body(&message.text, &message.files),
            at: Some((card, message.channel.clone(), message.ts.clone())),
        };
        match comment::comment(self.system(), actor(&author), comment).await {
            Ok(_) | Err(Error::NotFound) => Ok(()),
            Err(other) => Err(Failure(other.into())),
        }
    }
}

/// The words, and the files by name.
fn body(text: &str, files: &[SharedFile]) -> String {
    let named = files
        .iter()
        .map(|file| format!("📎 {}", file.name.replace(['<', '>', '&'], " ")));
    std::iter::once(text.to_owned())
        .filter(|text| !text.is_empty())
        .chain(named)
        .collect::<Vec<_>>()
        .join("\n")
}
