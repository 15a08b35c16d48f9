//! Which job is done by whom: one line each.

use super::runner::Outcome;
use crate::{
    connectors,
    db::jobs::Claimed,
    slack::{
        deliver::{Deliver, Stop},
        directory::Directory,
    },
    usecases::job::Job,
};
use std::time::Duration;

/// Everything that jobs need to be done.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The way to Slack.
    pub deliver: Deliver,
    /// The people of the workspace.
    pub directory: Directory,
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
            Job::SettleGrant(grant) => connectors::settle(&self.deliver.system, grant)
                .await
                .map_err(Stop::Again),
        };
        match done {
            Ok(()) => Outcome::Done,
            Err(Stop::Wait(after)) => Outcome::Snooze(after.max(Duration::from_millis(50))),
            Err(Stop::Again(error)) => Outcome::Again(error),
            Err(Stop::Never(error)) => Outcome::Dead(error),
        }
    }
}
