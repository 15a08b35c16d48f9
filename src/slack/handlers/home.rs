//! The Home tab, when it is opened.

use super::{Answer, Handlers};
use crate::{
    db::{self, DbError},
    slack::gateway::{inbound::SlackActor, reply::Reply},
};

impl Handlers {
    /// Draws it, and keeps it current from now on.
    pub(super) async fn home_opened(&self, actor: &SlackActor) -> Answer {
        let Some(person) = self.person(actor).await? else {
            return Ok(Reply::Ack);
        };
        let now = self.system().clock.now();
        let note = async |tx: &mut db::Tx<'_>| db::reading::opened_home(tx, person.id, now).await;
        self.system().db.write::<_, DbError>("home_opened", note).await?;
        Ok(Reply::PublishHome(self.0.deliver.home(person.id).await?))
    }
}
