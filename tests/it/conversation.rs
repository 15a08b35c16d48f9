//! The conversation as the use cases and the details page have it: who may read and write what.

use crate::harness::{World, ana_asks_the_owners, message, story};
use c1::{
    db,
    domain::{
        comment::{Said, Visibility},
        ids::{CommentId, PersonId, RequestId},
        person::Person,
        refusal::Refusal,
        words::Words,
    },
    usecases::{
        Actor, Error,
        comment::{Comment, comment},
        delete_comment::delete_comment,
        edit_comment::{Changed, edit_comment},
        queries::conversation::{Conversation, Entry, conversation},
    },
};

async fn person(w: &World, key: &str) -> Person {
    db::people::person_by_key(&w.system.db, key).await.unwrap().unwrap()
}

fn said(text: &str) -> Said {
    Said {
        words: Words::typed(text),
        files: Vec::new(),
    }
}

/// What somebody writes on the details page of request 1.
async fn writes(w: &World, key: &str, text: &str, visibility: Visibility) -> Result<CommentId, Error> {
    let actor = Actor::web(person(w, key).await.id);
    let new = Comment {
        request: RequestId(1),
        said: said(text),
        visibility,
        at: None,
        once: None,
    };
    let written = comment(&w.system, actor, new).await?;
    Ok(written.unwrap().comment)
}

/// What somebody sees of request 1.
async fn sees(w: &World, key: &str) -> Option<Conversation> {
    conversation(&w.system, RequestId(1), &person(w, key).await)
        .await
        .unwrap()
}

fn lines(conversation: &Conversation) -> Vec<String> {
    let line = |entry: &Entry| {
        let author = entry.author.as_ref().map_or("c1", |author| &author.name);
        let gone = if entry.deleted_at.is_some() { " (gone)" } else { "" };
        let edited = if entry.edited_at.is_some() { " (edited)" } else { "" };
        let lock = if entry.note { "🔒 " } else { "" };
        format!(
            "{lock}{author}: {}{edited}{gone}",
            entry.words.text(|person| person.name.clone())
        )
    };
    conversation.entries.iter().map(line).collect()
}

#[test]
fn what_is_written_on_the_page_reaches_the_threads_and_the_page_tells_all() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        writes(w, "dan", "for *how* long?", Visibility::Everyone).await.unwrap();
        w.settle().await;
        let ana = w.person("ana");
        let card = message(&ana, "You have created");
        let thread: String = ana.thread(&card).iter().map(|m| m.text().to_owned() + "\n").collect();
        assert_eq!(thread.matches("for *how* long?").count(), 1, "literally: {thread}");
        ana.replies(&card, "until noon").await.unwrap();
        w.settle().await;
        w.person("carla")
            .clicks(&message(&w.person("carla"), "INC-42"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        let seen = lines(&sees(w, "ana").await.unwrap());
        assert_eq!(
            seen[..3],
            [
                "Dan Dube: for *how* long?",
                "Ana Alvarez: until noon",
                "c1: ✅ Carla Conti approved"
            ]
        );
        assert!(seen[3].starts_with("c1: 🔓 Access granted"), "{seen:?}");
    });
}

#[test]
fn only_its_author_changes_a_comment_and_where_it_was_written() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let of_dan = writes(w, "dan", "for how long?", Visibility::Everyone).await.unwrap();
        let (ana, dan) = (person(w, "ana").await.id, person(w, "dan").await.id);
        let edit = async |who: PersonId, id, text: &str| edit_comment(&w.system, Actor::web(who), id, said(text)).await;
        assert!(matches!(
            edit(ana, of_dan, "x").await,
            Err(Error::Refused(Refusal::NotYourComment))
        ));
        assert!(matches!(
            delete_comment(&w.system, Actor::web(ana), of_dan).await,
            Err(Error::Refused(Refusal::NotYourComment))
        ));
        assert!(matches!(
            edit(dan, of_dan, " \u{200b} ").await,
            Err(Error::Refused(Refusal::NothingSaid))
        ));
        assert_eq!(edit(dan, of_dan, "until when?").await.unwrap(), Changed::Yes);
        assert_eq!(edit(dan, of_dan, "until when?").await.unwrap(), Changed::Already);
        assert_eq!(
            lines(&sees(w, "ana").await.unwrap()),
            ["Dan Dube: until when? (edited)"]
        );
        let slack = w.person("ana");
        slack
            .replies(&message(&slack, "You have created"), "noon")
            .await
            .unwrap();
        w.settle().await;
        let entries = sees(w, "ana").await.unwrap().entries;
        let in_slack = entries.last().unwrap();
        assert!(!in_slack.may_change);
        assert!(matches!(
            edit(ana, in_slack.comment, "x").await,
            Err(Error::Refused(Refusal::WrittenElsewhere))
        ));
        assert_eq!(
            delete_comment(&w.system, Actor::web(dan), of_dan).await.unwrap(),
            Changed::Yes
        );
        assert_eq!(
            delete_comment(&w.system, Actor::web(dan), of_dan).await.unwrap(),
            Changed::Already
        );
        assert!(matches!(
            edit(dan, of_dan, "again").await,
            Err(Error::Refused(Refusal::CommentGone))
        ));
        assert_eq!(
            lines(&sees(w, "ana").await.unwrap()),
            ["Dan Dube:  (edited) (gone)", "Ana Alvarez: noon"]
        );
        assert_eq!(
            w.count("SELECT count(*) FROM comment_editions WHERE comment_id = 1")
                .await,
            2,
            "what it said before stays on record"
        );
        let acts =
            "SELECT count(*) FROM audit WHERE event->>'type' IN ('commented', 'comment_edited', 'comment_deleted')";
        assert_eq!(w.count(acts).await, 4, "every act once");
    });
}

#[test]
fn who_may_not_see_a_request_finds_nothing_and_who_only_reads_cannot_write() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let of_dan = writes(w, "dan", "for how long?", Visibility::Everyone).await.unwrap();
        let qin = person(w, "qin").await.id;
        assert_eq!(sees(w, "qin").await, None);
        assert!(matches!(
            writes(w, "qin", "hello", Visibility::Everyone).await,
            Err(Error::NotFound)
        ));
        for refused in [
            edit_comment(&w.system, Actor::web(qin), of_dan, said("x")).await,
            edit_comment(&w.system, Actor::web(qin), CommentId(4_711), said("x")).await,
            delete_comment(&w.system, Actor::web(qin), of_dan).await,
        ] {
            assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        }
        let long = "x".repeat(30_000);
        assert!(matches!(
            writes(w, "dan", &long, Visibility::Everyone).await,
            Err(Error::Refused(Refusal::TextTooLong { .. }))
        ));
        sqlx::query("INSERT INTO person_roles SELECT id, 'auditor' FROM people WHERE key = 'qin'")
            .execute(&w.pool)
            .await
            .unwrap();
        let seen = sees(w, "qin").await.unwrap();
        assert_eq!((seen.entries.len(), seen.may_write), (1, false));
        assert!(matches!(
            writes(w, "qin", "hello", Visibility::Everyone).await,
            Err(Error::Refused(Refusal::OnlyReads))
        ));
    });
}

#[test]
fn notes_are_for_those_who_decide_and_never_for_those_whose_access_it_is() {
    story(async |w| {
        ana_asks_the_owners(w).await;
        let note = writes(w, "carla", "do we trust this?", Visibility::Approvers)
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(
            lines(&sees(w, "dan").await.unwrap()),
            ["🔒 Carla Conti: do we trust this?"]
        );
        let slack = w.person("dan");
        let thread = |person: &simulator::Person, card: &str| -> String {
            let thread = person.thread(&message(person, card));
            thread.iter().map(|m| m.text().to_owned() + "\n").collect()
        };
        let hers = thread(&w.person("ana"), "You have created");
        assert!(!hers.contains("trust"), "{hers}");
        let his = thread(&slack, "INC-42");
        assert_eq!(his.matches("do we trust this?").count(), 1, "{his}");
        let seen = sees(w, "ana").await.unwrap();
        assert_eq!((seen.entries.len(), seen.may_note), (0, false));
        assert!(matches!(
            writes(w, "ana", "me too", Visibility::Approvers).await,
            Err(Error::Refused(Refusal::NoteNotYours))
        ));
        let ana = person(w, "ana").await.id;
        let refused = edit_comment(&w.system, Actor::web(ana), note, said("x")).await;
        assert!(
            matches!(refused, Err(Error::NotFound)),
            "to her there is no such comment: {refused:?}"
        );
        // Whatever else she becomes.
        sqlx::query("INSERT INTO person_roles SELECT id, 'super_admin' FROM people WHERE key = 'ana'")
            .execute(&w.pool)
            .await
            .unwrap();
        assert_eq!(sees(w, "ana").await.unwrap().entries.len(), 0);
    });
}
