//! Raw bytes to [`Inbound`]: tolerant of the unknown, and strict about whose payload it is.
//!
//! Invariant: nothing in here panics or fails over a field; the only errors are "no JSON" and "nothing we know the form of".

use super::inbound::{
    Action, Choice, Container, Event, EventId, Field, FormState, Inbound, Installation, Message, RichPart, RichPiece,
    RichStyle, SharedFile, SlackActor, SlackUser, SlackUserId, TeamKey, TriggerId, View,
};
use super::raw::{
    self, Maybe, RawEvent, RawField, RawFile, RawMessage, RawPayload, RawRich, RawRichItem, RawRichPart, RawRichPiece,
    RawState, RawUser, RawView, Text,
};
use std::borrow::Cow;
use url::Url;

/// What a delivery turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Something to handle.
    Inbound(Inbound),
    /// Slack tests the events address: answer with this text.
    Challenge(String),
    /// Slack tests the certificate: answer 200.
    SslCheck,
    /// Our own doing come back as an event: acknowledge and forget.
    Own,
    /// Not from our workspace: refuse politely.
    Foreign {
        /// What it is.
        inbound: Inbound,
        /// Where it is from, as far as it says.
        team: String,
    },
}

/// The bytes have no form we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// Broken JSON, or JSON that is no object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// A form without a command or payload.
    #[error("the form has neither a command nor a payload")]
    NoPayload,
}

/// Decodes a body as it comes over HTTP: a form (commands, interactions) or JSON (events).
///
/// # Errors
/// When the body is neither.
pub fn body(bytes: &[u8], ours: &Installation, retry: Option<u8>) -> Result<Decoded, Undecodable> {
    // By its look, not its content type: proxies lose headers, and a form cannot begin with a brace.
    if bytes
        .trim_ascii_start()
        .first()
        .is_some_and(|first| matches!(first, b'{' | b'[' | b'"'))
    {
        return json(bytes, ours, retry);
    }
    let mut payload = RawPayload::default();
    for (key, value) in url::form_urlencoded::parse(bytes) {
        let field = match &*key {
            "payload" => return json(value.as_bytes(), ours, retry),
            "ssl_check" => &mut payload.ssl_check,
            "team_id" => &mut payload.team_id,
            "enterprise_id" => &mut payload.enterprise_id,
            "user_id" => &mut payload.user_id,
            "command" => &mut payload.command,
            "text" => &mut payload.text,
            "channel_id" => &mut payload.channel_id,
            "trigger_id" => &mut payload.trigger_id,
            "response_url" => &mut payload.response_url,
            _ => continue,
        };
        *field = Text(value.into_owned());
    }
    if payload.ssl_check.yes() {
        return Ok(Decoded::SslCheck);
    }
    if payload.command.get().is_none() {
        return Err(Undecodable::NoPayload);
    }
    Ok(decode(payload, ours, retry))
}

fn json(bytes: &[u8], ours: &Installation, retry: Option<u8>) -> Result<Decoded, Undecodable> {
    let payload: RawPayload = raw::parse(bytes).map_err(|_| Undecodable::NotJson)?;
    Ok(decode(payload, ours, retry))
}

/// Decodes a payload: interaction, command or event.
pub(crate) fn decode(payload: RawPayload, ours: &Installation, retry: Option<u8>) -> Decoded {
    if payload.r#type.0 == "url_verification" {
        return Decoded::Challenge(payload.challenge.0);
    }
    if payload.r#type.0 == "event_callback"
        && let Some(event) = payload.event.get().filter(|event| is_own(event, ours))
    {
        return match touched(event, ours) {
            Some(event) if is_home(&payload, ours) => Decoded::Inbound(Inbound::Event {
                id: EventId(payload.event_id.0.clone()),
                team: ours.key(),
                event,
                retry,
            }),
            _ => Decoded::Own,
        };
    }
    let home = is_home(&payload, ours);
    let team = if home { String::new() } else { where_from(&payload) };
    let inbound = inbound(payload, ours, retry);
    // What we do not know is acknowledged wherever it is from; some kinds carry no workspace at all.
    if home || matches!(inbound, Inbound::Other { .. }) {
        Decoded::Inbound(inbound)
    } else {
        Decoded::Foreign { inbound, team }
    }
}

/// Whether the payload belongs to our installation: its workspace, its organisation, or an authorisation of ours for it.
fn is_home(payload: &RawPayload, ours: &Installation) -> bool {
    let view_team = payload.view.get().map(|view| view.app_installed_team_id.0.as_str());
    let team = payload.team.get();
    let teams = [
        Some(payload.team_id.0.as_str()),
        Some(&payload.context_team_id.0),
        team.map(|t| t.id.0.as_str()),
        view_team,
    ];
    let enterprises = [
        Some(payload.enterprise_id.0.as_str()),
        Some(&payload.context_enterprise_id.0),
        team.map(|t| t.enterprise_id.0.as_str()),
        payload.enterprise.get().map(|enterprise| enterprise.id.0.as_str()),
    ];
    let is_our_team = |id: &str| id == ours.team_id;
    let is_our_enterprise = |id: &str| ours.enterprise_id.as_deref() == Some(id) && !id.is_empty();
    teams.into_iter().flatten().any(is_our_team)
        || enterprises.into_iter().flatten().any(is_our_enterprise)
        || payload
            .authorizations
            .0
            .iter()
            .any(|a| is_our_team(&a.team_id.0) || is_our_enterprise(&a.enterprise_id.0))
}

fn where_from(payload: &RawPayload) -> String {
    let team = payload.team.get().and_then(|team| team.id.get());
    let enterprise = payload.enterprise.get().and_then(|enterprise| enterprise.id.get());
    payload
        .team_id
        .get()
        .or(team)
        .or(enterprise)
        .or(payload.enterprise_id.get())
        .unwrap_or("unknown")
        .to_owned()
}

/// Our own messages come back as events, and so do our updates of them; a loop is one forgotten check away.
fn is_own(event: &RawEvent, ours: &Installation) -> bool {
    let by_us = |user: &str, bot: &str| user == ours.bot_user_id.0 || (bot == ours.bot_id && !bot.is_empty());
    let user = event.user.get().map(|user| user.id.0.as_str()).unwrap_or_default();
    by_us(user, &event.bot_id.0)
        || [&event.message, &event.previous_message]
            .into_iter()
            .filter_map(Maybe::get)
            .any(|m| by_us(&m.user.0, &m.bot_id.0))
}

/// What somebody else did to a message of ours.
fn touched(event: &RawEvent, ours: &Installation) -> Option<Event> {
    let channel = event.channel.get()?.id.owned()?;
    let (now, before) = (event.message.get(), event.previous_message.get());
    let (gone, ts) = match event.subtype.0.as_str() {
        "message_deleted" => (
            true,
            event.deleted_ts.get().or(before.and_then(|before| before.ts.get()))?,
        ),
        "message_changed" => {
            let now = now?;
            let by_us = |edited: &raw::RawEdited| edited.user.0 == ours.bot_user_id.0;
            let gone = now.subtype.0 == "tombstone";
            // Without an editor it is a link's preview, or one more reply.
            if !gone && now.edited.get().is_none_or(by_us) {
                return None;
            }
            (gone, now.ts.get().or(before.and_then(|before| before.ts.get()))?)
        }
        _ => return None,
    };
    Some(Event::Touched {
        channel,
        ts: ts.to_owned(),
        gone,
    })
}

fn inbound(payload: RawPayload, ours: &Installation, retry: Option<u8>) -> Inbound {
    let kind = payload.r#type.0.clone();
    let made = match kind.as_str() {
        "block_actions" => block_action(&payload, ours),
        "view_submission" => view_submission(&payload, ours),
        "view_closed" => view_closed(&payload, ours),
        "block_suggestion" => options(&payload, ours),
        "shortcut" => global_shortcut(&payload, ours),
        "message_action" => message_shortcut(&payload, ours),
        "event_callback" => event(&payload, ours, retry),
        "" if payload.command.get().is_some() => command(&payload, ours),
        _ => None,
    };
    made.unwrap_or(Inbound::Other {
        kind: if kind.is_empty() { "untyped".to_owned() } else { kind },
    })
}

/// The person, keyed by our installation; by their own workspace when they come from a shared channel.
fn actor(user: &str, user_team: &str, ours: &Installation) -> Option<SlackActor> {
    // In an organisation a member's team id may be any of its workspaces, so it tells nothing.
    let foreign = ours.enterprise_id.is_none() && !user_team.is_empty() && user_team != ours.team_id;
    let team = if foreign {
        TeamKey(user_team.to_owned())
    } else {
        ours.key()
    };
    (!user.is_empty()).then(|| SlackActor {
        team,
        user: SlackUserId(user.to_owned()),
    })
}

fn acting(payload: &RawPayload, ours: &Installation) -> Option<SlackActor> {
    match payload.user.get() {
        Some(user) => actor(&user.id.0, &user.team_id.0, ours),
        None => actor(&payload.user_id.0, "", ours),
    }
}

fn trigger(payload: &RawPayload) -> TriggerId {
    TriggerId(payload.trigger_id.0.clone())
}

fn response_url(payload: &RawPayload) -> Option<Url> {
    payload.response_url.get().and_then(|url| Url::parse(url).ok())
}

fn command(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    Some(Inbound::Command {
        actor: acting(payload, ours)?,
        command: payload.command.0.clone(),
        text: payload.text.0.clone(),
        channel: payload.channel_id.0.clone(),
        trigger: trigger(payload),
        response_url: response_url(payload),
    })
}

fn block_action(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    let raw = payload.actions.0.first()?;
    let Field { kind, value, selected } = field(raw);
    let action = Action {
        action_id: raw.action_id.0.clone(),
        block_id: raw.block_id.0.clone(),
        kind,
        value,
        selected,
        action_ts: raw.action_ts.0.clone(),
    };
    let container = container(payload);
    let state = match container.view() {
        Some(view) => view.state.clone(),
        None => form_state(payload.state.get()),
    };
    Some(Inbound::Action {
        actor: acting(payload, ours)?,
        action,
        container,
        state,
        trigger: trigger(payload),
        response_url: response_url(payload),
    })
}

fn container(payload: &RawPayload) -> Container {
    if let Some(raw) = payload.view.get() {
        let view = Box::new(view(raw));
        return if raw.r#type.0 == "home" {
            Container::Home { view }
        } else {
            Container::View { view }
        };
    }
    let place = payload.container.get();
    let message = payload.message.get();
    let channel = payload.channel.get();
    let first = |texts: [Option<&Text>; 2]| texts.into_iter().flatten().find_map(Text::owned);
    Container::Message {
        channel: first([place.map(|p| &p.channel_id), channel.map(|c| &c.id)]).unwrap_or_default(),
        ts: first([place.map(|p| &p.message_ts), message.map(|m| &m.ts)]).unwrap_or_default(),
        thread_ts: first([place.map(|p| &p.thread_ts), message.map(|m| &m.thread_ts)]),
        ephemeral: place.is_some_and(|p| p.is_ephemeral.yes()),
    }
}

fn view_submission(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    let view = view(payload.view.get()?);
    Some(Inbound::ViewSubmitted {
        actor: acting(payload, ours)?,
        view,
        trigger: trigger(payload),
    })
}

fn view_closed(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    let view = view(payload.view.get()?);
    Some(Inbound::ViewClosed {
        actor: acting(payload, ours)?,
        view,
        cleared: payload.is_cleared.yes(),
    })
}

fn options(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    Some(Inbound::Options {
        actor: acting(payload, ours)?,
        action_id: payload.action_id.0.clone(),
        block_id: payload.block_id.0.clone(),
        query: payload.value.0.clone(),
        view: payload.view.get().map(view),
    })
}

fn global_shortcut(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    Some(Inbound::GlobalShortcut {
        actor: acting(payload, ours)?,
        callback_id: payload.callback_id.0.clone(),
        trigger: trigger(payload),
    })
}

fn message_shortcut(payload: &RawPayload, ours: &Installation) -> Option<Inbound> {
    let message = payload.message.get().cloned().unwrap_or_default();
    let channel = payload.channel.get().cloned().unwrap_or_default();
    Some(Inbound::MessageShortcut {
        actor: acting(payload, ours)?,
        callback_id: payload.callback_id.0.clone(),
        trigger: trigger(payload),
        channel: channel.id.0,
        channel_name: channel.name.0,
        message_ts: payload.message_ts.owned().unwrap_or(message.ts.0),
        thread_ts: message.thread_ts.owned(),
        author: message.user.owned().map(SlackUserId),
        text: message.text.0,
        response_url: response_url(payload),
    })
}

fn view(raw: &RawView) -> View {
    View {
        id: raw.id.0.clone(),
        root_id: raw.root_view_id.owned().unwrap_or_else(|| raw.id.0.clone()),
        previous_id: raw.previous_view_id.owned(),
        callback_id: raw.callback_id.0.clone(),
        private_metadata: raw.private_metadata.0.clone(),
        hash: raw.hash.0.clone(),
        external_id: raw.external_id.owned(),
        state: form_state(raw.state.get()),
        title: raw.title.get().map(|title| title.text.0.clone()).unwrap_or_default(),
        inputs: raw
            .blocks
            .0
            .iter()
            .filter(|b| b.r#type.0 == "input")
            .filter_map(|b| b.block_id.owned())
            .collect(),
        app_id: raw.app_id.0.clone(),
    }
}

fn form_state(raw: Option<&RawState>) -> FormState {
    let mut state = FormState::default();
    for (block_id, block) in raw.and_then(|state| state.values.get()).into_iter().flatten() {
        for (action_id, value) in block.get().into_iter().flatten() {
            let Some(value) = value.get().map(field) else { continue };
            // Untouched inputs are absent, cleared ones null or empty: to us both are "nothing".
            if value.text().is_some() || !value.selected.is_empty() {
                state
                    .fields
                    .entry(block_id.clone())
                    .or_default()
                    .insert(action_id.clone(), value);
            }
        }
    }
    state
}

fn field(raw: &RawField) -> Field {
    let value = raw.value.get().map(|value| &value.text);
    let value = [
        value,
        Some(&raw.selected_date),
        Some(&raw.selected_time),
        Some(&raw.selected_date_time),
    ];
    let ids = [&raw.selected_user, &raw.selected_conversation, &raw.selected_channel];
    let options = raw.selected_option.get().into_iter().chain(&raw.selected_options.0);
    let lists = [&raw.selected_users, &raw.selected_conversations, &raw.selected_channels];
    let selected = options
        .chain(lists.into_iter().flat_map(|list| &list.0))
        .map(|o| Choice {
            value: o.value.0.clone(),
            text: o.text.get().map(|t| t.text.0.clone()).unwrap_or_default(),
        })
        .chain(ids.into_iter().filter_map(Text::owned).map(|value| Choice {
            value,
            text: String::new(),
        }))
        .filter(|choice| !choice.value.is_empty())
        .collect();
    Field {
        kind: raw.r#type.0.clone(),
        value: value.into_iter().flatten().find_map(Text::owned),
        selected,
    }
}

fn event(payload: &RawPayload, ours: &Installation, retry: Option<u8>) -> Option<Inbound> {
    let raw = payload.event.get()?;
    // Without its id a repeat could not be told from the first.
    let id = EventId(payload.event_id.owned()?);
    let event = match raw.r#type.0.as_str() {
        "message" => message_event(raw, ours),
        "app_home_opened" => raw
            .user
            .get()
            .and_then(|user| actor(&user.id.0, &user.team_id.0, ours))
            .map(|actor| Event::AppHomeOpened {
                actor,
                tab: raw.tab.0.clone(),
                channel: raw
                    .channel
                    .get()
                    .map(|channel| channel.id.0.clone())
                    .unwrap_or_default(),
            }),
        "user_change" => account(raw).map(|user| Event::UserChanged { user }),
        "dnd_updated_user" => raw.user.get().and_then(|user| {
            let (from, until) = raw.dnd_status.get()?.moments();
            Some(Event::DoNotDisturb {
                user: SlackUserId(user.id.owned()?),
                from,
                until,
            })
        }),
        "team_join" => account(raw).map(|user| Event::TeamJoin { user }),
        "subteam_created" | "subteam_updated" => raw
            .subteam
            .get()
            .and_then(|team| team.id.owned())
            .map(|id| Event::SubteamUpdated { id }),
        "subteam_members_changed" => raw.subteam_id.owned().map(|id| Event::SubteamMembersChanged { id }),
        "tokens_revoked" => {
            let bots = raw
                .tokens
                .get()
                .map(|tokens| tokens.bot.0.iter().filter_map(|bot| bot.id.owned()).collect());
            Some(Event::TokensRevoked {
                bots: bots.unwrap_or_default(),
            })
        }
        "app_uninstalled" => Some(Event::AppUninstalled),
        "reaction_added" => reacted(raw, true),
        "reaction_removed" => reacted(raw, false),
        "file_deleted" => raw.file_id.owned().map(|file| Event::FileDeleted { file }),
        _ => None,
    };
    let event = event.unwrap_or_else(|| {
        let kind: Cow<'_, str> = match raw.subtype.get() {
            Some(subtype) => format!("{}.{subtype}", raw.r#type.0).into(),
            None => raw.r#type.0.as_str().into(),
        };
        Event::Other {
            kind: kind.into_owned(),
        }
    });
    Some(Inbound::Event {
        id,
        team: ours.key(),
        event,
        retry,
    })
}

fn reacted(raw: &RawEvent, present: bool) -> Option<Event> {
    let item = raw.item.get().filter(|item| item.r#type.0 == "message")?;
    Some(Event::Reacted {
        user: SlackUserId(raw.user.get()?.id.owned()?),
        channel: item.channel.owned()?,
        ts: item.ts.owned()?,
        emoji: raw.reaction.owned()?,
        at: raw.event_ts.0.clone(),
        present,
    })
}

fn account(event: &RawEvent) -> Option<SlackUser> {
    event.user.get().map(slack_user).filter(|user| !user.id.is_empty())
}

fn message_event(raw: &RawEvent, ours: &Installation) -> Option<Event> {
    let channel = raw.channel.get()?.id.owned()?;
    match raw.subtype.0.as_str() {
        "message_changed" => {
            let now = raw.message.get()?;
            let before = raw.previous_message.get();
            let ts = now.ts.get().or(before.and_then(|before| before.ts.get()))?.to_owned();
            // A deleted parent that has replies stays as a tombstone.
            if now.subtype.0 == "tombstone" {
                return Some(Event::MessageDeleted {
                    channel,
                    ts,
                    thread_ts: now.thread_ts.owned(),
                });
            }
            let mut message = message(now, channel, raw.channel_type.0.clone(), ours);
            message.ts = ts;
            Some(Event::MessageChanged {
                message,
                previous_text: before.map(|before| before.text.0.clone()),
            })
        }
        "message_deleted" => {
            let before = raw.previous_message.get();
            let ts = raw
                .deleted_ts
                .get()
                .or(before.and_then(|before| before.ts.get()))?
                .to_owned();
            Some(Event::MessageDeleted {
                channel,
                ts,
                thread_ts: before.and_then(|before| before.thread_ts.owned()),
            })
        }
        // `message_replied` comes without its subtype, but with the parent inside.
        "" if raw.message.get().is_some() => None,
        "" | "file_share" | "thread_broadcast" | "me_message" | "bot_message" => {
            let user = raw.user.get().map(|user| user.id.clone()).unwrap_or_default();
            let flat = RawMessage {
                subtype: raw.subtype.clone(),
                ts: Text(raw.ts.owned()?),
                thread_ts: raw.thread_ts.clone(),
                user,
                user_team: raw.user_team.clone(),
                team: raw.team.clone(),
                bot_id: raw.bot_id.clone(),
                text: raw.text.clone(),
                client_msg_id: raw.client_msg_id.clone(),
                edited: raw.edited.clone(),
                files: raw.files.clone(),
                blocks: raw.blocks.clone(),
            };
            Some(Event::Message(message(
                &flat,
                channel,
                raw.channel_type.0.clone(),
                ours,
            )))
        }
        _ => None,
    }
}

fn message(raw: &RawMessage, channel: String, channel_type: String, ours: &Installation) -> Message {
    let user_team = raw.user_team.get().or(raw.team.get()).unwrap_or_default();
    Message {
        channel,
        channel_type,
        ts: raw.ts.0.clone(),
        thread_ts: raw.thread_ts.owned(),
        author: actor(&raw.user.0, user_team, ours),
        bot_id: raw.bot_id.owned(),
        subtype: raw.subtype.owned(),
        text: raw.text.0.clone(),
        rich: rich_text(&raw.blocks.0),
        files: raw.files.0.iter().map(shared_file).collect(),
        edited: raw
            .edited
            .get()
            .map(|edited| (SlackUserId(edited.user.0.clone()), edited.ts.0.clone())),
        client_msg_id: raw.client_msg_id.owned(),
    }
}

fn shared_file(raw: &RawFile) -> SharedFile {
    SharedFile {
        id: raw.id.0.clone(),
        name: raw.name.get().or(raw.title.get()).unwrap_or_default().to_owned(),
        mimetype: raw.mimetype.0.clone(),
        size: raw.size.number().unwrap_or_default(),
        permalink: raw.permalink.0.clone(),
        deleted: raw.mode.0 == "tombstone" || raw.file_access.0 == "file_not_found",
    }
}

/// The rich text in a message's blocks.
fn rich_text(blocks: &[RawRich]) -> Vec<RichPart> {
    let rich = blocks.iter().filter(|block| block.r#type.0 == "rich_text");
    rich.flat_map(|block| &block.elements.0).filter_map(rich_part).collect()
}

fn rich_part(raw: &RawRichPart) -> Option<RichPart> {
    let pieces = || -> Vec<RichPiece> { raw.elements.0.iter().filter_map(rich_item).collect() };
    Some(match raw.r#type.0.as_str() {
        "rich_text_section" => RichPart::Section(pieces()),
        "rich_text_quote" => RichPart::Quote(pieces()),
        "rich_text_preformatted" => RichPart::Code(pieces()),
        "rich_text_list" => RichPart::List {
            ordered: raw.style.get().is_some_and(|style| style.name.0 == "ordered"),
            indent: raw.indent.number().unwrap_or_default(),
            offset: raw.offset.number().unwrap_or_default(),
            items: raw
                .elements
                .0
                .iter()
                .map(|item| item.elements.0.iter().filter_map(rich_piece).collect())
                .collect(),
        },
        _ => return None,
    })
}

fn rich_item(raw: &RawRichItem) -> Option<RichPiece> {
    let raw = raw.clone();
    rich_piece(&RawRichPiece {
        r#type: raw.r#type,
        text: raw.text,
        url: raw.url,
        user_id: raw.user_id,
        channel_id: raw.channel_id,
        usergroup_id: raw.usergroup_id,
        range: raw.range,
        name: raw.name,
        unicode: raw.unicode,
        timestamp: raw.timestamp,
        value: raw.value,
        style: raw.style,
    })
}

fn rich_piece(raw: &RawRichPiece) -> Option<RichPiece> {
    let style = raw.style.get().map(|style| RichStyle {
        bold: style.bold.yes(),
        italic: style.italic.yes(),
        strike: style.strike.yes(),
        code: style.code.yes(),
    });
    let style = style.unwrap_or_default();
    Some(match raw.r#type.0.as_str() {
        "text" => RichPiece::Text(raw.text.0.clone(), style),
        "link" => RichPiece::Link(raw.url.0.clone(), raw.text.0.clone(), style),
        "user" => RichPiece::User(raw.user_id.0.clone()),
        "channel" => RichPiece::Channel(raw.channel_id.0.clone()),
        "usergroup" => RichPiece::Group(raw.usergroup_id.0.clone()),
        "broadcast" => RichPiece::Broadcast(raw.range.0.clone()),
        "emoji" => RichPiece::Emoji(raw.name.0.clone(), raw.unicode.0.clone()),
        "date" => RichPiece::Date(raw.timestamp.0.parse().unwrap_or_default()),
        "color" => RichPiece::Text(raw.value.0.clone(), style),
        // Of a kind that is new: its words, if it has some.
        _ => RichPiece::Text(raw.text.owned()?, style),
    })
}

/// An account as events and the Web API tell it.
pub(crate) fn slack_user(raw: &RawUser) -> SlackUser {
    let profile = raw.profile.get().cloned().unwrap_or_default();
    let enterprise = raw
        .enterprise_user
        .get()
        .and_then(|member| member.enterprise_id.owned());
    SlackUser {
        id: raw.id.0.clone(),
        team_id: raw.team_id.0.clone(),
        enterprise_id: enterprise.or(raw.enterprise_id.owned()),
        name: raw.name.0.clone(),
        real_name: raw
            .real_name
            .get()
            .or(profile.real_name.get())
            .unwrap_or_default()
            .to_owned(),
        display_name: profile.display_name.0,
        email: profile.email.owned(),
        email_confirmed: raw.is_email_confirmed.0 != "false",
        title: profile.title.0,
        tz: raw.tz.owned(),
        status_emoji: profile.status_emoji.0,
        status_expiration: profile
            .status_expiration
            .number()
            .and_then(|moment| i64::try_from(moment).ok())
            .unwrap_or_default(),
        image: profile.image_72.owned().or(profile.image_192.owned()),
        deleted: raw.deleted.yes(),
        // Slackbot is said not to be flagged.
        is_bot: raw.is_bot.yes() || raw.is_workflow_bot.yes() || raw.is_connector_bot.yes() || raw.id.0 == "USLACKBOT",
        is_guest: raw.is_restricted.yes() || raw.is_ultra_restricted.yes(),
        is_stranger: raw.is_stranger.yes(),
        is_invited: raw.is_invited_user.yes(),
        is_admin: raw.is_admin.yes() || raw.is_owner.yes() || raw.is_primary_owner.yes(),
    }
}
