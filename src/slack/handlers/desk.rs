//! The menu at Approve and Deny, and the dialogs behind it: taking a step on, giving it away, making it shorter, asking.

use super::{Handlers, actor, done, modal};
use crate::{
    db,
    domain::{
        comment::{Said, Visibility},
        ids::PersonId,
        length::Length,
        person::Person,
        refusal::Refusal,
        words::Words,
    },
    slack::{
        gateway::{
            inbound::{Action, Container, View},
            reply::Reply,
        },
        surface,
        view::{
            decision::{BLOCK_REASON, Seen},
            desk::{self as view, Choice, Notes},
            notices,
        },
    },
    usecases::{
        Error,
        ask_requester::ask_requester,
        claim_step::{claim_step, give_back},
        comment::{Comment, comment},
        queries::{
            conversation::readers,
            desk::{reassign_form, shorten_form},
            request_card::{Role, request_card},
        },
        reassign_step::{Reassign, reassign_step},
        remind::{nudge, remind_me},
        shorten_request::{Shorten, shorten_request},
    },
};

impl Handlers {
    /// Something of the menu was chosen.
    pub(super) async fn menu(&self, person: &Person, action: &Action, container: &Container) -> Result<Reply, Error> {
        let chosen = action.value_or_choice().unwrap_or_default();
        let (choice, seen) = Choice::read(chosen).ok_or(Error::NotFound)?;
        let system = self.system();
        match choice {
            Choice::Claim => {
                claim_step(system, actor(person), seen.request, (seen.step, seen.revision)).await?;
                Ok(done(container, || {
                    notices::say("You are on it. The others are left in peace for a while.")
                }))
            }
            Choice::GiveBack => {
                give_back(system, actor(person), seen.request, seen.step).await?;
                Ok(done(container, || notices::say("You are not on it any more.")))
            }
            Choice::Shorten => {
                let form = shorten_form(system, seen.request, person)
                    .await?
                    .ok_or(Error::NotFound)?;
                let mentions = self.mentions(form.card.people()).await?;
                Ok(Reply::OpenModal(modal(view::shorten_dialog(&form, seen, &mentions))))
            }
            Choice::Reassign => {
                let form = reassign_form(system, seen.request, person)
                    .await?
                    .ok_or(Error::NotFound)?;
                if form.takers.as_ref().is_some_and(Vec::is_empty) {
                    return Err(Refusal::NobodyToGiveTo.into());
                }
                let mentions = self.mentions(form.card.people()).await?;
                Ok(Reply::OpenModal(modal(view::reassign_dialog(&form, seen, &mentions))))
            }
            Choice::Ask => {
                let card = request_card(system, seen.request, person.id, Role::Approver).await?;
                let card = card.ok_or(Error::NotFound)?;
                let mentions = self.mentions(card.people()).await?;
                Ok(Reply::OpenModal(modal(view::question_dialog(&card, seen, &mentions))))
            }
            Choice::Later => {
                let card = request_card(system, seen.request, person.id, Role::Approver).await?;
                let card = card.ok_or(Error::NotFound)?;
                let mentions = self.mentions(card.people()).await?;
                Ok(Reply::OpenModal(modal(view::later_dialog(&card, seen, &mentions))))
            }
        }
    }

    pub(super) async fn reassign(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let Notes { seen } = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let to = match self.chosen_person(view, view::BLOCK_WHO).await? {
            Ok(to) => to,
            Err(sentence) => return Ok(Reply::field_error(view::BLOCK_WHO, sentence)),
        };
        let Some(to) = to else {
            return Ok(Reply::field_error(view::BLOCK_WHO, "Please choose a person."));
        };
        let reassign = Reassign {
            request: seen.request,
            step: seen.step,
            revision: seen.revision,
            to,
            reason: reason(view),
        };
        match reassign_step(self.system(), actor(person), reassign).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(at(&refusal)),
            Err(other) => Err(other),
        }
    }

    /// Who was chosen, of those a dialog offers or of the whole workspace; or why they cannot be.
    pub(super) async fn chosen_person(
        &self,
        view: &View,
        block: &str,
    ) -> Result<Result<Option<PersonId>, &'static str>, Error> {
        if let Some(offered) = view.state.choice(block, surface::DESK_PERSON) {
            return Ok(Ok(Some(super::number(offered)?)));
        }
        let Some(user) = view.state.choice(block, surface::DESK_USER) else {
            return Ok(Ok(None));
        };
        let known = db::people::by_slack(&self.system().db, self.0.deliver.team.as_str(), user).await?;
        Ok(known
            .map(|person| Some(person.id))
            .ok_or("This is nobody who can decide here."))
    }

    pub(super) async fn shorten(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let Notes { seen } = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let wrote = view.state.text(view::BLOCK_CUSTOM, surface::SHORTEN_CUSTOM);
        let offered = view.state.choice(view::BLOCK_LENGTH, surface::SHORTEN_TO);
        let to = match (wrote, offered.and_then(|value| value.parse().ok())) {
            (Some(wrote), _) => match Length::parse(wrote) {
                Ok(length) => length,
                Err(refusal) => return Ok(Reply::field_error(view::BLOCK_CUSTOM, refusal.sentence())),
            },
            (None, Some(seconds)) => Length::For(seconds),
            (None, None) => return Ok(Reply::field_error(view::BLOCK_CUSTOM, "Please choose a length.")),
        };
        let shorten = Shorten {
            request: seen.request,
            step: seen.step,
            revision: seen.revision,
            to,
            reason: reason(view),
        };
        match shorten_request(self.system(), actor(person), shorten).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal @ Refusal::TextTooLong { .. })) => {
                Ok(Reply::field_error(BLOCK_REASON, refusal.sentence()))
            }
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_CUSTOM, refusal.sentence())),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn remind_me(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let Notes { seen } = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let chosen = view.state.choice(view::BLOCK_WHEN, surface::REMIND_WHEN);
        let Some(when) = chosen.and_then(view::when) else {
            return Ok(Reply::field_error(view::BLOCK_WHEN, "Please choose when."));
        };
        match remind_me(self.system(), actor(person), seen.request, when).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_WHEN, refusal.sentence())),
            Err(other) => Err(other),
        }
    }

    /// "Remind", on the card of whoever asked.
    pub(super) async fn nudge(&self, person: &Person, value: &str) -> Result<Reply, Error> {
        nudge(self.system(), actor(person), super::number(value)?).await?;
        Ok(super::tell(notices::say(
            "Those who can decide are reminded, each at an hour at which they can be.",
        )))
    }

    pub(super) async fn ask(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        let Notes { seen } = Notes::read(&view.private_metadata).ok_or(Error::NotFound)?;
        let question = view.state.text(view::BLOCK_QUESTION, surface::QUESTION);
        match ask_requester(self.system(), actor(person), seen.request, question.unwrap_or_default()).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(Refusal::ReasonRequired)) => {
                Ok(Reply::field_error(view::BLOCK_QUESTION, "Please write a question."))
            }
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_QUESTION, refusal.sentence())),
            Err(other) => Err(other),
        }
    }
}

impl Handlers {
    /// "Note to approvers".
    pub(super) async fn ask_for_note(&self, person: &Person, value: &str) -> Result<Reply, Error> {
        let seen: Seen = value.parse().map_err(|_| Error::NotFound)?;
        let card = request_card(self.system(), seen.request, person.id, Role::Approver).await?;
        let card = card.ok_or(Error::NotFound)?;
        let readers = readers(self.system(), seen.request, person.id).await?;
        let readers = readers.ok_or(Error::NotFound)?.approvers;
        let people = card.people().into_iter().chain(readers.iter().map(|reader| reader.id));
        let mentions = self.mentions(people).await?;
        Ok(Reply::OpenModal(modal(view::note_dialog(
            &card, &readers, seen, &mentions,
        ))))
    }

    pub(super) async fn note(&self, person: &Person, submitted: &View) -> Result<Reply, Error> {
        let Notes { seen } = Notes::read(&submitted.private_metadata).ok_or(Error::NotFound)?;
        let text = submitted.state.text(view::BLOCK_NOTE, surface::NOTE_TEXT);
        let note = Comment {
            request: seen.request,
            said: Said {
                words: Words::typed(text.unwrap_or_default()),
                files: Vec::new(),
            },
            visibility: Visibility::Approvers,
            at: None,
            // Slack may hand in a form twice.
            once: Some(format!("note:{}", submitted.id)),
        };
        match comment(self.system(), actor(person), note).await {
            Ok(_) => Ok(Reply::Ack),
            Err(Error::Refused(refusal)) => Ok(Reply::field_error(view::BLOCK_NOTE, refusal.sentence())),
            Err(other) => Err(other),
        }
    }
}

/// What was given as a reason in a dialog.
pub(super) fn reason(view: &View) -> String {
    let reason = view.state.text(BLOCK_REASON, surface::REASON);
    reason.unwrap_or_default().to_owned()
}

/// Says a refusal at the question it is about.
fn at(refusal: &Refusal) -> Reply {
    let block = match refusal {
        Refusal::ReasonRequired | Refusal::TextTooLong { .. } => BLOCK_REASON,
        _ => view::BLOCK_WHO,
    };
    Reply::field_error(block, refusal.sentence())
}
