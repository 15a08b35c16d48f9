//! `/c1 approvals`: what waits for a person, to decide several at once.

use super::{Handlers, desk::reason, modal, number};
use crate::{
    domain::{ids::RequestId, person::Person, step::Verdict},
    slack::{
        gateway::{
            inbound::{FormState, View},
            reply::Reply,
        },
        surface,
        view::{
            bulk::{self as view, Notes},
            decision::{DecisionNotes, Seen},
        },
    },
    usecases::{Error, queries::my_work},
};

impl Handlers {
    /// The list, or `None` when nothing waits that this person could decide.
    pub(super) async fn bulk(&self, person: &Person) -> Result<Option<Reply>, Error> {
        let view = self.bulk_page(person, &Notes::first()).await?;
        Ok(view.map(|view| Reply::OpenModal(modal(view))))
    }

    async fn bulk_page(&self, person: &Person, notes: &Notes) -> Result<Option<serde_json::Value>, Error> {
        let upto = i64::try_from(notes.from + view::PAGE).unwrap_or(i64::MAX);
        let (lines, total) = my_work::waiting(self.system(), person.id, upto).await?;
        let lines = lines.get(notes.from..).unwrap_or_default();
        if lines.is_empty() {
            return Ok(None);
        }
        let mentions = self
            .mentions(lines.iter().flat_map(my_work::RequestLine::people))
            .await?;
        let total = usize::try_from(total).unwrap_or(0);
        let now = self.system().clock.now();
        Ok(Some(view::list(lines, total, notes, now, &mentions)))
    }

    /// Another page; what is ticked stays ticked.
    pub(super) async fn turn_page(&self, person: &Person, value: &str, view: Option<&View>) -> Result<Reply, Error> {
        let Some(view) = view else { return Ok(Reply::Ack) };
        let notes = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let ticked = notes.ticked(|request| is_ticked(&view.state, request));
        let from: RequestId = number(value)?;
        let from = usize::try_from(from.0).unwrap_or(0);
        let page = self.bulk_page(person, &Notes::page(from, &ticked)).await?;
        let first = match page {
            Some(page) => Some(page),
            // Others have decided meanwhile: back to the beginning.
            None => self.bulk_page(person, &Notes::page(0, &ticked)).await?,
        };
        Ok(first.map_or(Reply::Ack, |page| Reply::UpdateModal(modal(page))))
    }

    /// Decides what is ticked. Each passes its own rules; what is refused is told, the rest counts.
    pub(super) async fn decide_several(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let notes = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let verdict = match view.state.choice(view::BLOCK_VERDICT, surface::BULK_VERDICT) {
            Some("approve") => Verdict::Approve,
            Some("deny") => Verdict::Deny,
            _ => {
                return Ok(Reply::field_error(
                    view::BLOCK_VERDICT,
                    "Please choose what you decide.",
                ));
            }
        };
        let ticked = notes.ticked(|request| is_ticked(&view.state, request));
        if ticked.is_empty() {
            let sentence = "Please tick what you decide.";
            return Ok(Reply::field_error(view::BLOCK_VERDICT, sentence));
        }
        let reason = reason(view);
        let (mut decided, mut refused) = (0, Vec::new());
        for seen in ticked {
            match self.decide_one(person, seen, verdict, &reason).await? {
                None => decided += 1,
                Some(sentence) => refused.push((seen.request, sentence)),
            }
        }
        Ok(Reply::UpdateModal(modal(view::outcome(verdict, decided, &refused))))
    }

    /// Decides one; says why not, if it is refused. What this person has said before, in the same way, counts.
    async fn decide_one(
        &self,
        person: &Person,
        seen: Seen,
        verdict: Verdict,
        reason: &str,
    ) -> Result<Option<String>, Error> {
        let notes = DecisionNotes { seen, verdict };
        match self.record(person, notes, reason).await {
            Ok(()) => Ok(None),
            Err(Error::Refused(_)) if self.has_said(person, notes).await? => Ok(None),
            Err(Error::Refused(refusal)) => Ok(Some(refusal.sentence())),
            Err(Error::NotFound) => Ok(Some("That is not there, or not for you to see.".to_owned())),
            Err(other) => Err(other),
        }
    }
}

fn is_ticked(state: &FormState, request: RequestId) -> bool {
    let mut ticks = state.choices(&view::tick_block(request), surface::BULK_TICK);
    ticks.next().is_some()
}
