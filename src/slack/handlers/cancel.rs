//! Calling a request off.

use super::{Handlers, actor, done, number, tell};
use crate::{
    domain::{ids::RequestId, person::Person},
    slack::{
        gateway::{inbound::Container, reply::Reply},
        view::{lists, notices},
    },
    usecases::{Error, cancel_request::cancel_request, queries::request_card::visible_card},
};

impl Handlers {
    /// The button, whose own question has been answered.
    pub(super) async fn cancel(&self, person: &Person, value: &str, container: &Container) -> Result<Reply, Error> {
        let id: RequestId = number(value)?;
        cancel_request(self.system(), actor(person), id, String::new()).await?;
        Ok(done(container, || {
            notices::say(&format!("Request #{id} is cancelled."))
        }))
    }

    /// `/c1 cancel 42`: shows which, and asks.
    pub(super) async fn ask_to_cancel(&self, person: &Person, wrote: &str) -> Result<Reply, Error> {
        let id = wrote.trim_start_matches('#').parse().ok();
        let card = match id {
            Some(id) => visible_card(self.system(), id, person).await?,
            None => None,
        };
        Ok(tell(match card {
            Some(card) => lists::cancel(&card, &self.mentions(card.people()).await?),
            None => lists::no_such_request(wrote),
        }))
    }
}
