//! What a decision depends on, in one query: people, groups, owners, as they are inside the caller's transaction. Rotations
//! are read before, where a plan names any: whoever is on call is one of the people.

use super::{Db, DbError, Tx, rotations};
use crate::domain::{
    catalog::Entitlement,
    facts::{Away, Facts},
    ids::PersonId,
    person::{Kind, Person, Role, Standing},
    rotation::Roster,
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Whom a question concerns.
#[derive(Clone, Debug)]
pub struct Concerned<'a> {
    /// The requester.
    pub requester: PersonId,
    /// The subject.
    pub subject: PersonId,
    /// Others whose names are needed: earlier approvers, the person who acts.
    pub others: Vec<PersonId>,
    /// People that the plan or policy names, by key.
    pub keys: Vec<&'a str>,
    /// Groups that it names, by key.
    pub groups: Vec<&'a str>,
    /// Rotations that it names, by key.
    pub rotations: Vec<&'a str>,
    /// The hour.
    pub now: DateTime<Utc>,
}

struct Row {
    role: String,
    group_key: Option<String>,
    id: i64,
    key: String,
    name: String,
    standing: String,
    kind: String,
    manager_id: Option<i64>,
    title: String,
    team: String,
    roles: Vec<String>,
    away: bool,
    delegate_id: Option<i64>,
}

/// Loads the facts inside a transaction.
///
/// # Errors
/// The database's.
pub async fn load(tx: &mut Tx<'_>, concerned: &Concerned<'_>, entitlement: Entitlement) -> Result<Facts, DbError> {
    load_with(tx.conn(), concerned, entitlement).await
}

/// Loads the facts for showing something.
///
/// # Errors
/// The database's.
pub async fn glance(db: &Db, concerned: &Concerned<'_>, entitlement: Entitlement) -> Result<Facts, DbError> {
    let mut connection = db.pool().acquire().await?;
    load_with(&mut connection, concerned, entitlement).await
}

async fn load_with(
    on: &mut PgConnection,
    concerned: &Concerned<'_>,
    entitlement: Entitlement,
) -> Result<Facts, DbError> {
    let on_call = on_call(on, concerned).await?;
    let rows = rows(on, concerned, &on_call, &entitlement).await?;
    let mut facts = gather(rows, entitlement)?;
    facts.on_call = on_call
        .into_iter()
        .map(|(key, found)| (key, found.map(|on_call| on_call.people(&facts))))
        .collect();
    Ok(facts)
}

/// The group that decides when nobody else can; where it has no members, the super admins do.
pub use crate::domain::organisation::LAST_RESORT;

/// Who is on call: by the files, by key; by a service, by number.
enum OnCall {
    Keys(Vec<String>),
    People(Vec<PersonId>),
}

impl OnCall {
    fn people(self, facts: &Facts) -> Vec<PersonId> {
        match self {
            Self::People(people) => people,
            Self::Keys(keys) => {
                let known = |key: &String| facts.people.values().find(|person| person.key == *key);
                keys.iter().filter_map(known).map(|person| person.id).collect()
            }
        }
    }
}

async fn on_call(
    on: &mut PgConnection,
    concerned: &Concerned<'_>,
) -> Result<BTreeMap<String, Result<OnCall, String>>, DbError> {
    if concerned.rotations.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys: Vec<String> = concerned.rotations.iter().map(|key| (*key).to_owned()).collect();
    let now = concerned.now;
    let found = rotations::by_keys(on, &keys).await?.into_iter().map(|stored| {
        let rotation = stored.rotation;
        let on_call = match &rotation.roster {
            Roster::Service(_) => rotation.trusted(&stored.remembered, now).map(OnCall::People),
            roster @ (Roster::Shifts(_) | Roster::Turns { .. }) => Ok(OnCall::Keys(
                roster.on_call(now).into_iter().map(str::to_owned).collect(),
            )),
        };
        (rotation.key, on_call)
    });
    Ok(found.collect())
}

async fn rows(
    on: &mut PgConnection,
    concerned: &Concerned<'_>,
    on_call: &BTreeMap<String, Result<OnCall, String>>,
    entitlement: &Entitlement,
) -> Result<Vec<Row>, DbError> {
    let own = [concerned.requester.0, concerned.subject.0];
    let mut ids: Vec<i64> = own.to_vec();
    ids.extend(concerned.others.iter().map(|person| person.0));
    let mut keys: Vec<String> = concerned.keys.iter().map(|key| (*key).to_owned()).collect();
    for found in on_call.values().flatten() {
        match found {
            OnCall::Keys(more) => keys.extend(more.iter().cloned()),
            OnCall::People(people) => ids.extend(people.iter().map(|person| person.0)),
        }
    }
    let groups: Vec<String> = concerned.groups.iter().map(|key| (*key).to_owned()).collect();
    Ok(sqlx::query_as!(
        Row,
        r#"-- load the facts
         WITH RECURSIVE line (id) AS (
             SELECT manager_id FROM people WHERE id = ANY($2)
             UNION SELECT p.manager_id FROM line l JOIN people p ON p.id = l.id),
         named (role, group_key, person_id) AS (
             SELECT 'person', NULL::text, id FROM people WHERE id = ANY($1)
             UNION ALL SELECT 'person', NULL, id FROM people WHERE key = ANY($3)
             UNION ALL SELECT 'person', NULL, id FROM line
             UNION ALL SELECT 'group', g.key, m.person_id
                         FROM groups g JOIN group_members m ON m.group_id = g.id WHERE g.key = ANY($4)
             UNION ALL SELECT 'member', g.key, m.person_id
                         FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.person_id = ANY($2)
             UNION ALL SELECT CASE WHEN o.resource IS NULL THEN 'app_owner' ELSE 'resource_owner' END, NULL,
                              coalesce(o.person_id, m.person_id)
                         FROM owners o LEFT JOIN group_members m ON m.group_id = o.group_id
                        WHERE o.app_id = $5 AND (o.resource IS NULL OR o.resource = $8)
             UNION ALL SELECT 'entitlement_owner', NULL, coalesce(o.person_id, m.person_id)
                         FROM owners o LEFT JOIN group_members m ON m.group_id = o.group_id WHERE o.entitlement_id = $6
             UNION ALL SELECT 'last_resort', NULL, m.person_id
                         FROM groups g JOIN group_members m ON m.group_id = g.id WHERE g.key = $7
             UNION ALL SELECT 'super_admin', NULL, person_id FROM person_roles WHERE role = 'super_admin'),
         away (person_id, delegate_id) AS (
             SELECT DISTINCT ON (person_id) person_id, delegate_id FROM absences
              WHERE ended_at IS NULL AND from_at <= $9 AND until_at > $9 ORDER BY person_id, delegate_id IS NULL),
         -- Whoever stands in for somebody who is away, and for whoever stands in.
         standing_in (id) AS (
             SELECT a.delegate_id FROM named n JOIN away a ON a.person_id = n.person_id
             UNION SELECT a.delegate_id FROM standing_in s JOIN away a ON a.person_id = s.id),
         all_of_them (role, group_key, person_id) AS (
             SELECT * FROM named UNION ALL SELECT 'person', NULL, id FROM standing_in)
         SELECT n.role AS "role!", n.group_key, p.id, p.key, p.name, p.standing, p.kind, p.manager_id, p.team,
                -- People write their Slack profile themselves: a title decides only where the files say it.
                CASE WHEN p.in_files THEN p.title ELSE '' END AS "title!",
                ARRAY(SELECT r.role FROM person_roles r WHERE r.person_id = p.id) AS "roles!",
                a.person_id IS NOT NULL AS "away!", a.delegate_id AS "delegate_id?"
           FROM all_of_them n
                -- Each is looked up: how many they are cannot be guessed, and a plan for many would read everyone.
                CROSS JOIN LATERAL (SELECT * FROM people WHERE id = n.person_id OFFSET 0) p
                LEFT JOIN away a ON a.person_id = p.id
          ORDER BY p.name, p.id"#,
        &ids,
        &own,
        &keys,
        &groups,
        entitlement.app.id.0,
        entitlement.id.0,
        LAST_RESORT,
        entitlement.resource,
        concerned.now
    )
    .fetch_all(on)
    .await?)
}

fn gather(rows: Vec<Row>, entitlement: Entitlement) -> Result<Facts, DbError> {
    let mut people = BTreeMap::new();
    let mut away = BTreeMap::new();
    let mut groups: BTreeMap<String, Vec<PersonId>> = BTreeMap::new();
    let mut members: Vec<(PersonId, String)> = Vec::new();
    let (mut app_owners, mut resource_owners, mut entitlement_owners) = (vec![], vec![], vec![]);
    let (mut last_resort, mut super_admins) = (vec![], vec![]);
    for row in rows {
        let id = PersonId(row.id);
        let add = |list: &mut Vec<PersonId>| {
            if !list.contains(&id) {
                list.push(id)
            }
        };
        match row.role.as_str() {
            "group" => add(groups.entry(row.group_key.clone().unwrap_or_default()).or_default()),
            "member" => members.push((id, row.group_key.clone().unwrap_or_default())),
            "app_owner" => add(&mut app_owners),
            "resource_owner" => add(&mut resource_owners),
            "entitlement_owner" => add(&mut entitlement_owners),
            "last_resort" => add(&mut last_resort),
            "super_admin" => add(&mut super_admins),
            _ => {}
        }
        if row.away {
            let delegate = row.delegate_id.map(PersonId);
            away.insert(id, Away { delegate });
        }
        people.insert(id, person(row)?);
    }
    Ok(Facts {
        people,
        groups,
        members,
        app_owners,
        resource_owners,
        entitlement_owners,
        on_call: BTreeMap::new(),
        away,
        last_resort,
        entitlement,
    }
    .or_else_asked(super_admins))
}

fn person(row: Row) -> Result<Person, DbError> {
    let standing = match row.standing.as_str() {
        "active" => Standing::Active,
        "suspended" => Standing::Suspended,
        "deleted" => Standing::Deleted,
        other => {
            return Err(DbError::Inconsistent {
                what: "people.standing",
                why: other.to_owned(),
            });
        }
    };
    let kind = match row.kind.as_str() {
        "employee" => Kind::Employee,
        "guest" => Kind::Guest,
        "bot" => Kind::Bot,
        other => {
            return Err(DbError::Inconsistent {
                what: "people.kind",
                why: other.to_owned(),
            });
        }
    };
    Ok(Person {
        id: PersonId(row.id),
        key: row.key,
        name: row.name,
        standing,
        kind,
        manager: row.manager_id.map(PersonId),
        title: row.title,
        team: row.team,
        roles: row.roles.iter().filter_map(|role| Role::from_name(role)).collect(),
    })
}
