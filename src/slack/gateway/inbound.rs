//! What Slack tells us, in our own words: closed enums of what c1 understands, everything else is [`Inbound::Other`].
//!
//! The decoder fills these from raw payloads and never fails over a field it does not need; a missing text is an empty
//! string, a missing choice is an empty list. Who acted comes from the signed payload, never from a value in a button.

use std::collections::BTreeMap;
use url::Url;

/// The key of a workspace or an organisation: the enterprise id where there is one, else the team id.
///
/// People are stored under `(TeamKey, SlackUserId)`; see [`Installation::key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct TeamKey(pub String);

/// A Slack user id (`U…` or `W…`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SlackUserId(pub String);

/// Opens one modal within three seconds of the act it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerId(pub String);

/// The id of an event delivery; the same event resent carries the same id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId(pub String);

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The id as Slack wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }
    )*};
}
as_text!(TeamKey, SlackUserId, TriggerId, EventId);

/// Who we are in Slack, as `auth.test` says; payloads of another workspace are refused by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The workspace the bot token belongs to.
    pub team_id: String,
    /// The organisation, where there is one (Enterprise Grid).
    pub enterprise_id: Option<String>,
    /// The workspace's name.
    pub team: String,
    /// The workspace's address in a browser, ending in a slash.
    pub url: String,
    /// Our bot's user id.
    pub bot_user_id: SlackUserId,
    /// Our bot's bot id.
    pub bot_id: String,
    /// The app's id, when Slack told it.
    pub app_id: Option<String>,
    /// The scopes the bot token has, from the `x-oauth-scopes` header.
    pub scopes: Vec<String>,
}

impl Installation {
    /// The key under which the people of this workspace are stored.
    #[must_use]
    pub fn key(&self) -> TeamKey {
        TeamKey(self.enterprise_id.clone().unwrap_or_else(|| self.team_id.clone()))
    }
}

/// The person who acted, as the signed payload names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlackActor {
    /// Their workspace or organisation: ours, or that of a guest from a shared channel (whom nobody is linked to).
    pub team: TeamKey,
    /// Their id there.
    pub user: SlackUserId,
}

/// One thing that happened in Slack.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// A slash command was sent.
    Command {
        /// Who sent it.
        actor: SlackActor,
        /// The command with its slash.
        command: String,
        /// What stands after the command; mentions come as `<@U123|name>`.
        text: String,
        /// Where it was sent.
        channel: String,
        /// Opens a modal.
        trigger: TriggerId,
        /// Answers later, five times within half an hour.
        response_url: Option<Url>,
    },
    /// A button was clicked, an option chosen, a text entered.
    Action {
        /// Who did it.
        actor: SlackActor,
        /// What was done.
        action: Action,
        /// Where the element stands.
        container: Container,
        /// The present values of all inputs beside it.
        state: FormState,
        /// Opens or pushes a modal.
        trigger: TriggerId,
        /// Answers later; absent in views.
        response_url: Option<Url>,
    },
    /// A modal was submitted.
    ViewSubmitted {
        /// Who submitted it.
        actor: SlackActor,
        /// The modal with its values.
        view: View,
        /// Opens another modal.
        trigger: TriggerId,
    },
    /// A modal that asked to hear of it was closed.
    ViewClosed {
        /// Who closed it.
        actor: SlackActor,
        /// The modal.
        view: View,
        /// The whole stack was closed, not this view alone.
        cleared: bool,
    },
    /// A select that loads its options asks for them.
    Options {
        /// Who looks.
        actor: SlackActor,
        /// The select.
        action_id: String,
        /// Its block.
        block_id: String,
        /// What was typed so far; empty when the list is just opened.
        query: String,
        /// The view it stands in, with the values of the other inputs.
        view: Option<View>,
    },
    /// A global shortcut was chosen.
    GlobalShortcut {
        /// Who chose it.
        actor: SlackActor,
        /// Which.
        callback_id: String,
        /// Opens a modal.
        trigger: TriggerId,
    },
    /// A shortcut on a message was chosen.
    MessageShortcut {
        /// Who chose it.
        actor: SlackActor,
        /// Which.
        callback_id: String,
        /// Opens a modal.
        trigger: TriggerId,
        /// Where the message stands.
        channel: String,
        /// The channel's name as far as Slack tells it.
        channel_name: String,
        /// The message.
        message_ts: String,
        /// Its thread, when it is in one.
        thread_ts: Option<String>,
        /// Who wrote the message, when a person did.
        author: Option<SlackUserId>,
        /// Its text.
        text: String,
        /// Answers later.
        response_url: Option<Url>,
    },
    /// An event of the Events API.
    Event {
        /// Its delivery id.
        id: EventId,
        /// The workspace or organisation it belongs to.
        team: TeamKey,
        /// What happened.
        event: Event,
        /// The number of the repeat, when Slack says that this is one.
        retry: Option<u8>,
    },
    /// Something we do not know; acknowledged and counted.
    Other {
        /// What Slack calls it.
        kind: String,
    },
}

impl Inbound {
    /// Who acted; none for events and unknown things.
    #[must_use]
    pub fn actor(&self) -> Option<&SlackActor> {
        match self {
            Self::Command { actor, .. }
            | Self::Action { actor, .. }
            | Self::ViewSubmitted { actor, .. }
            | Self::ViewClosed { actor, .. }
            | Self::Options { actor, .. }
            | Self::GlobalShortcut { actor, .. }
            | Self::MessageShortcut { actor, .. } => Some(actor),
            Self::Event { .. } | Self::Other { .. } => None,
        }
    }

    /// A stable name of the kind, for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Action { .. } => "action",
            Self::ViewSubmitted { .. } => "view_submitted",
            Self::ViewClosed { .. } => "view_closed",
            Self::Options { .. } => "options",
            Self::GlobalShortcut { .. } => "global_shortcut",
            Self::MessageShortcut { .. } => "message_shortcut",
            Self::Event { .. } => "event",
            Self::Other { .. } => "other",
        }
    }
}

/// One use of an interactive element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// Which element.
    pub action_id: String,
    /// In which block.
    pub block_id: String,
    /// What element it is (`button`, `external_select` …).
    pub kind: String,
    /// The button's value, the text entered, the date or time chosen.
    pub value: Option<String>,
    /// What is chosen now: options, or the ids of people, channels, conversations.
    pub selected: Vec<Choice>,
    /// When; orders the actions of one view.
    pub action_ts: String,
}

impl Action {
    /// The value of the first thing chosen.
    #[must_use]
    pub fn choice(&self) -> Option<&str> {
        self.selected.first().map(|choice| choice.value.as_str())
    }

    /// The button's value or the value of the first thing chosen.
    #[must_use]
    pub fn value_or_choice(&self) -> Option<&str> {
        self.value.as_deref().or_else(|| self.choice())
    }
}

/// One chosen option; for people, channels and conversations the value is their id and the text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What the option stands for.
    pub value: String,
    /// What people read.
    pub text: String,
}

/// Where an interactive element stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Container {
    /// A message.
    Message {
        /// Its conversation.
        channel: String,
        /// Its timestamp; a string, always.
        ts: String,
        /// Its thread, when it is in one.
        thread_ts: Option<String>,
        /// Only the person sees it; changeable through the response URL alone.
        ephemeral: bool,
    },
    /// A modal.
    View {
        /// The modal as it was when the person acted.
        view: Box<View>,
    },
    /// The person's Home tab.
    Home {
        /// The tab as it was when the person acted.
        view: Box<View>,
    },
}

impl Container {
    /// The modal or Home tab, when it is one.
    #[must_use]
    pub fn view(&self) -> Option<&View> {
        match self {
            Self::Message { .. } => None,
            Self::View { view } | Self::Home { view } => Some(view),
        }
    }
}

/// A modal or Home tab as Slack sends it back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Addresses it in `views.update`.
    pub id: String,
    /// The lowest view of its stack.
    pub root_id: String,
    /// The view below it.
    pub previous_id: Option<String>,
    /// What we called it.
    pub callback_id: String,
    /// Our own notes, up to 3000 characters.
    pub private_metadata: String,
    /// Changes with every update; empty when Slack sent none.
    pub hash: String,
    /// Our own key for it, when we gave one.
    pub external_id: Option<String>,
    /// The values of its inputs.
    pub state: FormState,
    /// Its title as people read it.
    pub title: String,
    /// The ids of its input blocks from top to bottom: where a field error can be shown.
    pub inputs: Vec<String>,
    /// The app it belongs to.
    pub app_id: String,
}

/// The values of the inputs of a view or message; what was not touched, cleared or absent is simply not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormState {
    pub(crate) fields: BTreeMap<String, BTreeMap<String, Field>>,
}

/// The value of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// What element it is (`plain_text_input`, `external_select` …).
    pub kind: String,
    /// The text, date (`YYYY-MM-DD`), time (`HH:mm`) or moment (seconds since 1970) entered.
    pub value: Option<String>,
    /// What is chosen: options, or the ids of people, channels, conversations.
    pub selected: Vec<Choice>,
}

impl FormState {
    /// A form with one more value: for tests of handlers.
    #[must_use]
    pub fn with(mut self, block_id: &str, action_id: &str, field: Field) -> Self {
        self.fields
            .entry(block_id.to_owned())
            .or_default()
            .insert(action_id.to_owned(), field);
        self
    }

    /// The input, when it holds anything.
    #[must_use]
    pub fn field(&self, block_id: &str, action_id: &str) -> Option<&Field> {
        self.fields.get(block_id)?.get(action_id)
    }

    /// The input with this action id in whichever block: for inputs whose block id changes so that Slack resets them.
    /// Returns the block id too, where a field error belongs.
    #[must_use]
    pub fn find(&self, action_id: &str) -> Option<(&str, &Field)> {
        self.fields
            .iter()
            .find_map(|(block, fields)| Some((block.as_str(), fields.get(action_id)?)))
    }

    /// The text, date or time entered; none when empty.
    #[must_use]
    pub fn text(&self, block_id: &str, action_id: &str) -> Option<&str> {
        self.field(block_id, action_id)?.text()
    }

    /// The value of the option (or the id of the person) chosen.
    #[must_use]
    pub fn choice(&self, block_id: &str, action_id: &str) -> Option<&str> {
        self.field(block_id, action_id)?.choice()
    }

    /// The values of everything chosen; empty when nothing is.
    pub fn choices<'a>(&'a self, block_id: &str, action_id: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.field(block_id, action_id)
            .map(|field| field.selected.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|c| &*c.value)
    }

    /// Whether a checkbox or the like with this value is chosen.
    #[must_use]
    pub fn is_chosen(&self, block_id: &str, action_id: &str, value: &str) -> bool {
        self.choices(block_id, action_id).any(|chosen| chosen == value)
    }

    /// Every input: block id, action id, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Field)> {
        self.fields
            .iter()
            .flat_map(|(block, fields)| fields.iter().map(|(action, field)| (&**block, &**action, field)))
    }

    /// Whether no input holds anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl Field {
    /// A text, date or time.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self {
            kind: "plain_text_input".to_owned(),
            value: Some(text.to_owned()),
            selected: Vec::new(),
        }
    }

    /// Chosen options or people.
    #[must_use]
    pub fn of_choices<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let selected = values
            .into_iter()
            .map(|v| Choice {
                value: v.to_owned(),
                text: String::new(),
            })
            .collect();
        Self {
            kind: "static_select".to_owned(),
            value: None,
            selected,
        }
    }

    /// The text, date or time entered; none when empty.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.value.as_deref().filter(|text| !text.is_empty())
    }

    /// The value of the first thing chosen.
    #[must_use]
    pub fn choice(&self) -> Option<&str> {
        self.selected.first().map(|choice| choice.value.as_str())
    }
}

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Someone wrote a message. Our own and other bots' never get here as a comment: see [`Message::is_comment`].
    Message(Message),
    /// A message was edited; also sent for link previews and reply counts, so compare the texts.
    MessageChanged {
        /// The message as it is now, with its own `ts` and `thread_ts`.
        message: Message,
        /// Its text before, when Slack sent it.
        previous_text: Option<String>,
    },
    /// A message was deleted (a thread's parent that has replies counts too, though Slack keeps a tombstone).
    MessageDeleted {
        /// Its conversation.
        channel: String,
        /// Its timestamp.
        ts: String,
        /// Its thread, when it was a reply.
        thread_ts: Option<String>,
    },
    /// A message of ours was taken away or changed, and not by us (deletions by us come too).
    Touched {
        /// Its conversation.
        channel: String,
        /// Its timestamp.
        ts: String,
        /// Is it gone, or does it say something else?
        gone: bool,
    },
    /// Somebody answered a message with an emoji, or took one away again.
    Reacted {
        /// Who, by their account.
        user: SlackUserId,
        /// The conversation the message stands in.
        channel: String,
        /// The message.
        ts: String,
        /// The emoji's name, without colons.
        emoji: String,
        /// What Slack calls the moment: later ones are greater.
        at: String,
        /// Is it there now?
        present: bool,
    },
    /// A file was deleted.
    FileDeleted {
        /// Which.
        file: String,
    },
    /// A person opened our Home or Messages tab.
    AppHomeOpened {
        /// Who.
        actor: SlackActor,
        /// `home` or `messages`.
        tab: String,
        /// The conversation with the app (`D…`).
        channel: String,
    },
    /// A person's account or profile changed.
    UserChanged {
        /// The account as it is now.
        user: SlackUser,
    },
    /// A person joined the workspace.
    TeamJoin {
        /// The new account.
        user: SlackUser,
    },
    /// A person does not want to be disturbed, or may be again.
    DoNotDisturb {
        /// Who.
        user: SlackUserId,
        /// From then on, in seconds since 1970.
        from: i64,
        /// Until then; none when they may be disturbed.
        until: Option<i64>,
    },
    /// A user group was created, changed or switched off.
    SubteamUpdated {
        /// The group.
        id: String,
    },
    /// People joined or left a user group.
    SubteamMembersChanged {
        /// The group.
        id: String,
    },
    /// Tokens of ours were revoked; may come late, even after a new installation.
    TokensRevoked {
        /// The bots (user ids) whose tokens are gone.
        bots: Vec<String>,
    },
    /// The app was removed; may come late, even after a new installation.
    AppUninstalled,
    /// An event we do not use; acknowledged and counted, never handed to a handler.
    Other {
        /// Slack's name, with the subtype after a dot for messages.
        kind: String,
    },
}

impl Event {
    /// A stable name for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::MessageChanged { .. } => "message_changed",
            Self::MessageDeleted { .. } => "message_deleted",
            Self::Touched { .. } => "touched",
            Self::Reacted { .. } => "reaction",
            Self::FileDeleted { .. } => "file_deleted",
            Self::AppHomeOpened { .. } => "app_home_opened",
            Self::UserChanged { .. } => "user_change",
            Self::DoNotDisturb { .. } => "dnd_updated_user",
            Self::TeamJoin { .. } => "team_join",
            Self::SubteamUpdated { .. } => "subteam_updated",
            Self::SubteamMembersChanged { .. } => "subteam_members_changed",
            Self::TokensRevoked { .. } => "tokens_revoked",
            Self::AppUninstalled => "app_uninstalled",
            Self::Other { .. } => "other",
        }
    }
}

/// A message in a conversation we can read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The conversation.
    pub channel: String,
    /// `im`, `channel`, `group`, `mpim`; empty when Slack did not say.
    pub channel_type: String,
    /// Its timestamp: with the channel, its identity.
    pub ts: String,
    /// The thread's parent, when the message is in a thread (a parent names itself).
    pub thread_ts: Option<String>,
    /// Who wrote it, when a person did.
    pub author: Option<SlackActor>,
    /// Which bot wrote it, when one did.
    pub bot_id: Option<String>,
    /// Slack's subtype, such as `file_share`; none for a plain message.
    pub subtype: Option<String>,
    /// Its text as Slack writes it: `&amp;` and the like escaped, mentions as `<@U123>`.
    pub text: String,
    /// The same with its form, where it came with one.
    pub rich: Vec<RichPart>,
    /// The files that came with it.
    pub files: Vec<SharedFile>,
    /// Who edited it last, and when (`ts`).
    pub edited: Option<(SlackUserId, String)>,
    /// Given by people's clients; the same for a message that is sent twice.
    pub client_msg_id: Option<String>,
}

impl Message {
    /// Whether this is something a person said: by a person, and of a kind that counts.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        self.author.is_some()
            && self.bot_id.is_none()
            && matches!(
                self.subtype.as_deref(),
                None | Some("file_share" | "thread_broadcast" | "me_message")
            )
    }

    /// The thread's parent, when the message is a reply and not the parent itself.
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        self.thread_ts.as_deref().filter(|parent| *parent != self.ts)
    }
}

/// A file that was shared in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedFile {
    /// Slack's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mimetype: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where people see it.
    pub permalink: String,
    /// Is it gone?
    pub deleted: bool,
}

/// A part of a rich text that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RichPart {
    /// Lines of text.
    Section(Vec<RichPiece>),
    /// Somebody else's words.
    Quote(Vec<RichPiece>),
    /// Lines to be read letter by letter.
    Code(Vec<RichPiece>),
    /// One thing under the other.
    List {
        /// With numbers?
        ordered: bool,
        /// How deep, from 0.
        indent: u64,
        /// The number before the first, less one.
        offset: u64,
        /// The things.
        items: Vec<Vec<RichPiece>>,
    },
}

/// A piece of a line in a rich text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RichPiece {
    /// Letters, and how they look.
    Text(String, RichStyle),
    /// An address, what it says (empty: itself), and how it looks.
    Link(String, String, RichStyle),
    /// Somebody, by their account.
    User(String),
    /// A channel, by its id.
    Channel(String),
    /// Everybody: `here`, `channel`, `everyone`.
    Broadcast(String),
    /// A user group, by its id; its name is not told.
    Group(String),
    /// An emoji: its name and, where it has some, its characters in hexadecimal.
    Emoji(String, String),
    /// A moment, in seconds since 1970.
    Date(i64),
}

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RichStyle {
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Struck through.
    pub strike: bool,
    /// To be read letter by letter.
    pub code: bool,
}

/// An account as `users.list`, `users.info` and the events tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlackUser {
    /// Its id.
    pub id: String,
    /// Its workspace; another than ours for people from shared channels.
    pub team_id: String,
    /// Its organisation (Enterprise Grid).
    pub enterprise_id: Option<String>,
    /// The handle.
    pub name: String,
    /// The full name.
    pub real_name: String,
    /// The name people chose to be called by; may be empty.
    pub display_name: String,
    /// The e-mail address; none when hidden or when the scope is missing.
    pub email: Option<String>,
    /// Has Slack seen that the address is theirs? Without a word about it: yes, as for accounts made by an administrator.
    pub email_confirmed: bool,
    /// The job title; may be empty.
    pub title: String,
    /// The time zone's IANA name, when known.
    pub tz: Option<String>,
    /// A small picture.
    pub image: Option<String>,
    /// The emoji of their status, with colons; empty when they have none.
    pub status_emoji: String,
    /// When their status ends, in seconds since 1970; 0: when they take it away.
    pub status_expiration: i64,
    /// Deactivated.
    pub deleted: bool,
    /// A bot, an app's user or a workflow (Slackbot too).
    pub is_bot: bool,
    /// A guest of one or several channels.
    pub is_guest: bool,
    /// From another workspace (shared channels).
    pub is_stranger: bool,
    /// Invited, has not joined yet.
    pub is_invited: bool,
    /// An administrator or owner of the workspace.
    pub is_admin: bool,
}
