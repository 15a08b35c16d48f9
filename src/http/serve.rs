//! The listener: connections, keep-alive, slow clients, an orderly end.
//!
//! On hyper and not on `axum::serve`, for three reasons: the front answers Slack without the router's way, headers must come
//! within a time, and a stop waits for connections only so long.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Connections at the same time; more wait in the system's queue.
const CONNECTIONS: usize = 8192;

/// How long a client may take for its headers, and idle between requests.
const FOR_HEADERS: Duration = Duration::from_secs(30);

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// How long a stop waits for answers under way. Longer than any gateway's deadline.
const TO_END: Duration = Duration::from_secs(10);

/// Answers requests without the router.
pub type Front = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Response<Full<Bytes>>> + Send + Sync>;

/// What is served.
#[derive(Clone)]
pub struct Site {
    /// Answers everything whose path begins with the prefix (`/slack/`).
    pub front: Option<(&'static str, Front)>,
    /// Answers the rest.
    pub router: Router,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("front", &self.front.as_ref().map(|(prefix, _)| prefix))
            .finish_non_exhaustive()
    }
}

/// Serves until told to stop; then answers what is under way, at most ten seconds long.
pub async fn serve(listener: TcpListener, site: Site, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let (site, stop) = (site.clone(), stop.clone());
        connections.spawn(async move {
            answer(stream, site, stop).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(TO_END, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "some connections did not end in time and are cut"
        );
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            // Too many open files, or the client is gone already: other connections go on.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn answer(stream: TcpStream, site: Site, stop: CancellationToken) {
    // Answers are small; waiting to fill a packet would only delay them. Not vital if it fails.
    let _faster = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(site.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(FOR_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A connection that breaks is the client's affair; what it asked for has been handled.
    tokio::select! {
        _ended = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        }
    }
}

impl Site {
    async fn answer(self, request: Request<Incoming>) -> Response<Either<Full<Bytes>, Body>> {
        match self.front {
            Some((prefix, front)) if request.uri().path().starts_with(prefix) => front(request).await.map(Either::Left),
            _ => {
                let Ok(response) = self.router.oneshot(request.map(Body::new)).await;
                response.map(Either::Right)
            }
        }
    }
}
