//! Writes down what is shown in Slack, for all deliveries of one moment at once.

use crate::{
    db::{
        self, DbError,
        cards::{Shown, Told},
        together::Together,
    },
    domain::ids::{CardId, CommentId},
    usecases::{
        System,
        job::{self, Job},
    },
};

/// The message ledger, as deliveries write it. Every note may be written twice without harm.
#[derive(Debug, Default)]
pub struct Ledger {
    posts: Together<(CardId, String), ()>,
    posted: Together<Shown, ()>,
    updated: Together<Shown, ()>,
    copies: Together<(CardId, CommentId), ()>,
    told: Together<Told, ()>,
}

impl Ledger {
    /// Notes that a card begins to be posted in this conversation.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_post(&self, system: &System, card: CardId, channel: &str) -> Result<(), DbError> {
        let write = async |begun: Vec<(CardId, String)>| {
            let note = async |tx: &mut db::Tx<'_>| db::cards::begin_posts(tx, &begun).await;
            system.db.write("begin_posts", note).await?;
            Ok(vec![(); begun.len()])
        };
        self.posts.ask((card, channel.to_owned()), write).await
    }

    /// Notes where a card stands that was posted. Its thread is told what it has not been told, and a card of which it is
    /// not known what it shows is brought up to date.
    ///
    /// # Errors
    /// The database's.
    pub async fn posted(&self, system: &System, shown: Shown) -> Result<(), DbError> {
        let write = async |all: Vec<Shown>| {
            let now = system.clock.now();
            let note = async |tx: &mut db::Tx<'_>| {
                let untold = db::cards::show(tx, &all).await?;
                let unknown = all.iter().filter(|shown| shown.hash.is_empty()).map(|shown| shown.card);
                let jobs: Vec<Job> = untold
                    .into_iter()
                    .map(Job::SyncThread)
                    .chain(unknown.map(Job::RefreshCard))
                    .collect();
                job::enqueue(tx, now, &jobs).await
            };
            system.db.write("cards_posted", note).await?;
            Ok(vec![(); all.len()])
        };
        self.posted.ask(shown, write).await
    }

    /// Notes what a card shows that was updated.
    ///
    /// # Errors
    /// The database's.
    pub async fn updated(&self, system: &System, shown: Shown) -> Result<(), DbError> {
        let write = async |all: Vec<Shown>| {
            let note = async |tx: &mut db::Tx<'_>| db::cards::show(tx, &all).await;
            system.db.write("cards_updated", note).await?;
            Ok(vec![(); all.len()])
        };
        self.updated.ask(shown, write).await
    }

    /// Notes that a comment begins to be copied into the thread under a card.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_copy(&self, system: &System, card: CardId, comment: CommentId) -> Result<(), DbError> {
        let write = async |begun: Vec<(CardId, CommentId)>| {
            let note = async |tx: &mut db::Tx<'_>| db::cards::begin_copies(tx, &begun).await;
            system.db.write("begin_copies", note).await?;
            Ok(vec![(); begun.len()])
        };
        self.copies.ask((card, comment), write).await
    }

    /// Notes that a thread has been told a comment.
    ///
    /// # Errors
    /// The database's.
    pub async fn tell(&self, system: &System, told: Told) -> Result<(), DbError> {
        let write = async |told: Vec<Told>| {
            let note = async |tx: &mut db::Tx<'_>| db::cards::tell(tx, &told).await;
            system.db.write("threads_told", note).await?;
            Ok(vec![(); told.len()])
        };
        self.told.ask(told, write).await
    }
}
