//! An approver asks the one who asked: a comment in the conversation, marked as a question, and a word to those who can
//! answer it.

use super::{Actor, Error, System, authorize, comment, facts, job};
use crate::{
    db,
    domain::{
        comment::{Said, Visibility},
        ids::{CommentId, RequestId},
        refusal::{Refusal, tidy},
        words::Words,
    },
};

/// Asks. The question stands in the conversation under the approver's name.
///
/// # Errors
/// [`Refusal::NotAnApprover`], [`Refusal::ReasonRequired`] for a question without words.
pub async fn ask_requester(system: &System, actor: Actor, id: RequestId, question: &str) -> Result<CommentId, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    let question = tidy(question, true)?;
    system
        .db
        .write("ask_requester", async |tx| {
            let request = db::requests::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let facts = facts::of_request(tx, now, &request, [by]).await?;
            authorize::takes_part(facts.person(by).ok_or(Refusal::NotAnApprover)?)?;
            if !request.steps.iter().any(|step| step.asks(by)) {
                return Err(Refusal::NotAnApprover.into());
            }
            let said = comment::Comment {
                request: id,
                said: Said {
                    words: Words::typed(&format!("❓ {question}")),
                    files: Vec::new(),
                },
                visibility: Visibility::Everyone,
                at: None,
                once: None,
            };
            let asked = comment::write(tx, now, actor, &request, &said).await?;
            let mut jobs = Vec::new();
            let mut told = vec![request.requester, request.subject];
            told.dedup();
            for person in told.into_iter().filter(|person| *person != by) {
                let body = format!(
                    "❓ *{}* has a question about request #{id} ({}):\n>{}\nPlease answer in the thread of your request.",
                    comment::literally(&facts.name(by)),
                    comment::literally(&facts.entitlement.title()),
                    comment::literally(&question).replace('\n', "\n>"),
                );
                let notice = db::notices::insert(tx, now, person, Some(id), "question", &body).await?;
                jobs.push(job::Job::SendNotice(notice));
            }
            job::enqueue(tx, now, &jobs).await?;
            Ok(asked)
        })
        .await
}
