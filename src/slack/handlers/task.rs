//! Giving and taking access by hand: "Provisioned", "Won't do", "Removed"; and "Try again" for a connector.

use super::{Handlers, actor, done, modal, number};
use crate::{
    domain::{ids::GrantId, person::Person},
    slack::{
        gateway::{
            inbound::{Container, View},
            reply::Reply,
        },
        surface,
        view::{decision as view, notices},
    },
    usecases::{
        Error,
        queries::my_work,
        record_provisioning::{Report, record_provisioning},
    },
};

impl Handlers {
    pub(super) async fn task(
        &self,
        person: &Person,
        action_id: &str,
        value: &str,
        container: &Container,
    ) -> Result<Reply, Error> {
        let id: GrantId = number(value)?;
        let report = match action_id {
            surface::PROVISIONED => Report::Given { already: false },
            surface::REMOVED => Report::Taken { kept: false },
            surface::RETRY => Report::Retry,
            _ => return self.ask_why_not(person, id).await,
        };
        record_provisioning(self.system(), actor(person), id, report).await?;
        Ok(done(container, || notices::say("Noted. Thank you.")))
    }

    async fn ask_why_not(&self, person: &Person, id: GrantId) -> Result<Reply, Error> {
        let task = my_work::task(self.system(), person.id, id)
            .await?
            .ok_or(Error::NotFound)?;
        let mentions = self.mentions([task.subject.id]).await?;
        Ok(Reply::OpenModal(modal(view::wont_do_dialog(&task, &mentions))))
    }

    pub(super) async fn wont_do(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let id: GrantId = number(&view.private_metadata)?;
        let why = view
            .state
            .text(view::BLOCK_REASON, surface::REASON)
            .unwrap_or_default()
            .to_owned();
        match record_provisioning(self.system(), actor(person), id, Report::NotGiven { why }).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_REASON, refusal.sentence())),
            Err(other) => Err(other),
        }
    }
}
