//! Makes Slack show what is true: posts and updates cards, tells threads, sends notices, draws Home tabs.
//!
//! Each function brings one thing in line with the present and may be called any number of times. Whatever is posted
//! carries its ledger number in the message's metadata; a post whose answer never came is looked for before it is
//! repeated.

use super::{
    client::{CallError, HistoryMessage, Metadata, Post, Posted, Slack, Window},
    gateway::{
        inbound::{SlackUserId, TeamKey},
        reply::{Blocks, ViewBody},
    },
    ledger::Ledger,
    view::{self, Mentions, comment::Carried},
};
use crate::{
    db::{
        self, DbError, Tx,
        cards::{Card, LongStory, Shown, Told, Untold},
        comments::Line,
        looks::Broken,
        notices::{Notice, Reader},
    },
    domain::ids::{CardId, CommentId, PersonId},
    usecases::{
        System,
        ask_one_by_one::{ask_one_by_one, reminded_one_by_one},
        job::{self, Job},
        queries::{
            alarms, bundle,
            conversation::{participants, thread_follows},
            my_work,
            request_card::{NOBODY, PersonRef, RequestCard, Role, request_card},
            reviews,
        },
        raise_alarm,
    },
};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Brings Slack in line with the database.
#[derive(Clone, Debug)]
pub struct Deliver {
    /// The database and the hour.
    pub system: System,
    /// The Web API.
    pub slack: Slack,
    /// Whose people have their accounts here.
    pub team: TeamKey,
    /// What is shown where.
    pub ledger: Arc<Ledger>,
    /// The workspace's address in a browser, ending in a slash: links to messages begin with it.
    pub workspace: String,
    /// May the app post under its people's names and pictures? Else the name stands in the message.
    pub names: bool,
}

/// What the copy of a comment shows.
#[derive(Clone, Debug)]
pub struct Shows {
    /// The message.
    pub message: view::Message,
    /// The edition of the comment that it shows.
    pub edition: i64,
    /// The name above it: its author's, where the app may post under others.
    name: Option<String>,
    /// The picture beside it.
    picture: Option<String>,
}

/// Why something could not be brought in line now.
#[derive(Debug)]
pub enum Stop {
    /// Slack asks to wait: no failure, no attempt spent.
    Wait(Duration),
    /// Something else is under way and has to end first: no failure, no attempt spent.
    Soon,
    /// It did not work; try again later.
    Again(anyhow::Error),
    /// It will never work: somebody has to look at it.
    Never(anyhow::Error),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Again(error.into())
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Retry {
                after: Some(after),
                uncertain: false,
            } => Self::Wait(after),
            CallError::Retry { uncertain: false, .. } => Self::Wait(Duration::from_secs(1)),
            // Nothing works until somebody acts, and then everything: that is no failure of this job.
            CallError::Dead(_) => Self::Wait(Duration::from_secs(1)),
            CallError::Ours(_) => Self::Never(error.into()),
            other => Self::Again(other.into()),
        }
    }
}

/// A thread is told the story so far up to this length; of a longer one it is told the last, at a message a second.
const LONGEST_STORY: i64 = 25;

/// As much of a longer one.
const TOLD_OF_IT: i64 = 20;

/// How far back an uncertain post is looked for: pages of 200 messages.
const PAGES_BACK: usize = 10;

impl Deliver {
    /// Posts or updates one copy of a card.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work.
    pub async fn refresh_card(&self, id: CardId) -> Result<(), Stop> {
        let Some(mut card) = db::cards::get(&self.system.db, id).await? else {
            return Ok(());
        };
        let (viewer, role) = viewer(&card);
        let Some(read) = request_card(&self.system, card.request, viewer, role).await? else {
            return Ok(());
        };
        let mentions = self.mentions(read.people()).await?;
        let message = view::request_card::request_card(&read, &mentions);
        let shown = hash(&message.json());
        if card.shown.as_deref() == Some(shown.as_str()) && card.ts.is_some() {
            return Ok(());
        }
        if let (Some(channel), Some(ts)) = (&card.channel, &card.ts) {
            let at = Posted {
                channel: channel.clone(),
                ts: ts.clone(),
            };
            match self
                .slack
                .update_message(&at, &message.text, &Blocks(message.blocks.clone()), None)
                .await
            {
                Ok(_) => {
                    let now = note(id, at, &shown);
                    return Ok(self.ledger.updated(&self.system, now).await?);
                }
                Err(CallError::Gone(code)) => {
                    tracing::info!(card.id = %id, slack.error = %code, "a card is gone from Slack; posting it anew");
                    self.forget_closed(&at.channel, &code).await?;
                    self.write("card_lost", async |tx| db::cards::lost(tx, id).await)
                        .await?;
                    card = Card {
                        ts: None,
                        shown: None,
                        posting: false,
                        mirrored: 0,
                        ..card
                    };
                }
                Err(CallError::Unreachable(code)) => return self.unreachable(&card, &code).await,
                Err(other) => return Err(other.into()),
            }
        }
        // A post whose answer never came may stand there with live buttons: that has to be found out first.
        if nothing_to_do(&read) && !card.posting {
            return Ok(());
        }
        self.post_card(&card, &read, &message, &shown).await
    }

    async fn post_card(
        &self,
        card: &Card,
        read: &RequestCard,
        message: &view::Message,
        shown: &str,
    ) -> Result<(), Stop> {
        let channel = match &card.reader {
            Reader::Person(person) => match self.dm(*person).await? {
                Some(channel) => channel,
                None => return self.unreachable(card, "no account in Slack").await,
            },
            Reader::Channel(name) => match self.channel(name).await {
                Ok(Some(channel)) => channel,
                Ok(None) => return self.unreachable(card, "channel_not_found").await,
                Err(Stop::Never(error)) => return self.unreachable(card, &error.to_string()).await,
                Err(other) => return Err(other),
            },
        };
        let mark = mark("c1_card", card.id.0, read.created_at);
        let found = if card.posting {
            self.find(&channel, None, &mark, read.created_at).await?
        } else {
            None
        };
        let (posted, shown) = match found {
            // What it shows is not known: an empty hash has it updated at once.
            Some(posted) => (posted, ""),
            None if nothing_to_do(read) => {
                return Ok(self
                    .write("card_not_needed", async |tx| {
                        db::cards::not_posted(tx, card.id, None).await
                    })
                    .await?);
            }
            None => {
                self.ledger.begin_post(&self.system, card.id, &channel).await?;
                let post = Post {
                    channel,
                    text: message.text.clone(),
                    blocks: Blocks(message.blocks.clone()),
                    metadata: Some(mark),
                    ..Post::default()
                };
                match self.slack.post_message(&post).await {
                    Ok(posted) => (posted, shown),
                    Err(CallError::Unreachable(code)) => return self.unreachable(card, &code).await,
                    // A channel that is not there is no passing trouble.
                    Err(CallError::Gone(code) | CallError::Ours(code)) if matches!(card.reader, Reader::Channel(_)) => {
                        return self.unreachable(card, &code).await;
                    }
                    Err(error) => {
                        if !is_uncertain(&error) {
                            self.write("card_refused", async |tx| {
                                db::cards::not_posted(tx, card.id, None).await
                            })
                            .await?;
                        }
                        if let CallError::Gone(code) = &error {
                            self.forget_closed(&post.channel, code).await?;
                        }
                        return Err(error.into());
                    }
                }
            }
        };
        Ok(self.ledger.posted(&self.system, note(card.id, posted, shown)).await?)
    }

    /// One reader cannot be reached: the others still are, and the ledger says so. Where it is a channel, those who are
    /// asked in it are asked one by one.
    async fn unreachable(&self, card: &Card, why: &str) -> Result<(), Stop> {
        tracing::warn!(card.id = %card.id, request.id = %card.request, card.reader = ?card.reader, slack.error = why, "a card could not be delivered");
        if let (Reader::Channel(name), Some(step)) = (&card.reader, card.step) {
            return ask_one_by_one(&self.system, (card.id, card.request, step), name, why)
                .await
                .map_err(|error| Stop::Again(error.into()));
        }
        Ok(self
            .write("card_unreachable", async |tx| {
                db::cards::not_posted(tx, card.id, Some(why)).await
            })
            .await?)
    }

    /// Tells the thread under a copy what has been said since it was last told, in order.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work.
    pub async fn sync_thread(&self, id: CardId) -> Result<(), Stop> {
        let Some(mut card) = db::cards::get(&self.system.db, id).await? else {
            return Ok(());
        };
        let (Some(channel), Some(parent)) = (card.channel.clone(), card.ts.clone()) else {
            // What is said while a card is being posted may be too late for the post to notice; what is said before is not.
            return if card.posting { Err(Stop::Soon) } else { Ok(()) };
        };
        let mut follows = None;
        // The card of whoever asked is as old as the conversation, unless it was lost and made anew.
        if (card.mirrored < 0 || (card.mirrored == 0 && card.role != "requester"))
            && let Some(story) = db::cards::long_story(&self.system.db, id, LONGEST_STORY, TOLD_OF_IT).await?
            && self.follows(&card, &mut follows).await?
        {
            self.abridge(&card, &channel, &parent, story).await?;
            card.mirrored = story.up_to;
        }
        while let Some(untold) = db::cards::next_untold(&self.system.db, &card).await? {
            if !untold.told && !self.follows(&card, &mut follows).await? {
                break;
            }
            let copy = if untold.told {
                None
            } else {
                self.copy(&card, &channel, &parent, &untold).await?
            };
            let told = Told {
                card: id,
                parent: parent.clone(),
                comment: untold.comment,
                place: untold.place,
                found: copy.as_ref().is_some_and(|(_, found)| *found),
                copy: copy.map(|(posted, _)| (posted.channel, posted.ts)),
            };
            self.ledger.tell(&self.system, told).await?;
            card.mirrored = untold.place;
        }
        self.mend_copies(&card, &channel, &parent, follows).await
    }

    /// Has a thread begin late in a long conversation, and say so.
    async fn abridge(&self, card: &Card, channel: &str, parent: &str, story: LongStory) -> Result<(), Stop> {
        let page = self.system.request_url(card.request);
        let message = view::comment::left_out(story.left_out, page.as_deref());
        // Once in the life of a thread: it is looked for in place of being noted first.
        let mark = Metadata {
            event_type: "c1_comment".to_owned(),
            event_payload: json!({ "key": format!("{}-story", card.id) }),
        };
        let said = match self
            .find(channel, Some(parent), &mark, DateTime::<Utc>::MIN_UTC)
            .await?
        {
            Some(at) => {
                let blocks = Blocks(message.blocks);
                self.slack.update_message(&at, &message.text, &blocks, None).await
            }
            None => {
                let post = Post {
                    channel: channel.to_owned(),
                    text: message.text,
                    blocks: Blocks(message.blocks),
                    thread_ts: Some(parent.to_owned()),
                    metadata: Some(mark),
                    ..Post::default()
                };
                self.slack.post_message(&post).await
            }
        };
        match said {
            Ok(_) | Err(CallError::Unreachable(_)) => {}
            Err(error) => {
                if let CallError::Gone(_) = &error {
                    self.touched(channel, parent, true).await?;
                }
                return Err(error.into());
            }
        }
        Ok(self
            .write("thread_abridged", async |tx| {
                db::cards::begins_behind(tx, card.id, parent, story.up_to).await
            })
            .await?)
    }

    /// Does the thread under a copy follow the conversation? Asked once.
    async fn follows(&self, card: &Card, known: &mut Option<bool>) -> Result<bool, DbError> {
        if let Some(known) = known {
            return Ok(*known);
        }
        let follows = match &card.reader {
            Reader::Channel(_) => true,
            Reader::Person(person) => thread_follows(&self.system, card.request, *person, &card.role).await?,
        };
        *known = Some(follows);
        Ok(follows)
    }

    /// Posts a copy of a comment, or finds the one whose answer never came (`true`).
    async fn copy(
        &self,
        card: &Card,
        channel: &str,
        parent: &str,
        untold: &Untold,
    ) -> Result<Option<(Posted, bool)>, Stop> {
        let mark = copy_mark(card.id, untold.comment, false);
        if untold.posting
            && let Some(found) = self
                .find(channel, Some(parent), &mark, DateTime::<Utc>::MIN_UTC)
                .await?
        {
            return Ok(Some((found, true)));
        }
        // Noted before it is read: whoever changes the comment from here on knows that this copy shows something old.
        self.ledger.begin_copy(&self.system, card.id, untold.comment).await?;
        let Some(said) = self.carried(untold.comment, false).await? else {
            self.write("copy_not_needed", async |tx| {
                db::cards::forget_copy(tx, card.id, untold.comment).await
            })
            .await?;
            return Ok(None);
        };
        let post = Post {
            channel: channel.to_owned(),
            text: said.message.text,
            blocks: Blocks(said.message.blocks),
            thread_ts: Some(parent.to_owned()),
            metadata: Some(mark),
            username: said.name,
            icon_url: said.picture,
        };
        match self.slack.post_message(&post).await {
            Ok(posted) => Ok(Some((posted, false))),
            Err(CallError::Unreachable(code)) => {
                tracing::warn!(card.id = %card.id, slack.error = %code, "a comment could not be copied");
                Ok(None)
            }
            Err(error) => {
                if !is_uncertain(&error) {
                    self.write("copy_refused", async |tx| {
                        db::cards::not_copied(tx, card.id, untold.comment).await
                    })
                    .await?;
                }
                if let CallError::Gone(_) = &error {
                    // The thread is gone with its card, which finds that out and begins a new one.
                    self.touched(channel, parent, true).await?;
                }
                Err(error.into())
            }
        }
    }

    /// A comment as it is carried into another thread; one that was lost there says when it was written. `None` if it was
    /// taken back.
    ///
    /// # Errors
    /// The database's.
    pub async fn carried(&self, id: CommentId, restored: bool) -> Result<Option<Shows>, DbError> {
        let Some(Line {
            comment,
            author,
            picture,
            own,
        }) = db::comments::line(&self.system.db, id).await?
        else {
            return Ok(None);
        };
        if comment.deleted_at.is_some() {
            return Ok(None);
        }
        let mut people: Vec<PersonId> = comment.words.people().copied().collect();
        if comment.is_note() {
            people.extend(own);
        }
        let known = if people.is_empty() {
            BTreeMap::new()
        } else {
            db::people::people_by_ids(&self.system.db, &people).await?
        };
        let named = |id: PersonId| PersonRef {
            id,
            name: known
                .get(&id)
                .map_or_else(|| "somebody".to_owned(), |person| person.name.clone()),
        };
        let mentions = match comment.words.people().next() {
            // Whoever takes no part in the conversation is named, and not called into it.
            Some(_) => {
                self.mentions(participants(&self.system, comment.request, &people).await?)
                    .await?
            }
            None => Mentions::new(),
        };
        let hidden: BTreeSet<PersonId> = own.into_iter().collect();
        let page = self.system.request_url(comment.request);
        let edition = comment.edition;
        let carried = Carried {
            author: comment.author.map(|id| PersonRef {
                id,
                name: author.unwrap_or_default(),
            }),
            note: comment.is_note().then(|| hidden.into_iter().map(named).collect()),
            page: page.map(|page| format!("{page}#comment-{id}")),
            edited: comment.edited_at.is_some(),
            late: comment.late,
            restored: restored.then_some(comment.written_at),
            words: comment.words.map(|person| Ok(named(person))),
            files: comment.files,
            origin: comment.origin,
        };
        let named = self.names;
        let message = view::comment::copy(&carried, named, &mentions);
        let name = carried.author.as_ref().filter(|_| named);
        Ok(Some(Shows {
            message,
            edition,
            name: name.map(view::comment::name),
            picture: picture.filter(|_| named),
        }))
    }

    /// Sends a notice that was written down; one that shows how something stands is brought up to date.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work.
    pub async fn send_notice(&self, id: i64) -> Result<(), Stop> {
        let Some(notice) = db::notices::get(&self.system.db, id).await? else {
            return Ok(());
        };
        let Some(message) = self.noticed(&notice).await? else {
            return Ok(());
        };
        let shown = hash(&message.json());
        if let (Some(channel), Some(ts)) = (&notice.channel, &notice.ts) {
            let lives = notice.alarm.is_some() || notice.review.is_some() || notice.bundle.is_some();
            if !lives || notice.shown.as_deref() == Some(shown.as_str()) {
                return Ok(());
            }
            let at = Posted {
                channel: channel.clone(),
                ts: ts.clone(),
            };
            return match self
                .slack
                .update_message(&at, &message.text, &Blocks(message.blocks), None)
                .await
            {
                // Somebody took it away, or it cannot be reached: there is nothing left to keep current.
                Ok(_) | Err(CallError::Gone(_) | CallError::Unreachable(_)) => Ok(self
                    .write("notice_updated", async |tx| db::notices::shows(tx, id, &shown).await)
                    .await?),
                Err(other) => Err(other.into()),
            };
        }
        let channel = match &notice.reader {
            Reader::Person(person) => self.dm(*person).await?,
            Reader::Channel(name) => self.channel(name).await?,
        };
        let Some(channel) = channel else {
            return self.not_delivered(&notice, "channel_not_found").await;
        };
        let mark = mark("c1_notice", id, notice.created_at);
        let found = if notice.posting {
            self.find(&channel, None, &mark, notice.created_at).await?
        } else {
            None
        };
        let (posted, shown) = match found {
            // What it shows is not known: an empty hash has it updated.
            Some(posted) => (posted, ""),
            None => {
                self.write("notice_begin", async |tx| {
                    db::notices::set_posting(tx, id, &channel, true).await
                })
                .await?;
                let post = Post {
                    channel: channel.clone(),
                    text: message.text,
                    blocks: Blocks(message.blocks),
                    metadata: Some(mark),
                    ..Post::default()
                };
                match self.slack.post_message(&post).await {
                    Ok(posted) => (posted, shown.as_str()),
                    Err(CallError::Gone(code)) if self.forget_closed(&channel, &code).await? => {
                        self.write("notice_refused", async |tx| {
                            db::notices::set_posting(tx, id, &channel, false).await
                        })
                        .await?;
                        return Err(Stop::Again(CallError::Gone(code).into()));
                    }
                    Err(CallError::Unreachable(code) | CallError::Gone(code)) => {
                        return self.not_delivered(&notice, &code).await;
                    }
                    Err(error) => {
                        if !is_uncertain(&error) {
                            self.write("notice_refused", async |tx| {
                                db::notices::set_posting(tx, id, &channel, false).await
                            })
                            .await?;
                        }
                        return Err(error.into());
                    }
                }
            }
        };
        let now = self.system.clock.now();
        Ok(self
            .write("notice_sent", async |tx| {
                db::notices::sent(tx, id, &posted.channel, &posted.ts).await?;
                db::notices::shows(tx, id, shown).await?;
                if shown.is_empty() && (notice.alarm.is_some() || notice.review.is_some()) {
                    job::enqueue(tx, now, &[Job::SendNotice(id)]).await?;
                }
                Ok(())
            })
            .await?)
    }

    /// What a notice shows now. A reminder speaks of what still waits; when nothing does, it is not sent.
    async fn noticed(&self, notice: &Notice) -> Result<Option<view::Message>, DbError> {
        if notice.kind == "reminder" {
            let lines = my_work::reminded_of(&self.system, notice.id, &notice.reader).await?;
            if lines.is_empty() {
                return Ok(None);
            }
            let mentions = self.mentions(lines.iter().flat_map(|(line, _)| line.people())).await?;
            let lines: Vec<_> = lines
                .into_iter()
                .map(|(line, card)| (line, card.map(|(channel, ts)| self.link(&channel, &ts, None))))
                .collect();
            let now = self.system.clock.now();
            let in_channel = matches!(notice.reader, Reader::Channel(_));
            return Ok(Some(view::notices::reminder(&lines, in_channel, now, &mentions)));
        }
        if let Some(alarm) = notice.alarm
            && let Some(line) = alarms::alarm(&self.system, alarm).await?
        {
            let taker = line.taken.iter().map(|(by, _)| by.id);
            return Ok(Some(view::notices::alarm(&line, &self.mentions(taker).await?)));
        }
        if let Some(bundle) = notice.bundle
            && let Some(card) = bundle::bundle_card(&self.system, bundle).await?
        {
            let mentions = self.mentions(card.people()).await?;
            return Ok(Some(view::bundle::card(&card, &mentions)));
        }
        if let (Some(review), Reader::Person(reader)) = (notice.review, &notice.reader)
            && let Some(card) = reviews::review_card(&self.system, review).await?
        {
            let mentions = self.mentions(card.people()).await?;
            return Ok(Some(view::review::card(&card, *reader, &mentions)));
        }
        let url = notice.request.and_then(|request| self.system.request_url(request));
        Ok(Some(view::notices::notice(&notice.body, url.as_deref())))
    }

    /// One reader cannot be reached. For a channel that is an alarm, and others read in its place.
    async fn not_delivered(&self, notice: &Notice, why: &str) -> Result<(), Stop> {
        tracing::warn!(
            notice.id = notice.id,
            slack.error = why,
            "a notice could not be delivered"
        );
        match &notice.reader {
            Reader::Person(_) => Ok(self
                .write("notice_undelivered", async |tx| {
                    db::notices::undelivered(tx, notice.id, why).await
                })
                .await?),
            Reader::Channel(name) if notice.kind == "reminder" => {
                reminded_one_by_one(&self.system, notice.id, name, why)
                    .await
                    .map_err(|error| Stop::Again(error.into()))
            }
            Reader::Channel(name) => raise_alarm::channel_gone(&self.system, notice, name, why)
                .await
                .map_err(|error| Stop::Again(error.into())),
        }
    }

    /// The id of a channel that the settings name; `None` where there is none, or none that the app can see.
    async fn channel(&self, name: &str) -> Result<Option<String>, Stop> {
        let Some(plain) = name.strip_prefix('#') else {
            return Ok(Some(name.to_owned()));
        };
        if let Some(known) = db::notices::known_channel(&self.system.db, name).await? {
            return Ok(Some(known));
        }
        let mut cursor: Option<String> = None;
        loop {
            let page = self.slack.channels(cursor.as_deref()).await?;
            if let Some((id, _)) = page.items.into_iter().find(|(_, found)| found == plain) {
                return Ok(Some(id));
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// The address of a message in a browser, as Slack builds it.
    #[must_use]
    pub fn link(&self, channel: &str, ts: &str, thread: Option<&str>) -> String {
        let base = format!("{}archives/{channel}/p{}", self.workspace, ts.replace('.', ""));
        match thread.filter(|thread| *thread != ts) {
            Some(thread) => format!("{base}?thread_ts={thread}&cid={channel}"),
            None => base,
        }
    }

    /// Draws a person's Home tab as it stands now.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work.
    pub async fn refresh_home(&self, id: PersonId) -> Result<(), Stop> {
        let Some(user) = self.account(id).await?.map(|(user, _)| user) else {
            return Ok(());
        };
        let view = self.home(id).await?;
        match self.slack.publish_home(&SlackUserId(user), &view).await {
            Ok(_) | Err(CallError::Gone(_) | CallError::Unreachable(_)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// A person's Home tab.
    ///
    /// # Errors
    /// The database's.
    pub async fn home(&self, id: PersonId) -> Result<ViewBody, DbError> {
        let name = db::people::person(&self.system.db, id)
            .await?
            .map(|person| person.name)
            .unwrap_or_default();
        let home = my_work::home(&self.system, PersonRef { id, name }).await?;
        let mentions = self.mentions(home.people()).await?;
        Ok(ViewBody(view::home::home(&home, &mentions)))
    }

    /// The Slack accounts of people, for mentions.
    ///
    /// # Errors
    /// The database's.
    pub async fn mentions(&self, people: impl IntoIterator<Item = PersonId>) -> Result<Mentions, DbError> {
        let people: BTreeSet<PersonId> = people.into_iter().collect();
        let people: Vec<PersonId> = people.into_iter().collect();
        let accounts = db::people::slack_user_of(&self.system.db, &self.team.0, &people).await?;
        Ok(accounts.into_iter().map(|(person, user, _)| (person, user)).collect())
    }

    async fn account(&self, person: PersonId) -> Result<Option<(String, Option<String>)>, DbError> {
        let mut found = db::people::slack_user_of(&self.system.db, &self.team.0, &[person]).await?;
        Ok(found.pop().map(|(_, user, dm)| (user, dm)))
    }

    /// The conversation with a person; opened once, then remembered.
    async fn dm(&self, person: PersonId) -> Result<Option<String>, Stop> {
        let Some((user, dm)) = self.account(person).await? else {
            return Ok(None);
        };
        if let Some(dm) = dm {
            return Ok(Some(dm));
        }
        let opened = match self.slack.open_dm(&SlackUserId(user.clone())).await {
            Ok(channel) => channel,
            Err(CallError::Unreachable(code)) => {
                tracing::warn!(person.id = %person, slack.error = %code, "a person cannot be written to");
                return Ok(None);
            }
            Err(other) => return Err(other.into()),
        };
        self.write("dm_opened", async |tx| {
            db::people::set_dm_channel(tx, &self.team.0, &user, &opened).await
        })
        .await?;
        Ok(Some(opened))
    }

    /// A conversation with a person that is not there any more is opened anew by whoever needs it next. Says whether it was
    /// one.
    async fn forget_closed(&self, channel: &str, code: &str) -> Result<bool, DbError> {
        if code != "channel_not_found" {
            return Ok(false);
        }
        self.write("dm_closed", async |tx| {
            db::people::forget_dm_channel(tx, &self.team.0, channel).await
        })
        .await
    }

    /// Puts right what is amiss in the thread under a copy: what was changed says again what it should, what was lost is
    /// posted anew, what was taken back is taken away.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work.
    pub async fn mend_thread(&self, id: CardId) -> Result<(), Stop> {
        let Some(card) = db::cards::get(&self.system.db, id).await? else {
            return Ok(());
        };
        let (Some(channel), Some(parent)) = (&card.channel, &card.ts) else {
            return Ok(());
        };
        self.mend_copies(&card, channel, parent, None).await
    }

    async fn mend_copies(
        &self,
        card: &Card,
        channel: &str,
        parent: &str,
        mut follows: Option<bool>,
    ) -> Result<(), Stop> {
        for broken in db::looks::broken(&self.system.db, card.id).await? {
            match self.carried(broken.comment, broken.restored).await? {
                None => self.take_away(card, channel, parent, &broken).await?,
                // Who reads no more is shown no changes either, but for what was taken back.
                Some(_) if !self.follows(card, &mut follows).await? => {}
                // It is on its way, and put right when it stands there.
                Some(_) if broken.ts.is_none() && broken.posting && !broken.restored => {}
                Some(shows) => {
                    let edition = shows.edition;
                    let Some(at) = self.mend(card, channel, parent, &broken, shows).await? else {
                        continue;
                    };
                    self.write("copy_mended", async |tx| {
                        let place = (at.channel.as_str(), at.ts.as_str());
                        db::looks::mended(tx, (card.id, parent), &broken, place, edition).await
                    })
                    .await?;
                }
            }
        }
        Ok(())
    }

    /// The copy of a comment that was taken back goes too.
    async fn take_away(&self, card: &Card, channel: &str, parent: &str, broken: &Broken) -> Result<(), Stop> {
        let stands = match (&broken.ts, broken.posting) {
            (Some(ts), _) => Some(Posted {
                channel: channel.to_owned(),
                ts: ts.clone(),
            }),
            (None, false) => None,
            // A post whose answer never came may stand there.
            (None, true) => {
                let mark = copy_mark(card.id, broken.comment, broken.restored);
                self.find(channel, Some(parent), &mark, DateTime::<Utc>::MIN_UTC)
                    .await?
            }
        };
        if let Some(at) = stands {
            match self.slack.delete_message(&at).await {
                Ok(()) | Err(CallError::Gone(_) | CallError::Unreachable(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(self
            .write("copy_taken_away", async |tx| {
                db::cards::forget_copy(tx, card.id, broken.comment).await
            })
            .await?)
    }

    async fn mend(
        &self,
        card: &Card,
        channel: &str,
        parent: &str,
        broken: &Broken,
        shows: Shows,
    ) -> Result<Option<Posted>, Stop> {
        let blocks = Blocks(shows.message.blocks);
        let text = shows.message.text;
        if let Some(ts) = &broken.ts {
            let at = Posted {
                channel: channel.to_owned(),
                ts: ts.clone(),
            };
            return match self.slack.update_message(&at, &text, &blocks, None).await {
                Ok(at) => Ok(Some(at)),
                Err(CallError::Gone(_)) => {
                    self.touched(channel, ts, true).await?;
                    Ok(None)
                }
                Err(CallError::Unreachable(_)) => Ok(Some(at)),
                Err(other) => Err(other.into()),
            };
        }
        let mark = copy_mark(card.id, broken.comment, true);
        if broken.posting
            && let Some(found) = self
                .find(channel, Some(parent), &mark, DateTime::<Utc>::MIN_UTC)
                .await?
        {
            return Ok(Some(found));
        }
        self.ledger.begin_copy(&self.system, card.id, broken.comment).await?;
        let post = Post {
            channel: channel.to_owned(),
            text,
            blocks,
            thread_ts: Some(parent.to_owned()),
            metadata: Some(mark),
            username: shows.name,
            icon_url: shows.picture,
        };
        match self.slack.post_message(&post).await {
            Ok(posted) => Ok(Some(posted)),
            Err(CallError::Unreachable(code)) => {
                tracing::warn!(card.id = %card.id, slack.error = %code, "a comment could not be restored");
                Ok(None)
            }
            Err(error) => {
                if !is_uncertain(&error) {
                    self.write("copy_refused", async |tx| {
                        db::cards::not_copied(tx, card.id, broken.comment).await
                    })
                    .await?;
                }
                if let CallError::Gone(_) = &error {
                    self.touched(channel, parent, true).await?;
                    return Ok(None);
                }
                Err(error.into())
            }
        }
    }

    /// Looks for a message of ours by what travels with it, newest first.
    async fn find(
        &self,
        channel: &str,
        thread: Option<&str>,
        mark: &Metadata,
        since: DateTime<Utc>,
    ) -> Result<Option<Posted>, Stop> {
        // An hour of grace: Slack's clock is not ours, and a message that is missed is posted twice.
        let oldest = since.timestamp().saturating_sub(3_600).max(0);
        let mut window = Window {
            oldest: Some(format!("{oldest}.000000")),
            limit: Some(200),
            ..Window::default()
        };
        for _ in 0..PAGES_BACK {
            let page = match thread {
                Some(parent) => self.slack.replies(channel, parent, &window).await,
                None => self.slack.history(channel, &window).await,
            };
            let page = match page {
                Ok(page) => page,
                // Where nothing can be read (any more), nothing can be posted either, which is found out next.
                Err(CallError::Gone(_) | CallError::Unreachable(_)) => return Ok(None),
                Err(other) => return Err(other.into()),
            };
            let ours = |message: &&HistoryMessage| {
                message.metadata.as_ref().is_some_and(|found| {
                    found.event_type == mark.event_type && found.event_payload["key"] == mark.event_payload["key"]
                })
            };
            if let Some(found) = page.items.iter().find(ours) {
                return Ok(Some(Posted {
                    channel: channel.to_owned(),
                    ts: found.ts.clone(),
                }));
            }
            match page.next {
                Some(next) => window.cursor = Some(next),
                None => break,
            }
        }
        Ok(None)
    }

    async fn write<T>(
        &self,
        name: &'static str,
        body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.system.db.write(name, body).await
    }
}

/// What travels with a message of ours: which it is, and when it was made, so that a database begun anew cannot take
/// an older one's message for its own.
fn mark(kind: &str, id: i64, made: DateTime<Utc>) -> Metadata {
    Metadata {
        event_type: kind.to_owned(),
        event_payload: json!({ "key": format!("{id}-{}", made.timestamp_micros()) }),
    }
}

/// What travels with the copy of a comment; with one that was lost and is posted anew, another.
fn copy_mark(card: CardId, comment: CommentId, restored: bool) -> Metadata {
    let again = if restored { "-again" } else { "" };
    Metadata {
        event_type: "c1_comment".to_owned(),
        event_payload: json!({ "key": format!("{card}-{comment}{again}") }),
    }
}

/// Where a card stands, for the ledger.
fn note(card: CardId, at: Posted, hash: &str) -> Shown {
    Shown {
        card,
        channel: at.channel,
        ts: at.ts,
        hash: hash.to_owned(),
    }
}

fn is_uncertain(error: &CallError) -> bool {
    matches!(error, CallError::Retry { uncertain: true, .. })
}

pub(super) fn hash(message: &serde_json::Value) -> String {
    hex::encode(&Sha256::digest(message.to_string())[..16])
}

/// Who reads a copy, and why.
pub(super) fn viewer(card: &Card) -> (PersonId, Role) {
    match (&card.reader, card.role.as_str()) {
        (Reader::Channel(_), _) => (NOBODY, Role::Channel(card.step.unwrap_or_default())),
        (Reader::Person(person), "approver") => (*person, Role::Approver),
        (Reader::Person(person), "provisioner") => (*person, Role::Provisioner),
        (Reader::Person(person), _) => (*person, Role::Requester),
    }
}

/// A copy that was never posted and asks nothing of its reader is not worth a message.
fn nothing_to_do(card: &RequestCard) -> bool {
    match card.viewer.role {
        Role::Requester => false,
        Role::Approver | Role::Channel(_) => card.viewer.may_decide.is_none(),
        Role::Provisioner => !card.viewer.may_provision && !card.viewer.may_deprovision,
    }
}
