//! People: who they are, what they may do, which groups they are in, and who they are in Slack.
//!
//! Readers come in pairs where both are needed: `person(db, …)` on the pool, `person_in(tx, …)` in a transaction whose
//! decision depends on the answer.

use super::{Db, DbError, Tx, together::place};
use crate::domain::{
    ids::PersonId,
    person::{Kind, Person, Role, Standing},
};
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use std::collections::{BTreeMap, HashMap};

/// A row of `people` with the names of the person's roles.
pub(in crate::db) struct PersonRow {
    pub(in crate::db) id: i64,
    pub(in crate::db) key: String,
    pub(in crate::db) name: String,
    pub(in crate::db) standing: String,
    pub(in crate::db) kind: String,
    pub(in crate::db) manager_id: Option<i64>,
    pub(in crate::db) title: String,
    pub(in crate::db) team: String,
    pub(in crate::db) roles: Vec<String>,
}

impl TryFrom<PersonRow> for Person {
    type Error = DbError;

    fn try_from(row: PersonRow) -> Result<Self, DbError> {
        let odd = |why: String| DbError::Inconsistent { what: "person", why };
        Ok(Self {
            id: PersonId(row.id),
            standing: standing(&row.standing)?,
            kind: kind(&row.kind)?,
            manager: row.manager_id.map(PersonId),
            roles: row
                .roles
                .iter()
                .map(|name| Role::from_name(name).ok_or_else(|| odd(format!("the role {name} is unknown"))))
                .collect::<Result<_, _>>()?,
            key: row.key,
            name: row.name,
            title: row.title,
            team: row.team,
        })
    }
}

/// Reads the word of the column `standing`.
pub(in crate::db) fn standing(word: &str) -> Result<Standing, DbError> {
    match word {
        "active" => Ok(Standing::Active),
        "suspended" => Ok(Standing::Suspended),
        "deleted" => Ok(Standing::Deleted),
        _ => Err(DbError::Inconsistent {
            what: "person",
            why: format!("the standing {word} is unknown"),
        }),
    }
}

/// The word of the column `standing`.
pub(in crate::db) fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
        Standing::Deleted => "deleted",
    }
}

/// Reads the word of the column `kind`.
pub(in crate::db) fn kind(word: &str) -> Result<Kind, DbError> {
    match word {
        "employee" => Ok(Kind::Employee),
        "guest" => Ok(Kind::Guest),
        "bot" => Ok(Kind::Bot),
        _ => Err(DbError::Inconsistent {
            what: "person",
            why: format!("the kind {word} is unknown"),
        }),
    }
}

/// The word of the column `kind`.
pub(in crate::db) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Employee => "employee",
        Kind::Guest => "guest",
        Kind::Bot => "bot",
    }
}

/// These people, as far as they exist, by number.
///
/// # Errors
/// When the database does not answer, or a row cannot be read.
pub async fn people_by_ids(db: &Db, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, DbError> {
    let read = async |all: Vec<Vec<PersonId>>| {
        let mut wanted = all.concat();
        wanted.sort_unstable();
        wanted.dedup();
        let found = people_by_ids_with(db.pool(), &wanted).await?;
        let of = |id: &PersonId| found.get(id).map(|person| (*id, person.clone()));
        Ok(all.iter().map(|ids| ids.iter().filter_map(of).collect()).collect())
    };
    db.questions.people.ask(ids.to_vec(), read).await
}

/// [`people_by_ids`] in a transaction.
///
/// # Errors
/// As there.
pub async fn people_by_ids_in(tx: &mut Tx<'_>, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, DbError> {
    people_by_ids_with(tx.conn(), ids).await
}

async fn people_by_ids_with(on: impl PgExecutor<'_>, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        PersonRow,
        r#"-- people_by_ids
        SELECT p.id, p.key, p.name, p.standing, p.kind, p.manager_id, p.title, p.team,
               ARRAY(SELECT role FROM person_roles WHERE person_id = p.id) AS "roles!"
        FROM people p WHERE p.id = ANY($1)"#,
        &ids
    )
    .fetch_all(on)
    .await?;
    rows.into_iter()
        .map(|row| Person::try_from(row).map(|person| (person.id, person)))
        .collect()
}

/// Everyone, by number.
///
/// # Errors
/// As [`people_by_ids`].
pub async fn everyone(db: &Db) -> Result<BTreeMap<PersonId, Person>, DbError> {
    let rows = sqlx::query_as!(
        PersonRow,
        r#"-- everyone
        SELECT p.id, p.key, p.name, p.standing, p.kind, p.manager_id, p.title, p.team,
               ARRAY(SELECT role FROM person_roles WHERE person_id = p.id) AS "roles!"
        FROM people p"#
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| Person::try_from(row).map(|person| (person.id, person)))
        .collect()
}

/// This person.
///
/// # Errors
/// As [`people_by_ids`].
pub async fn person(db: &Db, id: PersonId) -> Result<Option<Person>, DbError> {
    Ok(people_by_ids(db, &[id]).await?.remove(&id))
}

/// The time zone that somebody has in Slack (its IANA name).
///
/// # Errors
/// The database's.
pub async fn zone(db: &Db, person: PersonId) -> Result<Option<String>, DbError> {
    let zone = sqlx::query_scalar!(
        "-- read somebody's time zone\nSELECT tz FROM slack_identities WHERE person_id = $1",
        person.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(zone.flatten())
}

/// The person with this short name.
///
/// # Errors
/// As [`people_by_ids`].
pub async fn person_by_key(db: &Db, key: &str) -> Result<Option<Person>, DbError> {
    sqlx::query_as!(
        PersonRow,
        r#"-- person_by_key
        SELECT p.id, p.key, p.name, p.standing, p.kind, p.manager_id, p.title, p.team,
               ARRAY(SELECT role FROM person_roles WHERE person_id = p.id) AS "roles!"
        FROM people p WHERE p.key = $1"#,
        key
    )
    .fetch_optional(db.pool())
    .await?
    .map(Person::try_from)
    .transpose()
}

/// Has this person anybody under them?
///
/// # Errors
/// When the database does not answer.
pub async fn has_reports(db: &Db, person: PersonId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- has_reports
        SELECT EXISTS (SELECT FROM people WHERE manager_id = $1 AND standing = 'active') AS "has!""#,
        person.0
    )
    .fetch_one(db.pool())
    .await?)
}

/// Has `manager` this person among their people, however far down?
///
/// # Errors
/// When the database does not answer.
pub async fn manages(db: &Db, manager: PersonId, person: PersonId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- manages
        WITH RECURSIVE above (id) AS (
            SELECT manager_id FROM people WHERE id = $2
            UNION SELECT p.manager_id FROM above a JOIN people p ON p.id = a.id)
        SELECT EXISTS (SELECT FROM above WHERE id = $1) AS "manages!""#,
        manager.0,
        person.0
    )
    .fetch_one(db.pool())
    .await?)
}

/// The keys of the groups that a person is in.
///
/// # Errors
/// When the database does not answer.
pub async fn groups_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- groups_of
        SELECT g.key FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.person_id = $1 ORDER BY g.key",
        person.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The person behind a Slack account of this workspace.
///
/// # Errors
/// When the database does not answer, or a row cannot be read.
pub async fn by_slack(db: &Db, team: &str, user: &str) -> Result<Option<Person>, DbError> {
    let read = |accounts| by_slack_with(db.pool(), accounts);
    let account = (team.to_owned(), user.to_owned());
    db.questions.identities.ask(account, read).await
}

/// The accounts of everyone who takes part; those who are asked for something come first.
///
/// # Errors
/// The database's.
pub async fn accounts(db: &Db, team: &str) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- list the accounts of a workspace
         SELECT s.user_id FROM slack_identities s JOIN people p ON p.id = s.person_id
          WHERE s.team_id = $1 AND p.standing = 'active'
          ORDER BY EXISTS (SELECT FROM request_approvers a WHERE a.person_id = s.person_id) DESC, s.user_id",
        team
    )
    .fetch_all(db.pool())
    .await?)
}

async fn by_slack_with(
    on: impl PgExecutor<'_>,
    accounts: Vec<(String, String)>,
) -> Result<Vec<Option<Person>>, DbError> {
    let (teams, users): (Vec<String>, Vec<String>) = accounts.into_iter().unzip();
    let rows = sqlx::query!(
        r#"-- by_slack
        SELECT a.nth AS "nth!", p.id, p.key, p.name, p.standing, p.kind, p.manager_id, p.title, p.team,
               ARRAY(SELECT role FROM person_roles WHERE person_id = p.id) AS "roles!"
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a (team_id, user_id, nth)
        JOIN slack_identities s ON s.team_id = a.team_id AND s.user_id = a.user_id
        JOIN people p ON p.id = s.person_id"#,
        &teams,
        &users
    )
    .fetch_all(on)
    .await?;
    let mut people = vec![None; users.len()];
    for row in rows {
        let person = PersonRow {
            id: row.id,
            key: row.key,
            name: row.name,
            standing: row.standing,
            kind: row.kind,
            manager_id: row.manager_id,
            title: row.title,
            team: row.team,
            roles: row.roles,
        };
        place(row.nth, &mut people, Person::try_from(person)?);
    }
    Ok(people)
}

/// The Slack accounts of these people in this workspace: person, user id, and the channel of their DM if it is known.
///
/// # Errors
/// When the database does not answer.
pub async fn slack_user_of(db: &Db, team: &str, people: &[PersonId]) -> Result<Vec<SlackAccount>, DbError> {
    let read = |all| slack_users_of(db.pool(), all);
    db.questions
        .accounts
        .ask((team.to_owned(), people.to_vec()), read)
        .await
}

/// A person's account in a workspace: who, Slack's user id, and their conversation with us if it is known.
pub type SlackAccount = (PersonId, String, Option<String>);

async fn slack_users_of(
    on: impl PgExecutor<'_>,
    all: Vec<(String, Vec<PersonId>)>,
) -> Result<Vec<Vec<SlackAccount>>, DbError> {
    let mut wanted: Vec<(&str, i64)> = all
        .iter()
        .flat_map(|(team, people)| people.iter().map(|person| (team.as_str(), person.0)))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let (teams, ids): (Vec<String>, Vec<i64>) = wanted.into_iter().map(|(team, id)| (team.to_owned(), id)).unzip();
    let rows = sqlx::query!(
        "-- slack_user_of
        SELECT s.team_id, s.person_id, s.user_id, s.dm_channel
        FROM unnest($1::text[], $2::bigint[]) AS wanted (team_id, person_id)
        JOIN slack_identities s ON s.team_id = wanted.team_id AND s.person_id = wanted.person_id",
        &teams,
        &ids
    )
    .fetch_all(on)
    .await?;
    let found: HashMap<(&str, i64), SlackAccount> = rows
        .iter()
        .map(|row| {
            let account = (PersonId(row.person_id), row.user_id.clone(), row.dm_channel.clone());
            ((row.team_id.as_str(), row.person_id), account)
        })
        .collect();
    let of = |(team, people): &(String, Vec<PersonId>)| {
        let account = |person: &PersonId| found.get(&(team.as_str(), person.0)).cloned();
        people.iter().filter_map(account).collect()
    };
    Ok(all.iter().map(of).collect())
}

/// The pictures of these people, as addresses, where there are some.
///
/// # Errors
/// When the database does not answer.
pub async fn pictures(db: &Db, people: &[PersonId]) -> Result<HashMap<PersonId, String>, DbError> {
    let ids: Vec<i64> = people.iter().map(|person| person.0).collect();
    let rows = sqlx::query!(
        r#"-- pictures
        SELECT person_id, avatar AS "avatar!" FROM slack_identities WHERE person_id = ANY($1) AND avatar IS NOT NULL"#,
        &ids
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PersonId(row.person_id), row.avatar))
        .collect())
}

/// The people behind these accounts of a workspace, as far as they are known.
///
/// # Errors
/// When the database does not answer.
pub async fn by_accounts(db: &Db, team: &str, users: &[String]) -> Result<HashMap<String, PersonId>, DbError> {
    let rows = sqlx::query!(
        "-- people by accounts
        SELECT user_id, person_id FROM slack_identities WHERE team_id = $1 AND user_id = ANY($2)",
        team,
        users
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_id, PersonId(row.person_id)))
        .collect())
}

/// Binds a Slack account to a person: once, and for good.
///
/// # Errors
/// [`DbError::Constraint`] when the account or the person is bound already.
pub async fn link_slack(
    tx: &mut Tx<'_>,
    team: &str,
    user: &str,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "-- link_slack
        INSERT INTO slack_identities (team_id, user_id, person_id, linked_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
        team,
        user,
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers the channel of somebody's DM with us.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_dm_channel(tx: &mut Tx<'_>, team: &str, channel: &str) -> Result<bool, DbError> {
    let forgotten = sqlx::query!(
        "-- forget_dm_channel
        UPDATE slack_identities SET dm_channel = NULL WHERE team_id = $1 AND dm_channel = $2",
        team,
        channel
    )
    .execute(tx.conn())
    .await?;
    Ok(forgotten.rows_affected() > 0)
}

/// Remembers the conversation between the app and a person.
///
/// # Errors
/// When the database does not answer.
pub async fn set_dm_channel(tx: &mut Tx<'_>, team: &str, user: &str, channel: &str) -> Result<(), DbError> {
    sqlx::query!(
        "-- set_dm_channel
        UPDATE slack_identities SET dm_channel = $3
        WHERE team_id = $1 AND user_id = $2 AND dm_channel IS DISTINCT FROM $3",
        team,
        user,
        channel
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What Slack says of somebody, in our words. Only what may be believed: no e-mail address that is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The account.
    pub user: String,
    /// A short name for them, should they be new; made unique when they are created.
    pub key: String,
    /// Their name.
    pub name: String,
    /// Their confirmed e-mail address.
    pub email: Option<String>,
    /// Are they at work here?
    pub standing: Standing,
    /// What sort of account it is.
    pub kind: Kind,
    /// Job title; empty if not said.
    pub title: String,
    /// Time zone.
    pub tz: Option<String>,
    /// Address of their picture.
    pub avatar: Option<String>,
}

/// A bound account, with what is stored of its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub person: PersonId,
    /// What is stored, in the same form as what Slack says.
    pub stored: Profile,
    /// Do the files describe the person?
    pub in_files: bool,
    /// When Slack was last heard about them.
    pub seen_at: DateTime<Utc>,
}

/// Waits until no other transaction binds Slack accounts, and keeps others from it until this one ends: two replicas
/// that hear of the same newcomer make one person.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_linking(tx: &mut Tx<'_>) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('link_slack'))")
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// The accounts among `users` that are bound.
///
/// # Errors
/// When the database does not answer, or a row cannot be read.
pub async fn accounts_in(tx: &mut Tx<'_>, team: &str, users: &[String]) -> Result<Vec<Account>, DbError> {
    let rows = sqlx::query!(
        "-- accounts
        SELECT s.user_id, s.person_id, s.tz, s.avatar, s.seen_at, p.key, p.name, p.email, p.standing, p.kind, p.title,
               p.in_files
        FROM slack_identities s JOIN people p ON p.id = s.person_id
        WHERE s.team_id = $1 AND s.user_id = ANY($2)",
        team,
        users
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Account {
                person: PersonId(row.person_id),
                stored: Profile {
                    user: row.user_id,
                    key: row.key,
                    name: row.name,
                    email: row.email,
                    standing: standing(&row.standing)?,
                    kind: kind(&row.kind)?,
                    title: row.title,
                    tz: row.tz,
                    avatar: row.avatar,
                },
                in_files: row.in_files,
                seen_at: row.seen_at,
            })
        })
        .collect()
}

/// Who has one of these e-mail addresses (in lower case): the address, the person, and whether a Slack account is
/// bound to them.
///
/// # Errors
/// When the database does not answer.
pub async fn by_email_in(tx: &mut Tx<'_>, emails: &[String]) -> Result<Vec<(String, PersonId, bool)>, DbError> {
    let rows = sqlx::query!(
        r#"-- by_email
        SELECT lower(p.email) AS "email!", p.id,
               EXISTS (SELECT FROM slack_identities s WHERE s.person_id = p.id) AS "bound!"
        FROM people p WHERE lower(p.email) = ANY($1)"#,
        emails
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.email, PersonId(row.id), row.bound))
        .collect())
}

/// The keys in use that are one of `keys`, with or without a number at the end (`ana`, `ana-2`).
///
/// # Errors
/// When the database does not answer.
pub async fn keys_like_in(tx: &mut Tx<'_>, keys: &[String]) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "-- keys_like
        SELECT key FROM people WHERE key = ANY($1) OR regexp_replace(key, '-[0-9]+$', '') = ANY($1)",
        keys
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Makes people of Slack's profiles (with keys that are free) and returns their numbers, in the same order.
///
/// # Errors
/// When the database does not answer, or a key or an address is in use.
pub async fn create_from_slack(
    tx: &mut Tx<'_>,
    profiles: &[&Profile],
    now: DateTime<Utc>,
) -> Result<Vec<PersonId>, DbError> {
    let keys: Vec<String> = profiles.iter().map(|profile| profile.key.clone()).collect();
    let names: Vec<String> = profiles.iter().map(|profile| profile.name.clone()).collect();
    let emails: Vec<Option<String>> = profiles.iter().map(|profile| profile.email.clone()).collect();
    let standings: Vec<String> = profiles
        .iter()
        .map(|profile| standing_word(profile.standing).to_owned())
        .collect();
    let kinds: Vec<String> = profiles
        .iter()
        .map(|profile| kind_word(profile.kind).to_owned())
        .collect();
    let titles: Vec<String> = profiles.iter().map(|profile| profile.title.clone()).collect();
    let rows = sqlx::query!(
        "-- create_from_slack
        INSERT INTO people (key, name, email, standing, kind, title, created_at)
        SELECT u.key, u.name, u.email, u.standing, u.kind, u.title, $7
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             AS u (key, name, email, standing, kind, title)
        RETURNING id, key",
        &keys,
        &names,
        &emails as &[Option<String>],
        &standings,
        &kinds,
        &titles,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    let made: BTreeMap<String, i64> = rows.into_iter().map(|row| (row.key, row.id)).collect();
    keys.iter()
        .map(|key| {
            made.get(key)
                .map(|id| PersonId(*id))
                .ok_or_else(|| DbError::Inconsistent {
                    what: "person",
                    why: format!("{key} was made and is not there"),
                })
        })
        .collect()
}

/// Binds Slack accounts to people, many at once; see [`link_slack`].
///
/// # Errors
/// [`DbError::Constraint`] when an account or a person is bound already.
pub async fn bind_in(
    tx: &mut Tx<'_>,
    team: &str,
    bindings: &[(PersonId, &Profile)],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let people: Vec<i64> = bindings.iter().map(|(person, _)| person.0).collect();
    let users: Vec<String> = bindings.iter().map(|(_, profile)| profile.user.clone()).collect();
    let zones: Vec<Option<String>> = bindings.iter().map(|(_, profile)| profile.tz.clone()).collect();
    let avatars: Vec<Option<String>> = bindings.iter().map(|(_, profile)| profile.avatar.clone()).collect();
    sqlx::query!(
        "-- bind
        INSERT INTO slack_identities (team_id, user_id, person_id, linked_at, seen_at, avatar, tz)
        SELECT $1, u.user_id, u.person_id, $6, $6, u.avatar, u.tz
        FROM UNNEST($2::text[], $3::bigint[], $4::text[], $5::text[]) AS u (user_id, person_id, avatar, tz)",
        team,
        &users,
        &people,
        &avatars as &[Option<String>],
        &zones as &[Option<String>],
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores what Slack says of people who are bound.
///
/// # Errors
/// When the database does not answer, or an address is in use.
pub async fn store_profiles(tx: &mut Tx<'_>, profiles: &[(PersonId, Profile)]) -> Result<(), DbError> {
    let people: Vec<i64> = profiles.iter().map(|(person, _)| person.0).collect();
    let names: Vec<String> = profiles.iter().map(|(_, profile)| profile.name.clone()).collect();
    let emails: Vec<Option<String>> = profiles.iter().map(|(_, profile)| profile.email.clone()).collect();
    let standings: Vec<String> = profiles
        .iter()
        .map(|(_, profile)| standing_word(profile.standing).to_owned())
        .collect();
    let kinds: Vec<String> = profiles
        .iter()
        .map(|(_, profile)| kind_word(profile.kind).to_owned())
        .collect();
    let titles: Vec<String> = profiles.iter().map(|(_, profile)| profile.title.clone()).collect();
    sqlx::query!(
        "-- store_profiles
        UPDATE people p
        SET name = u.name, email = u.email, standing = u.standing, kind = u.kind, title = u.title
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             AS u (id, name, email, standing, kind, title)
        WHERE p.id = u.id",
        &people,
        &names,
        &emails as &[Option<String>],
        &standings,
        &kinds,
        &titles
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that Slack was heard about these accounts, and their present picture and time zone.
///
/// # Errors
/// When the database does not answer.
pub async fn see_accounts(
    tx: &mut Tx<'_>,
    team: &str,
    profiles: &[&Profile],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let users: Vec<String> = profiles.iter().map(|profile| profile.user.clone()).collect();
    let zones: Vec<Option<String>> = profiles.iter().map(|profile| profile.tz.clone()).collect();
    let avatars: Vec<Option<String>> = profiles.iter().map(|profile| profile.avatar.clone()).collect();
    sqlx::query!(
        "-- see_accounts
        UPDATE slack_identities s SET seen_at = $5, avatar = u.avatar, tz = u.tz
        FROM UNNEST($2::text[], $3::text[], $4::text[]) AS u (user_id, avatar, tz)
        WHERE s.team_id = $1 AND s.user_id = u.user_id",
        team,
        &users,
        &avatars as &[Option<String>],
        &zones as &[Option<String>],
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many people have a Slack account bound to them.
///
/// # Errors
/// When the database does not answer.
pub async fn linked(db: &Db) -> Result<i64, DbError> {
    Ok(
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM slack_identities"#)
            .fetch_one(db.pool())
            .await?,
    )
}
