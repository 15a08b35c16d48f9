//! Compares what stands in Slack with what we have noted, and has put right what differs: a card or a copy of a comment that
//! was taken away, changed by somebody else, or never posted; and what people wrote while nobody listened.
//!
//! What Slack tells of it is put right at once; the rest is found by looking. A living copy is looked at once an hour while
//! its request is open, every six hours while its access lasts, and once a day for the week after. All replicas together
//! make at most [`CALLS`] calls a minute for it, those about open requests first; one call reads a page of a conversation or
//! a thread, with all the copies in it. What is found is only noted here: the jobs that keep copies current put it right.

use super::{
    client::{CallError, HistoryMessage, Slack, Window},
    deliver::{Deliver, Stop, hash},
    gateway::{
        decode,
        inbound::{Inbound, Installation, SlackUserId},
        reply::Reply,
    },
    handlers::Handlers,
    view,
};
use crate::{
    db::{
        self, DbError,
        looks::{Amiss, Copy, Life, Look},
    },
    domain::ids::CardId,
    usecases::{
        job::{self, Job},
        queries::request_card::request_card,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Calls a minute, of all replicas together. Slack allows fifty for each method that is used.
pub const CALLS: usize = 20;

/// As many copies are thought of in one go.
const AT_ONCE: i64 = 400;

/// For so long after it is over, a request's copies are looked at.
const AFTERWARDS: TimeDelta = TimeDelta::days(7);

/// Looks at copies.
#[derive(Clone, Debug)]
pub struct LookAgain {
    deliver: Deliver,
    handlers: Handlers,
    ours: Installation,
}

/// Whether a look came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    Done,
    /// There are no calls left for this minute.
    Later,
}

impl LookAgain {
    /// Looks with the eyes of `deliver`; what was missed comes in by `handlers`.
    #[must_use]
    pub fn new(deliver: Deliver, handlers: Handlers, ours: Installation) -> Self {
        Self {
            deliver,
            handlers,
            ours,
        }
    }

    /// Looks at the copies whose time has come, as far as the calls of one minute go.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work; what was looked at so far is noted.
    pub async fn look_at_copies(&self) -> Result<(), Stop> {
        let db = &self.deliver.system.db;
        let now = self.deliver.system.clock.now();
        if !db
            .write("begin_looking", async |tx| db::looks::begin(tx, now).await)
            .await?
        {
            return Ok(());
        }
        let mut calls = CALLS;
        let mut conversations: Vec<(String, Vec<Look>)> = Vec::new();
        let mut unposted = Vec::new();
        for look in db::looks::due(db, now, AT_ONCE).await? {
            let (Some(channel), Some(_)) = (&look.card.channel, &look.card.ts) else {
                unposted.push(look);
                continue;
            };
            match conversations.iter_mut().find(|(known, _)| known == channel) {
                Some((_, looks)) => looks.push(look),
                None => conversations.push((channel.clone(), vec![look])),
            }
        }
        self.post_what_was_not(now, &unposted).await?;
        for (channel, looks) in conversations {
            if self.look_into(&channel, &looks, now, &mut calls).await? == Looked::Later {
                break;
            }
        }
        Ok(())
    }

    /// What should have been posted and was not: a job that was given up, or a post that was noted and never happened.
    async fn post_what_was_not(&self, now: DateTime<Utc>, looks: &[Look]) -> Result<(), Stop> {
        let db = &self.deliver.system.db;
        let (since, until) = (now - AFTERWARDS, now - TimeDelta::hours(1));
        let notices = db::looks::unsent_notices(db, since, until).await?;
        let mut jobs: Vec<Job> = notices.into_iter().map(Job::SendNotice).collect();
        jobs.extend(looks.iter().map(|look| Job::RefreshCard(look.card.id)));
        if jobs.is_empty() {
            return Ok(());
        }
        db.write("post_what_was_not", async |tx| {
            for look in looks {
                db::looks::next(tx, look.card.id, next_look(look.life, now)).await?;
            }
            job::enqueue(tx, now, &jobs).await
        })
        .await?;
        Ok(())
    }

    /// Looks at the copies in one conversation, page by page from the newest.
    async fn look_into(
        &self,
        channel: &str,
        looks: &[Look],
        now: DateTime<Utc>,
        calls: &mut usize,
    ) -> Result<Looked, Stop> {
        let mut waiting: BTreeMap<&str, &Look> = BTreeMap::new();
        for look in looks {
            waiting.insert(look.card.ts.as_deref().unwrap_or_default(), look);
        }
        let mut window = Window {
            oldest: waiting.keys().next().map(|ts| (*ts).to_owned()),
            latest: waiting.keys().next_back().map(|ts| (*ts).to_owned()),
            limit: Some(200),
            cursor: None,
        };
        while !waiting.is_empty() {
            if !take(calls) {
                return Ok(Looked::Later);
            }
            let page = match self.slack().history(channel, &window).await {
                Ok(page) => page,
                // The conversation is not there for us any more: each copy's own job finds out what to do about it.
                Err(CallError::Gone(_) | CallError::Unreachable(_)) => {
                    for look in waiting.values() {
                        self.note(look, now, true, None).await?;
                    }
                    return Ok(Looked::Done);
                }
                Err(other) => return Err(other.into()),
            };
            let told: HashMap<&str, &HistoryMessage> = page
                .items
                .iter()
                .map(|message| (message.ts.as_str(), message))
                .collect();
            // Below the last message of a page nothing is known yet.
            let reached = match &page.next {
                Some(_) => page.items.last().map(|message| message.ts.clone()),
                None => Some(String::new()),
            };
            let Some(reached) = reached else {
                return Ok(Looked::Done);
            };
            for (ts, look) in waiting.split_off(reached.as_str()) {
                let message = told.get(ts).copied().filter(|message| !is_tombstone(message));
                if self.compare(channel, look, message, now, calls).await? == Looked::Later {
                    return Ok(Looked::Later);
                }
            }
            window.cursor = page.next;
        }
        Ok(Looked::Done)
    }

    /// Compares one copy and the thread under it with what is noted.
    async fn compare(
        &self,
        channel: &str,
        look: &Look,
        message: Option<&HistoryMessage>,
        now: DateTime<Utc>,
        calls: &mut usize,
    ) -> Result<Looked, Stop> {
        let Some(message) = message else {
            self.note(look, now, true, None).await?;
            return Ok(Looked::Done);
        };
        // Threads of what is over are read only when they are not as long as they should be.
        let read = i64::try_from(message.replies) != Ok(look.replies) || (look.life == Life::Open && look.replies > 0);
        if read && self.compare_thread(channel, look, now, calls).await? == Looked::Later {
            return Ok(Looked::Later);
        }
        let odd = self.differs(look, message).await?;
        self.note(look, now, odd.is_some(), odd.as_deref()).await?;
        Ok(Looked::Done)
    }

    /// What Slack tells of a card, if it is not what we have put there.
    async fn differs(&self, look: &Look, told: &HistoryMessage) -> Result<Option<String>, DbError> {
        let Some(message) = self.deliver.drawn(&look.card).await? else {
            return Ok(None);
        };
        // It is about to be changed anyway.
        if look.card.shown.as_deref() != Some(hash(&message.json()).as_str()) {
            return Ok(None);
        }
        Ok(odd(&message, told, look.odd.as_deref()))
    }

    /// Notes what was found about a card, and when to look again.
    async fn note(&self, look: &Look, now: DateTime<Utc>, amiss: bool, odd: Option<&str>) -> Result<(), DbError> {
        let id = look.card.id;
        if amiss {
            tracing::info!(card.id = %id, "a card is not as it was made; putting it right");
            metrics::counter!("c1_slack_drifted_total", "what" => "card").increment(1);
        }
        self.deliver
            .system
            .db
            .write("looked_at_card", async |tx| {
                db::looks::next(tx, id, next_look(look.life, now)).await?;
                if amiss {
                    db::looks::card_amiss(tx, &look.card, odd).await?;
                }
                // Both do nothing where nothing has to be done; a job that was given up once gets another chance.
                job::enqueue(tx, now, &[Job::RefreshCard(id), Job::SyncThread(id)]).await
            })
            .await
    }

    /// Compares a thread with the conversation, both ways: what is ours has to stand there, and what people wrote has to be
    /// known to us.
    async fn compare_thread(
        &self,
        channel: &str,
        look: &Look,
        now: DateTime<Utc>,
        calls: &mut usize,
    ) -> Result<Looked, Stop> {
        let parent = look.card.ts.as_deref().unwrap_or_default();
        let copies = db::looks::copies(&self.deliver.system.db, look.card.id).await?;
        let mut told: HashMap<String, HistoryMessage> = HashMap::new();
        let mut window = Window {
            limit: Some(200),
            ..Window::default()
        };
        loop {
            if !take(calls) {
                return Ok(Looked::Later);
            }
            let page = match self.slack().replies(channel, parent, &window).await {
                Ok(page) => page,
                // The next look at the card finds it gone.
                Err(CallError::Gone(_) | CallError::Unreachable(_)) => return Ok(Looked::Done),
                Err(other) => return Err(other.into()),
            };
            told.extend(page.items.into_iter().map(|message| (message.ts.clone(), message)));
            match page.next {
                Some(next) => window.cursor = Some(next),
                None => break,
            }
        }
        let mut mend = false;
        for copy in copies.iter().filter(|copy| !copy.original) {
            let Some(made) = self.deliver.carried(copy.comment, copy.restored).await? else {
                continue;
            };
            let found = told.get(&copy.ts).filter(|message| !is_tombstone(message));
            let (amiss, odd) = match found {
                None => (Amiss::Lost, None),
                Some(message) => match odd(&made.message, message, copy.odd.as_deref()) {
                    Some(odd) => (Amiss::Changed, Some(odd)),
                    None => continue,
                },
            };
            mend |= self
                .copy_amiss(channel, &copy.ts, amiss, odd.as_deref())
                .await?
                .is_some();
        }
        if mend {
            self.mend(look.card.id, now).await?;
        }
        self.take_in_changes(channel, parent, &copies, &told, now).await?;
        self.take_in_what_was_missed(channel, parent, told).await?;
        Ok(Looked::Done)
    }

    /// What people changed or took back while nobody listened comes in as if Slack told it now; what was heard before changes
    /// nothing.
    async fn take_in_changes(
        &self,
        channel: &str,
        parent: &str,
        copies: &[Copy],
        told: &HashMap<String, HistoryMessage>,
        now: DateTime<Utc>,
    ) -> Result<(), Stop> {
        // What is older may have gone by itself, by the workspace's rule; and what is older than its card stands in a thread
        // of before.
        let since = (now - AFTERWARDS).timestamp().to_string();
        let here = |copy: &&Copy| copy.original && copy.ts.as_str() > parent;
        for copy in copies.iter().filter(here) {
            let event = match told.get(&copy.ts).filter(|message| !is_tombstone(message)) {
                Some(message) if message.edited_ts.is_some() => json!({
                    "type": "message", "subtype": "message_changed", "channel": channel, "ts": copy.ts,
                    "message": message.whole,
                }),
                None if copy.ts > since => json!({
                    "type": "message", "subtype": "message_deleted", "channel": channel, "ts": copy.ts,
                    "deleted_ts": copy.ts, "previous_message": { "ts": copy.ts, "thread_ts": parent },
                }),
                Some(_) | None => continue,
            };
            self.again(event).await?;
        }
        Ok(())
    }

    /// What people wrote into a thread while nobody listened comes in as if Slack told it now.
    async fn take_in_what_was_missed(
        &self,
        channel: &str,
        parent: &str,
        told: HashMap<String, HistoryMessage>,
    ) -> Result<(), Stop> {
        let mut theirs: Vec<HistoryMessage> = told
            .into_values()
            .filter(|message| message.ts != parent && message.bot_id.is_none() && !is_tombstone(message))
            .collect();
        theirs.sort_by(|one, other| one.ts.cmp(&other.ts));
        let messages: Vec<String> = theirs.iter().map(|message| message.ts.clone()).collect();
        let known = db::looks::known(&self.deliver.system.db, channel, &messages).await?;
        let known: HashSet<String> = known.into_iter().collect();
        for message in theirs.into_iter().filter(|message| !known.contains(&message.ts)) {
            tracing::info!(slack.channel = channel, "a message was missed; taking it in now");
            metrics::counter!("c1_slack_drifted_total", "what" => "missed").increment(1);
            let mut event = message.whole;
            event["channel"] = channel.into();
            self.again(event).await?;
        }
        Ok(())
    }

    /// Hands an event in by the door it would have come by.
    async fn again(&self, event: Value) -> Result<(), Stop> {
        let id = format!("missed-{}-{}", event["channel"], event["ts"]);
        let of = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let (channel, author, thread) = (of("channel"), SlackUserId(of("user")), of("thread_ts"));
        let payload = json!({ "type": "event_callback", "team_id": self.ours.team_id, "event_id": id, "event": event });
        let decoded = decode::body(payload.to_string().as_bytes(), &self.ours, None);
        if let Ok(decode::Decoded::Inbound(inbound @ Inbound::Event { .. })) = decoded {
            let handled = self.handlers.clone().handle(inbound).await;
            if let Reply::Ephemeral(word) = handled.map_err(|failure| Stop::Again(failure.0))? {
                // A word aside to whoever wrote it: said once, or not at all. Failures are logged by the client.
                let slack = self.slack();
                let _told = slack
                    .post_ephemeral(&channel, &author, &word.text, &word.blocks, Some(&thread))
                    .await;
            }
        }
        Ok(())
    }

    async fn copy_amiss(
        &self,
        channel: &str,
        ts: &str,
        amiss: Amiss,
        odd: Option<&str>,
    ) -> Result<Option<CardId>, DbError> {
        metrics::counter!("c1_slack_drifted_total", "what" => "comment").increment(1);
        let note = async |tx: &mut db::Tx<'_>| db::looks::copy_amiss(tx, channel, ts, amiss, odd).await;
        self.deliver.system.db.write("copy_amiss", note).await
    }

    async fn mend(&self, card: CardId, now: DateTime<Utc>) -> Result<(), DbError> {
        let note = async |tx: &mut db::Tx<'_>| job::enqueue(tx, now, &[Job::MendThread(card)]).await;
        self.deliver.system.db.write("mend_thread", note).await
    }

    fn slack(&self) -> &Slack {
        &self.deliver.slack
    }
}

impl Deliver {
    /// Slack told that somebody took a message of ours away, or changed it: whatever it is, it is put right.
    ///
    /// # Errors
    /// The database's.
    pub async fn touched(&self, channel: &str, ts: &str, gone: bool) -> Result<(), DbError> {
        let now = self.system.clock.now();
        let amiss = if gone { Amiss::Lost } else { Amiss::Changed };
        self.system
            .db
            .write("touched", async |tx| {
                let job = match db::looks::card_touched(tx, channel, ts).await? {
                    Some(card) => Some(Job::RefreshCard(card)),
                    None => db::looks::copy_amiss(tx, channel, ts, amiss, None)
                        .await?
                        .map(Job::MendThread),
                };
                job::enqueue(tx, now, job.as_slice()).await
            })
            .await
    }
}

impl Deliver {
    /// A card as it has to look now.
    pub(super) async fn drawn(&self, card: &db::cards::Card) -> Result<Option<view::Message>, DbError> {
        let (viewer, role) = super::deliver::viewer(card);
        let Some(read) = request_card(&self.system, card.request, viewer, role).await? else {
            return Ok(None);
        };
        let mentions = self.mentions(read.people()).await?;
        Ok(Some(view::request_card::request_card(&read, &mentions)))
    }
}

/// When a copy is looked at next; none when it is over for long.
fn next_look(life: Life, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match life {
        Life::Open => Some(now + TimeDelta::hours(1)),
        Life::Granted => Some(now + TimeDelta::hours(6)),
        Life::Over(at) => Some(now + TimeDelta::days(1)).filter(|_| now < at + AFTERWARDS),
    }
}

fn take(calls: &mut usize) -> bool {
    let left = calls.checked_sub(1);
    *calls = left.unwrap_or_default();
    left.is_some()
}

fn is_tombstone(message: &HistoryMessage) -> bool {
    message.subtype.as_deref() == Some("tombstone")
}

/// What Slack tells of a message, if it is not what we made, and not Slack's own way of writing that either: `known` is what
/// it told when it had just been put right.
fn odd(made: &view::Message, told: &HistoryMessage, known: Option<&str>) -> Option<String> {
    let told = essence(&told.whole["blocks"]);
    if told == essence(&Value::Array(made.blocks.clone())) {
        return None;
    }
    let told = hash(&json!(told));
    (known != Some(told.as_str())).then_some(told)
}

/// What a message says and what its buttons do, without what Slack writes its own way: ids of blocks, emoji, escapes,
/// spaces.
fn essence(blocks: &Value) -> Vec<String> {
    let mut said = Vec::new();
    collect(blocks, &mut said);
    said
}

fn collect(value: &Value, said: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, said)),
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            for name in names {
                match (name.as_str(), &fields[name]) {
                    ("text", Value::String(text)) => said.push(letters(text)),
                    ("action_id" | "value" | "style", Value::String(text)) => said.push(text.clone()),
                    (_, inner) => collect(inner, said),
                }
            }
        }
        _ => {}
    }
}

/// The letters and digits of a text, without the names of emoji.
fn letters(text: &str) -> String {
    let text = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let mut kept = String::new();
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        kept.extend(part.chars().filter(|c| c.is_alphanumeric()));
        // Between two colons and without a space: an emoji, as Slack writes it, or something like one.
        if parts.peek().is_some_and(|next| is_emoji_name(next)) {
            let name = parts.next().unwrap_or_default();
            if parts.peek().is_none() {
                kept.extend(name.chars().filter(|c| c.is_alphanumeric()));
            }
        }
    }
    kept
}

fn is_emoji_name(part: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+'".contains(c);
    !part.is_empty() && part.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slacks_own_way_of_writing_is_no_difference() {
        let made = json!([
            { "type": "section", "text": { "type": "mrkdwn", "text": "⚡ *Ana* asks for R&amp;D at 10:30 :wave:" } },
            { "type": "actions", "elements": [{ "type": "button", "action_id": "approve", "value": "7.0",
                "text": { "type": "plain_text", "text": "👀 Approve" } }] },
        ]);
        let told = json!([
            { "type": "section", "block_id": "x1", "text": { "verbatim": false, "type": "mrkdwn",
                "text": ":zap: *Ana* asks for R&D at 10:30 👋" } },
            { "type": "actions", "block_id": "x2", "elements": [{ "type": "button", "value": "7.0", "action_id": "approve",
                "text": { "type": "plain_text", "text": ":eyes: Approve", "emoji": true } }] },
        ]);
        assert_eq!(essence(&made), essence(&told));
    }

    #[test]
    fn other_words_and_other_buttons_are() {
        let with = |text: &str, value: &str| {
            json!([{ "type": "section", "text": { "type": "mrkdwn", "text": text },
                "accessory": { "type": "button", "action_id": "approve", "value": value } }])
        };
        let made = essence(&with("Ana asks", "7.0"));
        assert_ne!(made, essence(&with("Bob asks", "7.0")));
        assert_ne!(made, essence(&with("Ana asks", "7.1")));
        assert_ne!(made, essence(&Value::Null));
    }

    #[test]
    fn what_is_open_is_looked_at_most_often_and_what_is_over_for_long_never() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(30);
        let hours = |life| next_look(life, now).map(|at| (at - now).num_hours());
        assert_eq!(hours(Life::Open), Some(1));
        assert_eq!(hours(Life::Granted), Some(6));
        assert_eq!(hours(Life::Over(now - TimeDelta::days(6))), Some(24));
        assert_eq!(hours(Life::Over(now - TimeDelta::days(8))), None);
    }
}
