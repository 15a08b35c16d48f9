//! The operator applies the organisation's files: a plan is shown first, then exactly that plan is carried out, in one
//! transaction, and kept.

use super::{
    System,
    job::{self, Job},
};
use crate::{
    db::{
        Db, DbError, Tx,
        comments::NewComment,
        organisation::{self, Match, Stored, StoredPerson, Writing},
    },
    domain::{
        ids::{GrantId, PersonId, RequestId},
        organisation::{Act, Change, Difference, How, Organisation, Owner, Plan, Thing},
    },
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How often a transaction is tried that collides with decisions.
const TRIES: usize = 5;

/// Why files cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// People of the files and people from Slack claim the same e-mail address.
    #[error("{}", conflicts_in_words(.0))]
    Conflicts(Vec<Conflict>),
    /// Something has changed since the plan was shown; this is the plan now.
    #[error("something has changed since the plan was shown; please look at it again")]
    Changed(Box<Plan>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A person of the files who cannot be matched with those that are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The person's key in the files.
    pub person: String,
    /// What stands in the way, in a sentence.
    pub sentence: String,
}

fn conflicts_in_words(conflicts: &[Conflict]) -> String {
    conflicts
        .iter()
        .map(|conflict| conflict.sentence.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// What was done, and what has to be looked at again because of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// What was done.
    pub plan: Plan,
    /// Open requests: their access may no longer be offered, or others may have to decide now.
    pub requests: Vec<RequestId>,
    /// Live grants of what is no longer offered.
    pub grants: Vec<GrantId>,
}

/// What would have to change for the stored organisation to be the wanted one.
///
/// # Errors
/// [`ApplyError::Conflicts`], or the database's.
pub async fn plan(db: &Db, wanted: &Organisation) -> Result<Plan, ApplyError> {
    Ok(settle(&organisation::stored(db).await?, wanted)?.plan)
}

/// Carries out the plan that was shown, if it is still the plan, in one transaction.
///
/// # Errors
/// As [`apply`].
pub async fn carry_out(
    system: &System,
    wanted: &Organisation,
    shown: &Plan,
    actor: &str,
) -> Result<Applied, ApplyError> {
    let now = system.clock.now();
    let mut tries = 0;
    loop {
        tries += 1;
        let done = system
            .db
            .write("apply_catalog", async |tx| apply(tx, wanted, shown, actor, now).await)
            .await;
        match done {
            // Somebody decided at the same moment; nothing was written.
            Err(ApplyError::Db(DbError::Collision)) if tries < TRIES => {}
            done => return done,
        }
    }
}

/// Carries out the plan that was shown, if it is still the plan. What it concerns (open requests whose access is no
/// longer offered or that others have to decide now, live grants of what is gone) is looked at again soon after.
///
/// # Errors
/// [`ApplyError::Changed`] when it is not, [`ApplyError::Conflicts`], or the database's.
pub async fn apply(
    tx: &mut Tx<'_>,
    wanted: &Organisation,
    shown: &Plan,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Applied, ApplyError> {
    organisation::lock(tx).await?;
    let Settled { plan, matches, renamed } = settle(&organisation::stored_in(tx).await?, wanted)?;
    if plan != *shown {
        return Err(ApplyError::Changed(Box::new(plan)));
    }
    if plan.is_empty() {
        return Ok(Applied::default());
    }
    organisation::write(
        tx,
        &Writing {
            plan: &plan,
            wanted,
            matches: &matches,
            renamed: &renamed,
            now,
        },
    )
    .await?;
    organisation::record(tx, &plan, actor, now).await?;
    tracing::info!(
        catalog.actor = actor,
        catalog.created = plan.count(Act::Create),
        catalog.changed = plan.count(Act::Change),
        catalog.removed = plan.count(Act::Remove),
        "the organisation's files were applied"
    );
    let requests = affected_requests(tx, &plan).await?;
    let grants = organisation::affected_grants(tx).await?;
    organisation::look_again(tx, &requests, &grants, now).await?;
    crate::db::reviews::look_again(tx, now).await?;
    // What can be done with an open request depends on its entitlement, and stands on its card.
    let paths = plan.keys(Thing::Entitlement, &[Act::Change]);
    let cards = crate::db::cards::of_open_requests_for(tx, &paths).await?;
    let mut jobs: Vec<Job> = cards.into_iter().map(Job::RefreshCard).collect();
    jobs.extend(say_that_plans_stay(tx, &plan, now).await?);
    job::enqueue(tx, now, &jobs).await?;
    Ok(Applied { plan, requests, grants })
}

/// A plan is frozen when a request is made: whoever is concerned by a policy that changes meanwhile is told so.
async fn say_that_plans_stay(tx: &mut Tx<'_>, plan: &Plan, now: DateTime<Utc>) -> Result<Vec<Job>, DbError> {
    let policies = plan.keys(Thing::Policy, &[Act::Change, Act::Remove]);
    let mut jobs = Vec::new();
    if policies.is_empty() {
        return Ok(jobs);
    }
    for request in organisation::following(tx, &policies).await? {
        let line = NewComment::line(
            request,
            "📜 The policy that decides this has changed. This request goes on by the one it began with.",
        );
        crate::db::comments::append(tx, now, line).await?;
        let copies = crate::db::cards::of_request(tx, request).await?;
        jobs.extend(copies.into_iter().map(Job::SyncThread));
    }
    Ok(jobs)
}

/// The open requests that have to be looked at again after `plan` was carried out.
///
/// # Errors
/// The database's.
pub async fn affected_requests(tx: &mut Tx<'_>, plan: &Plan) -> Result<Vec<RequestId>, DbError> {
    let deciders = plan.changes.iter().any(|change| match change.thing {
        Thing::Person => change.act != Act::Create,
        // A step may wait until somebody is in a group, or ask a rotation that is gone or back.
        Thing::Group | Thing::Rotation => true,
        Thing::App | Thing::Entitlement => change
            .fields
            .iter()
            .any(|difference| ["owners", "resources", "resource"].contains(&difference.field.as_str())),
        Thing::Policy | Thing::Catalog | Thing::Setting => false,
    });
    organisation::affected_requests(tx, deciders).await
}

struct Settled {
    plan: Plan,
    matches: Vec<Match>,
    /// People who go by another key from now on.
    renamed: Vec<(PersonId, String)>,
}

/// Finds out who the people of the files are, and what changes.
///
/// A key alone leads only to people of earlier files: whoever calls themselves `erin` in Slack does not become the Erin
/// of the files. An e-mail address leads to people whom only Slack knows (it has confirmed it) and to people of earlier
/// files who go by another key now.
fn settle(stored: &Stored, wanted: &Organisation) -> Result<Settled, ApplyError> {
    let by_key: HashMap<&str, &StoredPerson> = stored
        .people
        .iter()
        .map(|person| (person.key.as_str(), person))
        .collect();
    let by_email: HashMap<String, &StoredPerson> = stored
        .people
        .iter()
        .filter(|person| !person.entry.email.is_empty())
        .map(|person| (person.entry.email.to_lowercase(), person))
        .collect();
    let mut matches: BTreeMap<&str, Option<&StoredPerson>> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (key, entry) in &wanted.people {
        let by_key = by_key.get(key.as_str()).copied().filter(|person| person.in_files);
        let by_email = by_email.get(&entry.email.to_lowercase()).copied();
        let free = |person: &&StoredPerson| !person.in_files || !wanted.people.contains_key(&person.key);
        let found = match (by_key, by_email) {
            (Some(known), Some(other)) if known.id != other.id && free(&other) => {
                conflicts.push(Conflict {
                    person: key.clone(),
                    sentence: format!(
                        "the address {} of `{key}` belongs to somebody else, {} (`{}`); to make them one, take `{key}` \
                         out of the files, apply, and put them back",
                        entry.email, other.entry.name, other.key
                    ),
                });
                Some(known)
            }
            (Some(known), _) => Some(known),
            (None, other) => other.filter(free),
        };
        matches.insert(key, found);
    }
    if !conflicts.is_empty() {
        return Err(ApplyError::Conflicts(conflicts));
    }
    let taken: HashSet<PersonId> = matches.values().flatten().map(|person| person.id).collect();
    let displaced = displaced(stored, wanted, &taken);
    let plan = plan_for(stored, wanted, &matches, &displaced);
    let renamed = matches
        .iter()
        .filter_map(|(key, found)| {
            found
                .filter(|person| person.key != **key)
                .map(|person| (person.id, (*key).to_owned()))
        })
        .chain(displaced)
        .collect();
    let matches = matches
        .into_iter()
        .map(|(key, found)| Match {
            key: key.to_owned(),
            person: found.map(|person| person.id),
        })
        .collect();
    Ok(Settled { plan, matches, renamed })
}

/// People who are not in the files and whose key the files need: they get another.
fn displaced(stored: &Stored, wanted: &Organisation, taken: &HashSet<PersonId>) -> Vec<(PersonId, String)> {
    let mut used: HashSet<String> = stored
        .people
        .iter()
        .map(|person| person.key.clone())
        .chain(wanted.people.keys().cloned())
        .collect();
    stored
        .people
        .iter()
        .filter(|person| wanted.people.contains_key(&person.key) && !taken.contains(&person.id) && !person.in_files)
        .map(|person| {
            let free = (2..)
                .map(|number| format!("{}-{number}", person.key))
                .find(|key| used.insert(key.clone()));
            (person.id, free.unwrap_or_else(|| format!("person-{}", person.id)))
        })
        .collect()
}

fn plan_for(
    stored: &Stored,
    wanted: &Organisation,
    matches: &BTreeMap<&str, Option<&StoredPerson>>,
    displaced: &[(PersonId, String)],
) -> Plan {
    // Seen with the new keys, somebody who goes by another key is the same person everywhere.
    let renamed: HashMap<&str, &str> = matches
        .iter()
        .filter_map(|(key, found)| {
            found
                .filter(|person| person.key != **key)
                .map(|person| (person.key.as_str(), *key))
        })
        .collect();
    let now = |key: &String| {
        renamed
            .get(key.as_str())
            .map_or_else(|| key.clone(), |new| (*new).to_owned())
    };
    let mut before = stored.organisation.clone();
    before.people.retain(|key, _| !renamed.contains_key(key.as_str()));
    for (key, person) in matches
        .iter()
        .filter_map(|(key, found)| found.map(|person| (*key, person)))
    {
        before.people.insert(key.to_owned(), person.entry.clone());
    }
    for person in before.people.values_mut() {
        person.manager = person.manager.as_ref().map(now);
    }
    for group in before.groups.values_mut() {
        group.members = group.members.iter().map(now).collect();
    }
    let owners = |owners: &BTreeSet<Owner>| -> BTreeSet<Owner> {
        owners
            .iter()
            .map(|owner| match owner {
                Owner::Person(key) => Owner::Person(now(key)),
                Owner::Group(key) => Owner::Group(key.clone()),
            })
            .collect()
    };
    before.apps.values_mut().for_each(|app| {
        app.owners = owners(&app.owners);
        app.resources.values_mut().for_each(|of| *of = owners(of));
    });
    before
        .entitlements
        .values_mut()
        .for_each(|entitlement| entitlement.owners = owners(&entitlement.owners));
    let mut plan = Plan::between(&before, wanted);
    let text = |field: &str, from: &str, to: &str| Difference {
        field: field.to_owned(),
        how: How::Text {
            from: from.to_owned(),
            to: to.to_owned(),
        },
    };
    let mut more = Vec::new();
    for (key, person) in matches
        .iter()
        .filter_map(|(key, found)| found.map(|person| (*key, person)))
    {
        let mut fields = Vec::new();
        if person.key != key {
            fields.push(text("key", &person.key, key));
        }
        if !person.in_files {
            fields.push(text("known from", "Slack", "files"));
        }
        if fields.is_empty() {
            continue;
        }
        match plan
            .changes
            .iter_mut()
            .find(|change| change.thing == Thing::Person && change.key == key)
        {
            Some(change) => drop(change.fields.splice(0..0, fields)),
            None => more.push((key.to_owned(), person.entry.name.clone(), fields)),
        }
    }
    for (id, key) in displaced {
        if let Some(person) = stored.people.iter().find(|person| person.id == *id) {
            more.push((
                key.clone(),
                person.entry.name.clone(),
                vec![text("key", &person.key, key)],
            ));
        }
    }
    let more = more.into_iter().map(|(key, name, fields)| Change {
        thing: Thing::Person,
        key,
        act: Act::Change,
        name,
        fields,
    });
    plan.changes.splice(0..0, more);
    plan.changes.sort_by(|a, b| (a.thing, &a.key).cmp(&(b.thing, &b.key)));
    plan
}
