//! The company that is served: apps with an owner each, whose policy asks that owner.

use super::{floor, payload};
use anyhow::ensure;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Accounts in the workspace; the first of them own an app each.
    pub(crate) accounts: usize,
    /// Apps, each with another owner.
    pub(crate) apps: usize,
    /// Entitlements of each app.
    pub(crate) entitlements: usize,
}

/// Who asks for what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Company {
    /// The accounts of everyone who owns nothing.
    pub(crate) requesters: Vec<String>,
    /// What can be asked for, and the account that decides.
    pub(crate) entitlements: Vec<(payload::Wish, String)>,
}

/// A wish nobody had before.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its mark.
    pub(crate) token: u32,
    /// Whose.
    pub(crate) requester: String,
    /// What.
    pub(crate) wish: payload::Wish,
    /// Who decides.
    pub(crate) owner: String,
}

impl Place {
    /// The form, ready to be sent. The same view is the same act.
    pub(crate) fn submission(&self) -> Vec<u8> {
        let reason = format!(
            "Needed for the incident of this morning, see ticket {}",
            payload::mark(self.token)
        );
        let view = format!("V{:010}", self.token);
        payload::signed(
            "/slack/interactions",
            &payload::submission(&self.requester, &view, self.wish, &reason),
        )
    }
}

impl Company {
    /// The n-th wish: people one after the other, owners in turn, no pair twice.
    pub(crate) fn place(&self, place: usize) -> Place {
        let people = self.requesters.len();
        let (person, round) = (place % people, place / people);
        let (wish, owner) = &self.entitlements[(person + round) % self.entitlements.len()];
        Place {
            token: u32::try_from(place).expect("a run makes fewer than four billion requests"),
            requester: self.requesters[person].clone(),
            wish: *wish,
            owner: owner.clone(),
        }
    }

    /// Fills c1's database once it knows everybody in the workspace.
    pub(crate) async fn of_c1(pool: &PgPool, size: Size) -> anyhow::Result<Self> {
        let Size {
            accounts,
            apps,
            entitlements,
        } = size;
        let began = Instant::now();
        loop {
            let linked: i64 = sqlx::query_scalar("SELECT count(*) FROM slack_identities")
                .fetch_one(pool)
                .await?;
            if usize::try_from(linked)? >= accounts {
                break;
            }
            ensure!(
                began.elapsed() < Duration::from_secs(60),
                "after a minute c1 knows {linked} of {accounts} people"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Everybody has been written to before: the conversations need not be opened in the middle of a figure. And
        // everybody is in a team of fifty and has a manager.
        sqlx::raw_sql(
            "UPDATE slack_identities SET dm_channel = 'D' || substr(user_id, 2);
             UPDATE people SET team = 'Team ' || id / 50, manager_id = (SELECT min(id) FROM people) + id % 50
              WHERE id >= (SELECT min(id) FROM people) + 50",
        )
        .execute(pool)
        .await?;
        sqlx::query(
            "WITH policy AS (
                 INSERT INTO policies (key, name, kind, rules)
                 VALUES ('owner', 'Owner approves', 'request', '[{\"steps\": [{\"approval\": {\"approvers\": [\"app_owners\"]}}]}]')
                 RETURNING id),
             catalog AS (INSERT INTO catalogs (key, name, everyone) VALUES ('all', 'Everything', true) RETURNING id),
             app AS (
                 INSERT INTO apps (key, name) SELECT 'app-' || n, 'Application ' || n FROM generate_series(0, $1 - 1) n
                 RETURNING id, key, name),
             owned AS (
                 INSERT INTO owners (app_id, person_id)
                 SELECT a.id, s.person_id FROM app a
                   JOIN slack_identities s ON s.user_id = 'U' || lpad(substr(a.key, 5), 7, '0')),
             entitlement AS (
                 INSERT INTO entitlements (app_id, key, name, resource, policy_id, lengths, search)
                 SELECT a.id, 'role-' || n, 'Role ' || n, 'production', policy.id,
                        '{\"presets\": [3600, 14400, 86400], \"max\": null, \"custom\": true, \"no_end\": true, \"default\": 14400}',
                        lower(a.name) || ' production role ' || n
                   FROM app a, policy, generate_series(0, $2 - 1) n
                 RETURNING id)
             INSERT INTO catalog_entitlements (catalog_id, entitlement_id) SELECT c.id, e.id FROM catalog c, entitlement e",
        )
        .bind(i32::try_from(apps)?)
        .bind(i32::try_from(entitlements)?)
        .execute(pool)
        .await?;
        // Not all: a table known to be empty is read from end to end for as long as the server thinks so.
        sqlx::raw_sql("ANALYZE people, slack_identities, apps, entitlements, owners, catalogs, catalog_entitlements")
            .execute(pool)
            .await?;
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT e.app_id, e.id, s.user_id FROM entitlements e JOIN owners o ON o.app_id = e.app_id
               JOIN slack_identities s ON s.person_id = o.person_id ORDER BY e.key, e.app_id",
        )
        .fetch_all(pool)
        .await?;
        ensure!(rows.len() == apps * entitlements, "the company is not complete");
        let wish = |(app, entitlement, owner)| (payload::Wish { app, entitlement }, owner);
        Ok(Self {
            requesters: (apps..accounts).map(payload::user).collect(),
            entitlements: rows.into_iter().map(wish).collect(),
        })
    }

    /// Gives the floor the same company.
    pub(crate) async fn to_floor(&self, pool: &PgPool) -> anyhow::Result<()> {
        sqlx::raw_sql(floor::SCHEMA).execute(pool).await?;
        let (ids, owners): (Vec<i64>, Vec<String>) = self
            .entitlements
            .iter()
            .map(|(wish, owner)| (wish.entitlement, owner.clone()))
            .unzip();
        sqlx::query("INSERT INTO entitlements SELECT * FROM unnest($1::bigint[], $2::text[])")
            .bind(ids)
            .bind(owners)
            .execute(pool)
            .await?;
        Ok(())
    }
}
