//! The running simulator.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::act::{ChannelId, MessageRef, Outcome, Person};
use crate::calls::Call;
use crate::clock::Clock;
use crate::config::{Config, Delivery, SeedPerson, Tokens};
use crate::deliver::{self, Kind, Queue, Reply};
use crate::events_http;
use crate::faults::Faults;
use crate::inner::Inner;
use crate::manifest::Manifest;
use crate::openid::{IdTokenFault, Openid};
use crate::rate::Limits;
use crate::socket::Sockets;
use crate::sync::Locked;
use crate::world::World;
use crate::{server, store};

/// A workspace that is open for one app and its people.
#[derive(Debug)]
pub struct Simulator {
    inner: Arc<Inner>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts listening. Over HTTP, the events URL is asked for its challenge as soon as the app answers.
    ///
    /// # Errors
    /// When the manifest or the saved state cannot be read, or the address is taken.
    pub async fn start(config: Config) -> anyhow::Result<Simulator> {
        let manifest = Arc::new(Manifest::read(&config.manifest)?);
        let clock = Clock::new();
        let saved = match &config.state_file {
            Some(path) => store::load(path)?,
            None => None,
        };
        let world = match saved {
            Some(mut world) => {
                world.revive(Arc::clone(&manifest));
                world
            }
            None => World::from_seed(&config.seed, Arc::clone(&manifest), clock.now()),
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listening on {}", config.listen))?;
        let queue = Queue::new();
        let openid = Openid::new(manifest.redirect_urls.clone(), manifest.pkce);
        let inner = Arc::new(Inner {
            world: Mutex::new(world),
            manifest,
            clock,
            tokens: config.tokens,
            new_bot_token: Mutex::default(),
            title: config.title,
            controls: config.controls,
            retry_pace: config.retry_pace,
            answer_within: config.answer_within,
            strict: config.refuse_unknown_arguments,
            limits: config.rate_limits.then(|| Mutex::new(Limits::default())),
            faults: Faults::new(Arc::clone(&queue.pending)),
            calls: Mutex::default(),
            delivery: Mutex::new(config.delivery.clone()),
            queue,
            sockets: Sockets::default(),
            openid: Mutex::new(openid),
            http: events_http::client(),
            verified: Mutex::new(None),
            changes: broadcast::channel(1024).0,
            address: listener.local_addr()?,
            public_url: config.public_url,
            state_file: config.state_file,
            dirty: Notify::new(),
            stop: CancellationToken::new(),
        });
        inner.world.locked().url = inner.url();
        let tasks = vec![
            tokio::spawn(server::run(Arc::clone(&inner), listener)),
            tokio::spawn(deliver::run(Arc::clone(&inner))),
            tokio::spawn(store::run(Arc::clone(&inner))),
        ];
        let simulator = Simulator { inner, tasks };
        simulator.set_delivery(config.delivery);
        Ok(simulator)
    }

    /// Where the page is: `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        self.inner.url()
    }

    /// What takes the place of `https://slack.com/api`, without a `/` at the end.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.inner.url())
    }

    /// What the app must be given.
    pub fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    /// The bot token that is taken now.
    pub fn bot_token(&self) -> String {
        let new = self.inner.new_bot_token.locked().clone();
        new.unwrap_or_else(|| self.inner.tokens.bot.clone())
    }

    /// Reaches the app another way from now on. Going from Socket Mode to HTTP tells the WebSockets `link_disabled`.
    pub fn set_delivery(&self, delivery: Delivery) {
        let before = std::mem::replace(&mut *self.inner.delivery.locked(), delivery.clone());
        if let Delivery::Http { base } = delivery {
            *self.inner.verified.locked() = None;
            if before == Delivery::Socket {
                self.inner.sockets.disconnect("link_disabled");
            }
            tokio::spawn(events_http::verify(Arc::clone(&self.inner), base));
        }
    }

    /// What came of asking the events URL for its challenge; `None` while nothing did, and in Socket Mode.
    pub fn url_verified(&self) -> Option<Result<(), String>> {
        self.inner.verified.locked().clone()
    }

    /// How many WebSockets the app has open.
    pub fn sockets(&self) -> usize {
        self.inner.sockets.count()
    }

    /// Somebody of the workspace, by id, handle, full name or first name.
    ///
    /// # Panics
    /// When there is nobody of that name: a mistake in the test.
    pub fn person(&self, name_or_id: &str) -> Person {
        let id = self.inner.look(|w| w.find_person(name_or_id));
        let id = id.unwrap_or_else(|| panic!("nobody here is called {name_or_id}"));
        Person::new(Arc::clone(&self.inner), id)
    }

    /// Everybody who is no bot, in the order of the seed.
    pub fn people(&self) -> Vec<Person> {
        let ids: Vec<String> = self.inner.look(|w| {
            let humans = w
                .people()
                .into_iter()
                .filter(|u| !u.is_bot && u.id != crate::world::SLACKBOT);
            humans.map(|u| u.id.clone()).collect()
        });
        ids.into_iter()
            .map(|id| Person::new(Arc::clone(&self.inner), id))
            .collect()
    }

    /// Somebody new comes to the workspace; the app hears of it (`team_join`).
    pub fn joins(&self, person: SeedPerson) -> Person {
        let id = self.inner.with_world(|w| w.join_team(person));
        Person::new(Arc::clone(&self.inner), id)
    }

    /// A channel by its name, with or without `#`.
    ///
    /// # Panics
    /// When there is none of that name: a mistake in the test.
    pub fn channel(&self, name: &str) -> ChannelId {
        let id = self.inner.look(|w| w.find_channel(name));
        ChannelId(id.unwrap_or_else(|| panic!("no channel is called {name}")))
    }

    /// Sets who is in a user group, by handle or id; the app hears of it.
    ///
    /// # Panics
    /// When there is no such group or person: a mistake in the test.
    pub fn set_user_group(&self, group: &str, members: &[&str]) {
        self.inner.with_world(|w| {
            let members: BTreeSet<String> = members
                .iter()
                .map(|m| w.find_person(m).unwrap_or_else(|| panic!("nobody here is called {m}")))
                .collect();
            assert!(w.set_group_members(group, members), "no user group is called {group}");
        });
    }

    /// An administrator or the retention takes a message away.
    pub fn removes(&self, message: &MessageRef) {
        self.inner
            .with_world(|w| w.delete_message(&message.channel, &message.ts));
    }

    /// Somebody else writes other words into a message, whoever wrote it: another program with rights, by the hand of this
    /// person.
    pub fn rewrites(&self, message: &MessageRef, by: &Person, text: &str) {
        self.inner.with_world(|w| {
            w.change_message(&message.channel, &message.ts, Some(by.id()), |m| {
                m.text = text.to_owned();
                m.blocks = None;
            });
        });
    }

    /// The conversation between the app and a person is no more; whoever opens it anew gets another.
    pub fn closes_dm(&self, person: &Person) {
        self.inner.with_world(|w| w.close_app_dm(person.id()));
    }

    /// The bot token is revoked, and another takes its place, which is returned.
    pub fn replaces_bot_token(&self) -> String {
        let new = Tokens::random().bot;
        *self.inner.new_bot_token.locked() = Some(new.clone());
        new
    }

    /// A preview is put under a link in a message: a `message_changed` in which the text is the same.
    pub fn unfurls(&self, message: &MessageRef, url: &str) {
        self.inner.with_world(|w| {
            w.change_message(&message.channel, &message.ts, None, |m| {
                m.attachments = Some(serde_json::json!([{
                    "id": 1, "from_url": url, "original_url": url, "title": url, "title_link": url, "fallback": url,
                    "service_name": "example.com",
                }]));
            });
        });
    }

    /// The metadata of a message, as the API would return it.
    pub fn metadata(&self, message: &MessageRef) -> Option<Value> {
        self.inner.look(|w| {
            w.channels
                .get(&message.channel)?
                .messages
                .get(&message.ts)?
                .metadata
                .clone()
        })
    }

    /// The app is taken off the workspace: `tokens_revoked` and `app_uninstalled` are sent, its token is dead.
    pub fn uninstalls_app(&self) {
        self.inner.with_world(World::uninstall);
    }

    /// The app is installed again with the same token.
    pub fn installs_app(&self) {
        self.inner.with_world(|w| w.uninstalled = false);
    }

    /// Sends an event which nothing here brings about: the inner event as it stands, whether the manifest asks for
    /// its kind or not.
    pub fn sends_event(&self, event: Value) {
        self.inner.with_world(|w| w.send(event));
    }

    /// Sends a whole payload of the Events API, for example `app_rate_limited` or one of an org-wide installation.
    pub fn sends_payload(&self, payload: Value) {
        self.inner.queue.push(payload);
    }

    /// Sends an interaction as it stands and waits for the app; the answer is its body, if there was one.
    ///
    /// # Errors
    /// `operation_timeout` or `dispatch_failed`.
    pub async fn sends_interaction(&self, payload: Value) -> Outcome<Option<Value>> {
        let reply = deliver::ask(&self.inner, Kind::Interactive(true), &payload).await;
        match reply.map_err(|trouble| trouble.name())? {
            Reply::Empty => Ok(None),
            Reply::Json(body) => Ok(Some(body)),
            Reply::Text(text) => Ok(Some(Value::String(text))),
        }
    }

    /// Where the app may have people sent back to after they signed in, in place of what its manifest says.
    pub fn set_redirect_urls(&self, urls: &[&str]) {
        self.inner.openid.locked().redirect_urls = urls.iter().map(|url| (*url).to_owned()).collect();
    }

    /// Whether the app has opted in to PKCE.
    pub fn set_pkce(&self, on: bool) {
        self.inner.openid.locked().pkce = on;
    }

    /// What is wrong with the next id token.
    pub fn spoils_id_token(&self, fault: IdTokenFault) {
        self.inner.openid.locked().spoil(fault);
    }

    /// What shall go wrong.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The last 10,000 calls of the Web API, the oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.inner.calls.locked().all()
    }

    /// Returns when no delivery is unacknowledged or waiting to be repeated. Events held back do not count.
    pub async fn idle(&self) {
        self.inner.queue.pending.wait().await;
    }

    /// Whether [`Simulator::idle`] would return at once.
    pub fn is_idle(&self) -> bool {
        self.inner.queue.pending.is_idle()
    }

    /// Shifts the simulator's clock.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by);
    }

    /// [`Simulator::advance`] as a value of its own, for whoever moves several clocks together.
    pub fn advancer(&self) -> impl Fn(Duration) + Send + Sync + 'static {
        let inner = Arc::clone(&self.inner);
        move |by| inner.clock.advance(by)
    }

    /// The simulator's clock, since 1970.
    pub fn now(&self) -> Duration {
        self.inner.clock.now()
    }

    /// Saves and stops; connections are closed.
    pub async fn shutdown(mut self) {
        self.inner.stop.cancel();
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
        if let Err(error) = store::save(&self.inner) {
            tracing::warn!(%error, "the state was not saved");
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.inner.stop.cancel();
    }
}
