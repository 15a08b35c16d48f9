//! Which job is done by whom: one line each.

use super::runner::Outcome;
use crate::{
    connectors::{self, on_call},
    db::jobs::Claimed,
    domain::ids::GrantId,
    slack::{
        deliver::{Deliver, Stop},
        directory::Directory,
        look_again::LookAgain,
    },
    usecases::job::Job,
};
use std::time::Duration;

/// How often a target system is tried before people hear of it: some four minutes.
const PATIENCE: i32 = 9;

/// After that it is asked this often.
const ASK_AGAIN: Duration = Duration::from_secs(600);

/// Everything that jobs need to be done.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The way to Slack.
    pub deliver: Deliver,
    /// The people of the workspace.
    pub directory: Directory,
    /// Compares copies with Slack.
    pub look_again: LookAgain,
}

/// How long to wait for something that is under way: hardly at all at first, some seconds in the end.
fn soon(attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt.clamp(0, 7)).unwrap_or_default();
    (Duration::from_millis(25) * 2_u32.pow(doublings)).min(Duration::from_secs(3))
}

impl Dispatch {
    /// Does a job, looking at the present state.
    pub async fn run(&self, claimed: Claimed) -> Outcome {
        let Some(job) = Job::read(&claimed.name, &claimed.payload) else {
            return Outcome::Dead(anyhow::anyhow!("the job {} cannot be read", claimed.name));
        };
        let done = match job {
            Job::RefreshCard(card) => self.deliver.refresh_card(card).await,
            Job::SyncThread(card) => self.deliver.sync_thread(card).await,
            Job::SendNotice(notice) => self.deliver.send_notice(notice).await,
            Job::RefreshHome(person) => self.deliver.refresh_home(person).await,
            Job::SyncPeople => self.directory.sync().await,
            Job::SyncRotation(rotation) => on_call::sync_rotation(&self.deliver.system, rotation)
                .await
                .map_err(Stop::Again),
            Job::MendThread(card) => self.deliver.mend_thread(card).await,
            Job::LookAtCopies => self.look_again.look_at_copies().await,
            Job::SettleGrant(grant) => return self.settle(grant, claimed.tries).await,
        };
        match done {
            Ok(()) => Outcome::Done,
            Err(Stop::Soon) => Outcome::Snooze(soon(claimed.attempt)),
            Err(Stop::Wait(after)) => Outcome::Snooze(after.max(Duration::from_millis(50))),
            Err(Stop::Again(error)) => Outcome::Again(error),
            Err(Stop::Never(error)) => Outcome::Dead(error),
        }
    }

    /// A target that stays out of reach is never forgotten: what it should give becomes a task for people, what it should
    /// take away is asked for again and again (its owners were alarmed).
    async fn settle(&self, grant: GrantId, tries: i32) -> Outcome {
        let system = &self.deliver.system;
        let error = match connectors::settle(system, grant).await {
            Ok(()) => return Outcome::Done,
            Err(error) if tries < PATIENCE => return Outcome::Again(error),
            Err(error) => error,
        };
        tracing::warn!(grant.id = %grant, error = format!("{error:#}"), "a target system cannot be dealt with");
        match connectors::give_up(system, grant, &error).await {
            Ok(true) => Outcome::Done,
            Ok(false) | Err(_) => Outcome::Snooze(ASK_AGAIN),
        }
    }
}
