//! Every setting: its environment variable, its default, what to do when it is wrong. All problems are reported together.
//!
//! Secrets stand in [`SecretString`]; `Debug` of anything here prints none of them, and no problem repeats a secret's value.

use crate::telemetry::LogFormat;
use secrecy::SecretString;
use std::net::SocketAddr;
use url::Url;

/// What is logged when `C1_LOG` says nothing: what c1 does, and of the database's driver only what goes wrong.
pub const DEFAULT_FILTER: &str = "info,sqlx=warn";

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DATABASE_URL`: PostgreSQL; holds a password, therefore secret.
    pub database_url: SecretString,
    /// `C1_DATABASE_CONNECTIONS`: at most so many (16).
    pub database_connections: u32,
    /// What joins us with Slack.
    pub slack: SlackConfig,
    /// `C1_LISTEN`: where we listen (127.0.0.1:8080).
    pub listen: SocketAddr,
    /// `C1_BASE_URL`: how people's browsers reach us; without a trailing slash.
    pub base_url: Option<Url>,
    /// How we log.
    pub logs: LogConfig,
}

/// What joins us with Slack.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// `SLACK_BOT_TOKEN` (`xoxb-…`).
    pub bot_token: SecretString,
    /// `SLACK_APP_TOKEN` (`xapp-…`): when set, Slack delivers by Socket Mode.
    pub app_token: Option<SecretString>,
    /// `SLACK_SIGNING_SECRET`: when set, Slack delivers by signed HTTP.
    pub signing_secret: Option<SecretString>,
    /// `SLACK_API_URL`: the Web API (<https://slack.com/api>), or a stand-in's.
    pub api_url: Url,
    /// `SLACK_CLIENT_ID` and `SLACK_CLIENT_SECRET`: when set, people sign in on the web with Slack.
    pub sign_in: Option<SignInConfig>,
    /// `C1_SLACK_PACE` (`on`): stay below Slack's rates by ourselves; `off` only for benchmarks against a stand-in.
    pub paced: bool,
}

/// Who we are where people sign in with Slack.
#[derive(Clone, Debug)]
pub struct SignInConfig {
    /// The app's id as a client; no secret.
    pub client_id: String,
    /// What proves that it is us.
    pub client_secret: SecretString,
}

/// How we log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `C1_LOG`: a level or a list such as `info,c1=debug` (info).
    pub filter: String,
    /// `C1_LOG_FORMAT`: `text` or `json` (text).
    pub format: LogFormat,
}

/// Everything that is wrong with the settings, each with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let many = if self.0.len() == 1 {
            "1 problem"
        } else {
            &format!("{} problems", self.0.len())
        };
        write!(f, "the settings have {many}:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// All problems at once.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, Problems> {
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads settings from wherever `lookup` finds them; an empty value counts as none.
    ///
    /// # Errors
    /// All problems at once.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut settings = Settings {
            lookup,
            problems: Vec::new(),
        };
        let database_url = settings.database_url();
        let slack = settings.slack();
        let config = Self {
            database_url,
            database_connections: settings.parsed("C1_DATABASE_CONNECTIONS", 16, "a number from 2 to 500", |n| {
                (2..=500).contains(n)
            }),
            slack,
            listen: settings.parsed(
                "C1_LISTEN",
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                "an address and port such as 127.0.0.1:8080 or 0.0.0.0:8080",
                |_| true,
            ),
            base_url: settings.web_address("C1_BASE_URL", "https://c1.example.com"),
            logs: settings.logs(),
        };
        settings.can_come_back(&config);
        if settings.problems.is_empty() {
            Ok(config)
        } else {
            Err(Problems(settings.problems))
        }
    }

    /// Only where the database is: for commands that need nothing else.
    ///
    /// # Errors
    /// When it is not told.
    pub fn database_only(lookup: impl Fn(&str) -> Option<String>) -> Result<SecretString, Problems> {
        let mut settings = Settings {
            lookup,
            problems: Vec::new(),
        };
        let url = settings.database_url();
        if settings.problems.is_empty() {
            Ok(url)
        } else {
            Err(Problems(settings.problems))
        }
    }

    /// [`Self::database_only`] from the process's environment.
    ///
    /// # Errors
    /// When it is not told.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn database_from_env() -> Result<SecretString, Problems> {
        Self::database_only(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// A secret that a file names by its variable; none if it is not set or empty.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn secret_from_env(name: &str) -> Option<SecretString> {
        let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
        (!value.is_empty()).then(|| value.into())
    }

    /// Only how to log: for before everything else is read. Whatever is wrong is reported by [`Self::read`].
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn logs_from_env() -> LogConfig {
        let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Settings {
            lookup,
            problems: Vec::new(),
        }
        .logs()
    }
}

struct Settings<L> {
    lookup: L,
    problems: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Settings<L> {
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, what: &str, fits: impl Fn(&T) -> bool) -> T {
        let Some(text) = self.get(name) else { return default };
        match text.parse() {
            Ok(value) if fits(&value) => value,
            _ => {
                self.problem(format!("{name} is {text:?}; set it to {what}, or leave it out"));
                default
            }
        }
    }

    fn database_url(&mut self) -> SecretString {
        let url = self.get("DATABASE_URL").unwrap_or_default();
        if url.is_empty() {
            self.problem(
                "DATABASE_URL is not set; set it to a PostgreSQL address such as postgres://c1@localhost/c1".to_owned(),
            );
        } else if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            self.problem("DATABASE_URL is no PostgreSQL address; it begins with postgres://".to_owned());
        }
        url.into()
    }

    fn slack(&mut self) -> SlackConfig {
        let bot_token = self.token("SLACK_BOT_TOKEN", "xoxb-", "the app's page under OAuth & Permissions");
        if bot_token.is_none() && self.get("SLACK_BOT_TOKEN").is_none() {
            self.problem(
                "SLACK_BOT_TOKEN is not set; copy it (xoxb-…) from the app's page under OAuth & Permissions".to_owned(),
            );
        }
        let app_token = self.token(
            "SLACK_APP_TOKEN",
            "xapp-",
            "the app's page under Basic Information, App-Level Tokens",
        );
        let signing_secret = self.get("SLACK_SIGNING_SECRET").map(SecretString::from);
        if self.get("SLACK_APP_TOKEN").is_none() && signing_secret.is_none() {
            self.problem(
                "neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set; set one, so that Slack can deliver"
                    .to_owned(),
            );
        }
        let api_url = self.web_address("SLACK_API_URL", "https://slack.com/api");
        let paced = match self.get("C1_SLACK_PACE").as_deref() {
            None | Some("on") => true,
            Some("off") => false,
            Some(other) => {
                self.problem(format!(
                    "C1_SLACK_PACE is {other:?}; set it to on or off, or leave it out"
                ));
                true
            }
        };
        SlackConfig {
            bot_token: bot_token.unwrap_or_else(|| String::new().into()),
            app_token,
            signing_secret,
            sign_in: self.sign_in(),
            api_url: api_url.unwrap_or_else(|| Url::parse("https://slack.com/api").expect("a constant address parses")),
            paced,
        }
    }

    fn sign_in(&mut self) -> Option<SignInConfig> {
        const BOTH: [&str; 2] = ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"];
        let [id, secret] = BOTH.map(|name| self.get(name));
        match (id, secret) {
            (Some(client_id), Some(secret)) => Some(SignInConfig {
                client_id,
                client_secret: secret.into(),
            }),
            (None, None) => None,
            (id, _) => {
                let missing = BOTH[usize::from(id.is_some())];
                self.problem(format!(
                    "{missing} is not set, and the other of SLACK_CLIENT_ID and SLACK_CLIENT_SECRET is; copy both from the app's page under Basic Information, App Credentials, or leave both out"
                ));
                None
            }
        }
    }

    /// Slack sends people back to an address that must be known.
    fn can_come_back(&mut self, config: &Config) {
        if config.slack.sign_in.is_some() && self.get("C1_BASE_URL").is_none() {
            self.problem(
                "C1_BASE_URL is not set; people who sign in with Slack come back to it: set it to a web address such as https://c1.example.com, or leave SLACK_CLIENT_ID and SLACK_CLIENT_SECRET out"
                    .to_owned(),
            );
        }
    }

    fn token(&mut self, name: &str, prefix: &str, place: &str) -> Option<SecretString> {
        let token = self.get(name)?;
        // Rotated tokens carry a prefix of their own before the usual one.
        let is_token = token.starts_with(prefix) || token.starts_with(&format!("xoxe.{prefix}"));
        if !is_token || token.chars().any(|c| !c.is_ascii_graphic()) {
            self.problem(format!(
                "{name} does not look like such a token; copy it ({prefix}…) from {place}"
            ));
            return None;
        }
        Some(token.into())
    }

    fn web_address(&mut self, name: &str, example: &str) -> Option<Url> {
        let text = self.get(name)?;
        let url = Url::parse(text.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none() {
            self.problem(format!(
                "{name} is {text:?}; set it to a web address such as {example}, or leave it out"
            ));
        }
        url
    }

    fn logs(&mut self) -> LogConfig {
        let filter = self.get("C1_LOG").unwrap_or_else(|| DEFAULT_FILTER.to_owned());
        if tracing_subscriber::EnvFilter::builder().parse(&filter).is_err() {
            self.problem(format!(
                "C1_LOG is {filter:?}; set it to a level such as info, or to a list such as info,c1=debug"
            ));
        }
        let format = match self.get("C1_LOG_FORMAT").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                self.problem(format!(
                    "C1_LOG_FORMAT is {other:?}; set it to text or json, or leave it out"
                ));
                LogFormat::Text
            }
        };
        LogConfig { filter, format }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::collections::HashMap;

    fn read(settings: &[(&str, &str)]) -> Result<Config, Problems> {
        let settings: HashMap<&str, &str> = settings.iter().copied().collect();
        Config::read(|name| settings.get(name).map(|value| (*value).to_owned()))
    }

    const LEAST: [(&str, &str); 3] = [
        ("DATABASE_URL", "postgres://c1@localhost/c1"),
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_SIGNING_SECRET", "s3cret"),
    ];

    #[test]
    fn the_least_is_enough() {
        let config = read(&LEAST).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.slack.api_url.as_str(), "https://slack.com/api");
        assert_eq!(
            config.logs,
            LogConfig {
                filter: DEFAULT_FILTER.into(),
                format: LogFormat::Text
            }
        );
        assert!(config.slack.paced && config.slack.app_token.is_none() && config.base_url.is_none());
        assert_eq!(config.slack.signing_secret.unwrap().expose_secret(), "s3cret");
    }

    #[test]
    fn all_problems_come_together_and_say_what_to_do() {
        let Err(problems) = read(&[
            ("DATABASE_URL", "mysql://root:hunter2@db"),
            ("SLACK_BOT_TOKEN", "hunter3"),
            ("SLACK_APP_TOKEN", "xoxb-hunter4"),
            ("SLACK_API_URL", "slack.com"),
            ("C1_LISTEN", "8080"),
            ("C1_BASE_URL", "ftp://x"),
            ("C1_DATABASE_CONNECTIONS", "0"),
            ("C1_LOG", "info,=,"),
            ("C1_LOG_FORMAT", "xml"),
            ("C1_SLACK_PACE", "maybe"),
        ]) else {
            panic!("nothing of this is right")
        };
        assert_eq!(
            problems.to_string(),
            "the settings have 10 problems:
  - DATABASE_URL is no PostgreSQL address; it begins with postgres://
  - SLACK_BOT_TOKEN does not look like such a token; copy it (xoxb-…) from the app's page under OAuth & Permissions
  - SLACK_APP_TOKEN does not look like such a token; copy it (xapp-…) from the app's page under Basic Information, App-Level Tokens
  - SLACK_API_URL is \"slack.com\"; set it to a web address such as https://slack.com/api, or leave it out
  - C1_SLACK_PACE is \"maybe\"; set it to on or off, or leave it out
  - C1_DATABASE_CONNECTIONS is \"0\"; set it to a number from 2 to 500, or leave it out
  - C1_LISTEN is \"8080\"; set it to an address and port such as 127.0.0.1:8080 or 0.0.0.0:8080, or leave it out
  - C1_BASE_URL is \"ftp://x\"; set it to a web address such as https://c1.example.com, or leave it out
  - C1_LOG is \"info,=,\"; set it to a level such as info, or to a list such as info,c1=debug
  - C1_LOG_FORMAT is \"xml\"; set it to text or json, or leave it out"
        );
        assert!(!problems.to_string().contains("hunter"), "a problem repeats a secret");
    }

    #[test]
    fn nothing_set_names_the_three_that_must_be() {
        let Err(problems) = read(&[("SLACK_BOT_TOKEN", "  ")]) else {
            panic!("nothing is set")
        };
        assert_eq!(
            problems.to_string(),
            "the settings have 3 problems:
  - DATABASE_URL is not set; set it to a PostgreSQL address such as postgres://c1@localhost/c1
  - SLACK_BOT_TOKEN is not set; copy it (xoxb-…) from the app's page under OAuth & Permissions
  - neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set; set one, so that Slack can deliver"
        );
    }

    #[test]
    fn signing_in_takes_both_and_an_address_to_come_back_to() {
        let with = |more: &[(&'static str, &'static str)]| read(&[&LEAST[..], more].concat());
        let Err(problems) = with(&[("SLACK_CLIENT_SECRET", "hunter2")]) else {
            panic!("half of it is not enough")
        };
        assert_eq!(
            problems.to_string(),
            "the settings have 1 problem:
  - SLACK_CLIENT_ID is not set, and the other of SLACK_CLIENT_ID and SLACK_CLIENT_SECRET is; copy both from the app's page under Basic Information, App Credentials, or leave both out"
        );
        let both = [("SLACK_CLIENT_ID", "1.2"), ("SLACK_CLIENT_SECRET", "hunter2")];
        let Err(problems) = with(&both) else {
            panic!("nobody could come back")
        };
        assert_eq!(
            problems.to_string(),
            "the settings have 1 problem:
  - C1_BASE_URL is not set; people who sign in with Slack come back to it: set it to a web address such as https://c1.example.com, or leave SLACK_CLIENT_ID and SLACK_CLIENT_SECRET out"
        );
        let config = with(&[&both[..], &[("C1_BASE_URL", "https://c1.example.com")]].concat()).unwrap();
        let sign_in = config.slack.sign_in.unwrap();
        assert_eq!(
            (sign_in.client_id.as_str(), sign_in.client_secret.expose_secret()),
            ("1.2", "hunter2")
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let more = [
            ("SLACK_APP_TOKEN", "xapp-1-hidden"),
            ("SLACK_CLIENT_ID", "1.2"),
            ("SLACK_CLIENT_SECRET", "hushed"),
            ("C1_BASE_URL", "https://c1.example.com"),
        ];
        let config = read(&[&LEAST[..], &more].concat()).unwrap();
        let printed = format!("{config:?}");
        for secret in ["postgres://", "xoxb-1", "s3cret", "hidden", "hushed"] {
            assert!(!printed.contains(secret), "{secret}");
        }
    }

    #[test]
    fn trailing_slashes_do_not_matter() {
        let config = read(
            &[
                &LEAST[..],
                &[
                    ("SLACK_API_URL", "http://127.0.0.1:9000/api/"),
                    ("C1_BASE_URL", "https://c1.example/x/"),
                ],
            ]
            .concat(),
        );
        let config = config.unwrap();
        assert_eq!(config.slack.api_url.as_str(), "http://127.0.0.1:9000/api");
        assert_eq!(config.base_url.unwrap().as_str(), "https://c1.example/x");
    }
}
