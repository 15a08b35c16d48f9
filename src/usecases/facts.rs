//! Loads what a decision about a request depends on.

use crate::{
    db::{self, Db, DbError, Tx, facts::Concerned},
    domain::{catalog::Entitlement, facts::Facts, ids::PersonId, policy::Policy, request::Request},
};

/// The facts for a request that exists: its own plan, everyone who has acted on it, and `also`.
///
/// # Errors
/// The database's.
pub async fn of_request(
    tx: &mut Tx<'_>,
    request: &Request,
    also: impl IntoIterator<Item = PersonId>,
) -> Result<Facts, DbError> {
    of_change(tx, request, also, None).await
}

/// The same, with whom another policy names that the request may follow from now on.
///
/// # Errors
/// The database's.
pub async fn of_change(
    tx: &mut Tx<'_>,
    request: &Request,
    also: impl IntoIterator<Item = PersonId>,
    policy: Option<&Policy>,
) -> Result<Facts, DbError> {
    let entitlement = db::catalog::entitlement_in(tx, request.entitlement).await?;
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
    db::facts::load(tx, &concerned, known(entitlement)?).await
}

/// The same, for showing something.
///
/// # Errors
/// The database's.
pub async fn glance(db: &Db, request: &Request, also: impl IntoIterator<Item = PersonId>) -> Result<Facts, DbError> {
    let entitlement = db::catalog::entitlement(db, request.entitlement).await?;
    let plan = request.plan();
    let concerned = Concerned {
        requester: request.requester,
        subject: request.subject,
        others: mentioned(request).chain(also).collect(),
        keys: plan.people().collect(),
        groups: plan.groups().collect(),
    };
    db::facts::glance(db, &concerned, known(entitlement)?).await
}

fn known(entitlement: Option<Entitlement>) -> Result<Entitlement, DbError> {
    entitlement.ok_or_else(|| DbError::Inconsistent {
        what: "requests.entitlement_id",
        why: "no such entitlement".to_owned(),
    })
}

/// Everyone who was asked, has decided, or has done something else with it.
pub fn mentioned(request: &Request) -> impl Iterator<Item = PersonId> {
    let earlier = request.earlier.iter().flat_map(|round| &round.steps);
    request
        .steps
        .iter()
        .chain(earlier)
        .flat_map(|step| {
            let asked = step.approvers.iter().map(|approver| approver.person);
            let given = step
                .reassigned
                .iter()
                .flat_map(|given| [given.from, given.to, given.by]);
            asked
                .chain(step.decisions.iter().map(|decision| decision.person))
                .chain(given)
                .chain(step.claim.iter().map(|claim| claim.by))
                .chain(step.skipped.iter().map(|skipped| skipped.by))
        })
        .chain(request.earlier.iter().map(|round| round.by))
        .chain(request.shortened.iter().map(|shortened| shortened.by))
        .chain(match request.state {
            crate::domain::request::RequestState::Cancelled { by, .. } => Some(by),
            _ => None,
        })
}
