//! The request form: opened, redrawn with every choice, submitted.

use super::{Handlers, acquainted::Acquaintance, actor, modal};
use crate::{
    db,
    domain::{
        ids::{AppId, CatalogId, EntitlementId, PersonId},
        person::Person,
        refusal::Refusal,
    },
    slack::{
        gateway::{
            inbound::{FormState, SlackActor, View},
            reply::Reply,
        },
        surface,
        view::request_form::{self as view, FormNotes},
    },
    usecases::{
        Error,
        queries::{
            request_card::PersonRef,
            request_form::{ChosenLength, Draft, RequestForm, request_form},
        },
        request_bundle::{Wish, request_bundle},
        submit_request::{Submission, submit_request},
    },
};

/// A form with nothing in it.
pub(super) fn blank() -> Draft {
    Draft::default()
}

/// A form about a message: its link stands in the reason.
pub(super) fn about(link: &str) -> Draft {
    Draft {
        reason: format!("About {link}\n"),
        ..Draft::default()
    }
}

impl Handlers {
    /// The empty form, for somebody who was here a moment ago.
    pub(super) fn empty_form(&self, actor: &SlackActor) -> Option<Reply> {
        let who = self.0.acquainted.recall(actor, self.system().clock.now())?;
        let mentions = [(who.person, actor.user.0.clone())].into_iter().collect();
        let form = RequestForm::empty(who.asks_subject);
        Some(Reply::OpenModal(modal(view::request_form(
            &form, who.person, &mentions,
        ))))
    }

    /// The empty form, for somebody who will be remembered.
    pub(super) async fn first_empty_form(&self, actor: &SlackActor, person: &Person) -> Result<Reply, Error> {
        let form = request_form(self.system(), person, blank()).await?;
        let who = Acquaintance {
            person: person.id,
            asks_subject: form.asks_subject,
        };
        self.0.acquainted.remember(actor, who, self.system().clock.now());
        Ok(Reply::OpenModal(modal(self.drawn(person, &form).await?)))
    }

    pub(super) async fn open_form(&self, person: &Person, draft: Draft, hint: Option<String>) -> Result<Reply, Error> {
        let mut form = request_form(self.system(), person, draft).await?;
        form.hint = hint;
        Ok(Reply::OpenModal(modal(self.drawn(person, &form).await?)))
    }

    /// Draws the form anew for what stands in it now. What was typed stays, because blocks keep their names.
    pub(super) async fn redraw_form(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let draft = self.draft(view).await?;
        let form = request_form(self.system(), person, draft).await?;
        Ok(Reply::UpdateModal(modal(self.drawn(person, &form).await?)))
    }

    pub(super) async fn submit_form(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let draft = self.draft(view).await?;
        if FormNotes::read(&view.private_metadata).is_none() {
            // A form of an earlier version: its answers are kept, the questions are those of today.
            let mut form = request_form(self.system(), person, draft).await?;
            form.hint =
                Some("This form has been renewed meanwhile. Please look it over and submit it again.".to_owned());
            return Ok(Reply::UpdateModal(modal(self.drawn(person, &form).await?)));
        }
        if let Some(bundle) = draft.bundle {
            return self.submit_bundle(person, view, bundle, draft).await;
        }
        let Some(entitlement) = draft.entitlement else {
            return Ok(at(view, &draft, &Refusal::NoSuchEntitlement));
        };
        if let Some(unknown) = self.unknown_subject(view).await? {
            return Ok(Reply::field_error(view::BLOCK_SUBJECT, unknown));
        }
        let length = match length(&draft.length) {
            Ok(length) => length,
            Err(refusal) => return Ok(at(view, &draft, &refusal)),
        };
        let submission = Submission {
            subject: draft.subject.as_ref().map(|subject| subject.id),
            entitlement,
            length,
            justification: draft.reason.clone(),
            emergency: draft.emergency,
            extension: draft.extension,
            origin: Some(format!("slack-view:{}", view.id)),
        };
        match submit_request(self.system(), actor(person), submission).await {
            Ok(_) => Ok(Reply::Ack),
            // The first one can be made an emergency in place of asking a second time.
            Err(Error::Refused(Refusal::AlreadyAsked { request })) if draft.emergency => {
                match self.escalate_dialog(person, request, &draft.reason).await {
                    Ok(Some(dialog)) => Ok(Reply::PushModal(dialog)),
                    Ok(None) | Err(Error::Refused(_)) => Ok(at(view, &draft, &Refusal::AlreadyAsked { request })),
                    Err(other) => Err(other),
                }
            }
            Err(Error::Refused(refusal)) => Ok(at(view, &draft, &refusal)),
            Err(other) => Err(other),
        }
    }

    /// All that is missing of a bundle.
    async fn submit_bundle(
        &self,
        person: &Person,
        view: &View,
        bundle: CatalogId,
        draft: Draft,
    ) -> Result<Reply, Error> {
        if let Some(unknown) = self.unknown_subject(view).await? {
            return Ok(Reply::field_error(view::BLOCK_SUBJECT, unknown));
        }
        let wish = Wish {
            subject: draft.subject.as_ref().map(|subject| subject.id),
            catalog: bundle,
            justification: draft.reason.clone(),
            origin: Some(format!("slack-view:{}", view.id)),
        };
        match request_bundle(self.system(), actor(person), wish).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(at(view, &draft, &refusal)),
            Err(other) => Err(other),
        }
    }

    async fn drawn(&self, person: &Person, form: &RequestForm) -> Result<serde_json::Value, Error> {
        let parts = form.parts.iter().flat_map(|parts| &parts.parts);
        let parts = parts.filter_map(|part| part.outcome.as_ref().ok());
        let preview = form.preview.iter().chain(parts).flat_map(|preview| &preview.steps);
        let asked = preview.flat_map(crate::usecases::queries::request_form::PreviewStep::people);
        let subject = form.draft.subject.iter().map(|subject| subject.id);
        let mentions = if form.asks_subject || form.preview.is_some() || form.parts.is_some() {
            self.mentions(asked.chain(subject).chain([person.id])).await?
        } else {
            crate::slack::view::Mentions::new()
        };
        Ok(view::request_form(form, person.id, &mentions))
    }

    /// What stands in the form. A select that nobody touched may be missing; the form's own notes say what it showed.
    async fn draft(&self, view: &View) -> Result<Draft, Error> {
        let notes = FormNotes::read(&view.private_metadata).unwrap_or_default();
        let state = &view.state;
        let chosen = state.choice(view::BLOCK_APP, surface::FORM_APP);
        let (app, bundle): (Option<AppId>, _) = match chosen {
            Some(value) => (value.parse().ok(), view::bundle_chosen(value)),
            None => (notes.app, notes.bundle),
        };
        let entitlement: Option<EntitlementId> = app.and_then(|app| {
            state
                .choice(&view::entitlement_block(app), surface::FORM_ENTITLEMENT)
                .and_then(|value| value.parse().ok())
                .or(notes.entitlement.filter(|_| notes.app == Some(app)))
        });
        Ok(Draft {
            app,
            bundle,
            entitlement,
            length: entitlement.map(|id| chosen_length(state, id)).unwrap_or_default(),
            reason: state
                .text(view::BLOCK_REASON, surface::FORM_REASON)
                .unwrap_or_default()
                .to_owned(),
            emergency: state.is_chosen(view::BLOCK_EMERGENCY, surface::FORM_EMERGENCY, view::EMERGENCY_ON),
            subject: self.subject(state, notes.subject).await?,
            extension: notes.extension && notes.entitlement == entitlement,
        })
    }

    async fn subject(&self, state: &FormState, noted: Option<PersonId>) -> Result<Option<PersonRef>, Error> {
        let db = &self.system().db;
        let person = match state.choice(view::BLOCK_SUBJECT, surface::FORM_SUBJECT) {
            Some(user) => db::people::by_slack(db, self.0.deliver.team.as_str(), user).await?,
            None => match noted {
                Some(id) => db::people::person(db, id).await?,
                None => None,
            },
        };
        Ok(person.map(|person| PersonRef {
            id: person.id,
            name: person.name,
        }))
    }

    /// Somebody was chosen whom we do not know: a guest of another workspace, a bot.
    async fn unknown_subject(&self, view: &View) -> Result<Option<&'static str>, Error> {
        let Some(user) = view.state.choice(view::BLOCK_SUBJECT, surface::FORM_SUBJECT) else {
            return Ok(None);
        };
        let known = db::people::by_slack(&self.system().db, self.0.deliver.team.as_str(), user).await?;
        Ok(known
            .is_none()
            .then_some("This is nobody who can be given access here."))
    }
}

fn chosen_length(state: &FormState, entitlement: EntitlementId) -> ChosenLength {
    let blocks = [true, false].map(|emergency| view::length_block(entitlement, emergency));
    let value = blocks
        .iter()
        .find_map(|block| state.choice(block, surface::FORM_LENGTH));
    match value.and_then(view::length_chosen) {
        Some(ChosenLength::Custom(_)) => {
            let wrote = state.text(view::BLOCK_CUSTOM_LENGTH, surface::FORM_CUSTOM_LENGTH);
            ChosenLength::Custom(wrote.unwrap_or_default().to_owned())
        }
        Some(offered) => offered,
        None => ChosenLength::Default,
    }
}

/// The length to ask for; which are allowed is checked with the entitlement's rules by the use case.
fn length(chosen: &ChosenLength) -> Result<Option<crate::domain::length::Length>, Refusal> {
    match chosen {
        ChosenLength::Default => Ok(None),
        ChosenLength::Offered(length) => Ok(Some(*length)),
        ChosenLength::Custom(wrote) => crate::domain::length::Length::parse(wrote).map(Some),
    }
}

/// Says a refusal at the question it is about; nothing that was typed is lost.
fn at(view: &View, draft: &Draft, refusal: &Refusal) -> Reply {
    use Refusal as R;
    let length = draft.entitlement.map(|id| view::length_block(id, draft.emergency));
    let entitlement = draft.app.map(view::entitlement_block);
    let wanted: Vec<Option<String>> = match refusal {
        R::LengthNotUnderstood { .. } | R::LengthTooLong { .. } | R::NoEndNotAllowed { .. } | R::LengthNotOffered => {
            vec![Some(view::BLOCK_CUSTOM_LENGTH.to_owned()), length, entitlement]
        }
        R::ReasonRequired | R::TextTooLong { .. } => vec![Some(view::BLOCK_REASON.to_owned())],
        R::EmergencyNotOffered | R::EmergencyNotYours => vec![Some(view::BLOCK_EMERGENCY.to_owned()), entitlement],
        R::NotTakingPart { .. } | R::MayNotAskFor { .. } => vec![Some(view::BLOCK_SUBJECT.to_owned()), entitlement],
        _ => vec![entitlement, Some(view::BLOCK_APP.to_owned())],
    };
    let shown = |block: &String| view.inputs.contains(block);
    let block = wanted.into_iter().flatten().find(shown);
    let block = block
        .or_else(|| view.inputs.last().cloned())
        .unwrap_or_else(|| view::BLOCK_REASON.to_owned());
    Reply::field_error(block, refusal.sentence())
}
