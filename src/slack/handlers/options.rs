//! What the form's pickers offer for what was typed.

use super::Handlers;
use crate::{
    db,
    domain::{ids::PersonId, person::Person},
    slack::{
        gateway::{
            inbound::View,
            reply::{OptionItem, Options, Reply},
        },
        surface,
        view::request_form as view,
    },
    usecases::{Error, queries::catalog_for},
};

impl Handlers {
    pub(super) async fn options(
        &self,
        person: &Person,
        action_id: &str,
        block_id: &str,
        query: &str,
        form: Option<&View>,
    ) -> Result<Reply, Error> {
        let Some(subject) = self.chosen_subject(person, form).await? else {
            return Ok(Reply::Options(Options::none()));
        };
        let choices = match action_id {
            surface::FORM_APP => view::app_choices(
                &catalog_for::bundles(self.system(), subject, query).await?,
                &catalog_for::apps(self.system(), subject, query).await?,
            ),
            surface::FORM_ENTITLEMENT => match view::app_of_block(block_id) {
                Some(app) => {
                    view::entitlement_choices(&catalog_for::entitlements(self.system(), subject, app, query).await?)
                }
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        let items = choices.into_iter().map(|choice| OptionItem {
            text: choice.text,
            value: choice.value,
            description: choice.description,
        });
        Ok(Reply::Options(Options::Flat(items.collect())))
    }

    /// Whom the form is about: what they may see is what is offered. `None` when this person may not ask for them: what
    /// others may see, and have, is not theirs to know.
    async fn chosen_subject(&self, person: &Person, form: Option<&View>) -> Result<Option<PersonId>, Error> {
        let chosen = form.and_then(|form| form.state.choice(view::BLOCK_SUBJECT, surface::FORM_SUBJECT));
        let Some(user) = chosen else { return Ok(Some(person.id)) };
        let db = &self.system().db;
        let Some(subject) = db::people::by_slack(db, self.0.deliver.team.as_str(), user).await? else {
            return Ok(Some(person.id));
        };
        let may = person.may_ask_for(&subject, false) || db::people::manages(db, person.id, subject.id).await?;
        Ok(may.then_some(subject.id))
    }
}
