//! Calls to Slack's Web API: each within its time, below Slack's rates, with errors that say what there is to do.
//!
//! slack-morphism's session carries the calls over our own connection (see `wire.rs`), with answers of our own: its response types fail
//! over fields we do not read, which after a post would mean posting twice. No call is repeated in here; who asked decides.
//!
//! Invariant: no token, text or body of anyone reaches an error or a log line.

mod error;
mod health;
mod limiter;
mod wire;

pub use error::CallError;

use crate::slack::gateway::decode::slack_user;
use crate::slack::gateway::inbound::{Installation, SlackUser, SlackUserId, TriggerId};
use crate::slack::gateway::raw::{List, Maybe, RawChannel, RawDnd, RawEdited, RawFile, RawTeam, RawUser, Soft, Text};
use crate::slack::gateway::reply::{Blocks, ViewBody};
use bytes::Bytes;
use health::Health;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HeaderMap};
pub use limiter::Closing;
use limiter::{A_MOMENT, Limiter, Rate};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use slack_morphism::prelude::{SlackApiToken, SlackClient};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;
use url::Url;
use wire::Wire;

/// A method of the Web API and its rate.
#[derive(Clone, Copy)]
struct Method(&'static str, Rate);

const fn tier(calls_per_minute: u32) -> Rate {
    Rate::PerMinute(NonZeroU32::new(calls_per_minute).expect("a tier allows calls"))
}
const TIER_2: Rate = tier(20);
const TIER_3: Rate = tier(50);
const TIER_4: Rate = tier(100);

/// As many people as [`Slack::do_not_disturb`] asks about at once.
pub const PEOPLE_AT_ONCE: usize = 50;

/// Asks who we are; the one call that is made while the token is refused.
const AUTH_TEST: Method = Method("auth.test", Rate::Open);

/// Has a token of its own.
const OPEN_CONNECTION: Method = Method("apps.connections.open", Rate::Open);

/// How to reach Slack.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the Web API is: `https://slack.com/api`, or a stand-in's address.
    pub api_url: Url,
    /// The bot token (`xoxb-…`).
    pub bot_token: SecretString,
    /// The app-level token (`xapp-…`), for Socket Mode.
    pub app_token: Option<SecretString>,
    /// How long one call may take.
    pub within: Duration,
    /// Stay below Slack's rates by ourselves. Off for benchmarks against a stand-in; what Slack closes stays closed even then.
    pub paced: bool,
}

impl Settings {
    /// The usual time for a call.
    pub const WITHIN: Duration = Duration::from_secs(5);
}

/// Slack's Web API with our tokens; clones share connections and limits.
#[derive(Clone)]
pub struct Slack(Arc<Inner>);

struct Inner {
    session: SlackClient<Wire>,
    wire: Wire,
    limiter: Limiter,
    health: Health,
    closings: broadcast::Sender<Closing>,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
    scopes: Arc<ScopesSeen>,
}

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slack")
    }
}

/// The scopes of the bot token as the last answer told them.
#[derive(Default)]
struct ScopesSeen(Mutex<Vec<String>>);

impl ScopesSeen {
    fn note(&self, headers: &HeaderMap) {
        let Some(scopes) = headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok()) else {
            return;
        };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = || scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty());
        if !told().eq(seen.iter().map(String::as_str)) {
            *seen = told().map(str::to_owned).collect();
        }
    }

    fn get(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A message to post.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// The conversation (`C…`, `D…`), or a person (`U…`), whose `D…` then comes back.
    pub channel: String,
    /// For notifications and as a fallback.
    pub text: String,
    /// What people see; empty: the text.
    pub blocks: Blocks,
    /// The parent, to post into its thread.
    pub thread_ts: Option<String>,
    /// Travels with the message; found again by [`Slack::history`] and [`Slack::replies`].
    pub metadata: Option<Metadata>,
    /// Under another name; needs `chat:write.customize`.
    pub username: Option<String>,
    /// Under another picture; needs `chat:write.customize`.
    pub icon_url: Option<String>,
}

/// What travels unseen with a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metadata {
    /// What kind it is.
    pub event_type: String,
    /// An object of strings (other values come back from Slack changed).
    pub event_payload: Value,
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The conversation; never a `U…`.
    pub channel: String,
    /// The message; a string, always.
    pub ts: String,
}

/// A view that is open now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedView {
    /// Addresses it.
    pub id: String,
    /// Its present state.
    pub hash: String,
}

/// Which part of a conversation or thread to read.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Messages from here on (a `ts`), this one included.
    pub oldest: Option<String>,
    /// Messages up to here, this one included.
    pub latest: Option<String>,
    /// At most so many (100 when none is given).
    pub limit: Option<u16>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next begins; none on the last.
    pub next: Option<String>,
}

/// A message as the conversation's history tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryMessage {
    /// Its timestamp.
    pub ts: String,
    /// Its thread.
    pub thread_ts: Option<String>,
    /// Slack's subtype.
    pub subtype: Option<String>,
    /// Who wrote it (a bot has a user too).
    pub user: Option<SlackUserId>,
    /// Which bot wrote it.
    pub bot_id: Option<String>,
    /// Its text as Slack writes it.
    pub text: String,
    /// When it was edited last (`ts`).
    pub edited_ts: Option<String>,
    /// The names of its files.
    pub files: Vec<String>,
    /// What travels with it.
    pub metadata: Option<Metadata>,
    /// How many replies stand under it.
    pub replies: u64,
    /// All of it, as Slack tells it.
    pub whole: Value,
}

/// A group of people, such as `@database-admins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroup {
    /// Its id (`S…`).
    pub id: String,
    /// The name after the @.
    pub handle: String,
    /// Its long name.
    pub name: String,
    /// Switched off.
    pub disabled: bool,
    /// Who is in it.
    pub users: Vec<SlackUserId>,
}

/// The workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its id (`T…`).
    pub id: String,
    /// Its name.
    pub name: String,
    /// The first part of its address.
    pub domain: String,
}

impl Slack {
    /// Prepares the connection; calls nobody.
    ///
    /// # Errors
    /// When the machine has no root certificates though the address needs them.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let scopes = Arc::new(ScopesSeen::default());
        let wire = Wire::new(&settings.api_url, settings.within, Arc::clone(&scopes))?;
        let token = |secret: &SecretString| SlackApiToken::new(secret.expose_secret().into());
        Ok(Self(Arc::new(Inner {
            session: SlackClient::new(wire.clone()),
            wire,
            limiter: Limiter::new(settings.paced),
            health: Health::default(),
            closings: broadcast::channel(64).0,
            bot: token(&settings.bot_token),
            app: settings.app_token.as_ref().map(token),
            scopes,
        })))
    }

    /// Who we are, and which scopes we have.
    ///
    /// # Errors
    /// [`CallError::Dead`] when the token is no good.
    pub async fn auth_test(&self) -> Result<Installation, CallError> {
        let answer: AuthTest = self.post(AUTH_TEST, None, json!({})).await?;
        Ok(Installation {
            team_id: answer.team_id.0,
            enterprise_id: answer.enterprise_id.owned(),
            team: answer.team.0,
            url: answer.url.0,
            bot_user_id: SlackUserId(answer.user_id.0),
            bot_id: answer.bot_id.0,
            app_id: answer.app_id.owned(),
            scopes: self.0.scopes.get(),
        })
    }

    /// Slack's limits are shared by so many replicas.
    pub fn share(&self, replicas: u32) {
        self.0.limiter.share(replicas);
    }

    /// How many replicas share Slack's limits, as far as this one knows.
    #[must_use]
    pub fn replicas(&self) -> u32 {
        self.0.limiter.replicas()
    }

    /// Hears what Slack closes for us from now on.
    #[must_use]
    pub fn closings(&self) -> broadcast::Receiver<Closing> {
        self.0.closings.subscribe()
    }

    /// Slack closed something for another replica, and so for us.
    pub fn close(&self, closing: &Closing) {
        self.0.limiter.close(closing);
    }

    /// Does Slack take our token?
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn ready(&self) -> Result<(), String> {
        self.0.health.ready()
    }

    /// Something says that the token may be refused from now on: [`Slack::doubted`] hears of it.
    pub fn doubt(&self) {
        self.0.health.doubt();
    }

    /// Waits until the token is refused, or may be.
    pub async fn doubted(&self) {
        self.0.health.doubted().await;
    }

    /// Posts a message.
    ///
    /// # Errors
    /// When uncertain, look for its metadata before posting again.
    pub async fn post_message(&self, post: &Post) -> Result<Posted, CallError> {
        let mut body = message(&post.channel, &post.text, &post.blocks);
        body.insert("unfurl_links".into(), false.into());
        body.insert("unfurl_media".into(), false.into());
        let texts = [
            ("thread_ts", &post.thread_ts),
            ("username", &post.username),
            ("icon_url", &post.icon_url),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                body.insert(name.into(), text.as_str().into());
            }
        }
        if let Some(metadata) = &post.metadata {
            body.insert("metadata".into(), json!(metadata));
        }
        self.post_for_place(
            Method("chat.postMessage", Rate::PerChannel),
            Some(&post.channel),
            body.into(),
        )
        .await
    }

    /// Puts other content into a message of ours; `channel` must be the `C…` or `D…` it stands in.
    ///
    /// # Errors
    /// [`CallError::Gone`] when the message is no more.
    pub async fn update_message(
        &self,
        at: &Posted,
        text: &str,
        blocks: &Blocks,
        metadata: Option<&Metadata>,
    ) -> Result<Posted, CallError> {
        let mut body = message(&at.channel, text, blocks);
        body.insert("ts".into(), at.ts.as_str().into());
        // Blocks that are not named stay: an update to plain text must clear them.
        body.entry("blocks").or_insert_with(|| json!([]));
        if let Some(metadata) = metadata {
            body.insert("metadata".into(), json!(metadata));
        }
        self.post_for_place(Method("chat.update", TIER_3), Some(&at.channel), body.into())
            .await
    }

    /// Takes a message of ours away.
    ///
    /// # Errors
    /// [`CallError::Gone`] when it is gone already.
    pub async fn delete_message(&self, at: &Posted) -> Result<(), CallError> {
        let body = json!({ "channel": at.channel, "ts": at.ts });
        self.post(Method("chat.delete", TIER_3), None, body)
            .await
            .map(|Nothing {}| ())
    }

    /// Shows a message to one person in a conversation.
    ///
    /// # Errors
    /// [`CallError::Unreachable`] when they are not in it.
    pub async fn post_ephemeral(
        &self,
        channel: &str,
        user: &SlackUserId,
        text: &str,
        blocks: &Blocks,
        thread_ts: Option<&str>,
    ) -> Result<(), CallError> {
        let mut body = message(channel, text, blocks);
        body.insert("user".into(), user.as_str().into());
        if let Some(thread_ts) = thread_ts {
            body.insert("thread_ts".into(), thread_ts.into());
        }
        self.post(Method("chat.postEphemeral", TIER_4), None, body.into())
            .await
            .map(|Nothing {}| ())
    }

    /// Opens a modal.
    ///
    /// # Errors
    /// [`CallError::Gone`] when the trigger is older than three seconds or used.
    pub async fn open_view(&self, trigger: &TriggerId, view: &ViewBody) -> Result<OpenedView, CallError> {
        self.view_call("views.open", json!({ "trigger_id": trigger.as_str(), "view": view.0 }))
            .await
    }

    /// Puts a modal on top of the one in use.
    ///
    /// # Errors
    /// As [`Slack::open_view`]; and when three are open already.
    pub async fn push_view(&self, trigger: &TriggerId, view: &ViewBody) -> Result<OpenedView, CallError> {
        self.view_call("views.push", json!({ "trigger_id": trigger.as_str(), "view": view.0 }))
            .await
    }

    /// Redraws a modal. With its hash only if it is still what it was then.
    ///
    /// # Errors
    /// [`CallError::Conflict`] when it is not; [`CallError::Gone`] when it was closed.
    pub async fn update_view(
        &self,
        view_id: &str,
        view: &ViewBody,
        hash: Option<&str>,
    ) -> Result<OpenedView, CallError> {
        let mut body = json!({ "view_id": view_id, "view": view.0 });
        // An empty hash is refused, not ignored.
        if let Some(hash) = hash.filter(|hash| !hash.is_empty()) {
            body["hash"] = hash.into();
        }
        self.view_call("views.update", body).await
    }

    /// Draws a person's Home tab; works before they ever opened it.
    ///
    /// # Errors
    /// As any call.
    pub async fn publish_home(&self, user: &SlackUserId, view: &ViewBody) -> Result<OpenedView, CallError> {
        self.view_call("views.publish", json!({ "user_id": user.as_str(), "view": view.0 }))
            .await
    }

    async fn view_call(&self, name: &'static str, body: Value) -> Result<OpenedView, CallError> {
        let answer: ViewAnswer = self.post(Method(name, Rate::Open), None, body).await?;
        let view = answer.view.0.unwrap_or_default();
        Ok(OpenedView {
            id: view.id.0,
            hash: view.hash.0,
        })
    }

    /// The conversation between the app and a person (`D…`), opened if need be.
    ///
    /// # Errors
    /// [`CallError::Unreachable`] when they cannot be written to.
    pub async fn open_dm(&self, user: &SlackUserId) -> Result<String, CallError> {
        let answer: ChannelAnswer = self
            .post(
                Method("conversations.open", TIER_3),
                None,
                json!({ "users": user.as_str() }),
            )
            .await?;
        let id = answer.channel.get().and_then(|channel| channel.id.owned());
        id.ok_or(CallError::UNCERTAIN)
    }

    /// Messages of a conversation, newest first, without the replies in threads; with what travels with them.
    ///
    /// # Errors
    /// As any call.
    pub async fn history(&self, channel: &str, window: &Window) -> Result<Page<HistoryMessage>, CallError> {
        self.messages(Method("conversations.history", TIER_3), channel, None, window)
            .await
    }

    /// Messages of a thread, the parent first; with what travels with them.
    ///
    /// # Errors
    /// [`CallError::Gone`] when the thread is no more.
    pub async fn replies(
        &self,
        channel: &str,
        thread_ts: &str,
        window: &Window,
    ) -> Result<Page<HistoryMessage>, CallError> {
        self.messages(
            Method("conversations.replies", TIER_3),
            channel,
            Some(thread_ts),
            window,
        )
        .await
    }

    async fn messages(
        &self,
        method: Method,
        channel: &str,
        thread_ts: Option<&str>,
        window: &Window,
    ) -> Result<Page<HistoryMessage>, CallError> {
        let limit = window.limit.unwrap_or(100).to_string();
        let bounded = window.oldest.is_some() || window.latest.is_some();
        let params = [
            ("channel", Some(channel)),
            ("ts", thread_ts),
            ("include_all_metadata", Some("true")),
            ("inclusive", bounded.then_some("true")),
            ("limit", Some(&*limit)),
            ("oldest", window.oldest.as_deref()),
            ("latest", window.latest.as_deref()),
            ("cursor", window.cursor.as_deref()),
        ];
        let answer: MessagesAnswer = self.get(method, &params).await?;
        Ok(Page {
            items: answer.messages.0.into_iter().filter_map(history_message).collect(),
            next: answer.response_metadata.next(),
        })
    }

    /// One page of the workspace's people, bots and guests included.
    ///
    /// # Errors
    /// As any call.
    pub async fn users_list(&self, cursor: Option<&str>) -> Result<Page<SlackUser>, CallError> {
        let params = [("limit", Some("200")), ("cursor", cursor)];
        let answer: UsersAnswer = self.get(Method("users.list", TIER_2), &params).await?;
        let items = answer
            .members
            .0
            .iter()
            .map(slack_user)
            .filter(|user| !user.id.is_empty())
            .collect();
        Ok(Page {
            items,
            next: answer.response_metadata.next(),
        })
    }

    /// One account, also of people from shared channels.
    ///
    /// # Errors
    /// [`CallError::Unreachable`] when there is none.
    pub async fn users_info(&self, user: &SlackUserId) -> Result<SlackUser, CallError> {
        let answer: UserAnswer = self
            .get(Method("users.info", TIER_4), &[("user", Some(user.as_str()))])
            .await?;
        answer.user.get().map(slack_user).ok_or(CallError::UNCERTAIN)
    }

    /// Who of these, [`PEOPLE_AT_ONCE`] at most, does not want to be disturbed: from when, and until when.
    ///
    /// # Errors
    /// As any call.
    pub async fn do_not_disturb(&self, users: &[String]) -> Result<Vec<(SlackUserId, i64, Option<i64>)>, CallError> {
        let params = [("users", Some(&*users.join(",")))];
        let answer: DndAnswer = self.get(Method("dnd.teamInfo", TIER_2), &params).await?;
        let people = answer.users.into_iter().filter_map(|(user, status)| {
            let status: RawDnd = serde_json::from_value(status).ok()?;
            let (from, until) = status.moments();
            Some((SlackUserId(user), from, until))
        });
        Ok(people.collect())
    }

    /// One page of the channels the app can see: public ones, and private ones it is in; id and name.
    ///
    /// # Errors
    /// As any call.
    pub async fn channels(&self, cursor: Option<&str>) -> Result<Page<(String, String)>, CallError> {
        let params = [
            ("types", Some("public_channel,private_channel")),
            ("exclude_archived", Some("true")),
            ("limit", Some("200")),
            ("cursor", cursor),
        ];
        let answer: ChannelsAnswer = self.get(Method("conversations.list", TIER_2), &params).await?;
        let channels = answer.channels.0.into_iter();
        Ok(Page {
            items: channels.map(|channel| (channel.id.0, channel.name.0)).collect(),
            next: answer.response_metadata.next(),
        })
    }

    /// All user groups with their people, those switched off included.
    ///
    /// # Errors
    /// As any call.
    pub async fn usergroups(&self) -> Result<Vec<UserGroup>, CallError> {
        let params = [("include_users", Some("true")), ("include_disabled", Some("true"))];
        let answer: GroupsAnswer = self.get(Method("usergroups.list", TIER_2), &params).await?;
        Ok(answer.usergroups.0.into_iter().map(user_group).collect())
    }

    /// The people of one user group.
    ///
    /// # Errors
    /// As any call.
    pub async fn usergroup_users(&self, group: &str) -> Result<Vec<SlackUserId>, CallError> {
        let params = [("usergroup", Some(group)), ("include_disabled", Some("true"))];
        let answer: GroupUsersAnswer = self.get(Method("usergroups.users.list", TIER_2), &params).await?;
        Ok(user_ids(answer.users))
    }

    /// The workspace.
    ///
    /// # Errors
    /// As any call.
    pub async fn team_info(&self) -> Result<Team, CallError> {
        let answer: TeamAnswer = self.get(Method("team.info", TIER_3), &[]).await?;
        let RawTeamInfo { id, name, domain } = answer.team.0.unwrap_or_default();
        Ok(Team {
            id: id.0,
            name: name.0,
            domain: domain.0,
        })
    }

    /// Where people open a message.
    ///
    /// # Errors
    /// [`CallError::Gone`] when it is no more.
    pub async fn permalink(&self, at: &Posted) -> Result<String, CallError> {
        let params = [("channel", Some(at.channel.as_str())), ("message_ts", Some(&at.ts))];
        let answer: PermalinkAnswer = self.get(Method("chat.getPermalink", Rate::Open), &params).await?;
        answer.permalink.owned().ok_or(CallError::UNCERTAIN)
    }

    /// The address of a new Socket Mode connection; good once.
    ///
    /// # Errors
    /// [`CallError::Dead`] when there is no app-level token or it is no good.
    pub async fn open_connection(&self) -> Result<Url, CallError> {
        let Some(app) = &self.0.app else {
            return Err(CallError::Dead("not_authed".to_owned()));
        };
        let method = OPEN_CONNECTION;
        let answer: ConnectionAnswer = self
            .observed(
                method,
                None,
                self.0
                    .session
                    .open_session(app)
                    .http_session_api
                    .http_post(method.0, &json!({}), None),
            )
            .await?;
        answer
            .url
            .get()
            .and_then(|url| Url::parse(url).ok())
            .ok_or(CallError::UNCERTAIN)
    }

    /// Opens the WebSocket behind such an address.
    pub(crate) async fn open_socket(&self, url: &Url) -> anyhow::Result<hyper::upgrade::Upgraded> {
        self.0.wire.upgrade(url).await
    }

    /// Answers through a response URL (five times within half an hour).
    ///
    /// # Errors
    /// [`CallError::Gone`] when it is used up or too old.
    pub async fn respond(&self, response_url: &Url, answer: &ResponseMessage) -> Result<(), CallError> {
        let request = Request::post(response_url.as_str())
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::new(Bytes::from(answer.to_json().to_string())))
            .map_err(|_| CallError::Gone("bad_response_url".to_owned()))?;
        let started = Instant::now();
        let result = match self.0.wire.exchange(request).await {
            Ok((200, _, body)) => match serde_json::from_slice::<RespondAnswer>(&body) {
                Ok(RespondAnswer { ok: false, error }) => Err(error::by_code(&error.0, "")),
                Ok(RespondAnswer { ok: true, .. }) => Ok(()),
                Err(_) if body.trim_ascii() == b"ok" => Ok(()),
                // A proxy's page.
                Err(_) => Err(CallError::UNCERTAIN),
            },
            Ok((status, _, body)) => Err(error::by_status(status, &body, None)),
            Err(error) => Err(error),
        };
        record("response_url", started, result.as_ref().err());
        result
    }

    async fn post_for_place(&self, method: Method, channel: Option<&str>, body: Value) -> Result<Posted, CallError> {
        let answer: PostedAnswer = self.post(method, channel, body).await?;
        match (answer.channel.get().and_then(|c| c.id.owned()), answer.ts.owned()) {
            (Some(channel), Some(ts)) => Ok(Posted { channel, ts }),
            // It was done, but where? Our metadata will tell.
            _ => Err(CallError::UNCERTAIN),
        }
    }

    async fn post<A>(&self, method: Method, channel: Option<&str>, body: Value) -> Result<A, CallError>
    where
        A: for<'de> Deserialize<'de> + Send,
    {
        let session = self.0.session.open_session(&self.0.bot);
        self.observed(
            method,
            channel,
            session.http_session_api.http_post(method.0, &body, None),
        )
        .await
    }

    async fn get<A>(&self, method: Method, params: &[(&str, Option<&str>)]) -> Result<A, CallError>
    where
        A: for<'de> Deserialize<'de> + Send,
    {
        let params = params.to_vec();
        let session = self.0.session.open_session(&self.0.bot);
        self.observed(method, None, session.http_session_api.http_get(method.0, &params, None))
            .await
    }

    /// One call: its place in the limiter, its time, its outcome.
    async fn observed<A>(
        &self,
        Method(name, rate): Method,
        channel: Option<&str>,
        call: impl Future<Output = slack_morphism::ClientResult<A>>,
    ) -> Result<A, CallError> {
        let with_bot_token = name != OPEN_CONNECTION.0;
        // Nothing works until somebody acts; whoever asks comes back later.
        if let Some(wait) = self.0.health.pause().filter(|_| with_bot_token && name != AUTH_TEST.0) {
            return Err(CallError::Retry {
                after: Some(wait),
                uncertain: false,
            });
        }
        loop {
            match self.0.limiter.take(name, rate, channel) {
                Ok(()) => break,
                Err(wait) if wait <= A_MOMENT => tokio::time::sleep(wait).await,
                Err(wait) => {
                    metrics::counter!("c1_slack_calls_held_back_total", "method" => name).increment(1);
                    return Err(CallError::Retry {
                        after: Some(wait),
                        uncertain: false,
                    });
                }
            }
        }
        let started = Instant::now();
        let result = call.await.map_err(wire::unwrapped);
        if let Err(CallError::Retry {
            after: Some(wait),
            uncertain: false,
        }) = &result
        {
            let closing = Closing::new(name, rate, channel, *wait);
            self.0.limiter.close(&closing);
            // Nobody may be listening, which is no trouble.
            drop(self.0.closings.send(closing));
        }
        if with_bot_token {
            match &result {
                Ok(_) => self.0.health.works(),
                Err(CallError::Dead(code)) => self.0.health.refuse(code),
                Err(_) => {}
            }
        }
        record(name, started, result.as_ref().err());
        result
    }
}

/// One line and one count per call, without anything people wrote.
fn record(method: &'static str, started: Instant, error: Option<&CallError>) {
    let outcome = error.map_or("ok", CallError::class);
    metrics::counter!("c1_slack_calls_total", "method" => method, "outcome" => outcome).increment(1);
    metrics::histogram!("c1_slack_call_seconds", "method" => method).record(started.elapsed().as_secs_f64());
    match error {
        None | Some(CallError::Conflict(_)) => {}
        Some(error @ (CallError::Ours(_) | CallError::Dead(_))) => {
            tracing::error!(slack.method = method, slack.error = %error, "a call to Slack was refused");
        }
        Some(error) => tracing::warn!(slack.method = method, slack.error = %error, "a call to Slack did not succeed"),
    }
}

fn message(channel: &str, text: &str, blocks: &Blocks) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("channel".into(), channel.into());
    body.insert("text".into(), text.into());
    if !blocks.is_empty() {
        body.insert("blocks".into(), Value::Array(blocks.0.clone()));
    }
    body
}

/// What a response URL is told.
#[derive(Clone, Debug, PartialEq)]
pub enum ResponseMessage {
    /// One more message, which only the person sees.
    Ephemeral {
        /// For notifications and as a fallback.
        text: String,
        /// What they see.
        blocks: Blocks,
    },
    /// In the place of the message the person acted on.
    Replace {
        /// For notifications and as a fallback.
        text: String,
        /// What they see.
        blocks: Blocks,
    },
    /// The message the person acted on goes away.
    Delete,
}

impl ResponseMessage {
    /// The form Slack reads; also that of the direct answer to a command.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (text, blocks, replace) = match self {
            Self::Ephemeral { text, blocks } => (text, blocks, false),
            Self::Replace { text, blocks } => (text, blocks, true),
            // Slack wants this to stand alone.
            Self::Delete => return json!({ "delete_original": true }),
        };
        let mut body = json!({ "response_type": "ephemeral", "replace_original": replace, "text": text });
        if !blocks.is_empty() {
            body["blocks"] = Value::Array(blocks.0.clone());
        }
        body
    }
}

// The answers, as much of them as we read. All soft: after a post, failing over a field would mean posting twice.

/// An answer that says nothing but yes.
#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct RespondAnswer {
    ok: bool,
    #[serde(default)]
    error: Text,
}

macro_rules! answers {
    ($($name:ident { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct $name { $($field: $type,)* }
        impl Soft for $name {}
    )*};
}

answers! {
    AuthTest { team_id: Text, team: Text, url: Text, user_id: Text, bot_id: Text, enterprise_id: Text, app_id: Text, }
    PostedAnswer { channel: Maybe<RawChannel>, ts: Text, }
    ViewAnswer { view: Maybe<RawOpenedView>, }
    RawOpenedView { id: Text, hash: Text, }
    ChannelAnswer { channel: Maybe<RawChannel>, }
    MessagesAnswer { messages: List<Value>, response_metadata: Maybe<RawCursor>, }
    RawHistory {
        ts: Text,
        thread_ts: Text,
        subtype: Text,
        user: Text,
        bot_id: Text,
        text: Text,
        edited: Maybe<RawEdited>,
        files: List<RawFile>,
        metadata: Maybe<RawMetadata>,
        reply_count: Text,
    }
    RawMetadata { event_type: Text, event_payload: Value, }
    RawCursor { next_cursor: Text, }
    UsersAnswer { members: List<RawUser>, response_metadata: Maybe<RawCursor>, }
    UserAnswer { user: Maybe<RawUser>, }
    DndAnswer { users: Map<String, Value>, }
    ChannelsAnswer { channels: List<RawChannel>, response_metadata: Maybe<RawCursor>, }
    GroupsAnswer { usergroups: List<RawGroup>, }
    RawGroup { id: Text, handle: Text, name: Text, date_delete: Text, users: List<RawTeam>, }
    GroupUsersAnswer { users: List<RawTeam>, }
    TeamAnswer { team: Maybe<RawTeamInfo>, }
    RawTeamInfo { id: Text, name: Text, domain: Text, }
    PermalinkAnswer { permalink: Text, }
    ConnectionAnswer { url: Text, }
}

impl Maybe<RawCursor> {
    fn next(&self) -> Option<String> {
        self.get().and_then(|metadata| metadata.next_cursor.owned())
    }
}

fn history_message(whole: Value) -> Option<HistoryMessage> {
    let raw: RawHistory = serde_json::from_value(whole.clone()).ok()?;
    let metadata = raw.metadata.0.filter(|metadata| metadata.event_type.get().is_some());
    Some(HistoryMessage {
        ts: raw.ts.0,
        thread_ts: raw.thread_ts.owned(),
        subtype: raw.subtype.owned(),
        user: raw.user.owned().map(SlackUserId),
        bot_id: raw.bot_id.owned(),
        text: raw.text.0,
        edited_ts: raw.edited.get().and_then(|edited| edited.ts.owned()),
        files: raw.files.0.into_iter().map(|file| file.name.0).collect(),
        metadata: metadata.map(|m| Metadata {
            event_type: m.event_type.0,
            event_payload: m.event_payload,
        }),
        replies: raw.reply_count.number().unwrap_or_default(),
        whole,
    })
}

fn user_group(raw: RawGroup) -> UserGroup {
    UserGroup {
        id: raw.id.0,
        handle: raw.handle.0,
        name: raw.name.0,
        disabled: raw.date_delete.number().is_some_and(|at| at > 0),
        users: user_ids(raw.users),
    }
}

fn user_ids(users: List<RawTeam>) -> Vec<SlackUserId> {
    users
        .0
        .into_iter()
        .filter_map(|user| user.id.owned())
        .map(SlackUserId)
        .collect()
}
