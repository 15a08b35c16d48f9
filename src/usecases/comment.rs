//! Adds a comment to the conversation of a request.

use super::{Actor, Error, System, job};
use crate::{
    db::{self, Tx, audit::Entry, comments::NewComment},
    domain::{
        event::{About, Event},
        ids::{CardId, CommentId, RequestId},
        request::Request,
    },
};
use chrono::{DateTime, Utc};

/// A comment, and where it was written.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The request it is about.
    pub request: RequestId,
    /// What it says, in Slack's markup.
    pub body: String,
    /// The copy of the card under which it was written, and the message it is: the same message counts once.
    pub at: Option<(CardId, String, String)>,
}

/// Takes the comment in and has it shown everywhere else. `None` when that very message was taken in before.
///
/// A comment on a closed request is kept and shown, too.
///
/// # Errors
/// [`Error::NotFound`] when there is no such request, or the author has nothing to do with it.
pub async fn comment(system: &System, actor: Actor, comment: Comment) -> Result<Option<CommentId>, Error> {
    let now = system.clock.now();
    system
        .db
        .write("comment", async |tx| {
            actor.somebody()?;
            let request = db::requests::lock(tx, comment.request).await?.ok_or(Error::NotFound)?;
            if let Some((_, channel, ts)) = &comment.at
                && db::comments::is_known(tx, channel, ts).await?
            {
                return Ok(None);
            }
            write(tx, now, actor, &request, &comment).await.map(Some)
        })
        .await
}

/// Writes the comment into the conversation of a request whose row is locked.
pub(super) async fn write(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    request: &Request,
    comment: &Comment,
) -> Result<CommentId, Error> {
    let author = actor.somebody()?;
    // The one character that PostgreSQL cannot keep.
    let body = comment.body.replace('\0', "");
    let new = NewComment {
        request: request.id,
        author: Some(author),
        body: &body,
        via: actor.via.word(),
    };
    let id = db::comments::append(tx, now, new).await?;
    if let Some((card, channel, ts)) = &comment.at {
        db::comments::written_at(tx, id, *card, channel, ts).await?;
    }
    let entry = Entry {
        actor: actor.person,
        via: actor.via.word(),
        about: About::Request(request.id),
        emergency: request.emergency,
        event: Event::Commented { comment: id, author },
    };
    db::audit::append(tx, now, &[entry]).await?;
    let copies = db::cards::of_request(tx, request.id).await?;
    let jobs: Vec<_> = copies.into_iter().map(job::Job::SyncThread).collect();
    job::enqueue(tx, now, &jobs).await?;
    Ok(id)
}

/// Words that were typed into a form, as a comment: nothing in them is markup.
pub(super) fn literally(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
