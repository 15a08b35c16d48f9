//! The conversation of a request.

use super::{DbError, Tx};
use crate::domain::ids::{CardId, CommentId, PersonId, RequestId};
use chrono::{DateTime, Utc};

/// A comment to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewComment<'a> {
    /// The request it is about; its row must be locked, so that places are given one after the other.
    pub request: RequestId,
    /// Who wrote it; `None`: c1, about a change of state.
    pub author: Option<PersonId>,
    /// What it says, in Slack's markup.
    pub body: &'a str,
    /// The door.
    pub via: &'a str,
}

/// Writes a comment at the end of the conversation.
///
/// # Errors
/// The database's.
pub async fn append(tx: &mut Tx<'_>, now: DateTime<Utc>, new: NewComment<'_>) -> Result<CommentId, DbError> {
    let id = sqlx::query_scalar!(
        "-- append a comment
         INSERT INTO comments (request_id, place, author_id, body, via, created_at)
         SELECT $1, 1 + coalesce(max(place), 0), $2, $3, $4, $5 FROM comments WHERE request_id = $1
         RETURNING id",
        new.request.0,
        new.author.map(|person| person.0),
        new.body,
        new.via,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(CommentId(id))
}

/// Notes that a comment was written in the thread under a card, as this message.
///
/// # Errors
/// `comment_copies_by_message` when that message has been taken in before.
pub async fn written_at(
    tx: &mut Tx<'_>,
    comment: CommentId,
    card: CardId,
    channel: &str,
    ts: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- note the origin of a comment
         INSERT INTO comment_copies (card_id, comment_id, channel, ts, original) VALUES ($1, $2, $3, $4, true)",
        card.0,
        comment.0,
        channel,
        ts
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has this message been taken in before?
///
/// # Errors
/// The database's.
pub async fn is_known(tx: &mut Tx<'_>, channel: &str, ts: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- is a message known
         SELECT EXISTS (SELECT FROM comment_copies WHERE channel = $1 AND ts = $2) AS "known!""#,
        channel,
        ts
    )
    .fetch_one(tx.conn())
    .await?)
}
