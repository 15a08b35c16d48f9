//! What all parts of a running simulator share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::{Control, Delivery, RetryPace, Tokens};
use crate::deliver::{Queue, wrap_event};
use crate::events_http::HttpClient;
use crate::faults::Faults;
use crate::manifest::Manifest;
use crate::openid::Openid;
use crate::rate::Limits;
use crate::socket::Sockets;
use crate::sync::Locked;
use crate::world::{Change, Out, World};

pub(crate) struct Inner {
    pub(crate) world: Mutex<World>,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    /// Takes the place of the bot token, which is revoked.
    pub(crate) new_bot_token: Mutex<Option<String>>,
    pub(crate) title: String,
    pub(crate) controls: Vec<Control>,
    pub(crate) retry_pace: RetryPace,
    pub(crate) answer_within: Duration,
    pub(crate) strict: bool,
    pub(crate) limits: Option<Mutex<Limits>>,
    pub(crate) faults: Faults,
    pub(crate) calls: Mutex<Calls>,
    pub(crate) delivery: Mutex<Delivery>,
    pub(crate) queue: Queue,
    pub(crate) sockets: Sockets,
    pub(crate) openid: Mutex<Openid>,
    pub(crate) http: HttpClient,
    /// What came of the check of the events URL.
    pub(crate) verified: Mutex<Option<Result<(), String>>>,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) address: SocketAddr,
    pub(crate) public_url: Option<Url>,
    pub(crate) state_file: Option<PathBuf>,
    /// Rings when the state should be saved.
    pub(crate) dirty: Notify,
    pub(crate) stop: CancellationToken,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Works on the world, and sends out what came of it once the lock is gone.
    pub(crate) fn with_world<T>(self: &Arc<Self>, work: impl FnOnce(&mut World) -> T) -> T {
        let (result, out, before, after) = {
            let mut world = self.world.locked();
            world.now = self.clock.now();
            let before = world.version;
            let result = work(&mut world);
            let out = world.take_out();
            // Events enter the queue under the lock, so that they keep the order of what happened.
            let mut changes = Vec::new();
            for item in out {
                match item {
                    Out::Event(event) => self.queue.push(wrap_event(&world, event)),
                    Out::Changed(change) => changes.push(change),
                }
            }
            (result, changes, before, world.version)
        };
        for change in out {
            // Nobody may be looking.
            let _ = self.changes.send(change);
        }
        if before != after && self.state_file.is_some() {
            self.dirty.notify_one();
        }
        result
    }

    /// Looks at the world without changing it.
    pub(crate) fn look<T>(&self, work: impl FnOnce(&World) -> T) -> T {
        work(&self.world.locked())
    }

    /// Where the app and the page find the simulator, without a `/` at the end.
    pub(crate) fn url(&self) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            // Listening everywhere is no address to go to.
            None if self.address.ip().is_unspecified() => format!("http://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }
}

/// Counts what is on its way, and can be waited for.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    count: AtomicUsize,
    idle: Notify,
}

impl Pending {
    pub(crate) fn begin(self: &Arc<Self>) -> OnItsWay {
        self.count.fetch_add(1, Ordering::SeqCst);
        OnItsWay(Arc::clone(self))
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    pub(crate) async fn wait(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.is_idle() {
                return;
            }
            idle.await;
        }
    }
}

/// Something is on its way as long as this lives.
#[derive(Debug)]
pub(crate) struct OnItsWay(Arc<Pending>);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
