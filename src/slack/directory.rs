//! Who is there: keeps people in line with the accounts of the workspace.

use super::{
    client::{PEOPLE_AT_ONCE, Slack},
    deliver::Stop,
    gateway::inbound::{SlackUser, SlackUserId, TeamKey},
};
use crate::{
    db::{self, DbError},
    domain::{absence::Source, ids::PersonId, settings::Settings},
    usecases::{
        System,
        job::{self, Job},
        link_slack::{self, Linked},
        read_status::{Sign, read_status},
    },
};
use chrono::{DateTime, TimeDelta};
use std::collections::BTreeMap;

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
    /// Reads all accounts, page by page, and who does not want to be disturbed.
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
                None => break,
            }
        }
        self.sync_do_not_disturb().await
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

    /// Asks Slack who does not want to be disturbed, where that counts: it may have been switched on or off while nobody
    /// listened. Those who are asked for something come first; 50 people are one call.
    async fn sync_do_not_disturb(&self) -> Result<(), Stop> {
        if db::settings::read(&self.system.db).await?.away_do_not_disturb.is_none() {
            return Ok(());
        }
        let accounts = db::people::accounts(&self.system.db, self.team.as_str()).await?;
        for some in accounts.chunks(PEOPLE_AT_ONCE) {
            let mut status = self.slack.do_not_disturb(some).await?;
            for (_, from, until) in &mut status {
                // Everybody's nights look the same as a pause that somebody has chosen, but begin at the full hour or a
                // quarter of it: a start of c1 at night is not to find that everybody is away.
                *until = until.filter(|_| *from % 900 != 0);
            }
            self.take_do_not_disturb(&status).await?;
        }
        Ok(())
    }

    /// Somebody does not want to be disturbed until then, or may be again.
    ///
    /// # Errors
    /// The database's.
    pub async fn do_not_disturb(&self, user: &SlackUserId, from: i64, until: Option<i64>) -> Result<(), DbError> {
        self.take_do_not_disturb(&[(user.clone(), from, until)]).await
    }

    /// A schedule that has not begun is not meant: at night nobody expects an answer, and quiet hours know that.
    async fn take_do_not_disturb(&self, status: &[(SlackUserId, i64, Option<i64>)]) -> Result<(), DbError> {
        let now = self.system.clock.now();
        let mut people = Vec::new();
        for (user, from, until) in status {
            let person = db::people::by_slack(&self.system.db, self.team.as_str(), user.as_str()).await?;
            people.extend(person.map(|person| (person.id, *from, *until)));
        }
        self.system
            .db
            .write("do_not_disturb", async |tx| {
                let Some(least) = db::settings::read_in(tx).await?.away_do_not_disturb else {
                    return Ok(());
                };
                let sign = |from: i64, until: Option<i64>| {
                    let until = until.and_then(|until| DateTime::from_timestamp(until, 0))?;
                    // Their clock and ours may differ by a little.
                    let begun = from <= (now + TimeDelta::minutes(1)).timestamp();
                    let since = DateTime::from_timestamp(from, 0).unwrap_or(now).min(now);
                    (begun && until > now && until - since >= least).then(|| Sign {
                        mark: until.timestamp().to_string(),
                        until: Some(until),
                    })
                };
                let seen = people
                    .into_iter()
                    .map(|(person, from, until)| (person, sign(from, until)));
                read_status(tx, now, Source::DoNotDisturb, &seen.collect()).await
            })
            .await
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
        let seen = users;
        let users: Vec<link_slack::SlackUser> = users
            .iter()
            .filter(ours)
            .map(|user| account(user, &self.team))
            .collect();
        self.system
            .db
            .write("link_slack", async |tx| {
                let linked = link_slack::link(tx, &self.team.0, &users, now).await?;
                let settings = db::settings::read_in(tx).await?;
                let seen = statuses(seen, &linked, &settings);
                read_status(tx, now, Source::Status, &seen).await?;
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

/// What the statuses of these accounts say about being away.
fn statuses(users: &[SlackUser], linked: &Linked, settings: &Settings) -> BTreeMap<PersonId, Option<Sign>> {
    let sign = |user: &SlackUser| {
        let emoji = user.status_emoji.trim_matches(':');
        let until = DateTime::from_timestamp(user.status_expiration, 0).filter(|_| user.status_expiration > 0);
        let counts = settings.away_status.iter().any(|name| name == emoji);
        counts.then(|| Sign {
            mark: format!(":{emoji}: {}", user.status_expiration),
            until,
        })
    };
    users
        .iter()
        .filter_map(|user| Some((*linked.people.get(&user.id)?, sign(user))))
        .collect()
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
