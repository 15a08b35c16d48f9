//! The message ledger: which copies of a request's card there are, where they stand, what they show, and how far the
//! threads under them have been told.

use super::{Db, DbError, Tx};
use crate::domain::ids::{CardId, CommentId, PersonId, RequestId};

/// A copy of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number; travels in the message's metadata.
    pub id: CardId,
    /// The request it shows.
    pub request: RequestId,
    /// Who reads it.
    pub person: PersonId,
    /// Why they read it: `requester`, `approver` or `provisioner`.
    pub role: String,
    /// The conversation it stands in, once posted.
    pub channel: Option<String>,
    /// The message, once posted.
    pub ts: Option<String>,
    /// The hash of what it shows.
    pub shown: Option<String>,
    /// Was a post begun whose answer is not known?
    pub posting: bool,
    /// How far its thread has been told: a place in the conversation.
    pub mirrored: i64,
}

/// Makes sure that these people have copies, and names all copies of the request, old and new.
///
/// # Errors
/// The database's.
pub async fn ensure(
    tx: &mut Tx<'_>,
    request: RequestId,
    readers: &[(PersonId, &'static str)],
) -> Result<Vec<CardId>, DbError> {
    let (people, roles): (Vec<i64>, Vec<String>) = readers
        .iter()
        .map(|(person, role)| (person.0, (*role).to_owned()))
        .unzip();
    let ids = sqlx::query_scalar!(
        r#"-- ensure the copies of a card
         WITH made AS (
             INSERT INTO cards (request_id, person_id, role)
             SELECT $1, * FROM unnest($2::bigint[], $3::text[]) ON CONFLICT DO NOTHING RETURNING id)
         SELECT id AS "id!" FROM made UNION SELECT id FROM cards WHERE request_id = $1 ORDER BY 1"#,
        request.0,
        &people,
        &roles
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(CardId).collect())
}

/// The copies of a request's card.
///
/// # Errors
/// The database's.
pub async fn of_request(tx: &mut Tx<'_>, request: RequestId) -> Result<Vec<CardId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- list a request's cards\nSELECT id FROM cards WHERE request_id = $1 ORDER BY id",
        request.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(CardId).collect())
}

/// Reads a copy.
///
/// # Errors
/// The database's.
pub async fn get(db: &Db, id: CardId) -> Result<Option<Card>, DbError> {
    let row = sqlx::query!(
        "-- read a card
         SELECT id, request_id, person_id, role, channel, ts, shown, posting, mirrored FROM cards WHERE id = $1",
        id.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Card {
        id: CardId(row.id),
        request: RequestId(row.request_id),
        person: PersonId(row.person_id),
        role: row.role,
        channel: row.channel,
        ts: row.ts,
        shown: row.shown,
        posting: row.posting,
        mirrored: row.mirrored,
    }))
}

/// The copy that a message is, and the request it shows.
///
/// # Errors
/// The database's.
pub async fn at(db: &Db, channel: &str, ts: &str) -> Result<Option<(CardId, RequestId)>, DbError> {
    let row = sqlx::query!(
        "-- find the card of a message\nSELECT id, request_id FROM cards WHERE channel = $1 AND ts = $2",
        channel,
        ts
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| (CardId(row.id), RequestId(row.request_id))))
}

/// Is a card being posted in this conversation, so that its message may be seen before we know which it is?
///
/// # Errors
/// The database's.
pub async fn is_posting(db: &Db, channel: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- is a card being posted
         SELECT EXISTS (SELECT FROM cards WHERE channel = $1 AND posting) AS "posting!""#,
        channel
    )
    .fetch_one(db.pool())
    .await?)
}

/// The copies for these people that could not be posted yet.
///
/// # Errors
/// The database's.
pub async fn not_posted_to(tx: &mut Tx<'_>, people: &[PersonId]) -> Result<Vec<CardId>, DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    let ids = sqlx::query_scalar!(
        "-- list people's cards that were not posted
         SELECT id FROM cards WHERE person_id = ANY($1) AND ts IS NULL ORDER BY id",
        &people
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(CardId).collect())
}

/// Notes that a post begins: from here on its outcome is unknown until it is recorded.
///
/// # Errors
/// The database's.
pub async fn begin_post(tx: &mut Tx<'_>, id: CardId, channel: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- begin to post a card\nUPDATE cards SET posting = true, channel = $2 WHERE id = $1",
        id.0,
        channel
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a post was refused: the message does not exist.
///
/// # Errors
/// The database's.
pub async fn not_posted(tx: &mut Tx<'_>, id: CardId, trouble: Option<&str>) -> Result<(), DbError> {
    sqlx::query!(
        "-- a card was not posted\nUPDATE cards SET posting = false, trouble = $2 WHERE id = $1",
        id.0,
        trouble
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes where a copy stands and what it shows.
///
/// # Errors
/// The database's.
pub async fn posted(tx: &mut Tx<'_>, id: CardId, channel: &str, ts: &str, shown: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- a card was posted
         UPDATE cards SET posting = false, trouble = NULL, channel = $2, ts = $3, shown = $4 WHERE id = $1",
        id.0,
        channel,
        ts,
        shown
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what a copy shows now.
///
/// # Errors
/// The database's.
pub async fn updated(tx: &mut Tx<'_>, id: CardId, shown: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- a card was updated\nUPDATE cards SET shown = $2, trouble = NULL WHERE id = $1",
        id.0,
        shown
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets a message that is gone from Slack, so that it is posted anew, its thread included.
///
/// # Errors
/// The database's.
pub async fn lost(tx: &mut Tx<'_>, id: CardId) -> Result<(), DbError> {
    sqlx::query!(
        "-- a card is lost
         WITH gone AS (DELETE FROM comment_copies WHERE card_id = $1 AND NOT original)
         UPDATE cards SET ts = NULL, shown = NULL, posting = false, mirrored = 0 WHERE id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A comment that a thread has not been told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The comment.
    pub comment: CommentId,
    /// Its place in the conversation.
    pub place: i64,
    /// Who wrote it; `None`: c1, about a change of state.
    pub author: Option<(PersonId, String)>,
    /// What it says, in Slack's markup.
    pub body: String,
    /// Was a copy begun whose answer is not known?
    pub posting: bool,
    /// Does a copy stand in this thread already (posted, or written there)?
    pub told: bool,
}

/// The next comment that the thread under a copy has not been told.
///
/// # Errors
/// The database's.
pub async fn next_untold(db: &Db, card: &Card) -> Result<Option<Untold>, DbError> {
    let row = sqlx::query!(
        r#"-- find the next untold comment
         SELECT c.id, c.place, c.author_id, p.name AS "name?", c.body, coalesce(k.posting, false) AS "posting!",
                (k.ts IS NOT NULL) AS "told!"
           FROM comments c
           LEFT JOIN people p ON p.id = c.author_id
           LEFT JOIN comment_copies k ON k.comment_id = c.id AND k.card_id = $1
          WHERE c.request_id = $2 AND c.place > $3
          ORDER BY c.place LIMIT 1"#,
        card.id.0,
        card.request.0,
        card.mirrored
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Untold {
        comment: CommentId(row.id),
        place: row.place,
        author: row.author_id.map(|id| (PersonId(id), row.name.unwrap_or_default())),
        body: row.body,
        posting: row.posting,
        told: row.told,
    }))
}

/// Notes that a copy of a comment begins to be posted.
///
/// # Errors
/// The database's.
pub async fn begin_copy(tx: &mut Tx<'_>, card: CardId, comment: CommentId) -> Result<(), DbError> {
    sqlx::query!(
        "-- begin to copy a comment
         INSERT INTO comment_copies (card_id, comment_id, posting) VALUES ($1, $2, true)
         ON CONFLICT (card_id, comment_id) DO UPDATE SET posting = true",
        card.0,
        comment.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a copy was refused: it does not exist.
///
/// # Errors
/// The database's.
pub async fn not_copied(tx: &mut Tx<'_>, card: CardId, comment: CommentId) -> Result<(), DbError> {
    sqlx::query!(
        "-- a comment was not copied
         UPDATE comment_copies SET posting = false WHERE card_id = $1 AND comment_id = $2",
        card.0,
        comment.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes where the copy of a comment stands (if it was not there already), and that the thread under `parent` has been
/// told up to it. If the card is another message by now, that thread says nothing about the new one.
///
/// # Errors
/// The database's.
pub async fn told(
    tx: &mut Tx<'_>,
    card: CardId,
    parent: &str,
    untold: &Untold,
    copy: Option<(&str, &str)>,
) -> Result<(), DbError> {
    let (channel, ts) = copy.unzip();
    sqlx::query!(
        "-- a thread was told
         WITH copied AS (
             UPDATE comment_copies SET posting = false, channel = coalesce($4, channel), ts = coalesce($5, ts)
              WHERE card_id = $1 AND comment_id = $2 AND EXISTS (SELECT FROM cards WHERE id = $1 AND ts = $6))
         UPDATE cards SET mirrored = $3 WHERE id = $1 AND mirrored < $3 AND ts = $6",
        card.0,
        untold.comment.0,
        untold.place,
        channel,
        ts,
        parent
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
