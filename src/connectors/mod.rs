//! The ways out to target systems: one file per kind. A connector is asked what is there before it acts, so that doing
//! the same thing twice is harmless.
//!
//! Invariant: a connector decides nothing; what it did goes back through `usecases::record_provisioning`.

mod demo;

use crate::{
    db,
    domain::{
        grant::{Grant, GrantState},
        ids::GrantId,
        refusal::Refusal,
    },
    usecases::{
        Actor, Error, System,
        record_provisioning::{Report, record_provisioning},
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
    let Some((connector, access)) = connector_for(system, &grant).await? else {
        return if wanted {
            Ok(())
        } else {
            leave_if_never_given(system, &grant).await
        };
    };
    let there = connector.observe(&access).await?;
    let report = if wanted {
        if !there && let Err(error) = connector.provision(&access).await {
            Report::NotGiven {
                why: format!("{error:#}"),
            }
        } else {
            // Asked again: "granted" is said only when the target says so.
            anyhow::ensure!(
                connector.observe(&access).await?,
                "the target does not show the access yet"
            );
            Report::Given {
                already: there && !was_ours(&grant),
            }
        }
    } else if grant.was_there {
        Report::Taken { kept: true }
    } else {
        if there {
            connector.deprovision(&access).await?;
        }
        anyhow::ensure!(!connector.observe(&access).await?, "the target still shows the access");
        Report::Taken { kept: false }
    };
    record(system, id, report).await
}

/// An access that is found although this grant never said it worked, and was tried before, is our own doing.
fn was_ours(grant: &Grant) -> bool {
    grant.trouble.is_some()
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
