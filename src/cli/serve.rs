//! `c1 serve`: production.

use crate::{
    clock::SystemClock,
    config::Config,
    server::{Options, Server},
    slack::{client::Settings, gateway::socket::SocketSettings},
    telemetry,
};
use axum::Router;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Runs until it is told to stop.
///
/// # Errors
/// When the settings have problems (all are named), or a part cannot be started.
pub async fn serve() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let options = Options {
        clock: Arc::new(SystemClock),
        metrics: telemetry::start_metrics()?,
        pages: Router::new(),
        socket: SocketSettings::default(),
        within: Settings::WITHIN,
    };
    let server = Server::start(&config, options).await?;
    tracing::info!(address = %server.address, "c1 is at work");
    told_to_stop().await?;
    tracing::info!("c1 stops: what is under way ends first");
    server.stop().await;
    Ok(())
}

/// Waits for Ctrl-C or a polite request to end.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
