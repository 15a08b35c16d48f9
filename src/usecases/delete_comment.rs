//! Takes a comment back: its author does, where it was written.

use super::{Actor, Error, System, comment, edit_comment::Changed, edit_comment::keep};
use crate::{
    db,
    domain::ids::{CommentId, RequestId},
};

/// Takes back a comment that was written on a page or in a form.
///
/// # Errors
/// As [`edit_comment`](super::edit_comment::edit_comment).
pub async fn delete_comment(system: &System, actor: Actor, id: CommentId) -> Result<Changed, Error> {
    let now = system.clock.now();
    let person = actor.somebody()?;
    let request = db::comments::request_of(&system.db, id).await?.ok_or(Error::NotFound)?;
    system
        .db
        .write("delete_comment", async |tx| {
            let request = db::requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
            let mut comment = db::comments::one(tx, id).await?.ok_or(Error::NotFound)?;
            comment::may_read(tx, &request, person, comment.visibility).await?;
            if comment.author == Some(person) && comment.deleted_at.is_some() {
                return Ok(Changed::Already);
            }
            comment.may_change(person)?;
            if let Some(event) = comment.delete(now) {
                keep(tx, now, &comment).await?;
                comment::record(tx, now, &request, vec![(actor, event)]).await?;
            }
            Ok(Changed::Yes)
        })
        .await
}

/// A message was deleted in Slack: by its author or an administrator of the workspace, which Slack does not say. `request` is
/// that of the card it stood under.
///
/// # Errors
/// The database's.
pub async fn message_deleted(system: &System, request: RequestId, channel: &str, ts: &str) -> Result<Changed, Error> {
    let now = system.clock.now();
    system
        .db
        .write("message_deleted", async |tx| {
            let request = db::requests::lock(tx, request).await?.ok_or(Error::NotFound)?;
            let Some(mut comment) = db::comments::original(tx, channel, ts).await? else {
                db::comments::keep_change(tx, now, channel, ts, None).await?;
                return Ok(Changed::Waits);
            };
            let Some(event) = comment.delete(now) else {
                return Ok(Changed::Already);
            };
            keep(tx, now, &comment).await?;
            comment::record(tx, now, &request, vec![(Actor::SLACK, event)]).await?;
            Ok::<_, Error>(Changed::Yes)
        })
        .await
}
