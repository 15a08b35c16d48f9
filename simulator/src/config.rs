//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

/// Everything a simulator needs to start. Build it with [`Config::new`] and change what differs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// How the app reaches the simulator, where that is not the address listened on: in containers, for example.
    pub public_url: Option<Url>,
    /// The app manifest, as YAML or JSON text: scopes, commands, shortcuts and events come from it.
    pub manifest: String,
    /// The workspace to begin with; only used where no saved state exists.
    pub seed: Seed,
    /// How the app is reached.
    pub delivery: Delivery,
    /// Where the state is kept between runs; `None` keeps it in memory only.
    pub state_file: Option<PathBuf>,
    /// The tokens and the signing secret the app must use.
    pub tokens: Tokens,
    /// Extra buttons for the page.
    pub controls: Vec<Control>,
    /// Shown at the top of the page.
    pub title: String,
    /// Whether calls are limited per method and per channel as at Slack.
    pub rate_limits: bool,
    /// How long to wait before an unanswered event is sent again.
    pub retry_pace: RetryPace,
    /// How long the app has to answer a delivery: 3 s at Slack.
    pub answer_within: Duration,
    /// Refuse arguments which the method's reference does not know. Slack ignores them; a test wants to see the typo.
    pub refuse_unknown_arguments: bool,
}

impl Config {
    /// A simulator on a free loopback port, over Socket Mode, with a small workspace and random tokens.
    pub fn new(manifest: impl Into<String>) -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            manifest: manifest.into(),
            seed: Seed::small(),
            delivery: Delivery::Socket,
            state_file: None,
            tokens: Tokens::random(),
            controls: Vec::new(),
            title: "Simulator".to_owned(),
            rate_limits: false,
            retry_pace: RetryPace::Slack,
            answer_within: Duration::from_secs(3),
            refuse_unknown_arguments: true,
        }
    }
}

/// How the app is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Over WebSockets which the app opens (`apps.connections.open`).
    Socket,
    /// By signed HTTP requests to `base` and the paths of the manifest's URLs, or `/slack/commands`,
    /// `/slack/interactions`, `/slack/options` and `/slack/events` where the manifest names none.
    Http {
        /// Scheme, host and port of the app.
        base: Url,
    },
}

/// Not a secret at Slack either: it stands in addresses.
const CLIENT_ID: &str = "1000000000.2000000000";

/// Tokens and signing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// `xoxb-…`, for the Web API.
    pub bot: String,
    /// `xapp-…`, for `apps.connections.open`.
    pub app: String,
    /// Signs what is sent over HTTP.
    pub signing_secret: String,
    /// Names the app where people sign in with Slack.
    pub client_id: String,
    /// Proves there that it is the app who asks.
    pub client_secret: String,
}

impl Tokens {
    /// New tokens nobody can guess.
    pub fn random() -> Tokens {
        let hex = |n: usize| hex::encode((0..n).map(|_| rand::random::<u8>()).collect::<Vec<_>>());
        Tokens {
            bot: format!("xoxb-{}", hex(16)),
            app: format!("xapp-1-{}", hex(16)),
            signing_secret: hex(16),
            client_id: CLIENT_ID.to_owned(),
            client_secret: hex(16),
        }
    }

    /// Tokens which are known beforehand.
    pub fn fixed(bot: &str, app: &str, signing_secret: &str) -> Tokens {
        Tokens {
            bot: bot.to_owned(),
            app: app.to_owned(),
            signing_secret: signing_secret.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: format!("client-{signing_secret}"),
        }
    }
}

/// How long to wait before each of the three repetitions of an event the app did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryPace {
    /// At once, after a minute, after five minutes (by the simulator's clock).
    Slack,
    /// The same three steps in other lengths, for tests.
    Fast {
        /// Before the first repetition.
        first: Duration,
        /// Before the second.
        second: Duration,
        /// Before the third.
        third: Duration,
    },
}

impl RetryPace {
    pub(crate) fn wait(self, retry: u32) -> Duration {
        match (self, retry) {
            (RetryPace::Slack, 1) => Duration::ZERO,
            (RetryPace::Slack, 2) => Duration::from_secs(60),
            (RetryPace::Slack, _) => Duration::from_secs(300),
            (RetryPace::Fast { first, .. }, 1) => first,
            (RetryPace::Fast { second, .. }, 2) => second,
            (RetryPace::Fast { third, .. }, _) => third,
        }
    }
}

/// A button the page shows in a bar, for example for a demo clock.
#[derive(Debug, Clone, Serialize)]
pub struct Control {
    /// What stands on it.
    pub label: String,
    /// HTTP method of the request it makes.
    pub method: String,
    /// Where the request goes.
    pub url: String,
    /// Shown when the pointer rests on it.
    pub hint: String,
}

/// The workspace to begin with.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The workspace itself.
    pub team: Team,
    /// Who is in it.
    pub people: Vec<SeedPerson>,
    /// Its channels.
    pub channels: Vec<SeedChannel>,
    /// Its user groups.
    pub user_groups: Vec<SeedGroup>,
}

impl Seed {
    /// Four people and two channels: enough for most tests.
    pub fn small() -> Seed {
        let person = |id: &str, name: &str, real_name: &str, title: &str| SeedPerson {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: format!("{name}@example.com"),
            title: title.to_owned(),
            ..SeedPerson::default()
        };
        Seed {
            team: Team::default(),
            people: vec![
                SeedPerson {
                    is_admin: true,
                    ..person("U0ANA0000", "ana", "Ana Costa", "Platform")
                },
                person("U0BOB0000", "bob", "Bob Lind", "Security"),
                person("U0CARA000", "cara", "Cara Meyer", "Data"),
                person("U0DAN0000", "dan", "Dan Okoye", "Support"),
            ],
            channels: vec![
                SeedChannel {
                    name: "general".to_owned(),
                    topic: "Everyone".to_owned(),
                    ..SeedChannel::default()
                },
                SeedChannel {
                    name: "random".to_owned(),
                    ..SeedChannel::default()
                },
            ],
            user_groups: Vec::new(),
        }
    }
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// `T…`
    pub id: String,
    /// The first part of its address.
    pub domain: String,
    /// What people call it.
    pub name: String,
}

impl Default for Team {
    fn default() -> Team {
        Team {
            id: "T0SIM0000".to_owned(),
            domain: "example".to_owned(),
            name: "Example".to_owned(),
        }
    }
}

/// A person to begin with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedPerson {
    /// `U…` or `W…`; made up when empty.
    pub id: String,
    /// The handle, in small letters.
    pub name: String,
    /// Full name.
    pub real_name: String,
    /// Address, shown to apps with `users:read.email` only.
    pub email: String,
    /// What the person does.
    pub title: String,
    /// A name of the time zone database; empty is `Europe/Amsterdam`.
    pub tz: String,
    /// An administrator of the workspace.
    pub is_admin: bool,
    /// Another app's bot.
    pub is_bot: bool,
    /// A guest in several channels.
    pub is_restricted: bool,
    /// A guest in one channel.
    pub is_ultra_restricted: bool,
    /// From another workspace, through a shared channel.
    pub is_stranger: bool,
    /// Deactivated.
    pub deleted: bool,
}

/// A channel to begin with.
#[derive(Debug, Clone, Default)]
pub struct SeedChannel {
    /// Without the `#`.
    pub name: String,
    /// Shown above the messages.
    pub topic: String,
    /// Handles or ids of the members; empty means everybody who is no bot and not deactivated.
    pub members: Vec<String>,
    /// Only members see it.
    pub private: bool,
    /// Whether the app is a member.
    pub with_app: bool,
}

/// A user group to begin with.
#[derive(Debug, Clone, Default)]
pub struct SeedGroup {
    /// `S…`; made up when empty.
    pub id: String,
    /// What stands behind the `@`.
    pub handle: String,
    /// Its full name.
    pub name: String,
    /// Handles or ids of the members.
    pub members: Vec<String>,
}
