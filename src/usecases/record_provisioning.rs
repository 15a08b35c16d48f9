//! Records what became of giving or taking an access: told by a person who did it by hand, or by a connector.

use super::{Actor, Error, System, authorize, change};
use crate::domain::{
    grant::{Command, Grant},
    ids::GrantId,
    refusal::Refusal,
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
    system
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
        .await
}
