//! `/c1 away` and the button on the Home tab: who is away, until when, and who decides in their place.

use super::{Handlers, actor, modal, tell};
use crate::{
    db,
    domain::{absence, ids::PersonId, person::Person, refusal::Refusal},
    slack::{
        gateway::{
            inbound::{Container, View},
            reply::Reply,
        },
        surface,
        view::away as view,
    },
    usecases::{
        Error,
        be_away::{Away, be_away, be_back, today},
    },
};

impl Handlers {
    /// `/c1 away`, `/c1 away until Monday for @Ben`.
    pub(super) async fn away_command(&self, person: &Person, words: &str) -> Result<Reply, Error> {
        if words.is_empty() {
            return self.say_away(person).await;
        }
        let (days, delegate) = match words.split_once(" for ") {
            Some((days, who)) => (days, Some(self.mentioned(who.trim()).await?)),
            None => (words, None),
        };
        let days = absence::days(days, today(self.system(), person.id).await?)?;
        let away = Away {
            from: days.from,
            until: days.until,
            delegate,
        };
        be_away(self.system(), actor(person), away).await?;
        self.say_away(person).await
    }

    /// `/c1 back`.
    pub(super) async fn back_command(&self, person: &Person) -> Result<Reply, Error> {
        let was = be_back(self.system(), actor(person)).await?;
        Ok(tell(view::back(was)))
    }

    async fn say_away(&self, person: &Person) -> Result<Reply, Error> {
        let absence = db::absences::of(&self.system().db, person.id).await?;
        let mentions = self
            .mentions(absence.iter().filter_map(|absence| absence.delegate))
            .await?;
        let name = match absence.as_ref().and_then(|absence| absence.delegate) {
            Some(delegate) => db::people::person(&self.system().db, delegate)
                .await?
                .map(|person| person.name),
            None => None,
        };
        Ok(tell(view::away(
            absence.as_ref(),
            name.as_deref(),
            self.system().clock.now(),
            &mentions,
        )))
    }

    /// The person that a mention (`<@U123|ben>`) means.
    pub(super) async fn mentioned(&self, wrote: &str) -> Result<PersonId, Error> {
        let user = wrote
            .strip_prefix("<@")
            .and_then(|rest| rest.strip_suffix('>'))
            .map(|inside| inside.split('|').next().unwrap_or_default());
        let team = self.0.deliver.team.as_str();
        let found = match user {
            Some(user) => db::people::by_slack(&self.system().db, team, user).await?,
            None => None,
        };
        let unknown = || Refusal::NotTakingPart {
            name: wrote.chars().filter(|c| !"<>&*_`~".contains(*c)).take(40).collect(),
        };
        Ok(found.ok_or_else(unknown)?.id)
    }

    /// The button on the Home tab.
    pub(super) async fn away_form(&self, person: &Person) -> Result<Reply, Error> {
        let absence = db::absences::of(&self.system().db, person.id).await?;
        let mentions = self
            .mentions(absence.iter().filter_map(|absence| absence.delegate))
            .await?;
        let today = today(self.system(), person.id).await?;
        Ok(Reply::OpenModal(modal(view::form(absence.as_ref(), today, &mentions))))
    }

    pub(super) async fn away_said(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let day = |block, action| view.state.text(block, action).and_then(|text| text.parse().ok());
        let Some(until) = day(view::BLOCK_UNTIL, surface::AWAY_UNTIL) else {
            return Ok(Reply::field_error(
                view::BLOCK_UNTIL,
                "Please choose the day you are back.",
            ));
        };
        let delegate = match view.state.choice(view::BLOCK_DELEGATE, surface::AWAY_DELEGATE) {
            Some(user) => {
                let team = self.0.deliver.team.as_str();
                match db::people::by_slack(&self.system().db, team, user).await? {
                    Some(delegate) => Some(delegate.id),
                    None => {
                        let sentence = "This is nobody who can decide here.";
                        return Ok(Reply::field_error(view::BLOCK_DELEGATE, sentence));
                    }
                }
            }
            None => None,
        };
        let away = Away {
            from: day(view::BLOCK_FROM, surface::AWAY_FROM),
            until,
            delegate,
        };
        match be_away(self.system(), actor(person), away).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal @ (Refusal::OwnDelegate | Refusal::NotTakingPart { .. }))) => {
                Ok(Reply::field_error(view::BLOCK_DELEGATE, refusal.sentence()))
            }
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_UNTIL, refusal.sentence())),
            Err(other) => Err(other),
        }
    }

    /// "I'm back".
    pub(super) async fn back(&self, person: &Person, container: &Container) -> Result<Reply, Error> {
        let was = be_back(self.system(), actor(person)).await?;
        Ok(super::done(container, || view::back(was)))
    }
}
