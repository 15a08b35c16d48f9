//! `c1 demo`: everything on one machine. A private PostgreSQL, a small Slack in the browser, a company to play with, and
//! c1 itself, as it runs in production.

pub mod clock;
pub mod company;

use crate::{
    catalog_files,
    clock::SharedClock,
    config::Config,
    db::Db,
    private_postgres::{self, PrivatePostgres},
    server::{self, Server},
    slack::{client::Settings, gateway::socket::SocketSettings, manifest},
    telemetry,
    usecases::System,
};
use anyhow::Context as _;
use clock::DemoClock;
use simulator::{Control, Delivery, Simulator, Tokens};
use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// The file the small Slack keeps its state in.
const WORKSPACE: &str = "slack.json";

/// What is told while it starts: what was done, and how long it took.
pub type Told<'a> = &'a (dyn Fn(&str, Duration) + Sync);

/// How to run the demo.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept between runs.
    pub dir: PathBuf,
    /// Where the small Slack's page is.
    pub page: SocketAddr,
    /// Where c1 listens.
    pub listen: SocketAddr,
    /// Deliver by signed HTTP in place of Socket Mode.
    pub http: bool,
    /// Forget everything that earlier runs kept.
    pub fresh: bool,
}

/// A running demo.
#[derive(Debug)]
pub struct Demo {
    postgres: PrivatePostgres,
    slack: Simulator,
    server: Server,
}

impl Demo {
    /// Starts all parts, one after the other, and waits until the company's people are known.
    ///
    /// # Errors
    /// When a part cannot be started; says which, and what to do.
    pub async fn start(options: &Options, told: Told<'_>) -> anyhow::Result<Self> {
        tokio::fs::create_dir_all(&options.dir)
            .await
            .with_context(|| format!("{} cannot be made", options.dir.display()))?;

        let began = Instant::now();
        let kept = private_postgres::Options {
            fresh: options.fresh,
            ..private_postgres::Options::default()
        };
        let postgres = PrivatePostgres::start(&options.dir.join("postgres"), kept).await?;
        let database = postgres.create_database("c1").await?;
        told("a private PostgreSQL", began.elapsed());
        // The database is ours alone: no other demo in this directory loses what it keeps.
        if options.fresh {
            forget(&options.dir)?;
        }
        let clock = Arc::new(DemoClock::load(&options.dir)?);

        let began = Instant::now();
        let tokens = Tokens::random();
        let (page, listen) = (free(options.page).await?, free(options.listen).await?);
        let slack = workspace(options, page, listen, tokens.clone(), &clock).await?;
        told("a small Slack", began.elapsed());

        let began = Instant::now();
        let system = prepare(&database, Arc::clone(&clock) as SharedClock).await?;
        told("a company of people, apps and policies", began.elapsed());

        let began = Instant::now();
        let config = config(&database, &slack, listen, options.http)?;
        let pages = clock::pages(Arc::clone(&clock), slack.advancer(), &slack.url());
        let server = Server::start(
            &config,
            server::Options {
                clock: Arc::clone(&clock) as SharedClock,
                metrics: telemetry::start_metrics()?,
                pages,
                socket: SocketSettings::default(),
                within: Settings::WITHIN,
            },
        )
        .await?;
        if options.http {
            let base = format!("http://{}", server.address)
                .parse()
                .context("the address is one")?;
            slack.set_delivery(Delivery::Http { base });
        }
        known(&system, company::people()?.len()).await?;
        system.db.close().await;
        told("c1 itself", began.elapsed());
        Ok(Self {
            postgres,
            slack,
            server,
        })
    }

    /// Where to click.
    #[must_use]
    pub fn page(&self) -> String {
        self.slack.url()
    }

    /// Where c1 listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Stops all parts, the last one first; what is to be kept is written down.
    pub async fn stop(self) {
        self.server.stop().await;
        self.slack.shutdown().await;
        self.postgres.stop().await;
    }
}

/// The address asked for or, when something else listens there, any free one. Port 0 is any, too.
async fn free(wanted: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = match tokio::net::TcpListener::bind(wanted).await {
        Ok(listener) => listener,
        Err(_) => tokio::net::TcpListener::bind(SocketAddr::new(wanted.ip(), 0))
            .await
            .with_context(|| format!("{} is no address of this machine", wanted.ip()))?,
    };
    Ok(listener.local_addr()?)
}

async fn workspace(
    options: &Options,
    page: SocketAddr,
    listen: SocketAddr,
    tokens: Tokens,
    clock: &DemoClock,
) -> anyhow::Result<Simulator> {
    let base = format!("http://{listen}").parse().context("the address is one")?;
    let control = |label: &str, minutes: u32, hint: &str| Control {
        label: label.to_owned(),
        method: "POST".to_owned(),
        url: format!("http://{listen}{}/{minutes}", clock::PATH),
        hint: hint.to_owned(),
    };
    let slack = Simulator::start(simulator::Config {
        listen: page,
        seed: company::workspace()?,
        state_file: Some(options.dir.join(WORKSPACE)),
        tokens,
        title: "c1 demo".to_owned(),
        controls: vec![
            control(
                "⏩ 15 minutes",
                15,
                "Let a quarter of an hour pass, for c1 and for Slack",
            ),
            control("⏩ 1 hour", 60, "Let an hour pass, for c1 and for Slack"),
            control("⏩ 1 day", 1440, "Let a day pass, for c1 and for Slack"),
        ],
        refuse_unknown_arguments: true,
        ..simulator::Config::new(manifest::for_socket_mode(&base))
    })
    .await
    .context("the small Slack cannot be started (`--fresh` forgets what it kept)")?;
    slack.advance(clock.ahead());
    Ok(slack)
}

/// Migrates the database and applies the company's files.
async fn prepare(database: &str, clock: SharedClock) -> anyhow::Result<System> {
    let db = Db::connect(database, 4).await?;
    db.migrate().await?;
    let system = System {
        db,
        clock,
        base_url: None,
    };
    let files = tempdir("company")?;
    company::write_to(&files)?;
    let applied = catalog_files::apply_folder(&system, &files).await;
    std::fs::remove_dir_all(&files)?;
    applied?;
    Ok(system)
}

fn tempdir(name: &str) -> anyhow::Result<PathBuf> {
    let dir = std::env::temp_dir().join(format!("c1-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

fn config(database: &str, slack: &Simulator, listen: SocketAddr, http: bool) -> anyhow::Result<Config> {
    let tokens = slack.tokens();
    let mut settings = HashMap::from([
        ("DATABASE_URL", database.to_owned()),
        ("SLACK_BOT_TOKEN", tokens.bot.clone()),
        ("SLACK_API_URL", slack.api_url()),
        ("C1_LISTEN", listen.to_string()),
        ("C1_BASE_URL", format!("http://{listen}")),
        ("SLACK_CLIENT_ID", tokens.client_id.clone()),
        ("SLACK_CLIENT_SECRET", tokens.client_secret.clone()),
    ]);
    if http {
        settings.insert("SLACK_SIGNING_SECRET", tokens.signing_secret.clone());
    } else {
        settings.insert("SLACK_APP_TOKEN", tokens.app.clone());
    }
    Ok(Config::read(|name| settings.get(name).cloned())?)
}

/// Waits until c1 knows everyone in the workspace.
async fn known(system: &System, people: usize) -> anyhow::Result<()> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let linked = crate::db::people::linked(&system.db).await?;
        if usize::try_from(linked).unwrap_or(0) >= people {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < until,
            "the people of the workspace are not known after half a minute"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Forgets what the small Slack and the clock kept; the database forgets for itself.
fn forget(dir: &Path) -> anyhow::Result<()> {
    for name in [WORKSPACE, clock::FILE] {
        match std::fs::remove_file(dir.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", dir.join(name).display()));
            }
            _ => {}
        }
    }
    Ok(())
}
