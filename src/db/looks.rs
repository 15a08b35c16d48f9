//! Which copies are to be compared with Slack, and what was found amiss. Whatever is noted here is put right by jobs; each
//! note names what it saw, so that it changes nothing about a copy that is another by now.

use super::{Db, DbError, Tx, cards, cards::Card};
use crate::domain::ids::{CardId, CommentId};
use chrono::{DateTime, TimeDelta, Utc};

/// All replicas together begin to look at most so often.
const BETWEEN_LOOKS: TimeDelta = TimeDelta::minutes(1);

/// Is there something to look at, and has nobody looked within the last minute? (A clock that was set back is no reason
/// to wait.)
///
/// # Errors
/// The database's.
pub async fn is_due(db: &Db, now: DateTime<Utc>) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- is a copy to be looked at
         SELECT EXISTS (SELECT FROM cards WHERE look_at <= $1)
            AND EXISTS (SELECT FROM looks WHERE begun_at IS NULL OR begun_at <= $2 OR begun_at > $1) AS "due!""#,
        now,
        now - BETWEEN_LOOKS
    )
    .fetch_one(db.pool())
    .await?)
}

/// Begins to look, unless somebody did within the last minute.
///
/// # Errors
/// The database's.
pub async fn begin(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<bool, DbError> {
    let begun = sqlx::query!(
        "-- begin to look at copies
         UPDATE looks SET begun_at = $1 WHERE begun_at IS NULL OR begun_at <= $2 OR begun_at > $1",
        now,
        now - BETWEEN_LOOKS
    )
    .execute(tx.conn())
    .await?;
    Ok(begun.rows_affected() > 0)
}

/// How much a copy matters still, which says how often it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The request is open.
    Open,
    /// Access that it gave is there.
    Granted,
    /// It was over at this moment.
    Over(DateTime<Utc>),
}

/// A copy that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The copy.
    pub card: Card,
    /// How much it matters still.
    pub life: Life,
    /// What Slack told of it when it had just been put right.
    pub odd: Option<String>,
    /// How many messages its thread has, as far as we know.
    pub replies: i64,
}

/// The copies that are to be looked at, those of open requests first.
///
/// # Errors
/// The database's.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<Look>, DbError> {
    let rows = sqlx::query!(
        r#"-- list the copies to look at
         SELECT c.id, c.odd, r.closed_at,
                EXISTS (SELECT FROM holds h WHERE h.request_id = r.id AND NOT h.over) AS "granted!",
                (SELECT count(*) FROM comment_copies k WHERE k.card_id = c.id AND k.ts IS NOT NULL) AS "replies!"
           FROM cards c JOIN requests r ON r.id = c.request_id
          WHERE c.look_at <= $1
          ORDER BY r.state = 'open' DESC, c.look_at, c.id LIMIT $2"#,
        now,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    let mut looks = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(card) = cards::get(db, CardId(row.id)).await? else {
            continue;
        };
        let life = match (row.closed_at, row.granted) {
            (None, _) => Life::Open,
            (Some(_), true) => Life::Granted,
            (Some(at), false) => Life::Over(at),
        };
        looks.push(Look {
            card,
            life,
            odd: row.odd,
            replies: row.replies,
        });
    }
    Ok(looks)
}

/// A copy of a comment as it should stand in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The comment.
    pub comment: CommentId,
    /// The message.
    pub ts: String,
    /// Did its author write it there?
    pub original: bool,
    /// Was it lost once, and posted anew?
    pub restored: bool,
    /// What Slack told of it when it had just been put right.
    pub odd: Option<String>,
}

/// The copies of comments in the thread under a card.
///
/// # Errors
/// The database's.
pub async fn copies(db: &Db, card: CardId) -> Result<Vec<Copy>, DbError> {
    let rows = sqlx::query!(
        r#"-- list the copies in a thread
         SELECT k.comment_id, k.ts AS "ts!", k.original, k.restored, k.odd
           FROM comment_copies k JOIN comments c ON c.id = k.comment_id
          WHERE k.card_id = $1 AND k.ts IS NOT NULL AND k.amiss IS NULL ORDER BY c.place"#,
        card.0
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Copy {
            comment: CommentId(row.comment_id),
            ts: row.ts,
            original: row.original,
            restored: row.restored,
            odd: row.odd,
        })
        .collect())
}

/// Notes when a copy is to be looked at next.
///
/// # Errors
/// The database's.
pub async fn next(tx: &mut Tx<'_>, card: CardId, at: Option<DateTime<Utc>>) -> Result<(), DbError> {
    sqlx::query!(
        "-- note when a copy is looked at next\nUPDATE cards SET look_at = $2 WHERE id = $1",
        card.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a copy does not show what we have noted, so that its next job puts it right. `false` when it is another by
/// now.
///
/// # Errors
/// The database's.
pub async fn card_amiss(tx: &mut Tx<'_>, card: &Card, odd: Option<&str>) -> Result<bool, DbError> {
    let noted = sqlx::query!(
        "-- a card is not as it was made
         UPDATE cards SET shown = '', odd = $4
          WHERE id = $1 AND ts = $2 AND shown = $3 AND NOT posting",
        card.id.0,
        card.ts,
        card.shown,
        odd
    )
    .execute(tx.conn())
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// The copy that this message is, if it is not as it was made: its next job puts it right.
///
/// # Errors
/// The database's.
pub async fn card_touched(tx: &mut Tx<'_>, channel: &str, ts: &str) -> Result<Option<CardId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- somebody touched a card
         UPDATE cards SET shown = '' WHERE channel = $1 AND ts = $2 RETURNING id",
        channel,
        ts
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(CardId))
}

/// How a copy of a comment is not as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amiss {
    /// It is not there any more.
    Lost,
    /// It says something else.
    Changed,
}

impl Amiss {
    fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Changed => "changed",
        }
    }
}

/// Notes that the copy of a comment that this message is, is not as it was made, and names the card whose thread it is in.
/// What people wrote themselves is theirs.
///
/// # Errors
/// The database's.
pub async fn copy_amiss(
    tx: &mut Tx<'_>,
    channel: &str,
    ts: &str,
    amiss: Amiss,
    odd: Option<&str>,
) -> Result<Option<CardId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- a copy of a comment is not as it was made
         UPDATE comment_copies SET amiss = $3, odd = $4, ts = CASE $3 WHEN 'lost' THEN NULL ELSE ts END
          WHERE channel = $1 AND ts = $2 AND NOT original RETURNING card_id",
        channel,
        ts,
        amiss.word(),
        odd
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(CardId))
}

/// A copy of a comment that is to be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The comment.
    pub comment: CommentId,
    /// The message, unless it is lost.
    pub ts: Option<String>,
    /// Was it lost, now or before?
    pub restored: bool,
    /// Was a post begun whose answer is not known?
    pub posting: bool,
}

/// The copies in a thread that are to be put right, in order.
///
/// # Errors
/// The database's.
pub async fn broken(db: &Db, card: CardId) -> Result<Vec<Broken>, DbError> {
    let rows = sqlx::query!(
        r#"-- list the copies to put right
         SELECT k.comment_id, k.ts, k.restored OR k.amiss = 'lost' AS "restored!", k.posting
           FROM comment_copies k JOIN comments c ON c.id = k.comment_id
          WHERE k.card_id = $1 AND k.amiss IS NOT NULL ORDER BY c.place"#,
        card.0
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Broken {
            comment: CommentId(row.comment_id),
            ts: row.ts,
            restored: row.restored,
            posting: row.posting,
        })
        .collect())
}

/// Notes that a copy is as it should be, as this message, unless the comment says something newer by now. If its card is
/// another message by now, the thread it stood in is none of ours.
///
/// # Errors
/// The database's.
pub async fn mended(
    tx: &mut Tx<'_>,
    (card, parent): (CardId, &str),
    broken: &Broken,
    (channel, ts): (&str, &str),
    edition: i64,
) -> Result<(), DbError> {
    // Whoever changes the comment at this moment is waited for.
    let now: Option<i64> = sqlx::query_scalar!(
        "-- read the edition of a comment\nSELECT edition FROM comments WHERE id = $1 FOR SHARE",
        broken.comment.0
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!(
        "-- a copy is as it should be
         UPDATE comment_copies k SET amiss = $7, posting = false, channel = $4, ts = $5, restored = $6
           FROM cards c WHERE c.id = $1 AND c.ts = $2 AND k.card_id = c.id AND k.comment_id = $3",
        card.0,
        parent,
        broken.comment.0,
        channel,
        ts,
        broken.restored,
        now.filter(|now| *now > edition).map(|_| Amiss::Changed.word())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which of these messages are known to us: copies, and what people wrote themselves.
///
/// # Errors
/// The database's.
pub async fn known(db: &Db, channel: &str, messages: &[String]) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- list known messages
         SELECT ts AS "ts!" FROM comment_copies WHERE channel = $1 AND ts = ANY($2)"#,
        channel,
        messages
    )
    .fetch_all(db.pool())
    .await?)
}

/// The notices that were written down since and neither sent nor known to be undeliverable. (Reminders come again by
/// themselves.)
///
/// # Errors
/// The database's.
pub async fn unsent_notices(db: &Db, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- list the notices that were not sent
         SELECT id FROM notices
          WHERE ts IS NULL AND trouble IS NULL AND kind <> 'reminder' AND created_at > $1 AND created_at <= $2 ORDER BY id LIMIT 200",
        since,
        until
    )
    .fetch_all(db.pool())
    .await?)
}

/// Notes that Slack refuses our token.
///
/// # Errors
/// The database's.
pub async fn broken_since(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- the installation does not work
         UPDATE looks SET broken_since = $1 WHERE broken_since IS NULL",
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that Slack takes our token. If it did not before, every copy that still matters is looked at again: says whether.
///
/// # Errors
/// The database's.
pub async fn works_again(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<bool, DbError> {
    let over =
        sqlx::query!("-- the installation works\nUPDATE looks SET broken_since = NULL WHERE broken_since IS NOT NULL")
            .execute(tx.conn())
            .await?;
    if over.rows_affected() == 0 {
        return Ok(false);
    }
    everything(tx, now).await?;
    Ok(true)
}

/// Has every copy that still matters looked at now: nobody was there to hear what happened.
///
/// # Errors
/// The database's.
pub async fn everything(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- look at every copy\nUPDATE cards SET look_at = $1 WHERE look_at > $1",
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
