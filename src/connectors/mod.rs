//! The ways out to target systems: one file per kind. A connector is asked what is there before it acts, so that doing
//! the same thing twice is harmless. Beside them `on_call` asks who is on call.
//!
//! Invariant: a connector decides nothing; what it did goes back through `usecases::record_provisioning`.

mod demo;
pub mod on_call;

use crate::{
    db,
    domain::{
        grant::{Grant, GrantState},
        ids::GrantId,
        refusal::Refusal,
    },
    usecases::{
        Actor, Error, System,
        record_provisioning::{Report, begin_giving, record_provisioning},
    },
};
use async_trait::async_trait;

/// What one kind of target system can be asked to do. Every call is idempotent.
#[async_trait]
trait Connector: Send + Sync {
    /// Does the account have the access now?
    async fn observe(&self, access: &Access) -> anyhow::Result<bool>;
    /// Gives it.
    async fn provision(&self, access: &Access) -> anyhow::Result<()>;
    /// Takes it away.
    async fn deprovision(&self, access: &Access) -> anyhow::Result<()>;
}

/// What a connector needs to know.
#[derive(Clone, Debug)]
struct Access {
    /// The app's short name.
    app: String,
    /// The entitlement's short name.
    entitlement: String,
    /// The subject's short name: their account.
    account: String,
    /// The app's settings.
    settings: serde_json::Value,
}

/// Makes the target system of a grant agree with it, as it stands now, and records what came of it. Access that people
/// give and take by hand is left to them.
///
/// # Errors
/// When the target or the database cannot be reached: to be tried again.
pub async fn settle(system: &System, id: GrantId) -> anyhow::Result<()> {
    let Some(grant) = db::grants::get(&system.db, id).await? else {
        return Ok(());
    };
    let wanted = match grant.state {
        GrantState::Provisioning => true,
        GrantState::Ending | GrantState::EndOverdue => false,
        GrantState::Active | GrantState::Ended | GrantState::Failed => return Ok(()),
    };
    let beside = db::grants::beside(&system.db, id).await?;
    if wanted && beside.leaving {
        // Two grants, one access: it is given again once it was taken away. The end of the older one calls us.
        return Ok(());
    }
    if !wanted && (grant.was_there || beside.followed) {
        return record(system, id, Report::Taken { kept: true }).await;
    }
    let Some((connector, access)) = connector_for(system, &grant).await? else {
        return if wanted {
            Ok(())
        } else {
            leave_if_never_given(system, &grant).await
        };
    };
    let there = connector.observe(&access).await?;
    if wanted {
        if !there {
            // Noted before it is done, so that after a crash our own doing does not look as if it had been there.
            begin_giving(system, id).await?;
            if let Err(error) = connector.provision(&access).await {
                return record(system, id, Report::NotGiven { why: brief(&error) }).await;
            }
        }
        // Asked again: "granted" is said only when the target says so.
        anyhow::ensure!(
            connector.observe(&access).await?,
            "the target does not show the access yet"
        );
        let already = there && !beside.tried && !beside.left_behind;
        return record(system, id, Report::Given { already }).await;
    }
    if grant.started_at.is_none() && !beside.tried && !beside.left_behind {
        // Called off before anything was done: what is there is not ours.
        return record(system, id, Report::Taken { kept: there }).await;
    }
    if there {
        connector.deprovision(&access).await?;
    }
    anyhow::ensure!(!connector.observe(&access).await?, "the target still shows the access");
    record(system, id, Report::Taken { kept: false }).await
}

/// Gives up on a target that could not be dealt with: access that was to be given becomes a task for people. Says whether
/// there was any; access that is to be taken away is never given up.
///
/// # Errors
/// When the database cannot be reached.
pub async fn give_up(system: &System, id: GrantId, error: &anyhow::Error) -> anyhow::Result<bool> {
    match record_provisioning(system, Actor::SYSTEM, id, Report::NotGiven { why: brief(error) }).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(_) | Error::NotFound) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// What a target said, short enough for a card.
fn brief(error: &anyhow::Error) -> String {
    format!("{error:#}").chars().take(500).collect()
}

/// What people never gave, they need not take away.
async fn leave_if_never_given(system: &System, grant: &Grant) -> anyhow::Result<()> {
    if grant.started_at.is_some() {
        Ok(())
    } else {
        record(system, grant.id, Report::Taken { kept: false }).await
    }
}

async fn record(system: &System, id: GrantId, report: Report) -> anyhow::Result<()> {
    match record_provisioning(system, Actor::SYSTEM, id, report).await {
        // The grant has moved on meanwhile; whoever moved it wrote a job of its own.
        Ok(_) | Err(Error::Refused(Refusal::NotYourTask | Refusal::NotHeld) | Error::NotFound) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

async fn connector_for(system: &System, grant: &Grant) -> anyhow::Result<Option<(Box<dyn Connector>, Access)>> {
    let entitlement = db::catalog::entitlement(&system.db, grant.entitlement).await?;
    let subject = db::people::person(&system.db, grant.subject).await?;
    let (Some(entitlement), Some(subject)) = (entitlement, subject) else {
        return Ok(None);
    };
    let Some((name, settings)) = db::reading::connector_of(&system.db, entitlement.app.id).await? else {
        return Ok(None);
    };
    let connector: Box<dyn Connector> = match name.as_str() {
        "demo" => Box::new(demo::DemoTarget::new(system.db.clone())),
        _ => return Ok(None),
    };
    let access = Access {
        app: entitlement.app.key,
        entitlement: entitlement.key,
        account: subject.key,
        settings,
    };
    Ok(Some((connector, access)))
}
