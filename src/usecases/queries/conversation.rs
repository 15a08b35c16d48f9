//! The conversation of a request as one person may see it: comments and changes of state, in order.

use super::request_card::PersonRef;
use crate::{
    db::{self, Db, DbError},
    domain::{
        comment::{Comment, File, Origin},
        ids::{CommentId, PersonId, RequestId},
        person::Person,
        request::Request,
        words::Words,
    },
    usecases::{
        System,
        authorize::{self, Reads},
    },
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};

/// What was said about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The request.
    pub request: RequestId,
    /// Is it open? Else a comment is kept and shown all the same, and marked as late.
    pub open: bool,
    /// Everything that was said, in order.
    pub entries: Vec<Entry>,
    /// May they write in it?
    pub may_write: bool,
    /// May they write to the approvers alone?
    pub may_note: bool,
    /// Who reads such a note, apart from themselves: those who are asked, or have decided.
    pub note_readers: Vec<PersonRef>,
    /// The pictures of everyone in it, and of those who may write next, as addresses.
    pub pictures: Vec<String>,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number: names it for [`edit_comment`](crate::usecases::edit_comment), and on the page.
    pub comment: CommentId,
    /// Who said it; `None`: c1, about a change of state.
    pub author: Option<PersonRef>,
    /// The author's picture, as an address.
    pub picture: Option<String>,
    /// What it says; nothing if it was taken back.
    pub words: Words<PersonRef>,
    /// The files that came with it; none if it was taken back.
    pub files: Vec<File>,
    /// For the approvers alone?
    pub note: bool,
    /// When.
    pub written_at: DateTime<Utc>,
    /// When it was changed last.
    pub edited_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Was the request over by then?
    pub late: bool,
    /// Where it was written.
    pub origin: Origin,
    /// Emoji and how many people answered with it, the first one first. Names without colons.
    pub reactions: Vec<(String, i64)>,
    /// May they change it, or take it back, on a page? (What was written in Slack is changed there.)
    pub may_change: bool,
}

/// Reads the conversation; `None` when there is no such request, or none for this person.
///
/// # Errors
/// The database's.
pub async fn conversation(system: &System, id: RequestId, person: &Person) -> Result<Option<Conversation>, DbError> {
    let db = &system.db;
    let Some(request) = db::requests::get(db, id).await? else {
        return Ok(None);
    };
    let (owners, manager) = concerned(db, &request).await?;
    let reads = authorize::reads(person, &request, &owners, manager);
    if reads == Reads::Nothing {
        return Ok(None);
    }
    let mut comments = db::comments::of_request(db, id).await?;
    comments.retain(|comment| reads.shows(comment.visibility));
    let mut reactions = db::comments::reactions(db, id).await?;
    let may_note = authorize::note(person, &request).is_ok();
    let readers = if may_note {
        note_readers(&request, person.id)
    } else {
        Vec::new()
    };
    let asked = request.steps.iter().flat_map(|step| &step.approvers);
    let near: Vec<PersonId> = [person.id, request.requester, request.subject]
        .into_iter()
        .chain(asked.map(|approver| approver.person))
        .chain(readers.iter().copied())
        .collect();
    let who = People::of(db, &comments, &near).await?;
    let entries = comments
        .into_iter()
        .map(|comment| {
            let reactions = reactions.remove(&comment.id).unwrap_or_default();
            entry(comment, person.id, &who, reactions)
        })
        .collect();
    let may_write = authorize::write(person, &request, &owners, manager, db::comments::Thread::default());
    Ok(Some(Conversation {
        request: id,
        open: request.is_open(),
        entries,
        may_write: may_write.is_some_and(|may| may.is_ok()),
        may_note,
        note_readers: readers.iter().map(|reader| who.get(*reader)).collect(),
        pictures: who.pictures.into_values().collect(),
    }))
}

/// Who looks after what is asked for, and the manager of whom it is for.
pub(crate) async fn concerned(db: &Db, request: &Request) -> Result<(Vec<PersonId>, Option<PersonId>), DbError> {
    let owners = match db::catalog::entitlement(db, request.entitlement).await? {
        Some(entitlement) => db::reading::owners(db, entitlement.app.id, entitlement.id).await?,
        None => Vec::new(),
    };
    let subject = db::people::person(db, request.subject).await?;
    Ok((owners, subject.and_then(|subject| subject.manager)))
}

/// Who reads a note about this request in their thread: everyone who is asked or has decided, but those whose access it is,
/// and `but`.
#[must_use]
pub fn note_readers(request: &Request, but: PersonId) -> Vec<PersonId> {
    let mut readers = Vec::new();
    for step in &request.steps {
        let asked = step.approvers.iter().map(|approver| approver.person);
        let decided = step.decisions.iter().map(|decision| decision.person);
        for person in asked.chain(decided) {
            if person != but && !authorize::is_own(person, request) && !readers.contains(&person) {
                readers.push(person);
            }
        }
    }
    readers
}

/// Who reads what is written in a conversation, apart from whoever writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// Is the request open?
    pub open: bool,
    /// Everybody in whose thread it appears.
    pub all: Vec<PersonRef>,
    /// Those of them who read a note.
    pub approvers: Vec<PersonRef>,
    /// Those who never read a note: whose access it is.
    pub own: Vec<PersonRef>,
}

/// Who reads what `writer` writes; `None` when there is no such request.
///
/// # Errors
/// The database's.
pub async fn readers(system: &System, id: RequestId, writer: PersonId) -> Result<Option<Readers>, DbError> {
    let db = &system.db;
    let Some(request) = db::requests::get(db, id).await? else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for (person, role) in db::cards::readers(db, id).await? {
        let thread = thread_of(&role);
        if person != writer && !all.contains(&person) && follows(db, &request, person, thread).await? {
            all.push(person);
        }
    }
    let approvers: Vec<PersonId> = note_readers(&request, writer);
    let mut own = vec![request.requester, request.subject];
    own.dedup();
    let ids: Vec<PersonId> = all.iter().chain(&approvers).chain(&own).copied().collect();
    let who = People::of(db, &[], &ids).await?;
    let named = |people: Vec<PersonId>| people.into_iter().map(|person| who.get(person)).collect();
    Ok(Some(Readers {
        open: request.is_open(),
        all: named(all),
        approvers: named(approvers),
        own: named(own),
    }))
}

/// Does a person's thread follow the conversation still? As long as they may write in it: who was given away, dropped or
/// overtaken is told no more, and who is asked again hears what they missed.
///
/// # Errors
/// The database's.
pub async fn thread_follows(system: &System, id: RequestId, person: PersonId, role: &str) -> Result<bool, DbError> {
    match db::requests::get(&system.db, id).await? {
        Some(request) => follows(&system.db, &request, person, thread_of(role)).await,
        None => Ok(false),
    }
}

fn thread_of(role: &str) -> db::comments::Thread {
    db::comments::Thread {
        of_approver: role == "approver",
        of_provisioner: role == "provisioner",
        ..db::comments::Thread::default()
    }
}

async fn follows(db: &Db, request: &Request, person: PersonId, thread: db::comments::Thread) -> Result<bool, DbError> {
    let Some(person) = db::people::person(db, person).await? else {
        return Ok(false);
    };
    let near = authorize::is_own(person.id, request) || authorize::is_asked(person.id, request);
    let (owners, manager) = if near {
        (Vec::new(), None)
    } else {
        concerned(db, request).await?
    };
    let may = authorize::write(&person, request, &owners, manager, thread);
    Ok(may.is_some_and(|may| may.is_ok()))
}

/// Those of `people` who take part in the conversation of a request: they can be called by name in it.
///
/// # Errors
/// The database's.
pub async fn participants(system: &System, id: RequestId, people: &[PersonId]) -> Result<Vec<PersonId>, DbError> {
    let Some(request) = db::requests::get(&system.db, id).await? else {
        return Ok(Vec::new());
    };
    let part = |person: &&PersonId| authorize::is_own(**person, &request) || authorize::is_asked(**person, &request);
    Ok(people.iter().filter(part).copied().collect())
}

/// Those who wrote something, or are mentioned in it.
struct People {
    people: BTreeMap<PersonId, Person>,
    pictures: HashMap<PersonId, String>,
}

impl People {
    async fn of(db: &Db, comments: &[Comment], also: &[PersonId]) -> Result<Self, DbError> {
        let mut ids: Vec<PersonId> = comments
            .iter()
            .flat_map(|comment| comment.author.into_iter().chain(comment.words.people().copied()))
            .chain(also.iter().copied())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self {
            people: db::people::people_by_ids(db, &ids).await?,
            pictures: db::people::pictures(db, &ids).await?,
        })
    }

    fn get(&self, id: PersonId) -> PersonRef {
        let name = self.people.get(&id).map(|person| person.name.clone());
        PersonRef {
            id,
            name: name.unwrap_or_else(|| "somebody".to_owned()),
        }
    }
}

fn entry(comment: Comment, viewer: PersonId, who: &People, reactions: Vec<(String, i64)>) -> Entry {
    let gone = comment.deleted_at.is_some();
    Entry {
        may_change: comment.may_change(viewer).is_ok(),
        comment: comment.id,
        author: comment.author.map(|author| who.get(author)),
        picture: comment.author.and_then(|author| who.pictures.get(&author).cloned()),
        note: comment.is_note(),
        words: if gone {
            Words::default()
        } else {
            comment.words.map(|person| Ok(who.get(person)))
        },
        files: if gone { Vec::new() } else { comment.files },
        written_at: comment.written_at,
        edited_at: comment.edited_at,
        deleted_at: comment.deleted_at,
        late: comment.late,
        origin: comment.origin,
        reactions: if gone { Vec::new() } else { reactions },
    }
}
