//! Names of people, read together for a whole card or list.

use super::request_card::{PersonRef, Standing};
use crate::{
    db::{self, Db, DbError},
    domain::{
        ids::PersonId,
        person::Person,
        policy::StepSpec,
        request::{Request, RequestState},
        step::Verdict,
    },
    usecases::facts::mentioned,
};
use std::collections::{BTreeMap, BTreeSet};

/// The people whom something mentions.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<PersonId, Person>);

impl Names {
    /// Reads everyone whom these requests mention, and `also`.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(db: &Db, requests: &[Request], also: impl IntoIterator<Item = PersonId>) -> Result<Self, DbError> {
        let mut ids: BTreeSet<PersonId> = also.into_iter().collect();
        for request in requests {
            ids.extend([request.requester, request.subject]);
            ids.extend(mentioned(request));
        }
        let ids: Vec<PersonId> = ids.into_iter().collect();
        Ok(Self(db::people::people_by_ids(db, &ids).await?))
    }

    /// The person, if they were read.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.0.get(&id)
    }

    /// A person as cards name them.
    #[must_use]
    pub fn get(&self, id: PersonId) -> PersonRef {
        let name = self
            .0
            .get(&id)
            .map_or_else(|| "somebody".to_owned(), |person| person.name.clone());
        PersonRef { id, name }
    }

    /// How a request stands, in names.
    #[must_use]
    pub fn standing(&self, request: &Request) -> Standing {
        let last = |verdict| {
            let mut all = request.steps.iter().flat_map(|step| &step.decisions);
            all.rfind(|decision| decision.verdict == verdict)
                .map(|decision| self.get(decision.person))
        };
        match &request.state {
            RequestState::Open { step: place } => {
                let step = request.steps.get(*place);
                if let Some(step) = step.filter(|step| matches!(step.spec, StepSpec::Wait(_))) {
                    return Standing::Waiting {
                        step: *place,
                        until: step.due_at,
                    };
                }
                let awaiting = step.into_iter().flat_map(|step| {
                    let undecided = |person: &PersonId| step.decision_of(*person).is_none();
                    step.approvers.iter().map(|approver| approver.person).filter(undecided)
                });
                Standing::Open {
                    step: *place,
                    awaiting: awaiting.map(|person| self.get(person)).collect(),
                    missing: step.map_or(0, |step| step.needed().saturating_sub(step.approvals())),
                }
            }
            RequestState::Approved => match request.steps.last().and_then(|step| step.skipped.as_ref()) {
                Some(skipped) => Standing::Overridden {
                    by: self.get(skipped.by),
                },
                None => Standing::Approved {
                    by: last(Verdict::Approve),
                },
            },
            RequestState::Denied { by, reason } => Standing::Denied {
                by: by.map(|by| self.get(by)),
                reason: reason.clone(),
            },
            RequestState::Cancelled { by, reason, admin } => Standing::Cancelled {
                by: by.map(|by| self.get(by)),
                reason: reason.clone(),
                admin: *admin,
            },
            RequestState::Expired => Standing::Expired,
            RequestState::Closed { cause } => Standing::Closed { cause: *cause },
        }
    }
}
