//! Whether Slack takes our token. When it does not, nothing works until somebody acts: calls are held back, so that jobs wait
//! without knocking, and readiness says why.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Who is held back comes again no later than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the last calls told about the token.
#[derive(Debug, Default)]
pub(super) struct Health {
    refused: Mutex<Option<Refused>>,
    doubt: Notify,
}

#[derive(Debug, Clone)]
struct Refused {
    code: String,
    since: Instant,
}

impl Health {
    /// Slack took the token.
    pub(super) fn works(&self) {
        *self.refused() = None;
    }

    /// Slack refused it.
    pub(super) fn refuse(&self, code: &str) {
        let mut refused = self.refused();
        let since = refused.as_ref().map_or_else(Instant::now, |refused| refused.since);
        *refused = Some(Refused {
            code: code.to_owned(),
            since,
        });
        drop(refused);
        self.doubt.notify_one();
    }

    /// How long calls are held back: hardly at first, and never longer than it has gone on, so that they soon follow when
    /// it is over.
    pub(super) fn pause(&self) -> Option<Duration> {
        let since = self.refused().as_ref()?.since;
        Some((since.elapsed() / 2).clamp(Duration::from_millis(250), LONGEST_PAUSE))
    }

    /// # Errors
    /// A sentence for the operator.
    pub(super) fn ready(&self) -> Result<(), String> {
        match self.refused().as_ref() {
            Some(Refused { code, .. }) => Err(format!(
                "Slack refuses the bot token ({code}): install the app again, or replace SLACK_BOT_TOKEN and restart"
            )),
            None => Ok(()),
        }
    }

    /// It may be refused from now on.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits for a doubt.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    fn refused(&self) -> MutexGuard<'_, Option<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_are_held_back_until_it_works_again() {
        let health = Health::default();
        assert_eq!((health.pause(), health.ready()), (None, Ok(())));
        health.refuse("token_revoked");
        health.doubted().await;
        assert!(health.ready().unwrap_err().contains("token_revoked"));
        assert!(health.pause().unwrap() <= Duration::from_secs(1), "hardly at first");
        health.works();
        assert_eq!((health.pause(), health.ready()), (None, Ok(())));
    }
}
