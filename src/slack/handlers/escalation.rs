//! Making an open request an emergency: the button, the dialog that asks what has changed, `/c1 escalate 42`.

use super::{Handlers, actor, modal, number, tell};
use crate::{
    domain::{ids::RequestId, person::Person},
    slack::{
        gateway::{
            inbound::{Container, View},
            reply::Reply,
        },
        surface,
        view::{decision as view, lists, notices, request_form},
    },
    usecases::{Error, escalate_request::escalate_request, queries::escalation::escalation},
};

impl Handlers {
    /// The button: on a card, or in the form of a second request for the same.
    pub(super) async fn ask_what_changed(
        &self,
        person: &Person,
        value: &str,
        container: &Container,
    ) -> Result<Reply, Error> {
        let typed = container
            .view()
            .and_then(|form| form.state.text(request_form::BLOCK_REASON, surface::FORM_REASON))
            .unwrap_or_default();
        let dialog = self.escalate_dialog(person, number(value)?, typed).await?;
        Ok(Reply::PushModal(dialog.ok_or(Error::NotFound)?))
    }

    /// `/c1 escalate 42 why`: with a reason at once, without one after the question.
    pub(super) async fn escalate_command(&self, person: &Person, wrote: &str) -> Result<Reply, Error> {
        let (wrote, reason) = wrote.split_once(char::is_whitespace).unwrap_or((wrote, ""));
        let Ok(id) = wrote.trim_start_matches('#').parse::<RequestId>() else {
            return Ok(tell(lists::no_such_request(wrote)));
        };
        let Some(dialog) = self.escalate_dialog(person, id, "").await? else {
            return Ok(tell(lists::no_such_request(wrote)));
        };
        if reason.trim().is_empty() {
            return Ok(Reply::OpenModal(dialog));
        }
        escalate_request(self.system(), actor(person), id, reason.to_owned()).await?;
        Ok(tell(notices::say(&format!(
            "⚡ Request #{id} is an emergency now. You find it in our conversation."
        ))))
    }

    pub(super) async fn escalate(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let id: RequestId = number(&view.private_metadata)?;
        let reason = view
            .state
            .text(view::BLOCK_REASON, surface::ESCALATION_REASON)
            .unwrap_or_default();
        match escalate_request(self.system(), actor(person), id, reason.to_owned()).await {
            Ok(_) => Ok(Reply::ClearModals),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_REASON, refusal.sentence())),
            Err(other) => Err(other),
        }
    }

    /// The dialog; `None` when there is no such request for this person.
    pub(super) async fn escalate_dialog(
        &self,
        person: &Person,
        id: RequestId,
        typed: &str,
    ) -> Result<Option<crate::slack::gateway::reply::ViewBody>, Error> {
        let Some(escalation) = escalation(self.system(), person, id).await? else {
            return Ok(None);
        };
        let asked = escalation
            .preview
            .steps
            .iter()
            .flat_map(crate::usecases::queries::request_form::PreviewStep::people);
        let mentions = self.mentions(asked.chain([escalation.card.subject.id])).await?;
        Ok(Some(modal(view::escalate_dialog(&escalation, typed, &mentions))))
    }
}
