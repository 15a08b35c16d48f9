//! A world that a test owns: a database, a small Slack, c1 between them, and a clock that moves only when told.
//!
//! Nothing waits for time: [`World::settle`] waits for facts (nothing delivered and unanswered, no timer due, no job to
//! do). Every test ends with [`World::finish`], which looks at what must hold after any story.

mod agrees;
mod browser;
pub mod company;
mod database;
mod finish;
mod mortal;
mod people;
mod process;
mod proxy;

pub use browser::{Browser, Page};
pub use company::policies_with;
pub use people::{ana_asks_the_owners, at, chooses, form, prints, thread, types};
pub use process::Process;
pub use proxy::Proxy;

use axum::Router;
use c1::{
    clock::{Clock as _, ManualClock, SharedClock},
    config::Config,
    db::{Db, jobs},
    server::{Options, Server},
    slack::{client::Settings, gateway::socket::SocketSettings},
    usecases::System,
};
use chrono::TimeDelta;
use simulator::{Delivery, MessageSnapshot, Person, RetryPace, Simulator};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

/// How Slack reaches c1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Socket,
    Http,
}

pub struct World {
    pub slack: Simulator,
    pub clock: Arc<ManualClock>,
    pub system: System,
    pub pool: sqlx::PgPool,
    url: String,
    transport: Transport,
    /// Where the pages are, in a story that opens them.
    pages: Option<String>,
    /// How long Slack may take to answer c1.
    within: Duration,
    servers: Vec<Server>,
    /// How many connections a c1 that is started keeps with Slack.
    pub sockets: usize,
    mortals: Mutex<Vec<mortal::Mortal>>,
    /// The workers that live beside those who can be killed.
    living: Mutex<Vec<String>>,
    eyes: OnceLock<c1::slack::deliver::Deliver>,
}

/// Runs a story in a world of its own, over Socket Mode.
pub fn story(body: impl AsyncFnOnce(&mut World)) {
    over(Transport::Socket, body);
}

/// Runs a story in which people open pages in the browser, too.
pub fn on_the_web(body: impl AsyncFnOnce(&mut World)) {
    tell(Transport::Socket, true, body);
}

/// Runs a story in a world of its own, over the given transport.
pub fn over(transport: Transport, body: impl AsyncFnOnce(&mut World)) {
    tell(transport, false, body);
}

fn tell(transport: Transport, with_pages: bool, body: impl AsyncFnOnce(&mut World)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::begin(transport, with_pages, None).await;
        body(&mut world).await;
        world.finish().await;
    });
}

/// Runs a story on a database server of its own, which it can stop and start again.
pub fn story_with_a_server(body: impl AsyncFnOnce(&mut World, &mut Restarts)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = database::server(true).await;
        let url = server.url_of(database::TEMPLATE);
        let proxy = Proxy::to(&url).await;
        let url = proxy.url_of(&url);
        let mut restarts = Restarts {
            server: Some(server),
            proxy,
        };
        let mut world = World::begin(Transport::Socket, false, Some(url)).await;
        body(&mut world, &mut restarts).await;
        world.finish().await;
        restarts.server.unwrap().stop().await;
    });
}

/// A database server that can be stopped and started again.
pub struct Restarts {
    server: Option<c1::private_postgres::PrivatePostgres>,
    proxy: Proxy,
}

impl Restarts {
    /// Stops the server and starts it again.
    pub async fn restart(&mut self) {
        self.server.take().unwrap().stop().await;
        let server = database::server(false).await;
        self.proxy.leads_to(&server.url_of(database::TEMPLATE));
        self.server = Some(server);
    }
}

/// Runs a story that may go wrong, and says how.
pub fn tried(body: impl AsyncFnOnce(&mut World)) -> Result<(), String> {
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story(body)));
    told.map_err(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|said| (*said).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        said.unwrap_or_else(|| "a panic without words".to_owned())
    })
}

impl World {
    async fn begin(transport: Transport, with_pages: bool, url: Option<String>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = match url {
            Some(url) => url,
            None => database::fresh().await,
        };
        let slack = Simulator::start(simulator::Config {
            seed: company::workspace(),
            retry_pace: RetryPace::Fast {
                first: Duration::from_millis(20),
                second: Duration::from_millis(100),
                third: Duration::from_millis(500),
            },
            ..simulator::Config::new(include_str!("../../../manifest.yml"))
        })
        .await
        .unwrap();
        let pages = if with_pages { Some(free_address().await) } else { None };
        if let Some(pages) = &pages {
            slack.set_redirect_urls(&[&format!("{pages}/auth/slack/callback")]);
        }
        let clock = Arc::new(ManualClock::default());
        let db = Db::connect(&url, 4).await.unwrap();
        let system = System {
            db,
            clock: Arc::clone(&clock) as SharedClock,
            base_url: pages.clone(),
        };
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let mut world = Self {
            slack,
            clock,
            system,
            pool,
            url,
            transport,
            pages,
            within: Settings::WITHIN,
            servers: Vec::new(),
            sockets: SocketSettings::default().connections,
            mortals: Mutex::default(),
            living: Mutex::default(),
            eyes: OnceLock::new(),
        };
        world.starts_c1().await;
        world
    }

    /// Starts c1, or one more of it.
    pub async fn starts_c1(&mut self) {
        let (config, options) = (self.config(), self.options());
        let server = Server::start(&config, options).await.unwrap();
        if self.transport == Transport::Http {
            let base = format!("http://{}", server.address).parse().unwrap();
            self.slack.set_delivery(Delivery::Http { base });
        }
        self.servers.push(server);
        self.ready().await;
    }

    /// What else a c1 in this world is given.
    fn options(&self) -> Options {
        Options {
            clock: Arc::clone(&self.clock) as SharedClock,
            metrics: metrics_exporter_prometheus::PrometheusBuilder::new()
                .build_recorder()
                .handle(),
            pages: Router::new(),
            socket: SocketSettings {
                connections: self.sockets,
                pause: Duration::from_millis(20),
                ..SocketSettings::default()
            },
            within: self.within,
        }
    }

    /// Until Slack can deliver, and c1 knows everyone.
    async fn ready(&self) {
        let people = i64::try_from(company::workspace().people.len()).unwrap();
        self.until("c1 knows everyone", async || {
            let known: i64 = sqlx::query_scalar("SELECT count(*) FROM slack_identities")
                .fetch_one(&self.pool)
                .await
                .unwrap();
            let joined = match self.transport {
                Transport::Socket => self.slack.sockets() > 0,
                Transport::Http => self.slack.url_verified() == Some(Ok(())),
            };
            known >= people && joined
        })
        .await;
        self.settle().await;
    }

    /// Starts c1 anew, with less patience for Slack.
    pub async fn waits_for_slack_only(&mut self, within: Duration) {
        self.stops_c1().await;
        self.within = within;
        self.starts_c1().await;
    }

    /// Stops every c1 in order.
    pub async fn stops_c1(&mut self) {
        for server in self.servers.drain(..) {
            server.stop().await;
        }
        self.stops_mortals().await;
    }

    /// Stops the c1 that was started last, in order.
    pub async fn stops_one_c1(&mut self) {
        if let Some(server) = self.servers.pop() {
            server.stop().await;
        }
    }

    /// How many replicas each c1 shares Slack's limits with, itself included.
    pub fn shares(&self) -> Vec<u32> {
        self.servers.iter().map(|server| server.slack.replicas()).collect()
    }

    /// Settings for a c1 in this world.
    pub fn config(&self) -> Config {
        let settings = self.settings();
        Config::read(|name| settings.get(name).cloned()).unwrap()
    }

    /// The environment of a c1 in this world.
    pub fn settings(&self) -> HashMap<&'static str, String> {
        let tokens = self.slack.tokens();
        let mut settings = HashMap::from([
            ("DATABASE_URL", self.url.clone()),
            ("SLACK_BOT_TOKEN", self.slack.bot_token()),
            ("SLACK_API_URL", self.slack.api_url()),
            ("C1_LISTEN", "127.0.0.1:0".to_owned()),
            ("C1_SLACK_PACE", "off".to_owned()),
        ]);
        match self.transport {
            Transport::Socket => settings.insert("SLACK_APP_TOKEN", tokens.app.clone()),
            Transport::Http => settings.insert("SLACK_SIGNING_SECRET", tokens.signing_secret.clone()),
        };
        if let Some(pages) = &self.pages {
            // Another c1 of this world is reached at the same address, as behind a proxy.
            let listen = if self.servers.is_empty() {
                pages.trim_start_matches("http://")
            } else {
                "127.0.0.1:0"
            };
            settings.extend([
                ("C1_BASE_URL", pages.clone()),
                ("C1_LISTEN", listen.to_owned()),
                ("SLACK_CLIENT_ID", tokens.client_id.clone()),
                ("SLACK_CLIENT_SECRET", tokens.client_secret.clone()),
            ]);
        }
        settings
    }

    /// Status and body of a page of c1's.
    pub async fn get(&self, path: &str) -> (u16, String) {
        use http_body_util::{BodyExt as _, Empty};
        use hyper_util::{client::legacy::Client, rt::TokioExecutor};
        let address = self.servers.last().expect("a c1 is running").address;
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
        let uri = format!("http://{address}{path}").parse().unwrap();
        let answer = client.get(uri).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// Somebody's browser, which has not been here before.
    pub fn browser(&self) -> Browser {
        Browser::new(self.pages.as_deref().expect("a story on the web has pages"))
    }

    /// Somebody's browser, in which they have signed in.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        browser.signs_in(&self.person(name)).await;
        browser
    }

    /// Where each c1 of this world listens.
    pub fn addresses(&self) -> Vec<String> {
        self.servers
            .iter()
            .map(|server| format!("http://{}", server.address))
            .collect()
    }

    /// Waits for a fact; gives up after half a minute.
    pub async fn until(&self, what: &str, fact: impl AsyncFn() -> bool) {
        let limit = Instant::now() + Duration::from_secs(30);
        while !fact().await {
            assert!(Instant::now() < limit, "waited in vain until {what}");
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Waits until nothing is on its way: no delivery unanswered, no timer due, no job to do. Looked at twice, since an
    /// answer may be the cause of a job.
    pub async fn settle(&self) {
        let limit = Instant::now() + Duration::from_secs(30);
        while !(self.is_still().await && self.is_still().await) {
            if Instant::now() > limit {
                panic!("waited in vain until everything has settled: {}", self.moves().await);
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// As [`World::settle`], where much was broken before: pauses grow with every failure.
    pub async fn settles_patiently(&self) {
        let limit = Instant::now() + Duration::from_secs(90);
        while !(self.is_still().await && self.is_still().await) {
            if Instant::now() > limit {
                panic!("waited in vain until everything has settled: {}", self.moves().await);
            }
            // Jobs that wait for their next try, or for Slack, wait no longer.
            let now = self.clock.now();
            sqlx::query("UPDATE jobs SET run_at = $1, not_before = NULL WHERE state = 'waiting' AND run_at > $1")
                .bind(now)
                .execute(&self.pool)
                .await
                .unwrap();
            jobs::wake();
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// What is on its way.
    async fn moves(&self) -> String {
        let jobs: Vec<String> = sqlx::query_scalar(
            "SELECT concat_ws(' ', lane, name, state, 'at', run_at, 'tries', attempt - snoozes, 'snoozes', snoozes, last_error)
               FROM jobs ORDER BY id",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let heard = if self.slack.is_idle() {
            ""
        } else {
            "Slack has something to tell; "
        };
        format!("{heard}now {}, jobs: {jobs:#?}", self.clock.now())
    }

    pub async fn is_still(&self) -> bool {
        if !self.slack.is_idle() {
            return false;
        }
        let now = self.clock.now();
        let due: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM requests WHERE wake_at <= $1) + (SELECT count(*) FROM grants WHERE wake_at <= $1)
                  + (SELECT count(*) FROM request_approvers
                      WHERE remind_at <= $1 AND (quiet_until IS NULL OR quiet_until <= $1))
                  + (SELECT count(*) FROM channel_reminders
                      WHERE remind_at <= $1 AND (quiet_until IS NULL OR quiet_until <= $1))
                  + (SELECT count(*) FROM reviews WHERE wake_at <= $1)
                  + (SELECT count(*) FROM rotations WHERE wake_at <= $1)
                  + (SELECT count(*) FROM absences WHERE wake_at <= $1)
                  + (SELECT count(*) FROM looks WHERE EXISTS (SELECT FROM cards WHERE look_at <= $1)
                        AND (begun_at IS NULL OR begun_at <= $1 - interval '1 minute' OR begun_at > $1))",
        )
        .bind(now)
        .fetch_one(&self.pool)
        .await
        .unwrap();
        // Jobs that wait for their next try count too: a story is not over before they are done.
        due == 0 && self.count("SELECT count(*) FROM jobs WHERE state <> 'dead'").await == 0
    }

    /// From the next start on, c1 finds its database this way.
    pub fn finds_its_database_at(&mut self, url: String) {
        self.url = url;
    }

    /// Where c1 finds its database.
    pub fn database_url(&self) -> &str {
        &self.url
    }

    /// Ends every connection of c1's, as a restart of the server does.
    pub async fn database_hangs_up(&self) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'c1'",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// Lets time pass, for c1 and for Slack.
    pub async fn after(&self, time: Duration) {
        self.clock.advance(TimeDelta::from_std(time).unwrap());
        self.slack.advance(time);
        jobs::wake();
        self.settle().await;
    }

    /// The company's files say something else from now on: these take the place of those with the same name.
    pub async fn files_say(&self, files: &[(&str, &str)]) {
        let folder = company::with(files);
        let proposal = c1::catalog_files::propose_files(&self.system, folder).await.unwrap();
        c1::catalog_files::carry_out(&self.system, &proposal, "the story")
            .await
            .unwrap();
        self.settle().await;
    }

    /// One policy has other rules from now on.
    pub async fn policy_says(&self, key: &str, rules: &str) {
        let policies = company::policies_with(key, rules);
        self.files_say(&[("policies.yaml", &policies)]).await;
    }

    /// Somebody of the company, by their short name.
    pub fn person(&self, name: &str) -> Person {
        self.slack.person(name)
    }

    /// Does somebody have an access in a target system?
    pub async fn target_has(&self, app: &str, entitlement: &str, account: &str) -> bool {
        c1::db::demo_target::has(&self.system.db, app, entitlement, account)
            .await
            .unwrap()
    }

    /// One number from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

/// The one message in a person's conversation with the app that contains `words`.
pub fn message(person: &Person, words: &str) -> MessageSnapshot {
    let mut found: Vec<_> = person
        .dm()
        .into_iter()
        .filter(|message| message.text().contains(words))
        .collect();
    assert_eq!(
        found.len(),
        1,
        "one message of {} says “{words}”; there are:\n{}",
        person.name(),
        everything(person)
    );
    found.remove(0)
}

/// Everything in a person's conversation with the app.
pub fn everything(person: &Person) -> String {
    person
        .dm()
        .iter()
        .map(|message| format!("{}\n――――\n", message.text()))
        .collect()
}

/// An address on this machine at which nobody listens.
async fn free_address() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
