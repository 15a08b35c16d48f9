//! Calling a request off.

use super::{Handlers, actor, done, number, tell};
use crate::{
    db,
    domain::{ids::RequestId, person::Person, refusal::Refusal},
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

    /// All parts of a bundle that are open; each is called off by its own rules.
    pub(super) async fn cancel_bundle(
        &self,
        person: &Person,
        value: &str,
        container: &Container,
    ) -> Result<Reply, Error> {
        let bundle = db::bundles::get(&self.system().db, number(value)?)
            .await?
            .ok_or(Error::NotFound)?;
        let mut cancelled = 0;
        for request in bundle.requests {
            match cancel_request(self.system(), actor(person), request, String::new()).await {
                Ok(_) => cancelled += 1,
                // It was decided a moment ago, or before.
                Err(Error::Refused(Refusal::AlreadyClosed { .. })) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(done(container, || {
            notices::say(&match cancelled {
                0 => "Nothing was open any more.".to_owned(),
                1 => "1 request is cancelled.".to_owned(),
                count => format!("{count} requests are cancelled."),
            })
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
