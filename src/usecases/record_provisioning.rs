//! Records what became of giving or taking an access: told by a person who did it by hand, or by a connector.

use super::{Actor, Error, System, authorize, change, submit_request::constraint};
use crate::{
    db::{self, DbError},
    domain::{
        grant::{Command, Grant},
        ids::GrantId,
        refusal::Refusal,
    },
};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The access works. `already`: it was there before.
    Given {
        /// Was it there before c1 did anything?
        already: bool,
    },
    /// It cannot or will not be given.
    NotGiven {
        /// Why.
        why: String,
    },
    /// The target no longer has it. `kept`: it was left in place, since it was there before c1.
    Taken {
        /// Was it left in place?
        kept: bool,
    },
    /// It could not be taken away.
    NotTaken {
        /// Why.
        why: String,
    },
    /// A failed one is to be tried again.
    Retry,
}

/// Records it. People must be among those who look after the entitlement; a connector speaks as c1 itself.
///
/// # Errors
/// [`Refusal::NotYourTask`], or [`Refusal::ReasonRequired`] when a person says no without a reason.
pub async fn record_provisioning(system: &System, actor: Actor, id: GrantId, report: Report) -> Result<Grant, Error> {
    let now = system.clock.now();
    let recorded = system
        .db
        .write("record_provisioning", async |tx| {
            change::change_grant(tx, now, actor, id, |_, care| {
                if actor.person.is_some() {
                    authorize::provision(care.actor.as_ref().ok_or(Refusal::NotYourTask)?, &care.owners)?;
                }
                let by = actor.person;
                Ok(match report {
                    Report::Given { already } => Command::Provisioned { by, already },
                    Report::NotGiven { why } => Command::ProvisioningFailed { by, why },
                    Report::Taken { kept } => Command::Deprovisioned { by, kept },
                    Report::NotTaken { why } => Command::DeprovisioningFailed { why },
                    Report::Retry => Command::Retry,
                })
            })
            .await
        })
        .await;
    match recorded {
        // They asked again meanwhile, and a newer grant lives: there is nothing left to do for this one.
        Err(Error::Internal(error)) if constraint(&error) == Some("grants_one_live") => {
            Err(Refusal::NotYourTask.into())
        }
        other => other,
    }
}

/// Notes that a connector begins to give an access: what is found from here on is its doing, also after a crash.
///
/// # Errors
/// The database's.
pub async fn begin_giving(system: &System, id: GrantId) -> Result<(), DbError> {
    let note = async |tx: &mut db::Tx<'_>| db::grants::begin_giving(tx, id).await;
    system.db.write("begin_giving", note).await
}
