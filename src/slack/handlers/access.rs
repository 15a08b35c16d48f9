//! What a person holds: "I'm done" and "Extend".

use super::{Handlers, actor, done, number};
use crate::{
    db,
    domain::{grant::GrantState, ids::GrantId, person::Person, refusal::Refusal},
    slack::{
        gateway::{inbound::Container, reply::Reply},
        view::notices,
    },
    usecases::{Error, end_grant::end_grant, queries::request_form::Draft},
};

impl Handlers {
    pub(super) async fn end(&self, person: &Person, value: &str, container: &Container) -> Result<Reply, Error> {
        let id: GrantId = number(value)?;
        end_grant(self.system(), actor(person), id).await?;
        Ok(done(container, || {
            notices::say("Thank you. This access is being taken away now.")
        }))
    }

    /// More time is a request of its own; what is held stays until it is decided. More of an emergency is a new emergency,
    /// with a reason of its own.
    pub(super) async fn extend(&self, person: &Person, value: &str) -> Result<Reply, Error> {
        let grant = db::grants::get(&self.system().db, number(value)?).await?;
        let grant = grant
            .filter(|grant| grant.subject == person.id)
            .ok_or(Error::NotFound)?;
        if grant.state != GrantState::Active {
            return Err(Refusal::NotHeld.into());
        }
        let newest = grant
            .holds
            .iter()
            .filter(|hold| !hold.over)
            .map(|hold| hold.request)
            .max();
        let emergency = match newest {
            Some(request) => db::requests::get(&self.system().db, request)
                .await?
                .is_some_and(|request| request.emergency),
            None => false,
        };
        let draft = Draft {
            entitlement: Some(grant.entitlement),
            extension: true,
            emergency,
            ..Draft::default()
        };
        self.open_form(person, draft, None).await
    }
}
