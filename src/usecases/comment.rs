//! Adds a comment to the conversation of a request.

use super::{Actor, Error, System, Via, authorize, edit_comment, job};
use crate::{
    db::{self, DbError, Tx, audit::Entry, comments::NewComment},
    domain::{
        comment::{Origin, Said, Visibility},
        event::{About, Event},
        ids::{CardId, CommentId, PersonId, RequestId},
        request::Request,
    },
};
use chrono::{DateTime, Utc};

/// A comment, and where it was written.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The request it is about.
    pub request: RequestId,
    /// What it says.
    pub said: Said,
    /// Who may read it.
    pub visibility: Visibility,
    /// The message it is, if it is one.
    pub at: Option<At>,
    /// The act, as the door names it: the same act writes one comment, however often it arrives.
    pub once: Option<String>,
}

/// A message in the thread under a copy of the card. The same message counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The copy.
    pub card: CardId,
    /// The conversation it stands in.
    pub channel: String,
    /// The message.
    pub ts: String,
    /// Its address.
    pub link: Option<String>,
    /// Was it changed before we heard of it? Then nobody knows whether it was begun as a note.
    pub edited: bool,
}

/// What came of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub comment: CommentId,
    /// Who may read it.
    pub visibility: Visibility,
    /// Is the request over, and is this the first thing its author says since?
    pub first_since_closed: bool,
    /// Does it stand in a channel, where everybody reads it there?
    pub in_channel: bool,
}

/// Takes the comment in and has it shown everywhere else. `None` when that very message was taken in before.
///
/// A comment on a closed request is kept and shown, too. In a thread, `note:` before the words makes them a note to the
/// approvers, if whoever writes is one; else they are words like any others.
///
/// # Errors
/// [`Error::NotFound`] when there is no such request, or the author has nothing to do with it;
/// [`Refusal::ConversationLeft`](crate::domain::refusal::Refusal::ConversationLeft) and its like when they may not write in
/// it, and what [`Said::checked`] refuses.
pub async fn comment(system: &System, actor: Actor, comment: Comment) -> Result<Option<Written>, Error> {
    let now = system.clock.now();
    system
        .db
        .write("comment", async |tx| {
            let author = actor.somebody()?;
            let request = db::requests::lock(tx, comment.request).await?.ok_or(Error::NotFound)?;
            let thread = match &comment.at {
                Some(at) => db::comments::thread(tx, at.card, &at.channel, &at.ts).await?,
                None => db::comments::Thread::default(),
            };
            if thread.known {
                return Ok(None);
            }
            if let Some(act) = &comment.once
                && db::comments::is_written(tx, act).await?
            {
                return Ok(None);
            }
            let mut people = db::people::people_by_ids_in(tx, &[author]).await?;
            let person = people.remove(&author).ok_or(Error::NotFound)?;
            let concerned = Concerned::of(tx, &request, &person).await?;
            authorize::write(&person, &request, &concerned.owners, concerned.manager, thread)
                .ok_or(Error::NotFound)??;
            let mut comment = comment;
            let noted = authorize::note(&person, &request);
            if comment.visibility == Visibility::Approvers {
                noted?;
            } else if noted.is_ok()
                && let Some(at) = &comment.at
            {
                let marked = comment.said.words.after_note_mark();
                // Told to too few it can be said again; told to too many it cannot be taken back.
                if marked.is_some() || (at.edited && !thread.in_channel) {
                    comment.visibility = Visibility::Approvers;
                }
                comment.said.words = marked.unwrap_or(comment.said.words);
            }
            comment.said = comment.said.checked()?;
            let first_since_closed =
                !request.is_open() && !db::comments::has_written_late(tx, request.id, author).await?;
            let written = write(tx, now, actor, &request, &comment).await?;
            if let Some(act) = &comment.once {
                db::comments::written_by(tx, written, act).await?;
            }
            Ok(Some(Written {
                comment: written,
                visibility: comment.visibility,
                first_since_closed,
                in_channel: thread.in_channel,
            }))
        })
        .await
}

/// Who else may read a request, because of who they are. Read only where it matters.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    pub(super) owners: Vec<PersonId>,
    pub(super) manager: Option<PersonId>,
}

impl Concerned {
    pub(super) async fn of(
        tx: &mut Tx<'_>,
        request: &Request,
        person: &crate::domain::person::Person,
    ) -> Result<Self, DbError> {
        if authorize::is_asked(person.id, request) || authorize::is_own(person.id, request) {
            return Ok(Self::default());
        }
        let (owners, manager) = db::reading::concerned(tx, request).await?;
        Ok(Self { owners, manager })
    }
}

/// May this person read such comments of a request at all? Else there is none for them.
pub(super) async fn may_read(
    tx: &mut Tx<'_>,
    request: &Request,
    person: PersonId,
    visibility: Visibility,
) -> Result<(), Error> {
    let mut people = db::people::people_by_ids_in(tx, &[person]).await?;
    let person = people.remove(&person).ok_or(Error::NotFound)?;
    let concerned = Concerned::of(tx, request, &person).await?;
    let reads = authorize::reads(&person, request, &concerned.owners, concerned.manager);
    if reads.shows(visibility) {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Writes the comment into the conversation of a request whose row is locked. What it says has been checked.
pub(super) async fn write(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    request: &Request,
    comment: &Comment,
) -> Result<CommentId, Error> {
    let author = actor.somebody()?;
    let origin = match (&comment.at, actor.via) {
        (Some(at), _) => Origin::Message { link: at.link.clone() },
        (None, Via::Web) => Origin::Page,
        (None, Via::Slack | Via::Operator | Via::System) => Origin::Form,
    };
    let body = body(&comment.said);
    let new = NewComment {
        request: request.id,
        author: Some(author),
        body: &body,
        words: Some(&comment.said.words),
        visibility: comment.visibility,
        origin: &origin,
        late: !request.is_open(),
        via: actor.via.word(),
    };
    let id = db::comments::append(tx, now, new).await?;
    if !comment.said.files.is_empty() {
        db::comments::set_files(tx, id, &comment.said.files).await?;
    }
    let mut events = vec![(
        actor,
        Event::Commented {
            comment: id,
            author,
            note: comment.visibility == Visibility::Approvers,
        },
    )];
    if let Some(at) = &comment.at {
        db::comments::written_at(tx, id, at.card, &at.channel, &at.ts).await?;
        // It may have been changed, or taken back, before anybody heard of it.
        if let Some(change) = db::comments::take_change(tx, &at.channel, &at.ts).await? {
            events.extend(edit_comment::catch_up(tx, now, actor, id, change).await?);
        }
    }
    record(tx, now, request, events).await?;
    Ok(id)
}

/// What a comment says, as plain text: for the record, and for whoever looks into the database.
pub(super) fn body(said: &Said) -> String {
    // Names are not known here, and change.
    literally(&said.words.text(|person| format!("person {person}")))
}

/// Appends to the audit what happened to comments of a request, and has its threads told.
pub(super) async fn record(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: &Request,
    events: Vec<(Actor, Event)>,
) -> Result<(), DbError> {
    let entries: Vec<Entry> = events
        .into_iter()
        .map(|(actor, event)| Entry {
            actor: actor.person,
            via: actor.via.word(),
            about: About::Request(request.id),
            emergency: request.emergency,
            event,
        })
        .collect();
    db::audit::append(tx, now, &entries).await?;
    let copies = db::cards::of_request(tx, request.id).await?;
    let jobs: Vec<_> = copies.into_iter().map(job::Job::SyncThread).collect();
    job::enqueue(tx, now, &jobs).await
}

/// Words that were typed into a form, in Slack's markup: nothing in them is markup.
pub(super) fn literally(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
