//! Puts the parts together, and takes them apart in order: first nothing new comes in, then what is under way ends, then
//! the connections close.

use crate::{
    clock::SharedClock,
    config::Config,
    db::{self, Db},
    http::{self, Check, Front, Site, probes},
    jobs::{dispatch::Dispatch, runner::Runner, timers},
    slack::{
        client::{CallError, Settings, Slack},
        deliver::Deliver,
        directory::Directory,
        gateway::{
            Gateway,
            http::HttpMouth,
            inbound::Installation,
            socket::{SocketHealth, SocketMouth, SocketSettings},
        },
        handlers::Handlers,
        look_again::LookAgain,
    },
    usecases::{
        System,
        job::{self, Job},
    },
    web::{SignIn, Web, Workspace},
};
use anyhow::Context as _;
use axum::Router;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret as _;
use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// How many jobs are worked on at the same time.
const WORKERS: usize = 32;

/// c1 at work.
pub struct Server {
    /// What the use cases work with.
    pub system: System,
    /// Where it listens.
    pub address: SocketAddr,
    /// The Web API, as it is called.
    pub slack: Slack,
    stop: CancellationToken,
    tasks: TaskTracker,
    gateway: Gateway,
    runner: Runner,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What else a server is given.
pub struct Options {
    /// The hour.
    pub clock: SharedClock,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// More pages (the demo's clock).
    pub pages: Router,
    /// Socket Mode's patience.
    pub socket: SocketSettings,
    /// How long Slack may take to answer a call.
    pub within: Duration,
}

impl Server {
    /// Starts: database and migrations, listener, Slack, jobs, timers. Until Slack answers, `/readyz` says so.
    ///
    /// # Errors
    /// When the database or the address cannot be had, or Slack refuses the token.
    pub async fn start(config: &Config, options: Options) -> anyhow::Result<Self> {
        let slack = Slack::new(&Settings {
            api_url: config.slack.api_url.clone(),
            bot_token: config.slack.bot_token.clone(),
            app_token: config.slack.app_token.clone(),
            within: options.within,
            paced: config.slack.paced,
        })?;
        // Slack is asked who we are while the database is being opened.
        let (db, asked) = tokio::join!(open(config), slack.auth_test());
        let db = db?;
        let base_url = config
            .base_url
            .as_ref()
            .map(|url| url.as_str().trim_end_matches('/').to_owned());
        let system = System {
            db,
            clock: options.clock,
            base_url,
        };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());

        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} cannot be listened on", config.listen))?;
        let address = listener.local_addr()?;
        let readiness = Arc::new(Readiness::default());
        let front = front(Arc::clone(&readiness));
        let web = pages(config, &system, &readiness, stop.clone());
        let router = probes(checks(&system, &readiness, slack.clone()), options.metrics)
            .merge(options.pages)
            .merge(web.clone().router(config.base_url.as_ref()));
        tasks.spawn(web.keep_live());
        let site = Site {
            front: Some(("/slack/", front)),
            router: http::limited(router),
        };
        tasks.spawn(http::serve(listener, site, stop.clone()));

        let ours = installation(&slack, asked).await?;
        let deliver = Deliver {
            system: system.clone(),
            slack: slack.clone(),
            team: ours.key(),
            ledger: Arc::default(),
            workspace: ours.url.clone(),
            names: ours.scopes.iter().any(|scope| scope == "chat:write.customize"),
        };
        let directory = Directory {
            system: system.clone(),
            slack: slack.clone(),
            team: ours.key(),
            team_id: ours.team_id.clone(),
        };
        let _ = readiness.workspace.set(workspace(&ours, directory.clone()));
        let handlers = Handlers::new(deliver.clone(), directory.clone());
        let look_again = LookAgain::new(deliver.clone(), handlers.clone(), ours.clone());
        let handle = Arc::new(move |inbound| handlers.clone().handle(inbound));
        let gateway = Gateway::new(handle, slack.clone(), ours.clone(), Gateway::DEADLINE);
        if let Some(secret) = &config.slack.signing_secret {
            // The demo's small Slack signs by the same moved clock.
            let mouth = HttpMouth::new(gateway.clone(), secret, Arc::clone(&system.clock));
            // Set once, here; a second value cannot come.
            let _ = readiness.mouth.set(mouth);
        }
        let watched = slack.clone();
        if config.slack.app_token.is_some() {
            let mouth = SocketMouth::new(gateway.clone(), slack, options.socket, stop.clone());
            let _ = readiness.socket.set(mouth.health());
            tasks.spawn(mouth.run());
        }
        let _ = readiness.installation.set(ours);

        look_again_at_once(&system).await?;
        let dispatch = Dispatch {
            deliver,
            directory,
            look_again,
        };
        let runner = Runner::start(
            &system.db,
            Arc::clone(&system.clock),
            WORKERS,
            Job::NAMES,
            move |claimed| {
                let dispatch = dispatch.clone();
                Box::pin(async move { dispatch.run(claimed).await })
            },
            stop.clone(),
            &tasks,
        );
        tasks.spawn(share_limits(
            system.clone(),
            watched.clone(),
            runner.replicas(),
            stop.clone(),
        ));
        tasks.spawn(timers::run(system.clone(), stop.clone()));
        tasks.spawn(keep_people(system.clone(), stop.clone()));
        tasks.spawn(watch_over_token(system.clone(), watched.clone(), stop.clone()));
        Ok(Self {
            system,
            address,
            slack: watched,
            stop,
            tasks,
            gateway,
            runner,
        })
    }

    /// Stops in order. What was begun ends or is given back.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.gateway.drain().await;
        drop(self.runner);
        self.system.db.close().await;
    }
}

/// What comes up one after the other; read by the front and by `/readyz`.
#[derive(Default)]
struct Readiness {
    mouth: OnceLock<HttpMouth>,
    socket: OnceLock<Arc<SocketHealth>>,
    installation: OnceLock<Installation>,
    workspace: Arc<OnceLock<Workspace>>,
}

/// What people see in the browser.
fn pages(config: &Config, system: &System, readiness: &Readiness, stop: CancellationToken) -> Web {
    let base_url = config.base_url.as_ref();
    let sign_in = SignIn::set_up(&config.slack, base_url, Arc::clone(&system.clock));
    let workspace = Arc::clone(&readiness.workspace);
    Web::new(system.clone(), sign_in, workspace, base_url, stop)
}

/// What the pages know of Slack.
fn workspace(ours: &Installation, directory: Directory) -> Workspace {
    Workspace {
        team_id: ours.team_id.clone(),
        key: ours.key().0,
        name: ours.team.clone(),
        app: ours.app_id.clone(),
        meet: Arc::new(move |user| {
            let directory = directory.clone();
            Box::pin(async move { directory.meet(&user.into()).await })
        }),
    }
}

/// Slack's own requests, without the router's way.
fn front(readiness: Arc<Readiness>) -> Front {
    Arc::new(move |request| {
        let mouth = readiness.mouth.get().cloned();
        Box::pin(async move {
            match mouth {
                Some(mouth) => mouth.handle(request).await,
                None => unavailable(),
            }
        })
    })
}

fn checks(system: &System, readiness: &Arc<Readiness>, token: Slack) -> Vec<Check> {
    let db = system.db.clone();
    let database = Check::new("database", move || {
        let db = db.clone();
        async move { db.ping().await.map_err(|_| "the database does not answer".to_owned()) }
    });
    let db = system.db.clone();
    let migrations = Check::new("migrations", move || {
        let db = db.clone();
        async move { db.is_current().await }
    });
    let readiness = Arc::clone(readiness);
    let slack = Check::new("slack", move || {
        let joined = readiness.installation.get().is_some();
        let socket = readiness.socket.get().map_or(Ok(()), |health| health.ready());
        let token = token.ready();
        async move {
            if joined {
                token.and(socket)
            } else {
                Err("Slack has not answered yet".to_owned())
            }
        }
    });
    vec![database, migrations, slack]
}

async fn open(config: &Config) -> anyhow::Result<Db> {
    let db = Db::connect(config.database_url.expose_secret(), config.database_connections)
        .await
        .context("the database cannot be reached")?;
    db.migrate().await.context("the database cannot be migrated")?;
    Ok(db)
}

/// Asks Slack who we are, until it answers.
async fn installation(slack: &Slack, mut asked: Result<Installation, CallError>) -> anyhow::Result<Installation> {
    let mut pause = Duration::from_millis(250);
    loop {
        match asked {
            Ok(ours) => return Ok(ours),
            Err(CallError::Retry { after, .. }) => {
                tracing::warn!("Slack does not answer yet; trying again");
                tokio::time::sleep(after.unwrap_or(pause)).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
            Err(other) => return Err(other).context("Slack refuses the bot token"),
        }
        asked = slack.auth_test().await;
    }
}

/// Reads all people at the start and every few hours: events can be missed, lists cannot.
async fn keep_people(system: System, stop: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(6 * 3600);
    loop {
        let now = system.clock.now();
        let kept = system
            .db
            .write::<_, crate::db::DbError>("keep_people", async |tx| {
                job::enqueue(tx, now, &[Job::SyncPeople]).await
            })
            .await;
        if let Err(error) = kept {
            tracing::warn!(%error, "people could not be asked for");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Slack counts what all replicas do together: each takes its share, and what is closed for one is closed for all.
async fn share_limits(system: System, slack: Slack, mut replicas: watch::Receiver<u32>, stop: CancellationToken) {
    const BETWEEN_TRIES: Duration = Duration::from_secs(1);
    let me = Uuid::new_v4();
    let mut closings = slack.closings();
    let mut listener = None;
    slack.share(*replicas.borrow_and_update());
    loop {
        if listener.is_none() {
            listener = db::pauses::Listener::open(&system.db, me).await.ok();
        }
        let heard = async {
            match &mut listener {
                Some(listener) => listener.heard().await.map(Some),
                None => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                    Ok(None)
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = replicas.changed() => slack.share(*replicas.borrow_and_update()),
            Ok(closing) = closings.recv() => {
                if *replicas.borrow() > 1
                    && let Ok(said) = serde_json::to_value(&closing)
                    && let Err(error) = db::pauses::tell(&system.db, me, &said).await
                {
                    tracing::warn!(%error, "the other replicas could not be told what Slack closed");
                }
            }
            heard = heard => match heard {
                Ok(Some(said)) => {
                    if let Ok(closing) = serde_json::from_value(said) {
                        slack.close(&closing);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "other replicas are not heard");
                    listener = None;
                }
            },
        }
    }
}

/// What happened while nobody was there is found by looking.
async fn look_again_at_once(system: &System) -> anyhow::Result<()> {
    let now = system.clock.now();
    let alone = !db::jobs::is_anyone_at_work(&system.db).await?;
    let note = async |tx: &mut db::Tx<'_>| {
        db::looks::works_again(tx, now).await?;
        if alone {
            db::looks::everything(tx, now).await?;
        }
        Ok::<_, db::DbError>(())
    };
    Ok(system.db.write("look_at_once", note).await?)
}

/// When Slack refuses our token, everything waits, and `/readyz` says so; when it takes it again, everything is compared.
async fn watch_over_token(system: System, slack: Slack, stop: CancellationToken) {
    const LONGEST_PAUSE: Duration = Duration::from_secs(30);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = slack.doubted() => {}
        }
        let mut pause = Duration::from_millis(250);
        loop {
            let works = slack.auth_test().await;
            let now = system.clock.now();
            let works = match works {
                Ok(_) => Some(true),
                Err(CallError::Dead(_)) => Some(false),
                Err(_) => None,
            };
            let noted = system
                .db
                .write::<_, db::DbError>("watch_over_token", async |tx| match works {
                    Some(true) if db::looks::works_again(tx, now).await? => {
                        job::enqueue(tx, now, &[Job::SyncPeople]).await
                    }
                    Some(false) => db::looks::broken_since(tx, now).await,
                    _ => Ok(()),
                })
                .await;
            if works == Some(true) && noted.is_ok() {
                break;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What Slack is told while we are not joined with it: it tries again.
fn unavailable() -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from("c1 is starting\n"));
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}
