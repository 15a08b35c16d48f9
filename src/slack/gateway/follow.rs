//! What follows an acknowledgement: modals, redraws, messages; and late replies.

use super::inbound::{Container, Event, Inbound, SlackUserId, TriggerId};
use super::redraw::{Drawn, Redraws, Turn};
use super::reply::{Message, Reply, ViewBody};
use super::{Gateway, Outcome, words};
use crate::slack::client::{CallError, Post, ResponseMessage};
use url::Url;

/// Who asked what from where: all that is needed to answer, now or late.
pub(super) struct Ask {
    pub(super) kind: &'static str,
    pub(super) place: Place,
    user: Option<SlackUserId>,
    trigger: Option<TriggerId>,
    pub(super) response_url: Option<Url>,
    turn: Option<Turn>,
}

/// Where an answer is to appear.
pub(super) enum Place {
    Command,
    Message,
    Modal {
        view_id: String,
        hash: String,
        title: String,
    },
    Home,
    Submission {
        view_id: String,
        title: String,
        inputs: Vec<String>,
    },
    Closed,
    Options,
    Shortcut,
    Event {
        channel: String,
        thread_ts: Option<String>,
    },
}

impl Ask {
    pub(super) fn of(inbound: &Inbound, redraws: &Redraws) -> Self {
        let (mut trigger, mut response_url, mut turn) = (None, None, None);
        let mut user = inbound.actor().map(|actor| actor.user.clone());
        let place = match inbound {
            Inbound::Command {
                trigger: t,
                response_url: url,
                ..
            } => {
                (trigger, response_url) = (Some(t), url.clone());
                Place::Command
            }
            Inbound::Action {
                actor,
                action,
                container,
                trigger: t,
                response_url: url,
                ..
            } => {
                (trigger, response_url) = (Some(t), url.clone());
                match container {
                    Container::Message { .. } => Place::Message,
                    Container::View { view } => {
                        turn = Some(redraws.arrive(&view.id, &action.action_ts));
                        Place::Modal {
                            view_id: view.id.clone(),
                            hash: view.hash.clone(),
                            title: view.title.clone(),
                        }
                    }
                    Container::Home { .. } => {
                        turn = Some(redraws.arrive(actor.user.as_str(), &action.action_ts));
                        Place::Home
                    }
                }
            }
            Inbound::ViewSubmitted { view, trigger: t, .. } => {
                trigger = Some(t);
                Place::Submission {
                    view_id: view.id.clone(),
                    title: view.title.clone(),
                    inputs: view.inputs.clone(),
                }
            }
            Inbound::ViewClosed { .. } => Place::Closed,
            Inbound::Options { .. } => Place::Options,
            Inbound::GlobalShortcut { trigger: t, .. } => {
                trigger = Some(t);
                Place::Shortcut
            }
            Inbound::MessageShortcut {
                trigger: t,
                response_url: url,
                ..
            } => {
                (trigger, response_url) = (Some(t), url.clone());
                Place::Shortcut
            }
            Inbound::Event { event, .. } => {
                let (who, channel, thread_ts) = match event {
                    Event::Message(message) | Event::MessageChanged { message, .. } => (
                        message.author.as_ref(),
                        message.channel.clone(),
                        message.thread_ts.clone(),
                    ),
                    Event::AppHomeOpened { actor, channel, .. } => (Some(actor), channel.clone(), None),
                    _ => (None, String::new(), None),
                };
                user = who.map(|actor| actor.user.clone());
                Place::Event { channel, thread_ts }
            }
            Inbound::Other { .. } => Place::Closed,
        };
        let trigger = trigger.filter(|trigger| !trigger.as_str().is_empty()).cloned();
        Self {
            kind: inbound.kind(),
            place,
            user,
            trigger,
            response_url,
            turn,
        }
    }

    fn title(&self) -> &str {
        match &self.place {
            Place::Modal { title, .. } | Place::Submission { title, .. } => title,
            _ => "",
        }
    }
}

impl Gateway {
    /// A reply that came after the deadline, when the person has been told to wait.
    pub(super) async fn follow_late(&self, ask: &Ask, outcome: Outcome) {
        let reply = match (outcome, &ask.place) {
            (Ok(reply), _) => reply,
            // Slack sends it again, or nobody looks any more.
            (Err(_), Place::Event { .. } | Place::Closed | Place::Options) => return,
            (Err(reference), _) => Reply::say(words::failed(&reference)),
        };
        let mut replies = Vec::new();
        super::flatten(reply, &mut replies);
        for reply in replies {
            match &ask.place {
                Place::Submission { view_id, title, .. } => self.fill_waiting(ask, view_id, title, reply).await,
                _ => self.follow(ask, reply).await,
            }
        }
    }

    /// Puts a late reply to a submission into the view that says "still working".
    async fn fill_waiting(&self, ask: &Ask, view_id: &str, title: &str, reply: Reply) {
        let view = match reply {
            Reply::Ack | Reply::ClearModals => words::notice(title, &Message::text(words::DONE)),
            Reply::FieldErrors(errors) => words::notice(title, &words::late_errors(&errors)),
            Reply::Ephemeral(message) => words::notice(title, &message),
            Reply::OpenModal(view) | Reply::PushModal(view) | Reply::UpdateModal(view) => view,
            other => return self.follow(ask, other).await,
        };
        if let Err(error) = self.0.slack.update_view(view_id, &view, None).await {
            // They closed it; what was to be done is done.
            tracing::info!(error = %error, "the waiting view could not be redrawn");
        }
    }

    /// Carries out one reply beyond the acknowledgement.
    pub(super) async fn follow(&self, ask: &Ask, reply: Reply) {
        match reply {
            Reply::Ack | Reply::FieldErrors(_) | Reply::ClearModals | Reply::Options(_) => {}
            Reply::Ephemeral(message) => self.tell(ask, message).await,
            Reply::ReplaceMessage(Message { text, blocks }) => {
                self.respond(ask, &ResponseMessage::Replace { text, blocks }).await;
            }
            Reply::DeleteMessage => self.respond(ask, &ResponseMessage::Delete).await,
            Reply::OpenModal(view) | Reply::PushModal(view) => self.open(ask, &view).await,
            Reply::UpdateModal(view) => match &ask.place {
                Place::Modal { view_id, hash, .. } => self.redraw(ask, view_id, hash, &view).await,
                Place::Home => self.publish(ask, &view).await,
                _ => self.open(ask, &view).await,
            },
            Reply::PublishHome(view) => self.publish(ask, &view).await,
            Reply::Several(replies) => {
                for reply in replies {
                    Box::pin(self.follow(ask, reply)).await;
                }
            }
        }
    }

    async fn open(&self, ask: &Ask, view: &ViewBody) {
        let opened = match (&ask.trigger, &ask.place) {
            (Some(trigger), Place::Modal { .. }) => self.0.slack.push_view(trigger, view).await,
            (Some(trigger), _) => self.0.slack.open_view(trigger, view).await,
            (None, _) => Err(CallError::Gone("no_trigger".to_owned())),
        };
        if let Err(error) = opened {
            tracing::warn!(slack.kind = ask.kind, error = %error, "a modal could not be opened");
            self.tell_without_trigger(ask, Message::text(words::TOO_LATE)).await;
        }
    }

    async fn redraw(&self, ask: &Ask, view_id: &str, hash: &str, view: &ViewBody) {
        let draw = |insist: bool| async move {
            let hash = (!insist).then_some(hash);
            drawn(self.0.slack.update_view(view_id, view, hash).await.err())
        };
        if let Some(turn) = &ask.turn {
            turn.draw(draw).await;
        }
    }

    async fn publish(&self, ask: &Ask, view: &ViewBody) {
        let Some(user) = &ask.user else { return };
        let draw = |_| async move { drawn(self.0.slack.publish_home(user, view).await.err()) };
        match &ask.turn {
            Some(turn) if matches!(ask.place, Place::Home) => turn.draw(draw).await,
            _ => {
                draw(true).await;
            }
        }
    }

    async fn respond(&self, ask: &Ask, answer: &ResponseMessage) {
        match &ask.response_url {
            Some(url) => {
                // Failures are logged by the client; there is nobody else to tell.
                let _told = self.0.slack.respond(url, answer).await;
            }
            None => tracing::warn!(slack.kind = ask.kind, "a reply to a message has no message to go to"),
        }
    }

    /// Says something to the person alone, by the nearest way.
    async fn tell(&self, ask: &Ask, message: Message) {
        if let (Some(trigger), None) = (&ask.trigger, &ask.response_url) {
            let view = words::notice(ask.title(), &message);
            let shown = match ask.place {
                Place::Modal { .. } => self.0.slack.push_view(trigger, &view).await,
                _ => self.0.slack.open_view(trigger, &view).await,
            };
            if shown.is_ok() {
                return;
            }
        }
        self.tell_without_trigger(ask, message).await;
    }

    async fn tell_without_trigger(&self, ask: &Ask, message: Message) {
        if let Some(url) = &ask.response_url
            && self
                .0
                .slack
                .respond(url, &words::ephemeral(message.clone()))
                .await
                .is_ok()
        {
            return;
        }
        let Some(user) = &ask.user else { return };
        if let Place::Event { channel, thread_ts } = &ask.place
            && !channel.is_empty()
        {
            // A word aside to what they wrote: said once, or not at all. Failures are logged by the client.
            let _told = self
                .0
                .slack
                .post_ephemeral(channel, user, &message.text, &message.blocks, thread_ts.as_deref())
                .await;
            return;
        }
        // The last way: the conversation with the app. Failures are logged by the client.
        let post = Post {
            channel: user.as_str().to_owned(),
            text: message.text,
            blocks: message.blocks,
            ..Post::default()
        };
        let _told = self.0.slack.post_message(&post).await;
    }
}

fn drawn(error: Option<CallError>) -> Drawn {
    match error {
        None => Drawn::Done,
        Some(CallError::Conflict(_)) => Drawn::Collided,
        Some(_) => Drawn::Failed,
    }
}
