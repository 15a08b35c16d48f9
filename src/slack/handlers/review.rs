//! Looking back at an emergency: the list, the button, the form.

use super::{Handlers, actor, modal, number, tell};
use crate::{
    domain::person::Person,
    slack::{
        gateway::{inbound::View, reply::Reply},
        surface,
        view::{decision, review as view},
    },
    usecases::{
        Error,
        queries::reviews::{self, ReviewCard},
        review_emergency::review_emergency,
    },
};

impl Handlers {
    pub(super) async fn reviews(&self, person: &Person) -> Result<Reply, Error> {
        let cards = reviews::reviews(self.system(), person.id).await?;
        let mentions = self.mentions(cards.iter().flat_map(ReviewCard::people)).await?;
        Ok(tell(view::list(&cards, &mentions)))
    }

    /// The form, for those who can do it; who cannot is told why when they try.
    pub(super) async fn open_review(&self, person: &Person, value: &str) -> Result<Reply, Error> {
        let card = reviews::review_card(self.system(), number(value)?).await?;
        let mine = |card: &ReviewCard| card.reviewers.iter().any(|reviewer| reviewer.id == person.id);
        let card = card.filter(mine).ok_or(Error::NotFound)?;
        let mentions = self.mentions(card.people()).await?;
        Ok(Reply::OpenModal(modal(view::form(&card, &mentions))))
    }

    pub(super) async fn reviewed(&self, person: &Person, form: &View) -> Result<Reply, Error> {
        let id: i64 = number(&form.private_metadata)?;
        let state = &form.state;
        let findings = view::findings(
            state.choice(view::BLOCK_JUSTIFIED, surface::REVIEW_JUSTIFIED),
            state.choice(view::BLOCK_FIT, surface::REVIEW_FIT),
            state
                .text(decision::BLOCK_REASON, surface::REVIEW_FOLLOW_UP)
                .unwrap_or_default(),
        );
        let Some(findings) = findings else {
            return Ok(Reply::field_error(
                view::BLOCK_JUSTIFIED,
                "Please answer both questions.",
            ));
        };
        match review_emergency(self.system(), actor(person), id, findings).await {
            Ok(()) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(decision::BLOCK_REASON, refusal.sentence())),
            Err(other) => Err(other),
        }
    }
}
