//! Does for many at once what each asks for alone: under load one statement serves everybody who waits, so statements grow
//! with the load instead of their number.
//!
//! The work begins after everyone it serves has asked, so nobody sees anything older than if they had asked alone. It may
//! be done twice for somebody (when it failed for all), so it has to be harmless to repeat.

use super::DbError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, oneshot};

/// Works of one kind under way at the same time: the next begins while the last one's answer is on its way.
const AT_ONCE: usize = 2;

/// Questions of one kind, and who waits for their answers.
pub struct Together<Question, Answer> {
    waiting: Mutex<Vec<(Question, oneshot::Sender<Answer>)>>,
    turns: Semaphore,
}

impl<Question, Answer> Default for Together<Question, Answer> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

impl<Question: Clone, Answer> Together<Question, Answer> {
    /// The answer to `question`. `work` answers any number of questions, in their order; whoever's turn it is works for all
    /// who wait.
    ///
    /// # Errors
    /// What `work` fails with, for this question alone: when the common work fails, or whoever does it is stopped,
    /// everybody works for themselves.
    pub async fn ask<Work>(&self, question: Question, work: impl Fn(Vec<Question>) -> Work) -> Result<Answer, DbError>
    where
        Work: Future<Output = Result<Vec<Answer>, DbError>>,
    {
        let (waits, answer) = oneshot::channel();
        self.waiting().push((question.clone(), waits));
        // Whoever was woken at the same moment joins in.
        tokio::task::yield_now().await;
        let turn = self.turns.acquire().await;
        let (questions, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut *self.waiting()).into_iter().unzip();
        if !questions.is_empty() {
            match work(questions).await {
                // Nobody may be listening any more, which is no trouble.
                Ok(answers) => waiting
                    .into_iter()
                    .zip(answers)
                    .for_each(|(waits, answer)| drop(waits.send(answer))),
                // Everybody hears that there will be no answer.
                Err(_) => drop(waiting),
            }
        }
        drop(turn);
        if let Ok(answer) = answer.await {
            return Ok(answer);
        }
        let alone = work(vec![question]).await?.pop();
        alone.ok_or_else(|| DbError::Inconsistent {
            what: "answer",
            why: "a question was left unanswered".to_owned(),
        })
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Question, oneshot::Sender<Answer>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts what was found for the `nth` question (from 1) in its place.
pub(in crate::db) fn place<T>(nth: i64, answers: &mut [Option<T>], found: T) {
    let place = usize::try_from(nth).ok().and_then(|nth| nth.checked_sub(1));
    if let Some(answer) = place.and_then(|place| answers.get_mut(place)) {
        *answer = Some(found);
    }
}

impl<Question, Answer> std::fmt::Debug for Together<Question, Answer> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    async fn ask(
        together: &Together<u32, u32>,
        reads: &AtomicUsize,
        question: u32,
        fails: bool,
    ) -> Result<u32, DbError> {
        together
            .ask(question, |questions| async move {
                reads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                if fails || (questions.contains(&13) && questions.len() > 1) {
                    return Err(DbError::Collision);
                }
                Ok(questions.into_iter().map(|question| question * 10).collect())
            })
            .await
    }

    #[tokio::test]
    async fn everybody_gets_their_own_answer_from_few_reads() {
        let (together, reads) = (Together::default(), AtomicUsize::new(0));
        let all = futures::future::join_all((0..100).map(|question| ask(&together, &reads, question % 7, false))).await;
        for (question, answer) in (0..100).map(|question| question % 7).zip(all) {
            assert_eq!(answer.unwrap(), question * 10);
        }
        assert!(reads.load(Ordering::Relaxed) <= 2, "{reads:?} reads");
    }

    #[tokio::test]
    async fn when_a_common_read_fails_everybody_asks_alone() {
        let (together, reads) = (Together::default(), AtomicUsize::new(0));
        let all = futures::future::join_all([1, 13, 2].map(|question| ask(&together, &reads, question, false))).await;
        let all: Vec<u32> = all.into_iter().map(Result::unwrap).collect();
        assert_eq!(all, [10, 130, 20]);
        let failed = ask(&together, &reads, 1, true).await;
        assert!(matches!(failed, Err(DbError::Collision)), "{failed:?}");
    }

    #[tokio::test]
    async fn a_reader_who_is_stopped_leaves_nobody_waiting() {
        let (together, reads) = (Together::default(), AtomicUsize::new(0));
        let mut joined = Box::pin(ask(&together, &reads, 2, false));
        let mut stopped = Box::pin(together.ask(1, |_| std::future::pending()));
        // Both have asked; the second one's turn comes first, and it never comes to an end.
        assert!(futures::poll!(joined.as_mut()).is_pending());
        assert!(futures::poll!(stopped.as_mut()).is_pending());
        assert!(futures::poll!(stopped.as_mut()).is_pending());
        assert!(futures::poll!(joined.as_mut()).is_pending());
        assert_eq!(reads.load(Ordering::Relaxed), 0, "somebody else reads for them");
        drop(stopped);
        assert_eq!(joined.await.unwrap(), 20);
    }
}
