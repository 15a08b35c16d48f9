//! The demo's clock: it can be moved ahead, so that one sees access end without waiting.

use crate::{
    clock::{Clock, ManualClock},
    db::jobs,
};
use axum::{
    Router,
    extract::{Path as Segment, State},
    http::header::ACCESS_CONTROL_ALLOW_ORIGIN,
    response::IntoResponse,
    routing::post,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Where the clock is moved: `POST /demo/clock/60` lets an hour pass.
pub const PATH: &str = "/demo/clock";

/// The file that says how far the clock was moved.
pub const FILE: &str = "clock";

/// The longest leap: thirty days.
const LONGEST: u32 = 30 * 24 * 60;

/// A clock that remembers how far it was moved.
#[derive(Debug)]
pub struct DemoClock {
    clock: ManualClock,
    file: PathBuf,
}

impl Clock for DemoClock {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

impl DemoClock {
    /// The clock as it was left in `dir`.
    ///
    /// # Errors
    /// When what was left cannot be read.
    pub fn load(dir: &Path) -> anyhow::Result<Self> {
        let file = dir.join(FILE);
        let ahead = match std::fs::read_to_string(&file) {
            Ok(seconds) => TimeDelta::seconds(seconds.trim().parse()?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => TimeDelta::zero(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            clock: ManualClock::ahead_by(ahead),
            file,
        })
    }

    /// How far it is ahead of the machine's.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        self.clock.advance(TimeDelta::zero()).to_std().unwrap_or_default()
    }

    fn leap(&self, by: TimeDelta) -> std::io::Result<()> {
        let ahead = self.clock.advance(by);
        std::fs::write(&self.file, ahead.num_seconds().to_string())?;
        // Whatever is due now is looked at now.
        jobs::wake();
        Ok(())
    }
}

/// The page that moves it, and the small Slack's clock with it. Only the small Slack's own page may ask for it.
pub fn pages(clock: Arc<DemoClock>, slack: impl Fn(Duration) + Send + Sync + 'static, page: &str) -> Router {
    let state = Moved {
        clock,
        slack: Arc::new(slack),
        page: page.trim_end_matches('/').to_owned(),
    };
    Router::new()
        .route(&format!("{PATH}/{{minutes}}"), post(leap))
        .with_state(state)
}

#[derive(Clone)]
struct Moved {
    clock: Arc<DemoClock>,
    slack: Arc<dyn Fn(Duration) + Send + Sync>,
    page: String,
}

async fn leap(State(moved): State<Moved>, Segment(minutes): Segment<u32>) -> impl IntoResponse {
    let minutes = minutes.min(LONGEST);
    (moved.slack)(Duration::from_secs(u64::from(minutes) * 60));
    let said = match moved.clock.leap(TimeDelta::minutes(i64::from(minutes))) {
        Ok(()) => format!("It is now {} UTC", moved.clock.now().format("%a %-d %B, %H:%M")),
        Err(error) => format!("The clock was moved, but that could not be written down: {error}"),
    };
    ([(ACCESS_CONTROL_ALLOW_ORIGIN, moved.page)], said)
}
