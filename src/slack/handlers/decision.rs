//! Approve and Deny: in a card, in a list, on the Home tab, in the dialog that asks for a reason.

use super::{Handlers, actor, done, modal};
use crate::{
    domain::{person::Person, refusal::Refusal, step::Verdict},
    slack::{
        gateway::{
            inbound::{Container, FormState, View},
            reply::Reply,
        },
        surface,
        view::{
            decision::{self as view, DecisionNotes, Seen},
            notices,
        },
    },
    usecases::{
        Error,
        decide_step::{Decide, decide_step},
        queries::request_card::{Role, request_card},
    },
};

impl Handlers {
    pub(super) async fn decide(
        &self,
        person: &Person,
        action_id: &str,
        value: &str,
        state: &FormState,
        container: &Container,
    ) -> Result<Reply, Error> {
        let seen: Seen = value.parse().map_err(|_| Error::NotFound)?;
        let verdict = if action_id == surface::APPROVE {
            Verdict::Approve
        } else {
            Verdict::Deny
        };
        let reason = state
            .text(&view::reason_block(seen.step), surface::DECISION_REASON)
            .unwrap_or_default();
        let notes = DecisionNotes { seen, verdict };
        match self.record(person, notes, reason).await {
            Ok(()) => Ok(done(container, || notices::say(said(notes)))),
            Err(Error::Refused(Refusal::ReasonRequired)) => self.ask_for_reason(person, notes).await,
            Err(Error::Refused(refusal)) if self.has_said(person, notes).await? => {
                tracing::debug!(request.id = %seen.request, refusal = refusal.code(), "a decision came twice");
                Ok(done(container, || notices::say(said(notes))))
            }
            Err(other) => Err(other),
        }
    }

    /// A double click, or a click that Slack sent twice: it has had its effect.
    pub(super) async fn has_said(&self, person: &Person, notes: DecisionNotes) -> Result<bool, Error> {
        let card = request_card(self.system(), notes.seen.request, person.id, Role::Approver).await?;
        let step = card.and_then(|card| card.steps.into_iter().nth(notes.seen.step));
        let mine = step.and_then(|step| step.decisions.into_iter().find(|decision| decision.by.id == person.id));
        Ok(mine.is_some_and(|decision| decision.verdict == notes.verdict))
    }

    pub(super) async fn decide_with_reason(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let notes = DecisionNotes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let reason = view
            .state
            .text(view::BLOCK_REASON, surface::DECISION_REASON)
            .unwrap_or_default();
        match self.record(person, notes, reason).await {
            Ok(()) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_REASON, refusal.sentence())),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn record(&self, person: &Person, notes: DecisionNotes, reason: &str) -> Result<(), Error> {
        let Seen {
            request,
            step,
            revision,
        } = notes.seen;
        let decide = Decide {
            request,
            step,
            revision,
            verdict: notes.verdict,
            reason: reason.to_owned(),
        };
        decide_step(self.system(), actor(person), decide).await?;
        Ok(())
    }

    async fn ask_for_reason(&self, person: &Person, notes: DecisionNotes) -> Result<Reply, Error> {
        let card = request_card(self.system(), notes.seen.request, person.id, Role::Approver).await?;
        let card = card.ok_or(Error::NotFound)?;
        let mentions = self.mentions([card.subject.id]).await?;
        Ok(Reply::OpenModal(modal(view::decision_dialog(
            &card, notes, true, "", &mentions,
        ))))
    }
}

fn said(notes: DecisionNotes) -> &'static str {
    match notes.verdict {
        Verdict::Approve => "Approved. Thank you.",
        Verdict::Deny => "Denied. Whoever asked has been told.",
    }
}
