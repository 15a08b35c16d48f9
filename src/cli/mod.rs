//! The operator's command line: what is run on the machine c1 runs on.

pub mod apply;
pub mod audit;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod emergency;
pub mod policy;
pub mod request;
pub mod serve;

use crate::{
    clock::SystemClock,
    config::{Config, DEFAULT_FILTER},
    db::{Db, people},
    domain::person::Person,
    slack::manifest,
    telemetry,
    usecases::System,
};
use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use secrecy::ExposeSecret as _;
use std::{process::ExitCode, sync::Arc};

/// Access requests in Slack: asked for in a form, decided in a message, granted for a time, proved afterwards.
#[derive(Debug, Parser)]
#[command(name = "c1", version, about, arg_required_else_help = true)]
pub struct Words {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run c1 for a real workspace. Everything is set by the environment; `c1 doctor` checks it
    Serve,
    /// Try everything on this machine: a database, a company and a Slack to click in, in one command
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Bring the database up to this version
    Migrate,
    /// Make people, groups, policies and the catalog what a folder of files says; shows the plan first
    Apply(apply::Apply),
    /// Act on an open request outside its plan: cancel, restart, skip a step, reassign
    #[command(subcommand)]
    Request(request::Request),
    /// Try the emergency path out
    #[command(subcommand)]
    Emergency(emergency::Emergency),
    /// Print the Slack app's manifest: for Socket Mode, or for signed HTTP to an address
    Manifest {
        /// Where Slack shall send to, such as https://c1.example.com
        #[arg(long, value_name = "URL", conflicts_with = "url")]
        http: Option<url::Url>,
        /// Where people reach c1's pages, with Socket Mode
        #[arg(long, value_name = "URL")]
        url: Option<url::Url>,
    },
    /// Say how a request would be decided, and why
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Print what happened; whoever reads it is on record too
    Audit(audit::Audit),
    /// Check settings, database, Slack scopes and clock, and say what to do about each
    Doctor,
}

/// Does what the words say.
#[must_use]
pub fn run(words: Words) -> ExitCode {
    let logs = Config::logs_from_env();
    // Only the server logs what goes well; the others speak for themselves.
    let serves = matches!(words.verb, Verb::Serve);
    let filter = if serves || logs.filter != DEFAULT_FILTER {
        logs.filter
    } else {
        "warn".to_owned()
    };
    if let Err(error) = telemetry::start_logs(&filter, logs.format) {
        return failed(&error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match words.verb {
            Verb::Serve => serve::serve().await.map(|()| ExitCode::SUCCESS),
            #[cfg(feature = "demo")]
            Verb::Demo(demo) => demo.run().await.map(|()| ExitCode::SUCCESS),
            Verb::Migrate => migrate().await.map(|()| ExitCode::SUCCESS),
            Verb::Apply(apply) => apply.run().await,
            Verb::Request(request) => request.run().await,
            Verb::Emergency(emergency) => emergency.run().await,
            Verb::Manifest { http, url } => {
                let text = match (http, url) {
                    (Some(base), _) => manifest::for_http(&base),
                    (None, Some(base)) => manifest::for_socket_mode(&base),
                    (None, None) => manifest::SOCKET_MODE.to_owned(),
                };
                say(text.trim_end());
                Ok(ExitCode::SUCCESS)
            }
            Verb::Policy(policy) => policy.run().await,
            Verb::Audit(audit) => audit.run().await,
            Verb::Doctor => doctor::doctor().await,
        }
    });
    done.unwrap_or_else(|error| failed(&error))
}

#[expect(clippy::print_stderr, reason = "the operator reads it")]
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("c1: {error:#}");
    ExitCode::FAILURE
}

/// Says something to the operator.
#[expect(clippy::print_stdout, reason = "the operator reads it")]
pub(super) fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

/// The database that the environment names, migrated or not.
pub(super) async fn database() -> anyhow::Result<Db> {
    let url = Config::database_from_env()?;
    Db::connect(url.expose_secret(), 2)
        .await
        .context("the database cannot be reached")
}

/// What the use cases need, on the database that the environment names.
pub(super) async fn system() -> anyhow::Result<System> {
    let db = database().await?;
    db.is_current().await.map_err(anyhow::Error::msg)?;
    Ok(System {
        db,
        clock: Arc::new(SystemClock),
        base_url: None,
    })
}

/// How something is printed that programs may read too.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Output {
    Table,
    Json,
}

/// The person with this key.
pub(super) async fn person(system: &System, key: &str) -> anyhow::Result<Person> {
    let found = people::person_by_key(&system.db, key).await?;
    found.with_context(|| format!("there is nobody with the key `{key}`"))
}

async fn migrate() -> anyhow::Result<()> {
    let db = database().await?;
    db.migrate().await.context("the database cannot be migrated")?;
    say("The database is up to date.");
    Ok(())
}
