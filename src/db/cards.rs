//! The message ledger: which copies of a request's card there are, where they stand, what they show, and how far the
//! threads under them have been told.

use super::{Db, DbError, Tx, notices::Reader, together::place};
use crate::domain::ids::{CardId, CommentId, PersonId, RequestId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use std::collections::HashMap;

/// When a new copy is first compared with Slack.
const FIRST_LOOK: TimeDelta = TimeDelta::hours(1);

/// A copy of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number; travels in the message's metadata.
    pub id: CardId,
    /// The request it shows.
    pub request: RequestId,
    /// Who reads it.
    pub reader: Reader,
    /// The step that is asked there, where it is a channel's.
    pub step: Option<usize>,
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

/// Makes sure that these people have copies, and names all copies of the request, old and new; each with its reader, if
/// they have a Home tab to keep current.
///
/// # Errors
/// The database's.
pub async fn ensure(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: RequestId,
    readers: &[(PersonId, &'static str)],
) -> Result<Vec<(CardId, Option<PersonId>)>, DbError> {
    let (people, roles): (Vec<i64>, Vec<String>) = readers
        .iter()
        .map(|(person, role)| (person.0, (*role).to_owned()))
        .unzip();
    let rows = sqlx::query!(
        r#"-- ensure the copies of a card
         WITH made AS (
             INSERT INTO cards (request_id, person_id, role, look_at)
             SELECT $1, person_id, role, $4 FROM unnest($2::bigint[], $3::text[]) AS reader (person_id, role)
             ON CONFLICT DO NOTHING RETURNING id, person_id)
         SELECT copy.id AS "id!",
                (SELECT s.person_id FROM slack_identities s
                  WHERE s.person_id = copy.person_id AND s.home_at IS NOT NULL LIMIT 1) AS home
           FROM (SELECT id, person_id FROM made UNION SELECT id, person_id FROM cards WHERE request_id = $1) copy
          ORDER BY copy.id"#,
        request.0,
        &people,
        &roles,
        now + FIRST_LOOK
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (CardId(row.id), row.home.map(PersonId)))
        .collect())
}

/// Makes sure that a channel has a copy in which this step is asked. `false` when the channel could not be written to.
///
/// # Errors
/// The database's.
pub async fn ensure_in_channel(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: RequestId,
    channel: &str,
    step: usize,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- ensure the copy in a channel
         INSERT INTO cards (request_id, to_channel, step, role, look_at) VALUES ($1, $2, $3, 'approver', $4)
         ON CONFLICT (request_id, to_channel) WHERE to_channel IS NOT NULL DO UPDATE SET step = excluded.step
         RETURNING trouble IS NULL AS "reachable!""#,
        request.0,
        channel,
        i32::try_from(step).unwrap_or(i32::MAX),
        now + FIRST_LOOK
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The copy in a channel, and the step that is asked there.
///
/// # Errors
/// The database's.
pub async fn in_channel(db: &Db, request: RequestId, channel: &str) -> Result<Option<(CardId, usize)>, DbError> {
    let row = sqlx::query!(
        r#"-- find the copy in a channel
         SELECT id, step AS "step!" FROM cards WHERE request_id = $1 AND to_channel = $2"#,
        request.0,
        channel
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| (CardId(row.id), usize::try_from(row.step).unwrap_or_default())))
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

/// The people who have copies of a request's card, and why.
///
/// # Errors
/// The database's.
pub async fn readers(db: &Db, request: RequestId) -> Result<Vec<(PersonId, String)>, DbError> {
    let rows = sqlx::query!(
        r#"-- list who has copies of a card
         SELECT person_id AS "person_id!", role FROM cards WHERE request_id = $1 AND person_id IS NOT NULL ORDER BY id"#,
        request.0
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PersonId(row.person_id), row.role))
        .collect())
}

/// The copies of a request's card that these people have.
///
/// # Errors
/// The database's.
pub async fn of_people(tx: &mut Tx<'_>, request: RequestId, people: &[PersonId]) -> Result<Vec<CardId>, DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    let ids = sqlx::query_scalar!(
        "-- list the cards that people have of a request
         SELECT id FROM cards WHERE request_id = $1 AND person_id = ANY($2) ORDER BY id",
        request.0,
        &people
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(CardId).collect())
}

/// The copies of open requests' cards for what has these paths (`github/admin`).
///
/// # Errors
/// The database's.
pub async fn of_open_requests_for(tx: &mut Tx<'_>, paths: &[String]) -> Result<Vec<CardId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- list the cards of open requests for entitlements
         SELECT c.id FROM cards c JOIN requests r ON r.id = c.request_id
           JOIN entitlements e ON e.id = r.entitlement_id JOIN apps a ON a.id = e.app_id
          WHERE r.state = 'open' AND a.key || '/' || e.key = ANY($1) ORDER BY c.id",
        paths
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
    db.questions.cards.ask(id, |ids| get_many(db.pool(), ids)).await
}

async fn get_many(pool: &PgPool, ids: Vec<CardId>) -> Result<Vec<Option<Card>>, DbError> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "-- read cards
         SELECT id, request_id, person_id, to_channel, step, role, channel, ts, shown, posting, mirrored FROM cards WHERE id = ANY($1)",
        &numbers
    )
    .fetch_all(pool)
    .await?;
    let found: HashMap<CardId, Card> = rows
        .into_iter()
        .map(|row| {
            let card = Card {
                id: CardId(row.id),
                request: RequestId(row.request_id),
                reader: match row.person_id {
                    Some(person) => Reader::Person(PersonId(person)),
                    None => Reader::Channel(row.to_channel.unwrap_or_default()),
                },
                step: row.step.and_then(|step| usize::try_from(step).ok()),
                role: row.role,
                channel: row.channel,
                ts: row.ts,
                shown: row.shown,
                posting: row.posting,
                mirrored: row.mirrored,
            };
            (card.id, card)
        })
        .collect();
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
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

/// Notes that posts begin, each in its conversation: from here on their outcome is unknown until it is recorded.
///
/// # Errors
/// The database's.
pub async fn begin_posts(tx: &mut Tx<'_>, begun: &[(CardId, String)]) -> Result<(), DbError> {
    let (ids, channels): (Vec<i64>, Vec<String>) = begun.iter().map(|(id, channel)| (id.0, channel.clone())).unzip();
    sqlx::query!(
        "-- begin to post cards
         UPDATE cards SET posting = true, channel = begun.channel
           FROM unnest($1::bigint[], $2::text[]) AS begun (id, channel) WHERE cards.id = begun.id",
        &ids,
        &channels
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

/// A copy that stands in Slack, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The copy.
    pub card: CardId,
    /// The conversation it stands in.
    pub channel: String,
    /// The message.
    pub ts: String,
    /// The hash of what it shows; empty if that is not known.
    pub hash: String,
}

/// Notes where copies stand and what they show, and names those whose threads have not been told everything.
///
/// # Errors
/// The database's.
pub async fn show(tx: &mut Tx<'_>, shown: &[Shown]) -> Result<Vec<CardId>, DbError> {
    let ids: Vec<i64> = shown.iter().map(|shown| shown.card.0).collect();
    let channels: Vec<String> = shown.iter().map(|shown| shown.channel.clone()).collect();
    let messages: Vec<String> = shown.iter().map(|shown| shown.ts.clone()).collect();
    let hashes: Vec<String> = shown.iter().map(|shown| shown.hash.clone()).collect();
    let rows = sqlx::query!(
        r#"-- cards are shown
         UPDATE cards SET posting = false, trouble = NULL, channel = now.channel, ts = now.ts, shown = now.hash
           FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS now (id, channel, ts, hash)
          WHERE cards.id = now.id
         RETURNING cards.id, EXISTS (
                SELECT FROM comments c WHERE c.request_id = cards.request_id AND c.place > cards.mirrored) AS "untold!""#,
        &ids,
        &channels,
        &messages,
        &hashes
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.untold)
        .map(|row| CardId(row.id))
        .collect())
}

/// Forgets a message that is gone from Slack, so that it is posted anew, its thread included.
///
/// # Errors
/// The database's.
pub async fn lost(tx: &mut Tx<'_>, id: CardId) -> Result<(), DbError> {
    sqlx::query!(
        "-- a card is lost
         WITH gone AS (DELETE FROM comment_copies WHERE card_id = $1 AND NOT original)
         UPDATE cards SET ts = NULL, shown = NULL, posting = false, mirrored = -1 WHERE id = $1",
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
    let told = (card.id, card.request, card.mirrored);
    db.questions
        .untold
        .ask(told, |told| next_untold_of(db.pool(), told))
        .await
}

async fn next_untold_of(pool: &PgPool, told: Vec<(CardId, RequestId, i64)>) -> Result<Vec<Option<Untold>>, DbError> {
    let cards: Vec<i64> = told.iter().map(|(card, ..)| card.0).collect();
    let requests: Vec<i64> = told.iter().map(|(_, request, _)| request.0).collect();
    let places: Vec<i64> = told.iter().map(|(.., place)| *place).collect();
    let rows = sqlx::query!(
        r#"-- find the next untold comments
         SELECT t.nth AS "nth!", c.id AS "id!", c.place AS "place!",
                coalesce(k.posting, false) AS "posting!", (k.ts IS NOT NULL) AS "told!"
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS t (card_id, request_id, place, nth)
          CROSS JOIN LATERAL (
                SELECT id, place FROM comments
                 WHERE comments.request_id = t.request_id AND comments.place > t.place AND comments.deleted_at IS NULL
                   -- Notes are for approvers, each in a conversation of their own; never for those whose access it is.
                   AND (comments.visibility = 'everyone' OR EXISTS (
                        SELECT FROM cards d JOIN requests r ON r.id = d.request_id
                         WHERE d.id = t.card_id AND d.role = 'approver' AND d.person_id IS NOT NULL
                           AND d.person_id NOT IN (r.requester_id, r.subject_id)))
                 ORDER BY comments.place LIMIT 1) c
           LEFT JOIN comment_copies k ON k.comment_id = c.id AND k.card_id = t.card_id"#,
        &cards,
        &requests,
        &places
    )
    .fetch_all(pool)
    .await?;
    let mut answers = vec![None; told.len()];
    for row in rows {
        let untold = Untold {
            comment: CommentId(row.id),
            place: row.place,
            posting: row.posting,
            told: row.told,
        };
        place(row.nth, &mut answers, untold);
    }
    Ok(answers)
}

/// A conversation that is too long to be told from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongStory {
    /// How much of it is not told.
    pub left_out: i64,
    /// The place of the last of that.
    pub up_to: i64,
}

/// What a thread that begins with the story so far is not told of it: all but the last `told`, if there are more than `most`.
///
/// # Errors
/// The database's.
pub async fn long_story(db: &Db, card: CardId, most: i64, told: i64) -> Result<Option<LongStory>, DbError> {
    let row = sqlx::query!(
        r#"-- measure the story so far
         WITH story AS (
             SELECT c.place FROM cards d JOIN requests r ON r.id = d.request_id JOIN comments c ON c.request_id = d.request_id
              WHERE d.id = $1 AND c.deleted_at IS NULL
                AND (c.visibility = 'everyone' OR (d.role = 'approver' AND d.person_id IS NOT NULL
                     AND d.person_id NOT IN (r.requester_id, r.subject_id)))
                AND NOT EXISTS (SELECT FROM comment_copies k WHERE k.card_id = d.id AND k.comment_id = c.id))
         SELECT count(*) AS "length!", coalesce((SELECT place FROM story ORDER BY place DESC OFFSET $2 LIMIT 1), 0) AS "up_to!"
           FROM story"#,
        card.0,
        told
    )
    .fetch_one(db.pool())
    .await?;
    Ok((row.length > most).then_some(LongStory {
        left_out: row.length - told,
        up_to: row.up_to,
    }))
}

/// Notes that a thread begins behind this place. If its card is another message by now, that says nothing about the new one.
///
/// # Errors
/// The database's.
pub async fn begins_behind(tx: &mut Tx<'_>, card: CardId, parent: &str, place: i64) -> Result<(), DbError> {
    sqlx::query!(
        "-- a thread begins late in the story
         UPDATE cards SET mirrored = greatest(mirrored, $3) WHERE id = $1 AND ts = $2",
        card.0,
        parent,
        place
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that copies of comments begin to be posted. Whoever changes a comment at this moment either is waited for, or knows
/// of the copy.
///
/// # Errors
/// The database's.
pub async fn begin_copies(tx: &mut Tx<'_>, begun: &[(CardId, CommentId)]) -> Result<(), DbError> {
    let (cards, comments): (Vec<i64>, Vec<i64>) = begun.iter().map(|(card, comment)| (card.0, comment.0)).unzip();
    sqlx::query!(
        "-- begin to copy comments
         WITH held AS (SELECT id FROM comments WHERE id = ANY($2) FOR SHARE)
         INSERT INTO comment_copies (card_id, comment_id, posting)
         SELECT card_id, comment_id, true FROM unnest($1::bigint[], $2::bigint[]) AS begun (card_id, comment_id)
           JOIN held ON held.id = begun.comment_id
         ON CONFLICT (card_id, comment_id) DO UPDATE SET posting = true",
        &cards,
        &comments
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

/// Forgets the copy of a comment that was taken back.
///
/// # Errors
/// The database's.
pub async fn forget_copy(tx: &mut Tx<'_>, card: CardId, comment: CommentId) -> Result<(), DbError> {
    sqlx::query!(
        "-- forget the copy of a comment
         DELETE FROM comment_copies WHERE card_id = $1 AND comment_id = $2 AND NOT original",
        card.0,
        comment.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A thread that has been told a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The copy of the card whose thread it is.
    pub card: CardId,
    /// The message the thread hangs on.
    pub parent: String,
    /// The comment.
    pub comment: CommentId,
    /// Its place in the conversation.
    pub place: i64,
    /// Conversation and message of the copy, if it was not there already.
    pub copy: Option<(String, String)>,
    /// Was the copy found, so that it is not known what it says?
    pub found: bool,
}

/// Notes where copies of comments stand, and that the threads have been told up to them. If a card is another message by
/// now, that thread says nothing about the new one.
///
/// # Errors
/// The database's.
pub async fn tell(tx: &mut Tx<'_>, told: &[Told]) -> Result<(), DbError> {
    let cards: Vec<i64> = told.iter().map(|told| told.card.0).collect();
    let parents: Vec<String> = told.iter().map(|told| told.parent.clone()).collect();
    let comments: Vec<i64> = told.iter().map(|told| told.comment.0).collect();
    let places: Vec<i64> = told.iter().map(|told| told.place).collect();
    let (channels, messages): (Vec<_>, Vec<_>) = told.iter().map(|told| told.copy.clone().unzip()).unzip();
    let found: Vec<bool> = told.iter().map(|told| told.found).collect();
    sqlx::query!(
        "-- threads were told
         WITH told AS (
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::boolean[])
                 AS told (card_id, parent, comment_id, place, channel, ts, found)),
              still AS (
             UPDATE cards c SET mirrored = greatest(c.mirrored, told.place) FROM told
              WHERE c.id = told.card_id AND c.ts = told.parent RETURNING told.*)
         UPDATE comment_copies k SET posting = false, channel = coalesce(still.channel, k.channel),
                ts = coalesce(still.ts, k.ts), amiss = CASE WHEN still.found THEN 'changed' ELSE k.amiss END
           FROM still WHERE k.card_id = still.card_id AND k.comment_id = still.comment_id",
        &cards,
        &parents,
        &comments,
        &places,
        &channels as &[Option<String>],
        &messages as &[Option<String>],
        &found
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
