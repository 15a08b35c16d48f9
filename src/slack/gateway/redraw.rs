//! Redraws of one view, in the order of the acts that caused them.
//!
//! Two quick choices in a form are two handlers at work at the same time, maybe on two connections. Their redraws are sent one
//! after the other, an older one never after a newer, and what is newest wins over the hash it was made with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The moment of an act as Slack writes it (`1596530385.194939`), comparable.
pub(super) type ActionTs = (u64, u64);

/// Views in use are remembered so long, and at least so many.
const REMEMBERED: (Duration, usize) = (Duration::from_secs(600), 512);

/// The views with acts under way.
#[derive(Default)]
pub(super) struct Redraws(Mutex<HashMap<String, Arc<Line>>>);

struct Line {
    newest: Mutex<(ActionTs, Instant)>,
    drawn: tokio::sync::Mutex<ActionTs>,
}

/// The place of one act among those of its view.
#[derive(Clone)]
pub(super) struct Turn {
    line: Arc<Line>,
    at: ActionTs,
}

impl Redraws {
    /// An act on a view has come in.
    pub(super) fn arrive(&self, view: &str, action_ts: &str) -> Turn {
        let at = parse(action_ts);
        let now = Instant::now();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= REMEMBERED.1 {
            lines.retain(|_, line| Arc::strong_count(line) > 1 || now.duration_since(line.newest().1) < REMEMBERED.0);
        }
        let fresh = || {
            Arc::new(Line {
                newest: Mutex::new((at, now)),
                drawn: tokio::sync::Mutex::new((0, 0)),
            })
        };
        let line = Arc::clone(lines.entry(view.to_owned()).or_insert_with(fresh));
        let mut newest = line.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = (newest.0.max(at), now);
        drop(newest);
        Turn { line, at }
    }
}

impl Line {
    fn newest(&self) -> (ActionTs, Instant) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Draws when it is this act's turn: `draw` gets whether to insist (leave the hash out) and says whether it collided.
    /// A redraw that a newer act has overtaken is left out.
    pub(super) async fn draw<F>(&self, mut draw: impl FnMut(bool) -> F)
    where
        F: Future<Output = Drawn>,
    {
        let mut drawn = self.line.drawn.lock().await;
        if *drawn > self.at {
            return;
        }
        let result = match draw(false).await {
            // Changed meanwhile: by an older act of ours, or by a newer one that will draw yet.
            Drawn::Collided if self.line.newest().0 <= self.at => draw(true).await,
            result => result,
        };
        if matches!(result, Drawn::Done) {
            *drawn = self.at;
        }
    }
}

/// How a redraw went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// Shown.
    Done,
    /// The view was changed since the act.
    Collided,
    /// Not shown for another reason.
    Failed,
}

/// Not a floating-point number: microseconds of this century need more digits than one has.
fn parse(ts: &str) -> ActionTs {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    (seconds.parse().unwrap_or(0), micros.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_compare_as_numbers() {
        assert!(parse("1596530385.194939") < parse("1596530385.2"));
        assert!(parse("999.9") < parse("1000.1"));
        assert_eq!(parse(""), (0, 0));
        assert_eq!(parse("a.b"), (0, 0));
    }

    #[tokio::test]
    async fn an_older_redraw_never_comes_after_a_newer() {
        let redraws = Redraws::default();
        let (first, second) = (redraws.arrive("V1", "1.000001"), redraws.arrive("V1", "1.000002"));
        let mut shown = Vec::new();
        second
            .draw(|_| {
                shown.push("second");
                async { Drawn::Done }
            })
            .await;
        first
            .draw(|_| {
                shown.push("first");
                async { Drawn::Done }
            })
            .await;
        assert_eq!(shown, ["second"]);
    }

    #[tokio::test]
    async fn only_the_newest_insists() {
        let redraws = Redraws::default();
        let (first, second) = (redraws.arrive("V1", "1.1"), redraws.arrive("V1", "1.2"));
        let mut tries = Vec::new();
        first
            .draw(|insist| {
                tries.push(("first", insist));
                async { Drawn::Collided }
            })
            .await;
        second
            .draw(|insist| {
                tries.push(("second", insist));
                async move { if insist { Drawn::Done } else { Drawn::Collided } }
            })
            .await;
        assert_eq!(tries, [("first", false), ("second", false), ("second", true)]);
    }

    #[test]
    fn views_no_longer_in_use_are_forgotten() {
        let redraws = Redraws::default();
        for view in 0..2000 {
            redraws.arrive(&format!("V{view}"), "1.1");
        }
        // All were used just now; nothing is forgotten early.
        assert_eq!(redraws.0.lock().unwrap().len(), 2000);
        for line in redraws.0.lock().unwrap().values() {
            line.newest.lock().unwrap().1 = Instant::now() - Duration::from_secs(3600);
        }
        let kept = redraws.arrive("V1", "1.2");
        redraws.arrive("new", "1.1");
        assert!(redraws.0.lock().unwrap().len() <= 3);
        drop(kept);
    }
}
