//! Slack's numbers, and what each Web API method wants: scopes, tier, arguments.
//!
//! Sources: the method pages of docs.slack.dev for arguments and scopes; `rate_limit_tiers.json` of Slack's Java SDK
//! for tiers, which is the later of the two where they differ; the pages named beside the constants for the rest. The
//! lengths inside blocks stand where they are used, in [`crate::blocks`].

use std::time::Duration;

// Interactivity: docs.slack.dev/interactivity/handling-user-interaction.

/// A slash command, an interaction or a request for options must be acknowledged within this; nothing is sent again.
pub const ACK_WITHIN: Duration = Duration::from_secs(3);
/// How long a `trigger_id` may be used, once.
pub const TRIGGER_LIFE: Duration = Duration::from_secs(3);
/// How long a `response_url` may be used.
pub const RESPONSE_URL_LIFE: Duration = Duration::from_secs(30 * 60);
/// How often a `response_url` may be used.
pub const RESPONSE_URL_USES: u32 = 5;
/// Characters a person must type before an external select asks, unless the element says otherwise.
pub const MIN_QUERY_LENGTH: u64 = 3;
/// Options, or groups, in the answer to a request for options.
pub const SUGGESTIONS: usize = 100;

// Events: docs.slack.dev/apis/events-api.

/// An event must be answered with 2xx within this.
pub const EVENT_WITHIN: Duration = Duration::from_secs(3);
/// The waits before the first, second and third retry of an event.
pub const EVENT_RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];
/// Redirects followed when an event is delivered.
pub const EVENT_REDIRECTS: usize = 2;
/// Deliveries in an hour, per workspace and app; above it `app_rate_limited` is sent once a minute.
pub const EVENTS_PER_HOUR: u32 = 30_000;
/// Without "delayed events", events older than this are dropped.
pub const EVENT_AGE: Duration = Duration::from_secs(2 * 60 * 60);

// Signing and Socket Mode: docs.slack.dev/authentication/verifying-requests-from-slack, …/apis/events-api/using-socket-mode.

/// A signed request older or newer than this must be refused by the app.
pub const SIGNATURE_AGE: Duration = Duration::from_secs(300);
/// Open Socket Mode connections of one app.
pub const SOCKETS: usize = 10;
/// How long before a refresh the `warning` comes.
pub const SOCKET_WARNING: Duration = Duration::from_secs(10);

// Views: docs.slack.dev/surfaces/modals, …/reference/views.

/// Views in a person's stack of modals; one more is `push_limit_reached`.
pub const MODAL_STACK: usize = 3;
/// Blocks in a modal or a Home tab.
pub const VIEW_BLOCKS: usize = 100;
/// A whole view as JSON, in bytes; above it `view_too_large`.
pub const VIEW_BYTES: usize = 250_000;
/// Title, submit and close of a modal.
pub const VIEW_TITLE: usize = 24;
/// `private_metadata` of a view.
pub const PRIVATE_METADATA: usize = 3000;
/// `callback_id` and `external_id` of a view.
pub const VIEW_ID: usize = 255;

// Messages: docs.slack.dev/reference/block-kit/blocks, …/reference/methods/chat.postMessage.

/// Blocks in a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// `block_id` and `action_id`.
pub const BLOCK_ID: usize = 255;
/// Attachments of a message; above it `too_many_attachments`.
pub const ATTACHMENTS: usize = 100;
/// `text` of a new message is cut after this.
pub const POST_TEXT: usize = 40_000;
/// `text` of `chat.update`; above it `msg_too_long`. Not documented; seen by many.
pub const UPDATE_TEXT: usize = 4000;
/// `markdown_text`, and the markdown blocks of a message together.
pub const MARKDOWN_TEXT: usize = 12_000;
/// `users` of `conversations.open`.
pub const OPEN_USERS: usize = 8;

// The manifest: Slack's JSON schema of manifests (slackapi/manifest-schema).

/// `display_information.name`.
pub const APP_NAME: usize = 35;
/// `features.slash_commands`.
pub const SLASH_COMMANDS: usize = 50;
/// A slash command with its `/`.
pub const SLASH_COMMAND: usize = 32;
/// `features.shortcuts`.
pub const SHORTCUTS: usize = 10;
/// `settings.event_subscriptions.bot_events`.
pub const BOT_EVENTS: usize = 100;

// OAuth: docs.slack.dev/authentication/installing-with-oauth, …/using-token-rotation.

/// How long the code of an install may be exchanged, once.
pub const CODE_LIFE: Duration = Duration::from_secs(10 * 60);
/// The life of an access token where tokens rotate.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// Live access tokens of one install where tokens rotate.
pub const ACCESS_TOKENS: usize = 2;
/// The life of the id token of Sign in with Slack.
pub const ID_TOKEN_LIFE: Duration = Duration::from_secs(5 * 60);

/// How often a method may be called, per app and workspace (docs.slack.dev/apis/web-api/rate-limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// 1+ a minute.
    One,
    /// 20+ a minute.
    Two,
    /// 50+ a minute.
    Three,
    /// 100+ a minute.
    Four,
    /// `chat.postMessage`: one a second in a channel, several hundred a minute in a workspace.
    Posting,
    /// Hundreds a minute (`auth.test`, `chat.getPermalink`), or a method of which nothing is known.
    Special,
}

impl Tier {
    /// Calls a minute in a workspace: the documented minimum; "several hundred" is taken as 300.
    pub fn per_minute(self) -> u32 {
        match self {
            Tier::One => 1,
            Tier::Two => 20,
            Tier::Three => 50,
            Tier::Four => 100,
            Tier::Posting | Tier::Special => 300,
        }
    }
}

/// What a method wants of its caller.
#[derive(Debug)]
pub struct Method {
    /// As in the path: `chat.postMessage`.
    pub name: &'static str,
    /// How often it may be called.
    pub tier: Tier,
    /// The token must hold all scopes of one of these sets; empty: none is needed.
    pub scopes: &'static [&'static [&'static str]],
    /// The arguments it knows besides `token`.
    pub arguments: &'static [&'static str],
    /// Those of them without which Slack answers `invalid_arguments`.
    pub required: &'static [&'static str],
    /// Which kind of token.
    pub token: Token,
}

/// The kind of token a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// `xoxb-…`
    Bot,
    /// `xapp-…`; another is `not_allowed_token_type`.
    App,
    /// A person's own, from Sign in with Slack.
    Person,
    /// None: the client's id and secret are arguments or Basic authentication.
    Client,
}

/// What is known of a method; `None`: `unknown_method`.
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// The tier of a method; `Special` where none is known.
pub fn tier(name: &str) -> Tier {
    method(name).map_or(Tier::Special, |method| method.tier)
}

/// The sets of scopes of which one must be held; empty: none is needed.
///
/// The four sets of the `conversations.*` methods go by the kind of the channel: see [`conversation_scope`].
pub fn scopes(name: &str) -> &'static [&'static [&'static str]] {
    method(name).map_or(&[], |method| method.scopes)
}

/// The argument names a method knows besides `token`; `None`: an unknown method.
pub fn arguments(name: &str) -> Option<&'static [&'static str]> {
    method(name).map(|method| method.arguments)
}

/// Whether a method knows an argument; `token` is known to all, and an unknown method knows none.
pub fn knows(name: &str, argument: &str) -> bool {
    arguments(name).is_some_and(|known| argument == "token" || known.contains(&argument))
}

/// The one scope that opens this conversation to a `conversations.*` method, by the id of the channel and whether it is
/// private or a conversation of several: `im:history` for `conversations.history` on `D…`.
pub fn conversation_scope(name: &str, kind: Conversation) -> Option<&'static str> {
    let prefix = match kind {
        Conversation::Public => "channels:",
        Conversation::Private => "groups:",
        Conversation::Direct => "im:",
        Conversation::Group => "mpim:",
    };
    scopes(name)
        .iter()
        .flat_map(|set| set.iter())
        .copied()
        .find(|scope| scope.starts_with(prefix))
}

/// The kinds of conversation that have scopes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversation {
    /// `C…`, open to all members.
    Public,
    /// `C…` or `G…`, by invitation.
    Private,
    /// `D…`
    Direct,
    /// Several people, no name.
    Group,
}

const READ: &[&[&str]] = &[&["channels:read"], &["groups:read"], &["im:read"], &["mpim:read"]];
const HISTORY: &[&[&str]] = &[
    &["channels:history"],
    &["groups:history"],
    &["im:history"],
    &["mpim:history"],
];
const OPEN: &[&[&str]] = &[&["channels:manage"], &["groups:write"], &["im:write"], &["mpim:write"]];
const WRITE: &[&[&str]] = &[&["chat:write"]];
const CLIENT: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
];

const fn of(
    name: &'static str,
    tier: Tier,
    scopes: &'static [&'static [&'static str]],
    arguments: &'static [&'static str],
    required: &'static [&'static str],
) -> Method {
    Method {
        name,
        tier,
        scopes,
        arguments,
        required,
        token: Token::Bot,
    }
}

const fn by(token: Token, method: Method) -> Method {
    Method { token, ..method }
}

/// The methods this Slack may offer. Arguments only a legacy app may use (`as_user`) are known too: they are accepted.
#[rustfmt::skip]
pub const METHODS: &[Method] = &[
    of("api.test", Tier::Four, &[], &["error", "foo"], &[]),
    by(Token::App, of("apps.connections.open", Tier::One, &[&["connections:write"]], &[], &[])),
    by(Token::App, of("apps.event.authorizations.list", Tier::Four, &[&["authorizations:read"]], &["cursor", "event_context", "limit"], &["event_context"])),
    of("apps.uninstall", Tier::One, &[], &["client_id", "client_secret"], &["client_id", "client_secret"]),
    of("auth.revoke", Tier::Three, &[], &["test"], &[]),
    of("auth.teams.list", Tier::Two, &[], &["cursor", "include_icon", "limit"], &[]),
    of("auth.test", Tier::Special, &[], &[], &[]),
    of("blocks.validate", Tier::Special, &[], &["blocks", "message", "view"], &[]),
    of("bots.info", Tier::Three, &[&["users:read"]], &["bot", "team_id"], &[]),
    of("chat.delete", Tier::Three, WRITE, &["as_user", "channel", "ts"], &["channel", "ts"]),
    of("chat.getPermalink", Tier::Special, &[], &["channel", "message_ts"], &["channel", "message_ts"]),
    of("chat.postEphemeral", Tier::Four, WRITE, &["as_user", "attachments", "blocks", "channel", "icon_emoji", "icon_url", "link_names", "markdown_text", "metadata", "parse", "text", "thread_ts", "user", "username"], &["channel", "user"]),
    of("chat.postMessage", Tier::Posting, WRITE, &["as_user", "attachments", "blocks", "channel", "current_draft_last_updated_ts", "icon_emoji", "icon_url", "link_names", "markdown_text", "metadata", "mrkdwn", "parse", "reply_broadcast", "text", "thread_ts", "unfurl_links", "unfurl_media", "username"], &["channel"]),
    of("chat.update", Tier::Three, WRITE, &["as_user", "attachments", "blocks", "channel", "file_ids", "link_names", "markdown_text", "metadata", "parse", "reply_broadcast", "text", "ts", "unfurled_attachments"], &["channel", "ts"]),
    of("conversations.history", Tier::Three, HISTORY, &["channel", "cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"], &["channel"]),
    of("conversations.info", Tier::Three, READ, &["channel", "include_locale", "include_num_members"], &["channel"]),
    of("conversations.join", Tier::Three, &[&["channels:join"]], &["channel"], &["channel"]),
    of("conversations.list", Tier::Two, READ, &["cursor", "exclude_archived", "limit", "team_id", "types"], &[]),
    of("conversations.members", Tier::Four, READ, &["channel", "cursor", "limit"], &["channel"]),
    of("conversations.open", Tier::Three, OPEN, &["channel", "prevent_creation", "return_im", "users"], &[]),
    of("conversations.replies", Tier::Three, HISTORY, &["channel", "cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest", "ts"], &["channel", "ts"]),
    of("dnd.teamInfo", Tier::Two, &[&["dnd:read"]], &["team_id", "users"], &["users"]),
    of("emoji.list", Tier::Two, &[&["emoji:read"]], &["include_categories"], &[]),
    of("files.info", Tier::Four, &[&["files:read"]], &["count", "cursor", "file", "limit", "page"], &["file"]),
    by(Token::Client, of("oauth.v2.access", Tier::Four, &[], CLIENT, &[])),
    by(Token::Client, of("oauth.v2.exchange", Tier::Three, &[], &["client_id", "client_secret"], &["client_id", "client_secret"])),
    by(Token::Client, of("openid.connect.token", Tier::Four, &[], CLIENT, &[])),
    by(Token::Person, of("openid.connect.userInfo", Tier::Three, &[&["openid"]], &[], &[])),
    of("reactions.add", Tier::Three, &[&["reactions:write"]], &["channel", "name", "timestamp"], &["channel", "name", "timestamp"]),
    of("reactions.remove", Tier::Two, &[&["reactions:write"]], &["channel", "file", "file_comment", "name", "timestamp"], &["name"]),
    of("team.info", Tier::Three, &[&["team:read"]], &["domain", "team"], &[]),
    of("usergroups.list", Tier::Two, &[&["usergroups:read"]], &["include_count", "include_disabled", "include_users", "team_id"], &[]),
    of("usergroups.users.list", Tier::Two, &[&["usergroups:read"]], &["include_disabled", "team_id", "usergroup"], &["usergroup"]),
    of("users.conversations", Tier::Two, READ, &["cursor", "exclude_archived", "exclude_muted", "limit", "team_id", "types", "user"], &[]),
    of("users.info", Tier::Four, &[&["users:read"]], &["include_locale", "user"], &["user"]),
    of("users.list", Tier::Two, &[&["users:read"]], &["cursor", "include_locale", "limit", "team_id"], &[]),
    of("users.lookupByEmail", Tier::Three, &[&["users:read.email"]], &["email"], &["email"]),
    of("users.profile.get", Tier::Four, &[&["users.profile:read"]], &["include_labels", "user"], &[]),
    of("views.open", Tier::Four, &[], &["interactivity_pointer", "trigger_id", "view"], &["view"]),
    of("views.publish", Tier::Four, &[], &["hash", "interactivity_pointer", "user_id", "view"], &["user_id", "view"]),
    of("views.push", Tier::Four, &[], &["interactivity_pointer", "trigger_id", "view"], &["view"]),
    of("views.update", Tier::Four, &[], &["external_id", "hash", "view", "view_id"], &["view"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_no_name_comes_twice() {
        let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        for method in METHODS {
            assert!(method.arguments.is_sorted(), "{}", method.name);
            assert!(
                method.required.iter().all(|name| method.arguments.contains(name)),
                "{}",
                method.name
            );
        }
    }

    #[test]
    fn arguments_are_known_or_not() {
        assert!(knows("chat.postMessage", "thread_ts"));
        assert!(knows("chat.postMessage", "token"));
        assert!(!knows("chat.postMessage", "thread"));
        assert!(!knows("chat.update", "thread_ts"));
        assert!(!knows("chat.unknown", "token"));
        assert!(arguments("chat.unknown").is_none());
    }

    #[test]
    fn a_direct_message_has_its_own_scope() {
        assert_eq!(
            conversation_scope("conversations.history", Conversation::Direct),
            Some("im:history")
        );
        assert_eq!(
            conversation_scope("conversations.open", Conversation::Direct),
            Some("im:write")
        );
        assert_eq!(
            conversation_scope("conversations.members", Conversation::Private),
            Some("groups:read")
        );
        assert_eq!(conversation_scope("chat.postMessage", Conversation::Direct), None);
    }

    #[test]
    fn tiers_are_those_of_the_sdk() {
        for (name, expected) in [
            ("chat.postMessage", Tier::Posting),
            ("chat.update", Tier::Three),
            ("users.list", Tier::Two),
            ("views.open", Tier::Four),
            ("apps.connections.open", Tier::One),
            ("auth.test", Tier::Special),
            ("no.such", Tier::Special),
        ] {
            assert_eq!(tier(name), expected, "{name}");
        }
    }
}
