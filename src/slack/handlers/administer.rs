//! "Administer…": what administrators of requests do outside the plan.

use super::{Handlers, actor, desk::reason, modal, number};
use crate::{
    db,
    domain::{ids::RequestId, person::Person, refusal::Refusal},
    slack::{
        gateway::{inbound::View, reply::Reply},
        surface,
        view::{
            decision::BLOCK_REASON,
            desk::{self as view, Notes},
        },
    },
    usecases::{
        Error,
        administer::{Act, administer},
        queries::desk::admin_form,
    },
};

impl Handlers {
    /// Asks what is to be done.
    pub(super) async fn ask_what_to_administer(&self, person: &Person, value: &str) -> Result<Reply, Error> {
        let id: RequestId = number(value)?;
        if !person.administers_requests() {
            return Err(Refusal::NotAnAdministrator.into());
        }
        let request = db::requests::get(&self.system().db, id).await?.ok_or(Error::NotFound)?;
        crate::usecases::authorize::administer(person, &request)?;
        let form = admin_form(self.system(), id, person).await?.ok_or(Error::NotFound)?;
        let mentions = self.mentions(form.card.people()).await?;
        Ok(Reply::OpenModal(modal(view::admin_dialog(
            &form,
            request.revision,
            &mentions,
        ))))
    }

    pub(super) async fn administer(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let Notes { seen } = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let act = match view.state.choice(view::BLOCK_ACT, surface::ADMIN_ACT) {
            Some("cancel") => Act::Cancel,
            Some("restart") => Act::Restart,
            Some("skip") => Act::Skip(seen.step),
            Some("reassign") => {
                let from = view.state.choice(view::BLOCK_FROM, surface::DESK_PERSON);
                let to = match self.chosen_person(view, view::BLOCK_WHO).await? {
                    Ok(Some(to)) => to,
                    Ok(None) => return Ok(Reply::field_error(view::BLOCK_WHO, "Please choose a person.")),
                    Err(sentence) => return Ok(Reply::field_error(view::BLOCK_WHO, sentence)),
                };
                Act::Reassign {
                    from: from.map(number).transpose()?,
                    to,
                }
            }
            _ => return Ok(Reply::field_error(view::BLOCK_ACT, "Please choose what is to be done.")),
        };
        match administer(self.system(), actor(person), seen.request, act, reason(view)).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(about(view, &refusal), refusal.sentence())),
            Err(other) => Err(other),
        }
    }
}

/// The question that a refusal is about.
fn about(view: &View, refusal: &Refusal) -> &'static str {
    let has = |block: &str| view.inputs.iter().any(|input| input == block);
    match refusal {
        Refusal::ReasonRequired | Refusal::TextTooLong { .. } => BLOCK_REASON,
        Refusal::SayInWhosePlace | Refusal::NotAnApprover if has(view::BLOCK_FROM) => view::BLOCK_FROM,
        Refusal::NotTakingPart { .. }
        | Refusal::TheirOwnRequest { .. }
        | Refusal::AskedAlready { .. }
        | Refusal::NotToThem { .. } => view::BLOCK_WHO,
        _ => view::BLOCK_ACT,
    }
}
