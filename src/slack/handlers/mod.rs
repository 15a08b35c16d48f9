//! What to answer to what happened: who is it, which verb, what do they get to see. Short; no SQL; nothing is sent from
//! here but the reply.

mod access;
mod acquainted;
mod administer;
mod alarm;
mod audit;
mod away;
mod bulk;
mod cancel;
mod command;
mod decision;
mod desk;
mod escalation;
mod home;
mod options;
mod request_form;
mod review;
mod show;
mod task;
mod thread;

use super::{
    deliver::Deliver,
    directory::Directory,
    gateway::{
        inbound::{Action, Container, Event, FormState, Inbound, SlackActor, View},
        reply::{Failure, Message, Reply, ViewBody},
    },
    groups::Groups,
    surface,
    view::{self, Mentions},
};
use crate::{
    db,
    domain::{ids::PersonId, person::Person, refusal::Refusal},
    usecases::{Actor, Error, System},
};
use acquainted::Acquainted;
use futures::future::BoxFuture;
use std::sync::Arc;

/// Answers whatever comes in.
#[derive(Clone, Debug)]
pub struct Handlers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    deliver: Deliver,
    directory: Directory,
    acquainted: Acquainted,
    groups: Groups,
}

/// A reply, or why there is none yet.
type Answer = Result<Reply, Failure>;

impl Handlers {
    /// Handlers for one workspace.
    #[must_use]
    pub fn new(deliver: Deliver, directory: Directory) -> Self {
        Self(Arc::new(Inner {
            groups: Groups::new(deliver.slack.clone()),
            deliver,
            directory,
            acquainted: Acquainted::default(),
        }))
    }

    /// Answers one thing that happened.
    #[must_use]
    pub fn handle(self, inbound: Inbound) -> BoxFuture<'static, Answer> {
        Box::pin(async move { self.answer(inbound).await })
    }

    async fn answer(&self, inbound: Inbound) -> Answer {
        if let Inbound::Event { event, .. } = inbound {
            return self.event(event).await;
        }
        let Some(actor) = inbound.actor().cloned() else {
            return Ok(Reply::Ack);
        };
        let opens_empty_form = match &inbound {
            Inbound::Command { text, .. } => text.trim().eq_ignore_ascii_case("request"),
            Inbound::GlobalShortcut { callback_id, .. } => callback_id == surface::SHORTCUT_REQUEST,
            _ => false,
        };
        if opens_empty_form && let Some(reply) = self.empty_form(&actor) {
            return Ok(reply);
        }
        // Guests, bots and people who left are told the same as strangers, and see nothing.
        let Some(person) = self.person(&actor).await?.filter(Person::takes_part) else {
            return Ok(tell(view::notices::stranger()));
        };
        let answered = match inbound {
            _ if opens_empty_form => self.first_empty_form(&actor, &person).await,
            Inbound::Command { text, .. } => self.command(&person, &text).await,
            Inbound::Action {
                action,
                container,
                state,
                ..
            } => self.action(&person, &action, &container, &state).await,
            Inbound::ViewSubmitted { view, .. } => self.submitted(&person, &view).await,
            Inbound::Options {
                action_id,
                block_id,
                query,
                view,
                ..
            } => {
                self.options(&person, &action_id, &block_id, &query, view.as_ref())
                    .await
            }
            Inbound::MessageShortcut {
                callback_id,
                channel,
                message_ts,
                thread_ts,
                ..
            } if callback_id == surface::SHORTCUT_REQUEST_ABOUT => {
                let link = self.0.deliver.link(&channel, &message_ts, thread_ts.as_deref());
                self.open_form(&person, request_form::about(&link), None).await
            }
            Inbound::GlobalShortcut { .. }
            | Inbound::MessageShortcut { .. }
            | Inbound::ViewClosed { .. }
            | Inbound::Event { .. }
            | Inbound::Other { .. } => Ok(Reply::Ack),
        };
        match answered {
            Err(Error::Refused(refusal)) => Ok(tell(self.refused(&refusal))),
            Err(Error::NotFound) => Ok(tell(view::notices::say("That is not there, or not for you to see."))),
            Err(Error::Internal(error)) => Err(Failure(error)),
            Ok(reply) => Ok(reply),
        }
    }

    async fn action(
        &self,
        person: &Person,
        action: &Action,
        container: &Container,
        state: &FormState,
    ) -> Result<Reply, Error> {
        let value = action.value.as_deref().unwrap_or_default();
        match action.action_id.as_str() {
            surface::FORM_APP
            | surface::FORM_ENTITLEMENT
            | surface::FORM_LENGTH
            | surface::FORM_EMERGENCY
            | surface::FORM_SUBJECT => match container.view() {
                Some(view) => self.redraw_form(person, view).await,
                None => Ok(Reply::Ack),
            },
            surface::REQUEST => self.open_form(person, request_form::blank(), None).await,
            surface::AWAY => self.away_form(person).await,
            surface::BACK => self.back(person, container).await,
            surface::APPROVE | surface::DENY => self.decide(person, &action.action_id, value, state, container).await,
            surface::NUDGE => self.nudge(person, value).await,
            surface::BULK_PAGE | surface::BULK_PAGE_BACK => self.turn_page(person, value, container.view()).await,
            surface::MENU => self.menu(person, action, container).await,
            surface::NOTE => self.ask_for_note(person, value).await,
            surface::ADMINISTER => self.ask_what_to_administer(person, value).await,
            surface::CANCEL => self.cancel(person, value, container).await,
            surface::CANCEL_BUNDLE => self.cancel_bundle(person, value, container).await,
            surface::ESCALATE => self.ask_what_changed(person, value, container).await,
            surface::END => self.end(person, value, container).await,
            surface::EXTEND => self.extend(person, value).await,
            surface::PROVISIONED | surface::REMOVED | surface::WONT_DO | surface::RETRY => {
                self.task(person, &action.action_id, value, container).await
            }
            surface::REVIEW => self.open_review(person, value).await,
            surface::TAKE_ALARM => self.take_alarm(person, value, container).await,
            surface::SHOW => self.show(person, value).await,
            // A link, or a button of a version that is gone.
            _ => Ok(Reply::Ack),
        }
    }

    async fn submitted(&self, person: &Person, view: &View) -> Result<Reply, Error> {
        match view.callback_id.as_str() {
            surface::VIEW_REQUEST_FORM => self.submit_form(person, view).await,
            surface::VIEW_DECISION => self.decide_with_reason(person, view).await,
            surface::VIEW_REVIEW => self.reviewed(person, view).await,
            surface::VIEW_ESCALATE => self.escalate(person, view).await,
            surface::VIEW_REASSIGN => self.reassign(person, view).await,
            surface::VIEW_SHORTEN => self.shorten(person, view).await,
            surface::VIEW_REMIND_ME => self.remind_me(person, view).await,
            surface::VIEW_BULK => self.decide_several(person, view).await,
            surface::VIEW_QUESTION => self.ask(person, view).await,
            surface::VIEW_NOTE => self.note(person, view).await,
            surface::VIEW_ADMINISTER => self.administer(person, view).await,
            surface::VIEW_AWAY => self.away_said(person, view).await,
            surface::VIEW_WONT_DO => self.wont_do(person, view).await,
            _ => Ok(Reply::Ack),
        }
    }

    async fn event(&self, event: Event) -> Answer {
        match event {
            Event::Message(message) => return self.message(message).await,
            Event::MessageChanged { message, .. } => self.message_changed(message).await?,
            Event::MessageDeleted { channel, ts, thread_ts } => {
                self.message_deleted(&channel, &ts, thread_ts.as_deref()).await?;
            }
            Event::Reacted {
                user,
                channel,
                ts,
                emoji,
                at,
                present,
            } => {
                let reaction = db::comments::Reaction {
                    channel: &channel,
                    ts: &ts,
                    account: user.as_str(),
                    emoji: &emoji,
                    at: &at,
                    present,
                };
                self.reacted(reaction).await?;
            }
            Event::FileDeleted { file } => self.file_deleted(&file).await?,
            Event::AppHomeOpened { actor, tab, .. } if tab == "home" => return self.home_opened(&actor).await,
            Event::UserChanged { user } | Event::TeamJoin { user } => {
                self.0.directory.take(std::slice::from_ref(&user)).await?;
                self.0.acquainted.forget(&user.id);
            }
            Event::Touched { channel, ts, gone } => self.0.deliver.touched(&channel, &ts, gone).await?,
            Event::DoNotDisturb { user, from, until } => {
                self.0.directory.do_not_disturb(&user, from, until).await?;
            }
            Event::TokensRevoked { .. } | Event::AppUninstalled => {
                // It may have been installed again since: Slack itself is asked.
                self.0.deliver.slack.doubt();
                tracing::error!("the app was removed from the workspace, or its tokens were revoked: install it again");
            }
            Event::SubteamUpdated { .. } => self.0.groups.forget(),
            Event::AppHomeOpened { .. } | Event::SubteamMembersChanged { .. } | Event::Other { .. } => {}
        }
        Ok(Reply::Ack)
    }

    /// Who this is. Somebody Slack knows and we do not is looked up once, there and then.
    async fn person(&self, actor: &SlackActor) -> Result<Option<Person>, Failure> {
        let known = db::people::by_slack(&self.system().db, actor.team.as_str(), actor.user.as_str()).await?;
        if known.is_some() || actor.team != self.0.deliver.team {
            return Ok(known);
        }
        self.0.directory.meet(&actor.user).await;
        Ok(db::people::by_slack(&self.system().db, actor.team.as_str(), actor.user.as_str()).await?)
    }

    fn system(&self) -> &System {
        &self.0.deliver.system
    }

    async fn mentions(&self, people: impl IntoIterator<Item = PersonId>) -> Result<Mentions, Error> {
        Ok(self.0.deliver.mentions(people).await?)
    }

    fn refused(&self, refusal: &Refusal) -> view::Message {
        view::notices::refused(refusal, |id| self.system().request_url(id))
    }
}

/// Whoever acts in Slack.
fn actor(person: &Person) -> Actor {
    Actor::slack(person.id)
}

/// A message for the person alone.
fn tell(message: view::Message) -> Reply {
    Reply::Ephemeral(outgoing(message))
}

fn outgoing(message: view::Message) -> Message {
    Message::new(message.text, message.blocks)
}

fn modal(view: serde_json::Value) -> ViewBody {
    ViewBody(view)
}

/// After an act: what stood in a list for one person alone is replaced, since nothing else can ever change it; cards and
/// Home tabs are brought up to date by their jobs.
fn done(container: &Container, message: impl FnOnce() -> view::Message) -> Reply {
    match container {
        Container::Message { ephemeral: true, .. } => Reply::ReplaceMessage(outgoing(message())),
        _ => Reply::Ack,
    }
}

/// The number that a button carries. Only ours carry one that is none.
fn number<T: std::str::FromStr>(value: &str) -> Result<T, Error> {
    value.parse().map_err(|_| Error::NotFound)
}
