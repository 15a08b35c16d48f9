//! Loads what a decision about a request depends on.

use crate::{
    db::{self, Db, DbError, Tx, facts::Concerned},
    domain::{
        catalog::Entitlement,
        condition::Scope,
        facts::Facts,
        ids::PersonId,
        length::Length,
        policy::{Named, Policy},
        request::Request,
    },
};
use chrono::{DateTime, Utc};

/// The facts for a request that exists: its own plan, everyone who has acted on it, and `also`.
///
/// # Errors
/// The database's.
pub async fn of_request(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: &Request,
    also: impl IntoIterator<Item = PersonId>,
) -> Result<Facts, DbError> {
    of_change(tx, now, request, also, None, None).await
}

/// The same, with whom another policy names that the request may follow from now on (as an emergency, if it comes to that),
/// and whom its expressions come to for another length.
///
/// # Errors
/// The database's.
pub async fn of_change(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: &Request,
    also: impl IntoIterator<Item = PersonId>,
    policy: Option<&Policy>,
    length: Option<Length>,
) -> Result<Facts, DbError> {
    let entitlement = db::catalog::entitlement_in(tx, request.entitlement)
        .await?
        .ok_or(DbError::Inconsistent {
            what: "requests.entitlement_id",
            why: "no such entitlement".to_owned(),
        })?;
    let plan = request.plan();
    let whose = Whose {
        requester: request.requester,
        subject: request.subject,
        others: mentioned(request).chain(also).collect(),
    };
    let named = plan.named().and(policy.map(Policy::named).unwrap_or_default());
    let facts = of(tx, now, &whose, &named, entitlement).await?;
    let scope = |emergency, length| facts.scope(request.requester, request.subject, emergency, length);
    let mut scopes = vec![scope(request.emergency, request.length)];
    scopes.extend(length.map(|length| scope(request.emergency, length)));
    if policy.is_some() {
        scopes.push(scope(true, facts.entitlement.emergency.capped(request.length)));
    }
    with_expressions(tx, now, &whose, &named, facts, &scopes).await
}

/// Whom a question concerns.
#[derive(Clone, Debug)]
pub struct Whose {
    /// The requester.
    pub requester: PersonId,
    /// The subject.
    pub subject: PersonId,
    /// Others whose names are needed.
    pub others: Vec<PersonId>,
}

/// The facts for whomever a policy or a plan names, but for those whom only expressions name.
///
/// # Errors
/// The database's.
pub async fn of(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    whose: &Whose,
    named: &Named<'_>,
    entitlement: Entitlement,
) -> Result<Facts, DbError> {
    let concerned = Concerned {
        requester: whose.requester,
        subject: whose.subject,
        others: whose.others.clone(),
        keys: named.people.clone(),
        groups: named.groups.clone(),
        rotations: named.rotations.clone(),
        now,
    };
    db::facts::load(tx, &concerned, entitlement).await
}

/// The same, for showing something.
///
/// # Errors
/// The database's.
pub async fn glance(
    db: &Db,
    now: DateTime<Utc>,
    request: &Request,
    also: impl IntoIterator<Item = PersonId>,
) -> Result<Facts, DbError> {
    db.write("glance_at_request", async |tx| of_request(tx, now, request, also).await)
        .await
}

/// The same facts, with whomever the expressions come to.
///
/// # Errors
/// The database's.
pub async fn with_expressions(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    whose: &Whose,
    named: &Named<'_>,
    facts: Facts,
    scopes: &[Scope],
) -> Result<Facts, DbError> {
    let found = named.come_to(scopes);
    let known = |key: &String| facts.people.values().any(|person| person.key == *key);
    if found.people.iter().all(known) && found.groups.iter().all(|key| facts.groups.contains_key(key)) {
        return Ok(facts);
    }
    let more = found.named();
    of(tx, now, whose, &named.clone().and(more), facts.entitlement.clone()).await
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
            crate::domain::request::RequestState::Cancelled { by, .. } => by,
            _ => None,
        })
}
