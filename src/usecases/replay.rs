//! Holds the requests of the past against an organisation that is not applied: which of them would have gone another way.

use super::{
    Error, System,
    explain::{Does, Question, StepLine, explain_in, steps_of},
    submit_request::Ask,
    test_policy::{called, in_words},
};
use crate::{
    db,
    domain::{
        dry_run::DryRun,
        ids::{EntitlementId, PersonId, RequestId},
        organisation::Organisation,
        person::Person,
        request::Request,
        review,
    },
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many requests are looked at in one go: of more, the youngest.
pub const MOST: i64 = 20_000;

/// What would have been otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    /// How many requests were looked at.
    pub looked_at: usize,
    /// Are there more than that since then?
    pub more: bool,
    /// What would have been otherwise, the most frequent first.
    pub differences: Vec<Difference>,
}

/// Requests that would have gone another way, all in the same manner.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// For what (`prod-db/write`).
    pub entitlement: String,
    /// As an emergency?
    pub emergency: bool,
    /// In what manner.
    pub changes: Vec<Changed>,
    /// Which.
    pub requests: Vec<Past>,
}

/// One thing that would have been otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Changed {
    /// What.
    pub what: &'static str,
    /// How it was; empty: it was not.
    pub was: String,
    /// How it would have been; empty: not at all.
    pub would_be: String,
}

/// A request of the past.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    /// Its number.
    pub request: RequestId,
    /// Whose access, by key.
    pub subject: String,
    /// What became of it.
    pub state: &'static str,
}

/// Looks at every request since then. The plan that each one followed is resolved in the organisation as it is stored, the
/// plan that it would follow in `wanted`; so what differs is what the files change. Nobody is taken to be away, and what
/// was done to a request by hand (shortened, reassigned, a second person) is left out.
///
/// # Errors
/// The database's.
pub async fn replay(system: &System, wanted: Organisation, since: DateTime<Utc>) -> Result<Replay, Error> {
    let db = &system.db;
    let stored = db::organisation::stored(db).await?.organisation;
    let people = db::people::everyone(db).await?;
    let requests = db::requests::since(db, since, MOST + 1).await?;
    let entitlements: BTreeSet<EntitlementId> = requests.iter().map(|request| request.entitlement).collect();
    let paths = db::catalog::paths(db, &entitlements.into_iter().collect::<Vec<_>>()).await?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let looking = Looking {
        stored: DryRun::of(stored, people.values().cloned()),
        wanted: DryRun::of(wanted, people.values().cloned()),
        people,
        paths,
    };
    let more = requests.len() > most;
    let mut found: BTreeMap<(String, bool, Vec<Changed>), Vec<Past>> = BTreeMap::new();
    let mut looked_at = 0;
    for request in requests.iter().take(most) {
        looked_at += 1;
        let (path, changes) = looking.changes(request)?;
        if !changes.is_empty() {
            let past = Past {
                request: request.id,
                subject: looking.key(request.subject).to_owned(),
                state: request.state.word(),
            };
            let manner = (path.to_owned(), request.emergency, changes);
            found.entry(manner).or_default().push(past);
        }
    }
    let mut differences: Vec<Difference> = found
        .into_iter()
        .map(|((entitlement, emergency, changes), requests)| Difference {
            entitlement,
            emergency,
            changes,
            requests,
        })
        .collect();
    differences.sort_by_key(|difference| std::cmp::Reverse(difference.requests.len()));
    Ok(Replay {
        looked_at,
        more,
        differences,
    })
}

struct Looking {
    stored: DryRun,
    wanted: DryRun,
    people: BTreeMap<PersonId, Person>,
    paths: BTreeMap<EntitlementId, String>,
}

impl Looking {
    fn key(&self, person: PersonId) -> &str {
        self.people.get(&person).map_or("", |person| &person.key)
    }

    fn changes(&self, request: &Request) -> Result<(&str, Vec<Changed>), Error> {
        let path = self.paths.get(&request.entitlement).map_or("", String::as_str);
        let question = Question {
            subject: self.key(request.subject).to_owned(),
            requester: Some(self.key(request.requester).to_owned()),
            entitlement: path.to_owned(),
            length: Some(
                request
                    .shortened
                    .as_ref()
                    .map_or(request.length, |shortened| shortened.from),
            ),
            emergency: request.emergency,
            at: request.created_at,
        };
        let changed = |what, was: &str, would_be: &str| Changed {
            what,
            was: was.to_owned(),
            would_be: would_be.to_owned(),
        };
        let after = match explain_in(&self.wanted, &question) {
            Err(Error::NotFound) => return Ok((path, vec![changed("offered", "yes", "no")])),
            other => other?,
        };
        if let Some(refused) = after.refused {
            return Ok((path, vec![changed("refused", "", &refused.sentence)]));
        }
        let before = self.before(request, &question)?;
        let mut changes = Vec::new();
        let (policy, rule) = (&request.policy.0, &request.policy.2);
        if *policy != after.policy {
            changes.push(changed("policy", policy, &after.policy));
        }
        if *rule != after.rule {
            changes.push(changed("rule", called(rule), called(&after.rule)));
        }
        if outline(&before) != outline(&after.steps) {
            changes.push(changed("steps", &in_words(&before), &in_words(&after.steps)));
        }
        Ok((path, changes))
    }

    /// The steps that the request has followed, with those whom they would ask today.
    fn before(&self, request: &Request, question: &Question) -> Result<Vec<StepLine>, Error> {
        let mut plan = request.plan();
        if plan.steps.first() == Some(&review::second_person()) {
            plan.steps.remove(0);
        }
        match Ask::in_dry_run(&self.stored, question, Some(&plan)) {
            Ok(ask) => {
                let length = question.length.unwrap_or(request.length);
                Ok(steps_of(&ask, plan.steps, question.emergency, length))
            }
            // It is not offered any more; nobody knows whom that would have asked today.
            Err(Error::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// What makes a difference to those concerned: who, and how many of them.
fn outline(steps: &[StepLine]) -> Vec<(Does, usize, Vec<&str>)> {
    fn asked(step: &StepLine) -> Vec<&str> {
        step.asked.iter().map(|who| who.key.as_str()).collect()
    }
    steps.iter().map(|step| (step.does, step.needed, asked(step))).collect()
}
