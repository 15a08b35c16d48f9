//! The simulator's clock: the machine's, shifted by what a test asked for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Clock {
    shift: watch::Sender<Duration>,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock {
            shift: watch::channel(Duration::ZERO).0,
        }
    }

    /// Since 1970.
    pub(crate) fn now(&self) -> Duration {
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("the clock stands after 1970");
        real + *self.shift.borrow()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.shift.send_modify(|shift| *shift += by);
    }

    /// Returns when the clock shows `then`, also when it was advanced there.
    pub(crate) async fn sleep_until(&self, then: Duration) {
        let mut shifted = self.shift.subscribe();
        loop {
            let Some(left) = then.checked_sub(self.now()).filter(|left| !left.is_zero()) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                changed = shifted.changed() => if changed.is_err() { return },
            }
        }
    }
}
