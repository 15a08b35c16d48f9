//! Changes what a comment says: by its author, where it was written.

use super::{Actor, Error, System, comment, comment::At};
use crate::{
    db::{self, DbError, Tx},
    domain::{
        comment::{Change, Comment, Said},
        event::Event,
        ids::{CommentId, RequestId},
        refusal::Refusal,
    },
};
use chrono::{DateTime, Utc};

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It says so now.
    Yes,
    /// It said so already, or something newer, or it was taken back.
    Already,
    /// The message it changes has not come yet: it waits.
    Waits,
}

/// Changes a comment that was written on a page or in a form.
///
/// # Errors
/// [`Error::NotFound`] for a comment that is not there or not theirs to see; [`Refusal::NotYourComment`],
/// [`Refusal::WrittenElsewhere`], [`Refusal::CommentGone`], and what [`Said::checked`] refuses.
pub async fn edit_comment(system: &System, actor: Actor, id: CommentId, said: Said) -> Result<Changed, Error> {
    let now = system.clock.now();
    let person = actor.somebody()?;
    let request = db::comments::request_of(&system.db, id).await?.ok_or(Error::NotFound)?;
    system
        .db
        .write("edit_comment", async |tx| {
            let request = db::requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
            let comment = db::comments::one(tx, id).await?.ok_or(Error::NotFound)?;
            comment::may_read(tx, &request, person, comment.visibility).await?;
            comment.may_change(person)?;
            let change = Change {
                said: Said {
                    words: said.checked()?.words,
                    files: comment.files.clone(),
                },
                name: None,
            };
            apply(tx, now, actor, &request, comment, change).await
        })
        .await
}

/// A message was changed in Slack, where only its author can. `request` is that of the card it stands under.
///
/// # Errors
/// [`Refusal::NotYourComment`] if the author of the message is not that of the comment.
pub async fn message_changed(
    system: &System,
    actor: Actor,
    request: RequestId,
    at: &At,
    change: Change,
) -> Result<Changed, Error> {
    let now = system.clock.now();
    let person = actor.somebody()?;
    system
        .db
        .write("message_changed", async |tx| {
            let request = db::requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
            let words = change.said.words.harmless();
            let said = Said { words, ..change.said };
            let change = Change { said, ..change };
            match db::comments::original(tx, &at.channel, &at.ts).await? {
                Some(comment) if comment.author != Some(person) => Err(Refusal::NotYourComment.into()),
                Some(comment) => apply(tx, now, actor, &request, comment, change).await,
                // Without a name it is no edit: a preview of a link, and the message will bring its own words.
                None if change.name.as_deref().unwrap_or_default().is_empty() => Ok(Changed::Already),
                None => {
                    db::comments::keep_change(tx, now, &at.channel, &at.ts, Some(&change)).await?;
                    Ok(Changed::Waits)
                }
            }
        })
        .await
}

/// A file is gone from Slack: every comment that brought it says so.
///
/// # Errors
/// The database's.
pub async fn file_deleted(system: &System, file: &str) -> Result<(), Error> {
    let now = system.clock.now();
    for (id, request) in db::comments::with_file(&system.db, file).await? {
        system
            .db
            .write("file_deleted", async |tx| {
                let request = db::requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
                let mut comment = db::comments::one(tx, id).await?.ok_or(Error::NotFound)?;
                if let Some(event) = comment.lose_file(file) {
                    keep(tx, now, &comment).await?;
                    comment::record(tx, now, &request, vec![(Actor::SLACK, event)]).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(())
}

async fn apply(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    request: &crate::domain::request::Request,
    mut comment: Comment,
    change: Change,
) -> Result<Changed, Error> {
    let change = as_note(change, comment.is_note());
    let Some(event) = comment.edit(change, now) else {
        return Ok(Changed::Already);
    };
    keep(tx, now, &comment).await?;
    comment::record(tx, now, request, vec![(actor, event)]).await?;
    Ok(Changed::Yes)
}

/// A note is one for good; the mark that made it one is no part of it.
fn as_note(mut change: Change, note: bool) -> Change {
    if note && let Some(words) = change.said.words.after_note_mark() {
        change.said.words = words;
    }
    change
}

/// Lets a comment that was just written catch up with the change that was known before it.
pub(super) async fn catch_up(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    id: CommentId,
    change: Option<Change>,
) -> Result<Option<(Actor, Event)>, Error> {
    let mut comment = db::comments::one(tx, id).await?.ok_or(Error::NotFound)?;
    let event = match change.map(|change| as_note(change, comment.is_note())) {
        Some(change) => comment.edit(change, now).map(|event| (actor, event)),
        None => comment.delete(now).map(|event| (Actor::SLACK, event)),
    };
    if event.is_some() {
        keep(tx, now, &comment).await?;
    }
    Ok(event)
}

/// Keeps what a comment says now; what it said before stays on record.
pub(super) async fn keep(tx: &mut Tx<'_>, now: DateTime<Utc>, comment: &Comment) -> Result<(), DbError> {
    let said = Said {
        words: comment.words.clone(),
        files: Vec::new(),
    };
    db::comments::change(tx, now, comment, &comment::body(&said)).await
}
