//! `c1 doctor`: checks what a deployment needs, and says what to do about each thing that is wrong.

use crate::{
    clock::SystemClock,
    config::Config,
    db::Db,
    http::client,
    slack::{
        client::{CallError, Settings, Slack},
        manifest,
    },
    web::SignIn,
};
use secrecy::ExposeSecret as _;
use std::{fmt, process::ExitCode, sync::Arc};

/// How far the database's clock may be from ours, in seconds.
const SKEW: i64 = 5;

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub what: &'static str,
    /// How it is; the error says what to do.
    pub how: Result<String, String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, text) = match &self.how {
            Ok(text) => ("✓", text),
            Err(text) => ("✗", text),
        };
        write!(f, "{sign} {:<12} {text}", self.what)
    }
}

/// Checks everything and prints it; fails when anything is wrong.
///
/// # Errors
/// None so far: whatever is wrong is a finding.
pub async fn doctor() -> anyhow::Result<ExitCode> {
    let findings = match Config::from_env() {
        Ok(config) => examine(&config).await,
        Err(problems) => problems
            .0
            .into_iter()
            .map(|problem| Finding {
                what: "settings",
                how: Err(problem),
            })
            .collect(),
    };
    findings.iter().for_each(super::say);
    let wrong = findings.iter().filter(|finding| finding.how.is_err()).count();
    super::say(match wrong {
        0 => "\nEverything is in order.".to_owned(),
        1 => "\nOne thing needs attention.".to_owned(),
        many => format!("\n{many} things need attention."),
    });
    Ok(if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Looks at everything the settings name.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding {
        what: "settings",
        how: Ok("complete".to_owned()),
    }];
    findings.extend(database(config).await);
    findings.extend(slack(config).await);
    findings.push(sign_in(config).await);
    findings
}

/// Can people sign in on the web?
async fn sign_in(config: &Config) -> Finding {
    let what = "sign-in";
    let base_url = config.base_url.as_ref();
    let Some(slack) = SignIn::set_up(&config.slack, base_url, Arc::new(SystemClock)) else {
        let how = Ok("not set up: requests are shown in Slack alone".to_owned());
        return Finding { what, how };
    };
    let back = base_url.map_or_else(String::new, |base| {
        format!("{}{}", base.as_str().trim_end_matches('/'), SignIn::CALLBACK)
    });
    let how = match slack.look().await {
        Err(why) => Err(format!("Slack does not say where people sign in: {why}")),
        Ok(()) if !base_url.is_some_and(client::may_call) => Err(format!(
            "{back} is not reached by https, and Slack sends people back to no other. Set C1_BASE_URL to a https address."
        )),
        Ok(()) => Ok(format!(
            "people come back to {back}, which is to stand under “OAuth & Permissions”, Redirect URLs"
        )),
    };
    Finding { what, how }
}

async fn database(config: &Config) -> Vec<Finding> {
    let db = match Db::connect(config.database_url.expose_secret(), 1).await {
        Ok(db) => db,
        Err(error) => {
            let how = Err(format!(
                "cannot be reached: {error}. Is DATABASE_URL right, and does the server run?"
            ));
            return vec![Finding { what: "database", how }];
        }
    };
    let mut findings = Vec::new();
    match db.server().await {
        Ok((version, hour)) => {
            findings.push(Finding {
                what: "database",
                how: Ok(format!("PostgreSQL {version} answers")),
            });
            #[expect(clippy::disallowed_methods, reason = "the machine's clock is what is checked")]
            let skew = (chrono::Utc::now() - hour).num_seconds().abs();
            findings.push(Finding {
                what: "clock",
                how: if skew <= SKEW {
                    Ok(format!("agrees with the database's within {SKEW} seconds"))
                } else {
                    Err(format!("{skew} seconds from the database's: access would end at the wrong time. Use NTP on both machines."))
                },
            });
        }
        Err(error) => findings.push(Finding {
            what: "database",
            how: Err(format!("does not answer: {error}")),
        }),
    }
    let how = db.is_current().await.map(|()| "all applied".to_owned());
    findings.push(Finding {
        what: "migrations",
        how,
    });
    findings
}

async fn slack(config: &Config) -> Vec<Finding> {
    let settings = Settings {
        api_url: config.slack.api_url.clone(),
        bot_token: config.slack.bot_token.clone(),
        app_token: config.slack.app_token.clone(),
        within: Settings::WITHIN,
        paced: true,
    };
    let slack = match Slack::new(&settings) {
        Ok(slack) => slack,
        Err(error) => {
            return vec![Finding {
                what: "slack",
                how: Err(format!("{error:#}")),
            }];
        }
    };
    let mut findings = Vec::new();
    match slack.auth_test().await {
        Ok(ours) => {
            let how = Ok(format!("the bot token works in the workspace {}", ours.team));
            findings.push(Finding { what: "slack", how });
            findings.push(Finding {
                what: "scopes",
                how: scopes(&ours.scopes),
            });
        }
        Err(CallError::Retry { .. }) => findings.push(Finding {
            what: "slack",
            how: Err(format!(
                "{} cannot be reached from here. Is there a proxy or a firewall in between?",
                config.slack.api_url
            )),
        }),
        Err(error) => findings.push(Finding {
            what: "slack",
            how: Err(format!(
                "{error}. Copy SLACK_BOT_TOKEN anew from the app's page “OAuth & Permissions”."
            )),
        }),
    }
    if config.slack.app_token.is_some() {
        let how = match slack.open_connection().await {
            Ok(_) => Ok("a connection can be opened".to_owned()),
            Err(error) => Err(format!(
                "{error}. Is Socket Mode switched on, and has SLACK_APP_TOKEN the scope connections:write?"
            )),
        };
        findings.push(Finding {
            what: "socket mode",
            how,
        });
    } else {
        let how = Ok("not used: Slack sends to this server, signed".to_owned());
        findings.push(Finding { what: "http", how });
    }
    findings
}

fn scopes(granted: &[String]) -> Result<String, String> {
    let missing: Vec<String> = manifest::bot_scopes()
        .into_iter()
        .filter(|scope| !granted.iter().any(|have| have == scope))
        .collect();
    if missing.is_empty() {
        Ok("all that the manifest asks for".to_owned())
    } else {
        Err(format!(
            "missing: {}. Add them under “OAuth & Permissions” (or paste manifest.yml again), then reinstall the app.",
            missing.join(", ")
        ))
    }
}
