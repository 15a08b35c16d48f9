//! Who is looking at a request while it changes. One look into the database for all readers of this process: at once after
//! anything is committed here, and every second for what other processes commit.
//!
//! Readers hear *that* something changed, by a mark; what it is now their pages ask for, as they always do. So nothing is
//! lost by a connection that breaks, and nothing is told here that a page would not show.

use crate::{
    db::{self, Db, audit::Mark, jobs},
    domain::ids::RequestId,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// As many readers of one process.
const READERS: usize = 1_000;

/// As many readers with one session: a person's open windows.
const READERS_OF_ONE: usize = 12;

/// How often it is looked for what other processes commit.
const EVERY: Duration = Duration::from_secs(1);

/// And no more often than this for what is committed here.
const AT_MOST: Duration = Duration::from_millis(60);

/// The requests that somebody looks at.
#[derive(Clone, Debug)]
pub(super) struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What each of them was marked by when it was last looked at; empty: not yet.
    marks: Mutex<BTreeMap<RequestId, watch::Sender<Mark>>>,
    places: Arc<Semaphore>,
    /// How many read with each session.
    sessions: Mutex<BTreeMap<String, usize>>,
    /// Somebody began to look.
    begun: Notify,
    stop: CancellationToken,
}

/// Somebody looking at a request.
#[derive(Debug)]
pub(super) struct Reader {
    marks: watch::Receiver<Mark>,
    stop: CancellationToken,
    session: String,
    live: Live,
    _place: OwnedSemaphorePermit,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Nobody looks yet. Once stopped, everybody's looking ends.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            marks: Mutex::default(),
            places: Arc::new(Semaphore::new(READERS)),
            sessions: Mutex::default(),
            begun: Notify::new(),
            stop,
        }))
    }

    /// Somebody begins to look; `None` when there are too many.
    pub(super) fn read(&self, id: RequestId, session: &str) -> Option<Reader> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        {
            let mut sessions = locked(&self.0.sessions);
            let count = sessions.entry(session.to_owned()).or_default();
            if *count >= READERS_OF_ONE {
                return None;
            }
            *count += 1;
        }
        let marks = locked(&self.0.marks)
            .entry(id)
            .or_insert_with(|| watch::Sender::new(Mark::default()))
            .subscribe();
        self.0.begun.notify_one();
        Some(Reader {
            marks,
            stop: self.0.stop.clone(),
            session: session.to_owned(),
            live: self.clone(),
            _place: place,
        })
    }

    /// Looks, until stopped.
    pub(super) async fn run(self, db: Db) {
        let mut commits = jobs::commits();
        loop {
            let watched = self.watched();
            let next = async {
                if watched.is_empty() {
                    // Nobody looks, and nothing is asked.
                    self.0.begun.notified().await;
                } else {
                    tokio::time::sleep(AT_MOST).await;
                    tokio::select! {
                        _changed = commits.changed() => {}
                        () = self.0.begun.notified() => {}
                        () = tokio::time::sleep(EVERY) => {}
                    }
                }
            };
            tokio::select! {
                () = self.0.stop.cancelled() => return,
                () = next => {}
            }
            let watched = self.watched();
            match db::audit::marks(&db, &watched).await {
                Ok(marks) => marks.into_iter().for_each(|(id, mark)| self.tell(id, mark)),
                // It is looked at again in a second.
                Err(error) => tracing::debug!(%error, "what is looked at could not be looked for"),
            }
        }
    }

    /// What somebody looks at; the rest is forgotten.
    fn watched(&self) -> Vec<RequestId> {
        let mut marks = locked(&self.0.marks);
        marks.retain(|_, sender| sender.receiver_count() > 0);
        marks.keys().copied().collect()
    }

    fn tell(&self, id: RequestId, mark: Mark) {
        if let Some(sender) = locked(&self.0.marks).get(&id) {
            sender.send_if_modified(|known| {
                let changed = *known != mark;
                *known = mark;
                changed
            });
        }
    }
}

/// What a reader hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is marked by this now.
    Mark(Mark),
    /// Nothing for a while.
    Nothing,
    /// We stop: look elsewhere.
    Stop,
}

impl Reader {
    /// Waits for a change, at most so long.
    pub(super) async fn next(&mut self, within: Duration) -> Heard {
        tokio::select! {
            () = self.stop.cancelled() => Heard::Stop,
            changed = self.marks.changed() => match changed {
                Ok(()) => Heard::Mark(self.marks.borrow_and_update().clone()),
                Err(_) => Heard::Stop,
            },
            () = tokio::time::sleep(within) => Heard::Nothing,
        }
    }

    /// The mark that is known already, if there is one.
    pub(super) fn known(&mut self) -> Option<Mark> {
        let known = self.marks.borrow_and_update().clone();
        (!known.is_empty()).then_some(known)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut sessions = locked(&self.live.0.sessions);
        if let Some(count) = sessions.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                sessions.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readers_hear_of_changes_and_are_bounded() {
        let live = Live::new(CancellationToken::new());
        let mut reader = live.read(RequestId(1), "hers").expect("there is room");
        assert_eq!(reader.known(), None);
        let mark = Mark::of("a", "n");
        live.tell(RequestId(1), mark.clone());
        assert_eq!(reader.next(Duration::from_secs(5)).await, Heard::Mark(mark.clone()));
        live.tell(RequestId(1), mark.clone());
        assert_eq!(
            reader.next(Duration::from_millis(5)).await,
            Heard::Nothing,
            "nothing has changed"
        );
        // Whoever comes later knows at once.
        assert_eq!(
            live.read(RequestId(1), "his").expect("there is room").known(),
            Some(mark)
        );
        let more: Vec<_> = std::iter::from_fn(|| live.read(RequestId(2), "hers"))
            .take(50)
            .collect();
        assert_eq!(more.len(), READERS_OF_ONE - 1);
        drop(more);
        assert!(live.read(RequestId(2), "hers").is_some());
        assert_eq!(live.watched(), [RequestId(1)], "what nobody looks at is forgotten");
        live.0.stop.cancel();
        assert_eq!(reader.next(Duration::from_secs(5)).await, Heard::Stop);
    }
}
