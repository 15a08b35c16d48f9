//! The catalog and the people as files describe them: read as a whole, written as a plan says.
//!
//! Nothing that requests and grants of the past point to is ever deleted: what is gone from the files is no longer
//! active. All statements work on whole sets, so that thousands of entitlements take a few round trips.

use super::{Db, DbError, Tx, catalog::policy_kind};
use crate::domain::{
    emergency::Who,
    ids::{GrantId, PersonId, RequestId},
    length::LengthRules,
    organisation::{
        Act, AppEntry, CatalogEntry, EmergencyEntry, EntitlementEntry, GroupEntry, Organisation, Owner, PersonEntry,
        Plan, PolicyEntry, RotationEntry, SettingEntry, Thing, kind_word,
    },
    person::Role,
    policy::Rule,
    rotation::Roster,
};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use std::collections::{BTreeMap, BTreeSet};

/// What is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// As files would describe it; without the people whom only Slack knows.
    pub organisation: Organisation,
    /// Everyone, those whom only Slack knows too.
    pub people: Vec<StoredPerson>,
}

/// A person, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPerson {
    /// Their number.
    pub id: PersonId,
    /// Their key.
    pub key: String,
    /// Do the files describe them?
    pub in_files: bool,
    /// What is stored of them, as files would say it.
    pub entry: PersonEntry,
}

/// Waits until nobody else applies files, and keeps others from it until this transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut Tx<'_>) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('apply_catalog'))")
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// What is stored, in a transaction.
///
/// # Errors
/// When the database does not answer, or a row cannot be read.
pub async fn stored_in(tx: &mut Tx<'_>) -> Result<Stored, DbError> {
    stored_with(tx.conn()).await
}

/// What is stored, only to look.
///
/// # Errors
/// As [`stored_in`].
pub async fn stored(db: &Db) -> Result<Stored, DbError> {
    let mut connection = db.pool().acquire().await?;
    stored_with(&mut connection).await
}

async fn stored_with(on: &mut PgConnection) -> Result<Stored, DbError> {
    let people = people(on).await?;
    let mut organisation = Organisation {
        people: people
            .iter()
            .filter(|person| person.in_files)
            .map(|person| (person.key.clone(), person.entry.clone()))
            .collect(),
        groups: groups(on).await?,
        rotations: rotations(on).await?,
        policies: policies(on).await?,
        apps: apps(on).await?,
        entitlements: entitlements(on).await?,
        catalogs: catalogs(on).await?,
        settings: super::settings::stored(&mut *on)
            .await?
            .into_iter()
            .map(|(name, value)| (name, SettingEntry { value }))
            .collect(),
    };
    for row in sqlx::query!(
        r#"-- stored owners
        SELECT a.key AS app, e.key AS "entitlement?", o.resource, p.key AS "person?", g.key AS "group?"
        FROM owners o
        LEFT JOIN entitlements e ON e.id = o.entitlement_id
        JOIN apps a ON a.id = coalesce(o.app_id, e.app_id)
        LEFT JOIN people p ON p.id = o.person_id
        LEFT JOIN groups g ON g.id = o.group_id"#
    )
    .fetch_all(&mut *on)
    .await?
    {
        let owner = match (row.person, row.group) {
            (Some(person), _) => Owner::Person(person),
            (None, group) => Owner::Group(group.unwrap_or_default()),
        };
        let owners = match (row.entitlement, row.resource) {
            (Some(key), _) => organisation
                .entitlements
                .get_mut(&format!("{}/{key}", row.app))
                .map(|entry| &mut entry.owners),
            (None, Some(resource)) => organisation
                .apps
                .get_mut(&row.app)
                .map(|entry| entry.resources.entry(resource).or_default()),
            (None, None) => organisation.apps.get_mut(&row.app).map(|entry| &mut entry.owners),
        };
        // Of what is no longer active nothing is said.
        if let Some(owners) = owners {
            owners.insert(owner);
        }
    }
    Ok(Stored { organisation, people })
}

async fn people(on: &mut PgConnection) -> Result<Vec<StoredPerson>, DbError> {
    let rows = sqlx::query!(
        r#"-- stored people
        SELECT p.id, p.key, p.name, p.email, p.title, p.team, m.key AS "manager?", p.in_files,
               ARRAY(SELECT role FROM person_roles WHERE person_id = p.id) AS "roles!"
        FROM people p LEFT JOIN people m ON m.id = p.manager_id ORDER BY p.id"#
    )
    .fetch_all(on)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StoredPerson {
            id: PersonId(row.id),
            key: row.key,
            in_files: row.in_files,
            entry: PersonEntry {
                name: row.name,
                email: row.email.unwrap_or_default(),
                title: row.title,
                team: row.team,
                manager: row.manager,
                roles: row.roles.iter().filter_map(|role| Role::from_name(role)).collect(),
            },
        })
        .collect())
}

async fn groups(on: &mut PgConnection) -> Result<BTreeMap<String, GroupEntry>, DbError> {
    let rows = sqlx::query!(
        r#"-- stored groups
        SELECT g.key, g.name,
               ARRAY(SELECT p.key FROM group_members m JOIN people p ON p.id = m.person_id WHERE m.group_id = g.id)
                   AS "members!"
        FROM groups g WHERE g.active"#
    )
    .fetch_all(on)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.key,
                GroupEntry {
                    name: row.name,
                    members: row.members.into_iter().collect(),
                },
            )
        })
        .collect())
}

async fn rotations(on: &mut PgConnection) -> Result<BTreeMap<String, RotationEntry>, DbError> {
    let rows = sqlx::query!(
        r#"-- stored rotations
        SELECT key, name, roster AS "roster: Json<Roster>", stale_after FROM rotations WHERE active"#
    )
    .fetch_all(on)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let entry = RotationEntry {
                name: row.name,
                roster: row.roster.0,
                stale_after: row.stale_after,
            };
            (row.key, entry)
        })
        .collect())
}

async fn policies(on: &mut PgConnection) -> Result<BTreeMap<String, PolicyEntry>, DbError> {
    let rows = sqlx::query!(
        r#"-- stored policies
        SELECT key, name, kind, rules AS "rules: Json<Vec<Rule>>" FROM policies WHERE active"#
    )
    .fetch_all(on)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.key,
                PolicyEntry {
                    name: row.name,
                    kind: policy_kind(&row.kind)?,
                    rules: row.rules.0,
                },
            ))
        })
        .collect()
}

async fn apps(on: &mut PgConnection) -> Result<BTreeMap<String, AppEntry>, DbError> {
    let rows = sqlx::query!(
        "-- stored apps
        SELECT key, name, description, connector, settings FROM apps WHERE active"
    )
    .fetch_all(on)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let entry = AppEntry {
                name: row.name,
                description: row.description,
                owners: BTreeSet::new(),
                resources: BTreeMap::new(),
                connector: row.connector,
                settings: row.settings,
            };
            (row.key, entry)
        })
        .collect())
}

async fn entitlements(on: &mut PgConnection) -> Result<BTreeMap<String, EntitlementEntry>, DbError> {
    let rows = sqlx::query!(
        r#"-- stored entitlements
        SELECT a.key || '/' || e.key AS "path!", e.name, e.resource, e.description, e.instructions, p.key AS policy,
               e.lengths AS "lengths: Json<LengthRules>", e.emergency_enabled, ep.key AS "emergency_policy?",
               e.emergency_max, e.emergency_who AS "emergency_who: Json<Vec<Who>>", e.emergency_drill
        FROM entitlements e
        JOIN apps a ON a.id = e.app_id
        JOIN policies p ON p.id = e.policy_id
        LEFT JOIN policies ep ON ep.id = e.emergency_policy_id
        WHERE e.active AND a.active"#
    )
    .fetch_all(on)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let entry = EntitlementEntry {
                name: row.name,
                resource: row.resource,
                description: row.description,
                instructions: row.instructions,
                policy: row.policy,
                owners: BTreeSet::new(),
                lengths: row.lengths.0,
                emergency: EmergencyEntry {
                    enabled: row.emergency_enabled,
                    policy: row.emergency_policy,
                    max: row.emergency_max,
                    who: row.emergency_who.0,
                    drill: row.emergency_drill,
                },
            };
            (row.path, entry)
        })
        .collect())
}

async fn catalogs(on: &mut PgConnection) -> Result<BTreeMap<String, CatalogEntry>, DbError> {
    let rows = sqlx::query!(
        r#"-- stored catalogs
        SELECT c.key, c.name, c.everyone, c.bundle,
               ARRAY(SELECT g.key FROM catalog_audiences ca JOIN groups g ON g.id = ca.group_id
                     WHERE ca.catalog_id = c.id) AS "audience!",
               ARRAY(SELECT a.key || '/' || e.key
                     FROM catalog_entitlements ce
                     JOIN entitlements e ON e.id = ce.entitlement_id JOIN apps a ON a.id = e.app_id
                     WHERE ce.catalog_id = c.id) AS "entitlements!"
        FROM catalogs c"#
    )
    .fetch_all(on)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let entry = CatalogEntry {
                name: row.name,
                everyone: row.everyone,
                bundle: row.bundle,
                audience: row.audience.into_iter().collect(),
                entitlements: row.entitlements.into_iter().collect(),
            };
            (row.key, entry)
        })
        .collect())
}

/// A person of the files and who they are among the stored ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The key in the files.
    pub key: String,
    /// The stored person; `None`: they are new.
    pub person: Option<PersonId>,
}

/// What to write.
#[derive(Clone, Debug)]
pub struct Writing<'a> {
    /// What changes.
    pub plan: &'a Plan,
    /// What it should be afterwards.
    pub wanted: &'a Organisation,
    /// Who the people of the files are.
    pub matches: &'a [Match],
    /// People who go by another key from now on: those of the files, and those whom only Slack knows and whose key the
    /// files need.
    pub renamed: &'a [(PersonId, String)],
    /// The hour.
    pub now: DateTime<Utc>,
}

/// Makes the stored organisation the wanted one.
///
/// # Errors
/// When the database does not answer or refuses a row; then nothing is written.
pub async fn write(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    write_people(tx, writing).await?;
    write_groups(tx, writing).await?;
    write_rotations(tx, writing).await?;
    write_policies(tx, writing).await?;
    write_apps(tx, writing).await?;
    write_entitlements(tx, writing).await?;
    write_owners(tx, writing).await?;
    write_catalogs(tx, writing).await?;
    write_settings(tx, writing).await
}

const NEW_OR_DIFFERENT: [Act; 2] = [Act::Create, Act::Change];

impl Writing<'_> {
    /// The keys of what is new or different, with what it should be.
    fn of<'w, E>(&self, thing: Thing, entries: &'w BTreeMap<String, E>) -> Vec<(&'w String, &'w E)> {
        let keys: BTreeSet<String> = self.plan.keys(thing, &NEW_OR_DIFFERENT).into_iter().collect();
        entries.iter().filter(|(key, _)| keys.contains(*key)).collect()
    }

    fn removed(&self, thing: Thing) -> Vec<String> {
        self.plan.keys(thing, &[Act::Remove])
    }
}

async fn write_people(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::Person, &writing.wanted.people);
    let known: BTreeMap<&str, i64> = writing
        .matches
        .iter()
        .filter_map(|found| found.person.map(|person| (found.key.as_str(), person.0)))
        .collect();
    let leaving = writing.removed(Thing::Person);
    sqlx::query!(
        "-- people: gone from the files
        UPDATE people SET in_files = false, manager_id = NULL, team = '' WHERE key = ANY($1) AND in_files",
        &leaving
    )
    .execute(tx.conn())
    .await?;
    let changing: Vec<i64> = changed
        .iter()
        .filter_map(|(key, _)| known.get(key.as_str()).copied())
        .collect();
    sqlx::query!(
        "-- people: roles are written anew
        DELETE FROM person_roles
        WHERE person_id = ANY($1) OR person_id IN (SELECT id FROM people WHERE key = ANY($2))",
        &changing,
        &leaving
    )
    .execute(tx.conn())
    .await?;
    // Keys and addresses are unique row by row, so all that move are freed first.
    let moving: Vec<i64> = writing.renamed.iter().map(|(person, _)| person.0).collect();
    let elsewhere: Vec<String> = writing.renamed.iter().map(|(_, key)| key.clone()).collect();
    sqlx::query!("UPDATE people SET key = 'moving-' || id WHERE id = ANY($1)", &moving)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "-- people: who goes by another key
        UPDATE people p SET key = u.key FROM UNNEST($1::bigint[], $2::text[]) AS u (id, key) WHERE p.id = u.id",
        &moving,
        &elsewhere
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("UPDATE people SET email = NULL WHERE id = ANY($1)", &changing)
        .execute(tx.conn())
        .await?;
    let columns = |pick: fn(&PersonEntry) -> &String| -> Vec<String> {
        changed.iter().map(|(_, entry)| pick(entry).clone()).collect()
    };
    let ids: Vec<Option<i64>> = changed
        .iter()
        .map(|(key, _)| known.get(key.as_str()).copied())
        .collect();
    let keys: Vec<String> = changed.iter().map(|(key, _)| (*key).clone()).collect();
    let (names, emails) = (columns(|entry| &entry.name), columns(|entry| &entry.email));
    let (titles, teams) = (columns(|entry| &entry.title), columns(|entry| &entry.team));
    sqlx::query!(
        "-- people: those known before
        UPDATE people p
        SET name = u.name, email = u.email, title = u.title, team = u.team, in_files = true
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u (id, name, email, title, team)
        WHERE p.id = u.id",
        &ids as &[Option<i64>],
        &names,
        &emails,
        &titles,
        &teams
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- people: new ones
        INSERT INTO people (key, name, email, title, team, in_files, created_at)
        SELECT u.key, u.name, u.email, u.title, u.team, true, $7
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             AS u (id, key, name, email, title, team)
        WHERE u.id IS NULL",
        &ids as &[Option<i64>],
        &keys,
        &names,
        &emails,
        &titles,
        &teams,
        writing.now
    )
    .execute(tx.conn())
    .await?;
    let managers: Vec<Option<String>> = changed.iter().map(|(_, entry)| entry.manager.clone()).collect();
    sqlx::query!(
        "-- people: managers
        UPDATE people p SET manager_id = m.id
        FROM UNNEST($1::text[], $2::text[]) AS u (key, manager) LEFT JOIN people m ON m.key = u.manager
        WHERE p.key = u.key AND p.manager_id IS DISTINCT FROM m.id",
        &keys,
        &managers as &[Option<String>]
    )
    .execute(tx.conn())
    .await?;
    let (mut of, mut roles) = (Vec::new(), Vec::new());
    for (key, entry) in &changed {
        for role in &entry.roles {
            of.push((*key).clone());
            roles.push(role.name().to_owned());
        }
    }
    sqlx::query!(
        "-- people: roles
        INSERT INTO person_roles (person_id, role)
        SELECT p.id, u.role FROM UNNEST($1::text[], $2::text[]) AS u (key, role) JOIN people p ON p.key = u.key",
        &of,
        &roles
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_groups(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::Group, &writing.wanted.groups);
    let removed = writing.removed(Thing::Group);
    let keys: Vec<String> = changed.iter().map(|(key, _)| (*key).clone()).collect();
    let names: Vec<String> = changed.iter().map(|(_, entry)| entry.name.clone()).collect();
    sqlx::query!(
        "-- groups
        INSERT INTO groups (key, name) SELECT u.key, u.name FROM UNNEST($1::text[], $2::text[]) AS u (key, name)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, active = true",
        &keys,
        &names
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("UPDATE groups SET active = false WHERE key = ANY($1)", &removed)
        .execute(tx.conn())
        .await?;
    let emptied: Vec<String> = keys.iter().chain(&removed).cloned().collect();
    sqlx::query!(
        "-- groups: members are written anew
        DELETE FROM group_members WHERE group_id IN (SELECT id FROM groups WHERE key = ANY($1))",
        &emptied
    )
    .execute(tx.conn())
    .await?;
    let (mut of, mut members) = (Vec::new(), Vec::new());
    for (key, entry) in &changed {
        for member in &entry.members {
            of.push((*key).clone());
            members.push(member.clone());
        }
    }
    sqlx::query!(
        "-- groups: members
        INSERT INTO group_members (group_id, person_id)
        SELECT g.id, p.id FROM UNNEST($1::text[], $2::text[]) AS u (key, member)
        JOIN groups g ON g.key = u.key JOIN people p ON p.key = u.member",
        &of,
        &members
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn json(what: &'static str, value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Inconsistent {
        what,
        why: error.to_string(),
    })
}

async fn write_rotations(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::Rotation, &writing.wanted.rotations);
    let keys: Vec<String> = changed.iter().map(|(key, _)| (*key).clone()).collect();
    let names: Vec<String> = changed.iter().map(|(_, entry)| entry.name.clone()).collect();
    let rosters: Vec<String> = changed
        .iter()
        .map(|(_, entry)| json("rotation", &entry.roster))
        .collect::<Result<_, _>>()?;
    let stale: Vec<i64> = changed.iter().map(|(_, entry)| entry.stale_after).collect();
    sqlx::query!(
        "-- rotations: what another roster said is forgotten, and everybody looks at once
        INSERT INTO rotations (key, name, roster, stale_after, wake_at)
        SELECT u.key, u.name, u.roster::jsonb, u.stale_after, $5
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[]) AS u (key, name, roster, stale_after)
        ON CONFLICT (key) DO UPDATE
        SET name = excluded.name, roster = excluded.roster, stale_after = excluded.stale_after, active = true,
            wake_at = excluded.wake_at,
            answered_at = CASE WHEN rotations.roster = excluded.roster THEN rotations.answered_at END,
            trouble = CASE WHEN rotations.roster = excluded.roster THEN rotations.trouble END",
        &keys,
        &names,
        &rosters,
        &stale,
        writing.now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- rotations: no longer described
        UPDATE rotations SET active = false, wake_at = NULL WHERE key = ANY($1)",
        &writing.removed(Thing::Rotation)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- rotations: an answer that is forgotten names nobody
        DELETE FROM rotation_people
        WHERE rotation_id IN (SELECT id FROM rotations WHERE answered_at IS NULL OR NOT active)"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_policies(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::Policy, &writing.wanted.policies);
    let keys: Vec<String> = changed.iter().map(|(key, _)| (*key).clone()).collect();
    let names: Vec<String> = changed.iter().map(|(_, entry)| entry.name.clone()).collect();
    let kinds: Vec<String> = changed
        .iter()
        .map(|(_, entry)| kind_word(entry.kind).to_owned())
        .collect();
    let rules: Vec<String> = changed
        .iter()
        .map(|(_, entry)| json("policy", &entry.rules))
        .collect::<Result<_, _>>()?;
    sqlx::query!(
        "-- policies: a change counts the version up, so that a frozen plan says what it was made from
        INSERT INTO policies (key, name, kind, rules)
        SELECT u.key, u.name, u.kind, u.rules::jsonb
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[]) AS u (key, name, kind, rules)
        ON CONFLICT (key) DO UPDATE
        SET name = excluded.name, kind = excluded.kind, rules = excluded.rules, active = true,
            version = policies.version + 1",
        &keys,
        &names,
        &kinds,
        &rules
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE policies SET active = false WHERE key = ANY($1)",
        &writing.removed(Thing::Policy)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_apps(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::App, &writing.wanted.apps);
    let keys: Vec<String> = changed.iter().map(|(key, _)| (*key).clone()).collect();
    let names: Vec<String> = changed.iter().map(|(_, entry)| entry.name.clone()).collect();
    let descriptions: Vec<String> = changed.iter().map(|(_, entry)| entry.description.clone()).collect();
    let connectors: Vec<String> = changed.iter().map(|(_, entry)| entry.connector.clone()).collect();
    let settings: Vec<String> = changed
        .iter()
        .map(|(_, entry)| json("app", &entry.settings))
        .collect::<Result<_, _>>()?;
    sqlx::query!(
        "-- apps
        INSERT INTO apps (key, name, description, connector, settings)
        SELECT u.key, u.name, u.description, u.connector, u.settings::jsonb
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             AS u (key, name, description, connector, settings)
        ON CONFLICT (key) DO UPDATE
        SET name = excluded.name, description = excluded.description, connector = excluded.connector,
            settings = excluded.settings, active = true",
        &keys,
        &names,
        &descriptions,
        &connectors,
        &settings
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE apps SET active = false WHERE key = ANY($1)",
        &writing.removed(Thing::App)
    )
    .execute(tx.conn())
    .await?;
    // The app's name is part of what its entitlements are found by.
    sqlx::query!(
        "-- apps: what their entitlements are found by
        UPDATE entitlements e SET search = lower(concat_ws(' ', a.name, e.resource, e.name, e.key, a.key))
        FROM apps a WHERE a.id = e.app_id AND a.key = ANY($1)",
        &keys
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_entitlements(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::Entitlement, &writing.wanted.entitlements);
    let paths: Vec<String> = changed.iter().map(|(path, _)| (*path).clone()).collect();
    let names: Vec<String> = changed.iter().map(|(_, entry)| entry.name.clone()).collect();
    let resources: Vec<Option<String>> = changed.iter().map(|(_, entry)| entry.resource.clone()).collect();
    let descriptions: Vec<String> = changed.iter().map(|(_, entry)| entry.description.clone()).collect();
    let instructions: Vec<String> = changed.iter().map(|(_, entry)| entry.instructions.clone()).collect();
    let policies: Vec<String> = changed.iter().map(|(_, entry)| entry.policy.clone()).collect();
    let lengths: Vec<String> = changed
        .iter()
        .map(|(_, entry)| json("lengths", &entry.lengths))
        .collect::<Result<_, _>>()?;
    let enabled: Vec<bool> = changed.iter().map(|(_, entry)| entry.emergency.enabled).collect();
    let emergency: Vec<Option<String>> = changed
        .iter()
        .map(|(_, entry)| entry.emergency.policy.clone())
        .collect();
    let max: Vec<Option<i64>> = changed.iter().map(|(_, entry)| entry.emergency.max).collect();
    let drill: Vec<bool> = changed.iter().map(|(_, entry)| entry.emergency.drill).collect();
    let who: Vec<String> = changed
        .iter()
        .map(|(_, entry)| json("emergency", &entry.emergency.who))
        .collect::<Result<_, _>>()?;
    let written = sqlx::query!(
        "-- entitlements
        INSERT INTO entitlements (app_id, key, name, resource, description, instructions, policy_id, lengths,
                                  emergency_enabled, emergency_policy_id, emergency_max, emergency_who, search, emergency_drill)
        SELECT a.id, split_part(u.path, '/', 2), u.name, u.resource, u.description, u.instructions, p.id,
               u.lengths::jsonb, u.enabled, ep.id, u.max, u.who::jsonb,
               lower(concat_ws(' ', a.name, u.resource, u.name, split_part(u.path, '/', 2), a.key)), u.drill
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
                    $9::text[], $10::bigint[], $11::text[], $12::bool[])
             AS u (path, name, resource, description, instructions, policy, lengths, enabled, emergency, max, who, drill)
        JOIN apps a ON a.key = split_part(u.path, '/', 1)
        JOIN policies p ON p.key = u.policy
        LEFT JOIN policies ep ON ep.key = u.emergency
        ORDER BY u.path
        ON CONFLICT (app_id, key) DO UPDATE
        SET name = excluded.name, resource = excluded.resource, description = excluded.description,
            instructions = excluded.instructions, policy_id = excluded.policy_id, lengths = excluded.lengths,
            emergency_enabled = excluded.emergency_enabled, emergency_policy_id = excluded.emergency_policy_id,
            emergency_max = excluded.emergency_max, emergency_who = excluded.emergency_who,
            emergency_drill = excluded.emergency_drill, active = true,
            search = excluded.search",
        &paths,
        &names,
        &resources as &[Option<String>],
        &descriptions,
        &instructions,
        &policies,
        &lengths,
        &enabled,
        &emergency as &[Option<String>],
        &max as &[Option<i64>],
        &who,
        &drill
    )
    .execute(tx.conn())
    .await?;
    if written.rows_affected() != paths.len() as u64 {
        let why = format!("{} of {} were written", written.rows_affected(), paths.len());
        return Err(DbError::Inconsistent {
            what: "entitlement",
            why,
        });
    }
    let removed = writing.removed(Thing::Entitlement);
    sqlx::query!(
        "-- entitlements: no longer offered
        UPDATE entitlements e SET active = false
        FROM apps a WHERE a.id = e.app_id AND a.key || '/' || e.key = ANY($1)",
        &removed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_owners(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    // Whoever owned what is no longer offered still has to take the access away, so their rows stay.
    let apps = writing.of(Thing::App, &writing.wanted.apps);
    let entitlements = writing.of(Thing::Entitlement, &writing.wanted.entitlements);
    let paths: Vec<String> = apps
        .iter()
        .map(|(key, _)| *key)
        .chain(entitlements.iter().map(|(path, _)| *path))
        .cloned()
        .collect();
    sqlx::query!(
        "-- owners are written anew
        DELETE FROM owners o
        WHERE o.app_id IN (SELECT id FROM apps WHERE key = ANY($1))
           OR o.entitlement_id IN (SELECT e.id FROM entitlements e JOIN apps a ON a.id = e.app_id
                                   WHERE a.key || '/' || e.key = ANY($1))",
        &paths
    )
    .execute(tx.conn())
    .await?;
    let owned = apps
        .iter()
        .map(|(key, entry)| (*key, None, &entry.owners))
        .chain(apps.iter().flat_map(|(key, entry)| {
            let resources = entry.resources.iter();
            resources.map(|(resource, owners)| (*key, Some(resource.clone()), owners))
        }))
        .chain(entitlements.iter().map(|(path, entry)| (*path, None, &entry.owners)));
    let (mut of, mut resources, mut people, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (path, resource, owners) in owned {
        for owner in owners {
            of.push(path.clone());
            resources.push(resource.clone());
            let (person, group) = match owner {
                Owner::Person(key) => (Some(key.clone()), None),
                Owner::Group(key) => (None, Some(key.clone())),
            };
            people.push(person);
            groups.push(group);
        }
    }
    sqlx::query!(
        "-- owners
        INSERT INTO owners (app_id, entitlement_id, resource, person_id, group_id)
        SELECT CASE WHEN e.id IS NULL THEN a.id END, e.id, u.resource, p.id, g.id
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[]) AS u (path, person, team, resource)
        JOIN apps a ON a.key = split_part(u.path, '/', 1)
        LEFT JOIN entitlements e ON e.app_id = a.id AND e.key = nullif(split_part(u.path, '/', 2), '')
        LEFT JOIN people p ON p.key = u.person
        LEFT JOIN groups g ON g.key = u.team",
        &of,
        &people as &[Option<String>],
        &groups as &[Option<String>],
        &resources as &[Option<String>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_catalogs(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let changed = writing.of(Thing::Catalog, &writing.wanted.catalogs);
    let keys: Vec<String> = changed.iter().map(|(key, _)| (*key).clone()).collect();
    let names: Vec<String> = changed.iter().map(|(_, entry)| entry.name.clone()).collect();
    let everyone: Vec<bool> = changed.iter().map(|(_, entry)| entry.everyone).collect();
    let bundles: Vec<bool> = changed.iter().map(|(_, entry)| entry.bundle).collect();
    sqlx::query!(
        "-- catalogs
        INSERT INTO catalogs (key, name, everyone, bundle)
        SELECT u.key, u.name, u.everyone, u.bundle
        FROM UNNEST($1::text[], $2::text[], $3::bool[], $4::bool[]) AS u (key, name, everyone, bundle)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, everyone = excluded.everyone, bundle = excluded.bundle",
        &keys,
        &names,
        &everyone,
        &bundles
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM catalogs WHERE key = ANY($1)",
        &writing.removed(Thing::Catalog)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- catalogs: what is in them is written anew
        DELETE FROM catalog_entitlements WHERE catalog_id IN (SELECT id FROM catalogs WHERE key = ANY($1))",
        &keys
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "-- catalogs: who sees them is written anew
        DELETE FROM catalog_audiences WHERE catalog_id IN (SELECT id FROM catalogs WHERE key = ANY($1))",
        &keys
    )
    .execute(tx.conn())
    .await?;
    let pairs = |pick: fn(&CatalogEntry) -> &BTreeSet<String>| -> (Vec<String>, Vec<String>) {
        changed
            .iter()
            .flat_map(|(key, entry)| pick(entry).iter().map(|other| ((*key).clone(), other.clone())))
            .unzip()
    };
    let (of, paths) = pairs(|entry| &entry.entitlements);
    sqlx::query!(
        "-- catalogs: entitlements
        INSERT INTO catalog_entitlements (catalog_id, entitlement_id)
        SELECT c.id, e.id FROM UNNEST($1::text[], $2::text[]) AS u (key, path)
        JOIN catalogs c ON c.key = u.key
        JOIN apps a ON a.key = split_part(u.path, '/', 1)
        JOIN entitlements e ON e.app_id = a.id AND e.key = split_part(u.path, '/', 2)",
        &of,
        &paths
    )
    .execute(tx.conn())
    .await?;
    let (of, groups) = pairs(|entry| &entry.audience);
    sqlx::query!(
        "-- catalogs: audiences
        INSERT INTO catalog_audiences (catalog_id, group_id)
        SELECT c.id, g.id FROM UNNEST($1::text[], $2::text[]) AS u (key, audience)
        JOIN catalogs c ON c.key = u.key JOIN groups g ON g.key = u.audience",
        &of,
        &groups
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn write_settings(tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), DbError> {
    let (names, values): (Vec<String>, Vec<String>) = writing
        .of(Thing::Setting, &writing.wanted.settings)
        .into_iter()
        .map(|(name, entry)| (name.clone(), entry.value.clone()))
        .unzip();
    sqlx::query!(
        "-- settings
        INSERT INTO organisation_settings (name, value) SELECT * FROM UNNEST($1::text[], $2::text[])
        ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &names,
        &values
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM organisation_settings WHERE name = ANY($1)",
        &writing.removed(Thing::Setting)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what was changed, when and by whom.
///
/// # Errors
/// When the database does not answer.
pub async fn record(tx: &mut Tx<'_>, plan: &Plan, actor: &str, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- record a change of the catalog
        INSERT INTO catalog_changes (at, actor, plan) VALUES ($1, $2, $3)",
        now,
        actor,
        Json(plan) as Json<&Plan>
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The open requests that a change concerns: those for what is no longer offered, and, where people, groups or owners
/// have changed (`deciders`), all of them.
///
/// # Errors
/// When the database does not answer.
pub async fn affected_requests(tx: &mut Tx<'_>, deciders: bool) -> Result<Vec<RequestId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- affected_requests
        SELECT r.id FROM requests r JOIN entitlements e ON e.id = r.entitlement_id JOIN apps a ON a.id = e.app_id
        WHERE r.state = 'open' AND ($1 OR NOT e.active OR NOT a.active) ORDER BY r.id",
        deciders
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Open requests that follow one of these policies. Their rows are held still, so that something can be said in their
/// conversations.
///
/// # Errors
/// When the database does not answer.
pub async fn following(tx: &mut Tx<'_>, policies: &[String]) -> Result<Vec<RequestId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- open requests that follow a policy
        SELECT id FROM requests WHERE state = 'open' AND policy ->> 0 = ANY($1) ORDER BY id FOR UPDATE",
        policies
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Live grants of what is no longer offered.
///
/// # Errors
/// When the database does not answer.
pub async fn affected_grants(tx: &mut Tx<'_>) -> Result<Vec<GrantId>, DbError> {
    let ids = sqlx::query_scalar!(
        "-- affected_grants
        SELECT g.id FROM grants g JOIN entitlements e ON e.id = g.entitlement_id JOIN apps a ON a.id = e.app_id
        WHERE g.state IN ('provisioning', 'active', 'failed') AND NOT (e.active AND a.active) ORDER BY g.id"
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(GrantId).collect())
}

/// Has these open requests and live grants looked at again, by whoever minds the time, as soon as this transaction is
/// through.
///
/// # Errors
/// When the database does not answer.
pub async fn look_again(
    tx: &mut Tx<'_>,
    requests: &[RequestId],
    grants: &[GrantId],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let requests: Vec<i64> = requests.iter().map(|id| id.0).collect();
    let grants: Vec<i64> = grants.iter().map(|id| id.0).collect();
    sqlx::query!(
        "-- look again at what a change of the catalog concerns
        WITH looked AS (UPDATE grants SET wake_at = $3 WHERE id = ANY($2))
        UPDATE requests SET wake_at = $3 WHERE id = ANY($1) AND state = 'open'",
        &requests,
        &grants,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
