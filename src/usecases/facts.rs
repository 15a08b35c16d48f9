//! Loads what a decision about a request depends on.

use crate::{
    db::{self, DbError, Tx, facts::Concerned},
    domain::{facts::Facts, ids::PersonId, policy::Policy, request::Request},
};

/// The facts for a request that exists: its own plan, everyone who has acted on it, and `also`.
///
/// # Errors
/// The database's.
pub async fn of_request(tx: &mut Tx<'_>, request: &Request, also: Option<PersonId>) -> Result<Facts, DbError> {
    of_change(tx, request, also, None).await
}

/// The same, with whom another policy names that the request may follow from now on.
///
/// # Errors
/// The database's.
pub async fn of_change(
    tx: &mut Tx<'_>,
    request: &Request,
    also: Option<PersonId>,
    policy: Option<&Policy>,
) -> Result<Facts, DbError> {
    let entitlement = db::catalog::entitlement_in(tx, request.entitlement)
        .await?
        .ok_or(DbError::Inconsistent {
            what: "requests.entitlement_id",
            why: "no such entitlement".to_owned(),
        })?;
    let plan = request.plan();
    let concerned = Concerned {
        requester: request.requester,
        subject: request.subject,
        others: mentioned(request).chain(also).collect(),
        keys: plan
            .people()
            .chain(policy.into_iter().flat_map(Policy::people))
            .collect(),
        groups: plan
            .groups()
            .chain(policy.into_iter().flat_map(Policy::groups))
            .collect(),
    };
    db::facts::load(tx, &concerned, entitlement).await
}

/// Everyone who was asked or has decided.
pub fn mentioned(request: &Request) -> impl Iterator<Item = PersonId> {
    let earlier = request.earlier.iter().flat_map(|round| &round.steps);
    request
        .steps
        .iter()
        .chain(earlier)
        .flat_map(|step| {
            let asked = step.approvers.iter().map(|approver| approver.person);
            asked.chain(step.decisions.iter().map(|decision| decision.person))
        })
        .chain(request.earlier.iter().map(|round| round.by))
        .chain(match request.state {
            crate::domain::request::RequestState::Cancelled { by, .. } => Some(by),
            _ => None,
        })
}
