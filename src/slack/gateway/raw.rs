//! Slack's payloads as they lie on the wire, read softly: every field may be absent, null or of another type than last year.
//!
//! A field of the wrong type counts as absent instead of failing the payload, because one surprising field in a part we do not
//! use must not cost a person their comment. Unknown fields are skipped without being built.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Reads one JSON object softly. Errors only when the bytes are no JSON or no object.
pub(crate) fn parse<T: DeserializeOwned + Soft>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let read = match serde_json::from_slice::<Maybe<T>>(bytes) {
        Ok(read) => read,
        // A key that stands twice is an error to derived readers; a JSON value keeps the last one.
        Err(_) => serde_json::from_value(serde_json::from_slice::<serde_json::Value>(bytes)?)?,
    };
    read.0.ok_or_else(|| serde_json::Error::custom("not a JSON object"))
}

/// A part of a payload that is an object, or stands as a bare id or text where Slack writes it so.
pub(crate) trait Soft: Sized {
    /// What a bare string means.
    fn from_text(_text: String) -> Option<Self> {
        None
    }
}

impl<V> Soft for BTreeMap<String, V> {}

impl Soft for serde_json::Value {}

/// An object, or nothing.
#[derive(Debug, Clone)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Maybe<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Deserialize<'de> + Soft> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Soft> Visitor<'de> for Object<T> {
            type Value = Maybe<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|part| Maybe(Some(part)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                skip_list(seq).map(|()| Maybe(None))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Maybe(T::from_text(text.to_owned())))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Maybe(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Maybe(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Maybe(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Maybe(None))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Maybe(None))
            }
        }
        deserializer.deserialize_any(Object(PhantomData))
    }
}

/// A list; elements that are not what they should be are left out.
#[derive(Debug, Clone)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T> Deserialize<'de> for List<T>
where
    T: Deserialize<'de> + Soft,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Soft> Visitor<'de> for Elements<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = seq.next_element::<Maybe<T>>()? {
                    list.extend(element.0);
                }
                Ok(List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                skip_map(map).map(|()| List::default())
            }
            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(List::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(List::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(List::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(List::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(List::default())
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(List::default())
            }
        }
        deserializer.deserialize_any(Elements(PhantomData))
    }
}

/// A text, number or truth value as text; empty when absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    /// The text, unless it is empty.
    pub(crate) fn get(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }

    /// A copy of the text, unless it is empty.
    pub(crate) fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }

    /// Whether Slack says yes: `true`, `"true"`, `1`.
    pub(crate) fn yes(&self) -> bool {
        matches!(self.0.as_str(), "true" | "1")
    }

    /// A whole number.
    pub(crate) fn number(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl<'de> Visitor<'de> for Scalar {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Text, E> {
                Ok(Text(text))
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Text, E> {
                Ok(Text(yes.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
                skip_map(map).map(|()| Text::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Text, A::Error> {
                skip_list(seq).map(|()| Text::default())
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_list<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A text object, or a bare text.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct RawText {
    pub(crate) text: Text,
}

impl Soft for RawText {
    fn from_text(text: String) -> Option<Self> {
        Some(Self { text: Text(text) })
    }
}

/// Declares a part of a payload whose every field may be absent, with what a bare string in its place means.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident $(($text:ident))? { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, serde::Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }
        impl Soft for $name {
            $(fn from_text(text: String) -> Option<Self> {
                Some(Self { $text: Text(text), ..Self::default() })
            })?
        }
    )*};
}

parts! {
    /// Anything Slack may deliver: an interaction, a command (as JSON in Socket Mode) or the wrapper of an event.
    RawPayload {
        r#type: Text,
        challenge: Text,
        ssl_check: Text,
        team: Maybe<RawTeam>,
        team_id: Text,
        enterprise: Maybe<RawTeam>,
        enterprise_id: Text,
        context_team_id: Text,
        context_enterprise_id: Text,
        authorizations: List<RawAuthorization>,
        user: Maybe<RawUser>,
        user_id: Text,
        command: Text,
        text: Text,
        channel: Maybe<RawChannel>,
        channel_id: Text,
        trigger_id: Text,
        response_url: Text,
        container: Maybe<RawContainer>,
        message: Maybe<RawMessage>,
        message_ts: Text,
        view: Maybe<RawView>,
        state: Maybe<RawState>,
        actions: List<RawField>,
        action_id: Text,
        block_id: Text,
        value: Text,
        callback_id: Text,
        is_cleared: Text,
        event: Maybe<RawEvent>,
        event_id: Text,
    }

    /// A frame of Socket Mode.
    RawFrame {
        r#type: Text,
        envelope_id: Text,
        accepts_response_payload: Text,
        retry_attempt: Text,
        reason: Text,
        payload: Maybe<RawPayload>,
    }

    RawTeam(id) { id: Text, enterprise_id: Text, }
    RawAuthorization { team_id: Text, enterprise_id: Text, }
    RawChannel(id) { id: Text, name: Text, }
    RawContainer { channel_id: Text, message_ts: Text, thread_ts: Text, is_ephemeral: Text, }
    RawOption(value) { value: Text, text: Maybe<RawText>, }
    RawBlock { r#type: Text, block_id: Text, }
    RawState { values: Maybe<BTreeMap<String, Maybe<BTreeMap<String, Maybe<RawField>>>>>, }

    /// The value of an input, or an action.
    RawField {
        r#type: Text,
        action_id: Text,
        block_id: Text,
        action_ts: Text,
        value: Maybe<RawText>,
        selected_date: Text,
        selected_time: Text,
        selected_date_time: Text,
        selected_option: Maybe<RawOption>,
        selected_options: List<RawOption>,
        selected_user: Text,
        selected_users: List<RawOption>,
        selected_conversation: Text,
        selected_conversations: List<RawOption>,
        selected_channel: Text,
        selected_channels: List<RawOption>,
    }

    RawView {
        id: Text,
        r#type: Text,
        root_view_id: Text,
        previous_view_id: Text,
        callback_id: Text,
        private_metadata: Text,
        hash: Text,
        external_id: Text,
        app_id: Text,
        app_installed_team_id: Text,
        title: Maybe<RawText>,
        state: Maybe<RawState>,
        blocks: List<RawBlock>,
    }

    RawEvent {
        r#type: Text,
        subtype: Text,
        user: Maybe<RawUser>,
        user_team: Text,
        team: Text,
        bot_id: Text,
        text: Text,
        channel: Maybe<RawChannel>,
        channel_type: Text,
        ts: Text,
        thread_ts: Text,
        deleted_ts: Text,
        client_msg_id: Text,
        edited: Maybe<RawEdited>,
        files: List<RawFile>,
        blocks: List<RawRich>,
        message: Maybe<RawMessage>,
        previous_message: Maybe<RawMessage>,
        tab: Text,
        subteam: Maybe<RawTeam>,
        subteam_id: Text,
        tokens: Maybe<RawTokens>,
        dnd_status: Maybe<RawDnd>,
        reaction: Text,
        item: Maybe<RawItem>,
        event_ts: Text,
        file_id: Text,
    }

    /// What somebody answered with an emoji.
    RawItem { r#type: Text, channel: Text, ts: Text, }

    RawEdited { user: Text, ts: Text, }
    RawFile { id: Text, name: Text, title: Text, mimetype: Text, size: Text, permalink: Text, mode: Text, file_access: Text, }
    RawTokens { bot: List<RawTeam>, }

    /// A message inside an event or an interaction.
    RawMessage {
        subtype: Text,
        ts: Text,
        thread_ts: Text,
        user: Text,
        user_team: Text,
        team: Text,
        bot_id: Text,
        text: Text,
        client_msg_id: Text,
        edited: Maybe<RawEdited>,
        files: List<RawFile>,
        blocks: List<RawRich>,
    }

    /// A block of a message; of use to us when it is rich text.
    RawRich { r#type: Text, elements: List<RawRichPart>, }

    /// A section, quote, list or code in rich text.
    RawRichPart {
        r#type: Text,
        style: Maybe<RawRichStyle>,
        indent: Text,
        offset: Text,
        elements: List<RawRichItem>,
    }

    /// A piece of a line, or an item of a list with pieces in it.
    RawRichItem {
        r#type: Text,
        text: Text,
        url: Text,
        user_id: Text,
        channel_id: Text,
        usergroup_id: Text,
        range: Text,
        name: Text,
        unicode: Text,
        timestamp: Text,
        value: Text,
        style: Maybe<RawRichStyle>,
        elements: List<RawRichPiece>,
    }

    /// A piece of a line in an item of a list.
    RawRichPiece {
        r#type: Text,
        text: Text,
        url: Text,
        user_id: Text,
        channel_id: Text,
        usergroup_id: Text,
        range: Text,
        name: Text,
        unicode: Text,
        timestamp: Text,
        value: Text,
        style: Maybe<RawRichStyle>,
    }

    /// How letters look; of a list, how its items are marked.
    RawRichStyle(name) { name: Text, bold: Text, italic: Text, strike: Text, code: Text, }

    RawUser(id) {
        id: Text,
        team_id: Text,
        name: Text,
        real_name: Text,
        tz: Text,
        deleted: Text,
        is_bot: Text,
        is_workflow_bot: Text,
        is_connector_bot: Text,
        is_restricted: Text,
        is_ultra_restricted: Text,
        is_stranger: Text,
        is_invited_user: Text,
        is_email_confirmed: Text,
        is_admin: Text,
        is_owner: Text,
        is_primary_owner: Text,
        enterprise_user: Maybe<RawTeamMember>,
        enterprise_id: Text,
        profile: Maybe<RawProfile>,
    }

    RawTeamMember { enterprise_id: Text, }
    RawProfile {
        real_name: Text, display_name: Text, email: Text, title: Text, image_72: Text, image_192: Text,
        status_emoji: Text, status_expiration: Text,
    }
    RawDnd { dnd_enabled: Text, next_dnd_start_ts: Text, next_dnd_end_ts: Text, }
}

impl RawDnd {
    /// From when somebody does not want to be disturbed, and until when.
    pub(crate) fn moments(&self) -> (i64, Option<i64>) {
        let moment = |moment: &Text| moment.number().and_then(|moment| i64::try_from(moment).ok());
        (
            moment(&self.next_dnd_start_ts).unwrap_or_default(),
            moment(&self.next_dnd_end_ts).filter(|_| self.dnd_enabled.yes()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_types_count_as_absent() {
        let payload: RawPayload = parse(
            br#"{"type":7,"team":["x"],"user":"U1","actions":{"a":[1,{"b":2}]},"view":true,"state":{"values":{"b":[],"c":{"a":null}}},"is_cleared":"true"}"#,
        )
        .unwrap();
        assert_eq!(payload.r#type.0, "7");
        assert!(payload.team.get().is_none());
        assert_eq!(payload.user.get().unwrap().id.0, "U1");
        assert!(payload.actions.0.is_empty());
        assert!(payload.view.get().is_none());
        assert!(payload.is_cleared.yes());
    }

    #[test]
    fn a_key_that_stands_twice_keeps_the_last() {
        let payload: RawPayload = parse(br#"{"type":"a","type":"b","user":{"id":"U1","id":"U2"}}"#).unwrap();
        assert_eq!(payload.r#type.0, "b");
        assert_eq!(payload.user.get().unwrap().id.0, "U2");
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for bytes in [&b"[]"[..], b"null", b"7", b"\"x\"", b"", b"{", b"{\"a\":}", b"\xff"] {
            assert!(parse::<RawPayload>(bytes).is_err(), "{bytes:?}");
        }
        let deep = format!("{{\"unknown\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(
            parse::<RawPayload>(deep.as_bytes()).is_ok(),
            "what we do not read may be as deep as it likes"
        );
        let deep = format!("{{\"text\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse::<RawPayload>(deep.as_bytes()).is_ok());
    }
}
