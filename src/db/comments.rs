//! The conversation of a request.

use super::{Db, DbError, Tx};
use crate::domain::{
    comment::{Change, Comment, File, Origin, Said, Visibility},
    ids::{CardId, CommentId, PersonId, RequestId},
    markup,
    words::Words,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgExecutor, PgPool};
use std::collections::HashMap;

/// A comment to be written.
#[derive(Clone, Debug)]
pub struct NewComment<'a> {
    /// The request it is about; its row must be locked, so that places are given one after the other.
    pub request: RequestId,
    /// Who wrote it; `None`: c1, about a change of state.
    pub author: Option<PersonId>,
    /// What it says, in Slack's markup.
    pub body: &'a str,
    /// The same with its form; `None`: the markup says it all.
    pub words: Option<&'a Words<PersonId>>,
    /// Who may read it.
    pub visibility: Visibility,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// Was the request over?
    pub late: bool,
    /// The door.
    pub via: &'a str,
}

impl<'a> NewComment<'a> {
    /// A line that c1 says about a change of state, in Slack's markup.
    #[must_use]
    pub fn line(request: RequestId, body: &'a str) -> Self {
        Self {
            request,
            author: None,
            body,
            words: None,
            visibility: Visibility::Everyone,
            origin: &Origin::System,
            late: false,
            via: "system",
        }
    }
}

fn origin_word(origin: &Origin) -> &'static str {
    match origin {
        Origin::Message { .. } => "message",
        Origin::Page => "page",
        Origin::Form => "form",
        Origin::System => "system",
    }
}

/// Writes a comment at the end of the conversation.
///
/// # Errors
/// The database's.
pub async fn append(tx: &mut Tx<'_>, now: DateTime<Utc>, new: NewComment<'_>) -> Result<CommentId, DbError> {
    let link = match new.origin {
        Origin::Message { link } => link.as_deref(),
        Origin::Page | Origin::Form | Origin::System => None,
    };
    let id = sqlx::query_scalar!(
        "-- append a comment
         INSERT INTO comments (request_id, place, author_id, body, words, visibility, origin, link, late, via, created_at)
         SELECT $1, 1 + coalesce(max(place), 0), $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM comments WHERE request_id = $1
         RETURNING id",
        new.request.0,
        new.author.map(|person| person.0),
        new.body,
        new.words.map(super::write_json),
        new.visibility.word(),
        origin_word(new.origin),
        link,
        new.late,
        new.via,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(CommentId(id))
}

/// Notes the files that came with a comment, or what has become of them.
///
/// # Errors
/// The database's.
pub async fn set_files(tx: &mut Tx<'_>, comment: CommentId, files: &[File]) -> Result<(), DbError> {
    let files: Vec<Value> = files.iter().map(super::write_json).collect();
    sqlx::query!(
        "-- set the files of a comment
         WITH now AS (
             SELECT file->>'id' AS file_id, nth::integer AS place, file->>'name' AS name, file->>'mimetype' AS mimetype,
                    (file->>'size')::bigint AS size, file->>'link' AS link, (file->>'deleted')::boolean AS deleted
               FROM unnest($2::jsonb[]) WITH ORDINALITY AS given (file, nth)),
              gone AS (DELETE FROM comment_files WHERE comment_id = $1 AND file_id NOT IN (SELECT file_id FROM now))
         INSERT INTO comment_files (comment_id, file_id, place, name, mimetype, size, link, deleted)
         SELECT DISTINCT ON (file_id) $1, file_id, place, name, mimetype, size, link, deleted FROM now ORDER BY file_id, place
         ON CONFLICT (comment_id, file_id) DO UPDATE SET deleted = excluded.deleted",
        comment.0,
        &files
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// Keeps what a comment says now, and what it said before. The row of its request must be locked.
///
/// # Errors
/// The database's.
pub async fn change(tx: &mut Tx<'_>, now: DateTime<Utc>, comment: &Comment, body: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- change a comment
         WITH before AS (
             INSERT INTO comment_editions (comment_id, edition, body, words, until)
             SELECT id, edition, body, words, $7 FROM comments WHERE id = $1)
         UPDATE comments SET body = $2, words = $3, edition = $4, edited_at = $5, deleted_at = $6, changed = $8 WHERE id = $1",
        comment.id.0,
        body,
        super::write_json(&comment.words),
        comment.edition,
        comment.edited_at,
        comment.deleted_at,
        now,
        comment.changed
    )
    .execute(tx.conn())
    .await?;
    // Every copy shows something old now, those whose posts are on their way too.
    sqlx::query!(
        "-- copies show something old
         UPDATE comment_copies SET amiss = 'changed' WHERE comment_id = $1 AND NOT original AND amiss IS NULL",
        comment.id.0
    )
    .execute(tx.conn())
    .await?;
    set_files(tx, comment.id, &comment.files).await
}

/// How a message stands to the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Has this very message been taken in before?
    pub known: bool,
    /// Does its thread hang on a card in a channel, where anybody may read it?
    pub in_channel: bool,
    /// Is the card that of somebody who is asked?
    pub of_approver: bool,
    /// Is the card that of somebody who gives and takes the access by hand?
    pub of_provisioner: bool,
}

/// Has this message been taken in before, and under whose card does it stand?
///
/// # Errors
/// The database's.
pub async fn thread(tx: &mut Tx<'_>, card: CardId, channel: &str, ts: &str) -> Result<Thread, DbError> {
    let row = sqlx::query!(
        r#"-- how a message stands to the conversation
         SELECT EXISTS (SELECT FROM comment_copies WHERE channel = $2 AND ts = $3) AS "known!",
                (to_channel IS NOT NULL) AS "in_channel!", role
           FROM cards WHERE id = $1"#,
        card.0,
        channel,
        ts
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map_or_else(Thread::default, |row| Thread {
        known: row.known,
        in_channel: row.in_channel,
        of_approver: row.role == "approver",
        of_provisioner: row.role == "provisioner",
    }))
}

/// The comment that a message is (not a copy of one). The row of its request must be locked.
///
/// # Errors
/// The database's.
pub async fn original(tx: &mut Tx<'_>, channel: &str, ts: &str) -> Result<Option<Comment>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find the comment of a message
         SELECT comment_id FROM comment_copies WHERE channel = $1 AND ts = $2 AND original",
        channel,
        ts
    )
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => one(tx, CommentId(id)).await,
        None => Ok(None),
    }
}

/// Has this person written a comment since the request was over?
///
/// # Errors
/// The database's.
pub async fn has_written_late(tx: &mut Tx<'_>, request: RequestId, author: PersonId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- has somebody written late
         SELECT EXISTS (SELECT FROM comments WHERE request_id = $1 AND author_id = $2 AND late) AS "has!""#,
        request.0,
        author.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The request that the comment is about that a message is (not a copy of one).
///
/// # Errors
/// The database's.
pub async fn request_at(db: &Db, channel: &str, ts: &str) -> Result<Option<RequestId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find the request of a message
         SELECT c.request_id FROM comment_copies k JOIN comments c ON c.id = k.comment_id
          WHERE k.channel = $1 AND k.ts = $2 AND k.original",
        channel,
        ts
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(id.map(RequestId))
}

/// The request that a comment is about.
///
/// # Errors
/// The database's.
pub async fn request_of(db: &Db, comment: CommentId) -> Result<Option<RequestId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find the request of a comment\nSELECT request_id FROM comments WHERE id = $1",
        comment.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(id.map(RequestId))
}

/// The comments that brought this file.
///
/// # Errors
/// The database's.
pub async fn with_file(db: &Db, file: &str) -> Result<Vec<(CommentId, RequestId)>, DbError> {
    let rows = sqlx::query!(
        "-- find the comments with a file
         SELECT c.id, c.request_id FROM comment_files f JOIN comments c ON c.id = f.comment_id
          WHERE f.file_id = $1 ORDER BY c.id",
        file
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (CommentId(row.id), RequestId(row.request_id)))
        .collect())
}

struct Row {
    id: i64,
    request_id: i64,
    place: i64,
    author_id: Option<i64>,
    body: String,
    words: Option<Value>,
    visibility: String,
    origin: String,
    link: Option<String>,
    late: bool,
    created_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    edition: i64,
    changed: Option<String>,
    files: Vec<Value>,
}

impl TryFrom<Row> for Comment {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let odd = |why: String| DbError::Inconsistent { what: "comment", why };
        Ok(Self {
            id: CommentId(row.id),
            request: RequestId(row.request_id),
            place: row.place,
            author: row.author_id.map(PersonId),
            visibility: Visibility::from_word(&row.visibility)
                .ok_or_else(|| odd(format!("the visibility {} is unknown", row.visibility)))?,
            origin: match row.origin.as_str() {
                "message" => Origin::Message { link: row.link },
                "page" => Origin::Page,
                "form" => Origin::Form,
                "system" => Origin::System,
                other => return Err(odd(format!("the origin {other} is unknown"))),
            },
            words: words(&row.body, row.words)?,
            files: row
                .files
                .into_iter()
                .map(|file| super::read("comment_files", file))
                .collect::<Result<_, _>>()?,
            late: row.late,
            written_at: row.created_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            edition: row.edition,
            changed: row.changed,
        })
    }
}

/// What a comment says: with its form where that was kept, else as its markup has it.
fn words(body: &str, words: Option<Value>) -> Result<Words<PersonId>, DbError> {
    match words {
        Some(words) => super::read("comments.words", words),
        None => Ok(markup::read(body)
            .map(|id| Err::<PersonId, _>(format!("@{id}")))
            .harmless()),
    }
}

async fn read(on: impl PgExecutor<'_>, request: RequestId) -> Result<Vec<Comment>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- read a conversation
         SELECT id, request_id, place, author_id, body, words, visibility, origin, link, late, created_at, edited_at,
                deleted_at, edition, changed,
                ARRAY(SELECT jsonb_build_object('id', file_id, 'name', name, 'mimetype', mimetype, 'size', size,
                                                'link', link, 'deleted', deleted)
                        FROM comment_files WHERE comment_id = comments.id ORDER BY comment_files.place) AS "files!"
           FROM comments WHERE request_id = $1 ORDER BY place"#,
        request.0
    )
    .fetch_all(on)
    .await?;
    rows.into_iter().map(Comment::try_from).collect()
}

/// The conversation of a request, in order.
///
/// # Errors
/// The database's.
pub async fn of_request(db: &Db, request: RequestId) -> Result<Vec<Comment>, DbError> {
    read(db.pool(), request).await
}

/// One comment, for whoever changes it. The row of its request must be locked.
///
/// # Errors
/// The database's.
pub async fn one(tx: &mut Tx<'_>, id: CommentId) -> Result<Option<Comment>, DbError> {
    sqlx::query_as!(
        Row,
        r#"-- read a comment
         SELECT id, request_id, place, author_id, body, words, visibility, origin, link, late, created_at, edited_at,
                deleted_at, edition, changed,
                ARRAY(SELECT jsonb_build_object('id', file_id, 'name', name, 'mimetype', mimetype, 'size', size,
                                                'link', link, 'deleted', deleted)
                        FROM comment_files WHERE comment_id = comments.id ORDER BY comment_files.place) AS "files!"
           FROM comments WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Comment::try_from)
    .transpose()
}

/// A comment with its author's name: what its copies show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The comment.
    pub comment: Comment,
    /// The author's name.
    pub author: Option<String>,
    /// The author's picture, as an address.
    pub picture: Option<String>,
    /// Whose access it is about: whoever asked, and whom it is for.
    pub own: [PersonId; 2],
}

/// What the copies of a comment show.
///
/// # Errors
/// The database's.
pub async fn line(db: &Db, id: CommentId) -> Result<Option<Line>, DbError> {
    db.questions.lines.ask(id, |ids| lines(db.pool(), ids)).await
}

async fn lines(pool: &PgPool, ids: Vec<CommentId>) -> Result<Vec<Option<Line>>, DbError> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"-- read comments to show
         SELECT c.id AS "id!", c.request_id AS "request_id!", c.place AS "place!", c.author_id, c.body AS "body!", c.words,
                c.visibility AS "visibility!", c.origin AS "origin!", c.link, c.late AS "late!",
                c.created_at AS "created_at!", c.edited_at, c.deleted_at, c.edition AS "edition!", c.changed,
                p.name AS "name?", r.requester_id AS "requester_id!",
                (SELECT avatar FROM slack_identities WHERE person_id = c.author_id) AS picture, r.subject_id AS "subject_id!",
                ARRAY(SELECT jsonb_build_object('id', file_id, 'name', name, 'mimetype', mimetype, 'size', size,
                                                'link', link, 'deleted', deleted)
                        FROM comment_files WHERE comment_id = c.id ORDER BY comment_files.place) AS "files!"
           FROM comments c JOIN requests r ON r.id = c.request_id LEFT JOIN people p ON p.id = c.author_id
          WHERE c.id = ANY($1)"#,
        &numbers
    )
    .fetch_all(pool)
    .await?;
    let mut found = HashMap::new();
    for row in rows {
        let comment = Row {
            id: row.id,
            request_id: row.request_id,
            place: row.place,
            author_id: row.author_id,
            body: row.body,
            words: row.words,
            visibility: row.visibility,
            origin: row.origin,
            link: row.link,
            late: row.late,
            created_at: row.created_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            edition: row.edition,
            changed: row.changed,
            files: row.files,
        };
        let line = Line {
            comment: comment.try_into()?,
            author: row.name,
            picture: row.picture,
            own: [PersonId(row.requester_id), PersonId(row.subject_id)],
        };
        found.insert(line.comment.id, line);
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

/// Changes to messages that nobody knows are kept this long: whatever they change comes within hours, or never.
const KEPT_DAYS: i64 = 7;

/// Keeps a change to a message that has not come yet. The newest counts; what was taken back stays so.
///
/// # Errors
/// The database's.
pub async fn keep_change(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    channel: &str,
    ts: &str,
    change: Option<&Change>,
) -> Result<(), DbError> {
    let said = change.map(|change| json!({ "words": change.said.words, "files": change.said.files }));
    let name = change.and_then(|change| change.name.clone()).unwrap_or_default();
    let old = now - chrono::TimeDelta::days(KEPT_DAYS);
    sqlx::query!(
        "-- keep a change to a message that has not come
         WITH old AS (DELETE FROM comment_changes WHERE at < $6)
         INSERT INTO comment_changes (channel, ts, said, name, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (channel, ts) DO UPDATE SET said = excluded.said, name = excluded.name, at = excluded.at
          WHERE comment_changes.said IS NOT NULL AND (excluded.said IS NULL OR comment_changes.name < excluded.name)",
        channel,
        ts,
        said,
        name,
        now,
        old
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the change that waits for a message, if one does: what it says now, or `None` if it was taken back.
///
/// # Errors
/// The database's.
pub async fn take_change(tx: &mut Tx<'_>, channel: &str, ts: &str) -> Result<Option<Option<Change>>, DbError> {
    #[derive(serde::Deserialize)]
    struct Kept {
        words: Words<PersonId>,
        files: Vec<File>,
    }
    let row = sqlx::query!(
        "-- take the change that waits for a message
         DELETE FROM comment_changes WHERE channel = $1 AND ts = $2 RETURNING said, name",
        channel,
        ts
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(said) = row.said else { return Ok(Some(None)) };
    let Kept { words, files } = super::read("comment_changes.said", said)?;
    Ok(Some(Some(Change {
        said: Said { words, files },
        name: Some(row.name),
    })))
}

/// An emoji on a message, or gone from it.
#[derive(Clone, Copy, Debug)]
pub struct Reaction<'a> {
    /// The conversation the message stands in.
    pub channel: &'a str,
    /// The message.
    pub ts: &'a str,
    /// Whose it is, by their account.
    pub account: &'a str,
    /// Which.
    pub emoji: &'a str,
    /// What Slack calls the moment.
    pub at: &'a str,
    /// Is it there, or was it taken away?
    pub present: bool,
}

/// Notes an emoji, wherever c1 has a card; the latest word about it counts.
///
/// # Errors
/// The database's.
pub async fn react(tx: &mut Tx<'_>, reaction: Reaction<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "-- note an emoji
         INSERT INTO comment_reactions (channel, ts, account, emoji, at, present)
         SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT FROM cards WHERE channel = $1)
         ON CONFLICT (channel, ts, account, emoji) DO UPDATE SET at = excluded.at, present = excluded.present
          WHERE comment_reactions.at < excluded.at",
        reaction.channel,
        reaction.ts,
        reaction.account,
        reaction.emoji,
        reaction.at,
        reaction.present
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many people answered each comment of a request with which emoji, on the comment itself or on any of its copies.
///
/// # Errors
/// The database's.
pub async fn reactions(db: &Db, request: RequestId) -> Result<HashMap<CommentId, Vec<(String, i64)>>, DbError> {
    let rows = sqlx::query!(
        r#"-- count the emoji of a conversation
         SELECT k.comment_id, r.emoji, count(DISTINCT r.account) AS "count!"
           FROM comments c JOIN comment_copies k ON k.comment_id = c.id
           JOIN comment_reactions r ON r.channel = k.channel AND r.ts = k.ts AND r.present
          WHERE c.request_id = $1
          GROUP BY k.comment_id, r.emoji ORDER BY k.comment_id, min(r.at), r.emoji"#,
        request.0
    )
    .fetch_all(db.pool())
    .await?;
    let mut found: HashMap<CommentId, Vec<(String, i64)>> = HashMap::new();
    for row in rows {
        found
            .entry(CommentId(row.comment_id))
            .or_default()
            .push((row.emoji, row.count));
    }
    Ok(found)
}

/// Has this act of a door written its comment already?
///
/// # Errors
/// The database's.
pub async fn is_written(tx: &mut Tx<'_>, act: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- did an act write its comment
         SELECT EXISTS (SELECT FROM comments WHERE act = $1) AS "written!""#,
        act
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Notes which act of a door wrote a comment.
///
/// # Errors
/// `comments_act_once` when it wrote another one.
pub async fn written_by(tx: &mut Tx<'_>, comment: CommentId, act: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- an act wrote a comment\nUPDATE comments SET act = $2 WHERE id = $1",
        comment.0,
        act
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
