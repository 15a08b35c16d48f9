//! Showing one request to whoever may see it.

use super::{Handlers, tell};
use crate::{
    domain::person::Person,
    slack::{
        gateway::reply::Reply,
        view::{self, lists},
    },
    usecases::{Error, queries::request_card::visible_card},
};

impl Handlers {
    pub(super) async fn show(&self, person: &Person, wrote: &str) -> Result<Reply, Error> {
        let id = wrote.trim_start_matches('#').parse().ok();
        let card = match id {
            Some(id) => visible_card(self.system(), id, person).await?,
            None => None,
        };
        Ok(tell(match card {
            Some(card) => view::request_card::shown_once(&card, &self.mentions(card.people()).await?),
            None => lists::no_such_request(wrote),
        }))
    }
}
