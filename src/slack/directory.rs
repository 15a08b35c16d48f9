//! Who is there: keeps people in line with the accounts of the workspace.

use super::{
    client::Slack,
    deliver::Stop,
    gateway::inbound::{SlackUser, SlackUserId, TeamKey},
};
use crate::{
    db::{self, DbError},
    usecases::{
        System,
        job::{self, Job},
        link_slack,
    },
};

/// Reads people from Slack.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The database and the hour.
    pub system: System,
    /// The Web API.
    pub slack: Slack,
    /// The workspace, as people are stored under it.
    pub team: TeamKey,
    /// The workspace's own id; accounts of others are left alone.
    pub team_id: String,
}

impl Directory {
    /// Reads all accounts, page by page.
    ///
    /// # Errors
    /// When Slack asks to wait, or it did not work; the pages read so far stand.
    pub async fn sync(&self) -> Result<(), Stop> {
        let mut cursor: Option<String> = None;
        loop {
            let page = self.slack.users_list(cursor.as_deref()).await?;
            self.take(&page.items).await?;
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Looks somebody up whom we do not know yet: they may have joined a moment ago. Whatever goes wrong, they stay
    /// unknown.
    pub async fn meet(&self, user: &SlackUserId) {
        match self.slack.users_info(user).await {
            Ok(found) => {
                if let Err(error) = self.take(&[found]).await {
                    tracing::warn!(%error, "somebody new could not be taken in");
                }
            }
            Err(error) => tracing::info!(%error, "somebody unknown could not be looked up"),
        }
    }

    /// Takes accounts in as they are now. People who may no longer take part have everything of theirs looked at again.
    ///
    /// # Errors
    /// The database's.
    pub async fn take(&self, users: &[SlackUser]) -> Result<(), DbError> {
        let now = self.system.clock.now();
        // People of other workspaces (shared channels) are not ours, whatever they are called.
        let ours = |user: &&SlackUser| {
            user.team_id == self.team_id || user.enterprise_id.as_ref().is_some_and(|id| *id == self.team.0)
        };
        let users: Vec<link_slack::SlackUser> = users
            .iter()
            .filter(ours)
            .map(|user| account(user, &self.team))
            .collect();
        self.system
            .db
            .write("link_slack", async |tx| {
                let linked = link_slack::link(tx, &self.team.0, &users, now).await?;
                for person in linked.to_look_at() {
                    db::requests::look_again_at_person(tx, person, now).await?;
                    db::reviews::look_again(tx, now).await?;
                }
                // Whoever could not be written to until now still gets what waits for them.
                let reachable = [linked.bound, linked.resumed].concat();
                let cards = db::cards::not_posted_to(tx, &reachable).await?;
                let jobs: Vec<Job> = cards.into_iter().map(Job::RefreshCard).collect();
                job::enqueue(tx, now, &jobs).await
            })
            .await
    }
}

fn account(user: &SlackUser, team: &TeamKey) -> link_slack::SlackUser {
    let real_name = if user.real_name.is_empty() {
        &user.display_name
    } else {
        &user.real_name
    };
    link_slack::SlackUser {
        id: user.id.clone(),
        team_id: team.0.clone(),
        name: user.name.clone(),
        real_name: real_name.clone(),
        email: user.email.clone(),
        email_confirmed: user.email_confirmed,
        is_bot: user.is_bot,
        is_guest: user.is_guest,
        is_stranger: user.is_stranger,
        deleted: user.deleted,
        title: user.title.clone(),
        tz: user.tz.clone(),
        avatar: user.image.clone(),
    }
}
