//! Rows for the read models and for checks: joins that belong to no single aggregate.

use super::{Db, DbError, Tx, together::place};
use crate::domain::{
    catalog::Entitlement,
    grant::GrantState,
    ids::{AppId, EntitlementId, GrantId, PersonId, RequestId},
    policy::Policy,
    request::Request,
};
use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgPool, types::Json};

/// Which of these requests are emergencies.
///
/// # Errors
/// The database's.
pub async fn emergencies(tx: &mut Tx<'_>, ids: &[RequestId]) -> Result<Vec<RequestId>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let ids = sqlx::query_scalar!(
        "-- find the emergencies\nSELECT id FROM requests WHERE id = ANY($1) AND emergency",
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// The name and the settings of an app's connector.
///
/// # Errors
/// The database's.
pub async fn connector_of(db: &Db, app: AppId) -> Result<Option<(String, serde_json::Value)>, DbError> {
    let row = sqlx::query!(
        "-- read an app's connector\nSELECT connector, settings FROM apps WHERE id = $1",
        app.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| (row.connector, row.settings)))
}

/// Is an app's access given and taken by people?
///
/// # Errors
/// The database's.
pub async fn is_provisioned_by_hand(tx: &mut Tx<'_>, app: AppId) -> Result<bool, DbError> {
    let connector = sqlx::query_scalar!(
        "-- read an app's connector\nSELECT connector FROM apps WHERE id = $1",
        app.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(connector.is_none_or(|connector| connector == "manual"))
}

/// The policy for ordinary requests and, where emergencies are switched on and one is assigned, the one for them.
///
/// # Errors
/// The database's.
pub async fn policies_of(tx: &mut Tx<'_>, entitlement: &Entitlement) -> Result<(Policy, Option<Policy>), DbError> {
    let emergency = entitlement.emergency.policy.filter(|_| entitlement.emergency.enabled);
    let row = sqlx::query!(
        r#"-- read the policies of an entitlement
         SELECT to_jsonb(p) AS "policy!: Json<Policy>", to_jsonb(e) AS "emergency: Json<Policy>"
           FROM policies p LEFT JOIN policies e ON e.id = $2 WHERE p.id = $1"#,
        entitlement.policy.0,
        emergency.map(|policy| policy.0)
    )
    .fetch_optional(tx.conn())
    .await?;
    let row = row.ok_or_else(|| DbError::Inconsistent {
        what: "entitlements.policy_id",
        why: "no such policy".to_owned(),
    })?;
    Ok((row.policy.0, row.emergency.map(|policy| policy.0)))
}

/// How a person stands to an entitlement somebody wants for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stands {
    /// Can the subject see it in a catalog?
    pub visible: bool,
    /// Has the requester the subject among their people, however far down?
    pub manages: bool,
    /// The open request for it.
    pub open: Option<RequestId>,
    /// Is that one an emergency?
    pub open_emergency: bool,
    /// Does the subject have it?
    pub held: bool,
    /// Until when.
    pub held_until: Option<DateTime<Utc>>,
}

/// How `subject` stands to an entitlement that `requester` asks for.
///
/// # Errors
/// The database's.
pub async fn stands(
    tx: &mut Tx<'_>,
    requester: PersonId,
    subject: PersonId,
    entitlement: EntitlementId,
) -> Result<Stands, DbError> {
    let row = sqlx::query!(
        r#"-- how a person stands to an entitlement
         WITH RECURSIVE above (id) AS (
             SELECT manager_id FROM people WHERE id = $2 AND $1 <> $2
             UNION SELECT p.manager_id FROM above a JOIN people p ON p.id = a.id)
         SELECT EXISTS (
                    SELECT FROM catalog_entitlements ce JOIN catalogs c ON c.id = ce.catalog_id
                     WHERE ce.entitlement_id = $3
                       AND (c.everyone OR EXISTS (
                            SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                             WHERE ca.catalog_id = c.id AND m.person_id = $2))) AS "visible!",
                EXISTS (SELECT FROM above WHERE id = $1) AS "manages!",
                (SELECT id FROM requests WHERE subject_id = $2 AND entitlement_id = $3 AND state = 'open') AS open,
                EXISTS (SELECT FROM requests WHERE subject_id = $2 AND entitlement_id = $3 AND state = 'open'
                           AND emergency) AS "open_emergency!",
                EXISTS (SELECT FROM grants WHERE subject_id = $2 AND entitlement_id = $3
                           AND state IN ('provisioning', 'active')) AS "held!",
                (SELECT until FROM grants WHERE subject_id = $2 AND entitlement_id = $3
                    AND state IN ('provisioning', 'active')) AS held_until"#,
        requester.0,
        subject.0,
        entitlement.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Stands {
        visible: row.visible,
        manages: row.manages,
        open: row.open.map(RequestId),
        open_emergency: row.open_emergency,
        held: row.held,
        held_until: row.held_until,
    })
}

/// The open request of a subject for an entitlement.
///
/// # Errors
/// The database's.
pub async fn open_request(
    db: &Db,
    subject: PersonId,
    entitlement: EntitlementId,
) -> Result<Option<RequestId>, DbError> {
    let id = sqlx::query_scalar!(
        "-- find the open request
         SELECT id FROM requests WHERE subject_id = $1 AND entitlement_id = $2 AND state = 'open'",
        subject.0,
        entitlement.0
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(id.map(RequestId))
}

/// Those of these people who have opened their Home tab.
///
/// # Errors
/// The database's.
pub async fn homes_of(tx: &mut Tx<'_>, people: &[PersonId]) -> Result<Vec<PersonId>, DbError> {
    let people: Vec<i64> = people.iter().map(|person| person.0).collect();
    let ids = sqlx::query_scalar!(
        "-- find the Home tabs of people
         SELECT DISTINCT person_id FROM slack_identities WHERE person_id = ANY($1) AND home_at IS NOT NULL",
        &people
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// The grant.
    pub id: GrantId,
    /// How it stands.
    pub state: GrantState,
    /// When it began to work.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub until: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ends, as stored.
    pub cause: Option<String>,
    /// Who gave it by hand.
    pub given_by: Option<PersonId>,
    /// Who ended it, or took it away by hand.
    pub ended_by: Option<PersonId>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// What people who provision it have to do.
    pub instructions: String,
    /// Do people provision it?
    pub by_hand: bool,
    /// Its owners, or its app's; groups spelled out.
    pub owners: Vec<PersonId>,
}

/// What became of a request, if it came to a grant.
///
/// # Errors
/// The database's.
pub async fn grant_of(db: &Db, request: RequestId) -> Result<Option<GrantRow>, DbError> {
    let read = |requests| grants_of(db.pool(), requests);
    db.questions.outcomes.ask(request, read).await
}

async fn grants_of(pool: &PgPool, requests: Vec<RequestId>) -> Result<Vec<Option<GrantRow>>, DbError> {
    let numbers: Vec<i64> = requests.iter().map(|request| request.0).collect();
    let rows = sqlx::query!(
        r#"-- read what became of requests
         SELECT r.nth AS "nth!", g.id, g.state, g.started_at, g.until, g.ended_at, g.cause, g.given_by, g.ended_by,
                g.trouble, e.instructions, a.connector = 'manual' AS "by_hand!", e.id AS entitlement_id, e.app_id
           FROM unnest($1::bigint[]) WITH ORDINALITY AS r (id, nth)
           JOIN holds h ON h.request_id = r.id JOIN grants g ON g.id = h.grant_id
           JOIN entitlements e ON e.id = g.entitlement_id JOIN apps a ON a.id = e.app_id"#,
        &numbers
    )
    .fetch_all(pool)
    .await?;
    let owned: Vec<(AppId, EntitlementId)> = rows
        .iter()
        .map(|row| (AppId(row.app_id), EntitlementId(row.entitlement_id)))
        .collect();
    let owners = owners_with(pool, owned).await?;
    let mut answers = vec![None; requests.len()];
    for (row, owners) in rows.into_iter().zip(owners) {
        let grant = GrantRow {
            id: GrantId(row.id),
            state: state(&row.state)?,
            started_at: row.started_at,
            until: row.until,
            ended_at: row.ended_at,
            cause: row.cause,
            given_by: row.given_by.map(PersonId),
            ended_by: row.ended_by.map(PersonId),
            trouble: row.trouble,
            instructions: row.instructions,
            by_hand: row.by_hand,
            owners,
        };
        place(row.nth, &mut answers, grant);
    }
    Ok(answers)
}

fn state(word: &str) -> Result<GrantState, DbError> {
    GrantState::from_word(word).ok_or_else(|| DbError::Inconsistent {
        what: "grants.state",
        why: word.to_owned(),
    })
}

/// The owners of an entitlement, or of its resource where it has none, else of its app: groups spelled out, those at work
/// only.
///
/// # Errors
/// The database's.
pub async fn owners(db: &Db, app: AppId, entitlement: EntitlementId) -> Result<Vec<PersonId>, DbError> {
    let read = |owned| owners_with(db.pool(), owned);
    db.questions.owners.ask((app, entitlement), read).await
}

/// Who looks after what a request asks for, and the manager of whom it is for, in a transaction whose decision depends on
/// it.
///
/// # Errors
/// The database's.
pub async fn concerned(tx: &mut Tx<'_>, request: &Request) -> Result<(Vec<PersonId>, Option<PersonId>), DbError> {
    let row = sqlx::query!(
        "-- read who is concerned by a request
         SELECT e.app_id, s.manager_id FROM entitlements e, people s WHERE e.id = $1 AND s.id = $2",
        request.entitlement.0,
        request.subject.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok((Vec::new(), None)) };
    let owned = vec![(AppId(row.app_id), request.entitlement)];
    let owners = owners_with(tx.conn(), owned).await?.pop().unwrap_or_default();
    Ok((owners, row.manager_id.map(PersonId)))
}

async fn owners_with(
    on: impl PgExecutor<'_>,
    owned: Vec<(AppId, EntitlementId)>,
) -> Result<Vec<Vec<PersonId>>, DbError> {
    if owned.is_empty() {
        return Ok(Vec::new());
    }
    let (apps, entitlements): (Vec<i64>, Vec<i64>) =
        owned.iter().map(|(app, entitlement)| (app.0, entitlement.0)).unzip();
    let rows = sqlx::query!(
        r#"-- list the owners
         WITH named AS (
             SELECT wanted.nth, coalesce(o.person_id, m.person_id) AS person_id,
                    CASE WHEN o.entitlement_id IS NOT NULL THEN 1 WHEN o.resource IS NOT NULL THEN 2 ELSE 3 END AS rank
               FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (app_id, entitlement_id, nth)
               JOIN owners o ON o.entitlement_id = wanted.entitlement_id
                 OR (o.app_id = wanted.app_id
                     AND (o.resource IS NULL
                          OR o.resource = (SELECT resource FROM entitlements WHERE id = wanted.entitlement_id)))
               LEFT JOIN group_members m ON m.group_id = o.group_id)
         SELECT n.nth AS "nth!", array_agg(DISTINCT p.id ORDER BY p.id) AS "ids!"
           FROM named n JOIN people p ON p.id = n.person_id
          WHERE p.standing = 'active' AND p.kind = 'employee'
            AND n.rank = (SELECT min(rank) FROM named WHERE named.nth = n.nth AND named.person_id IS NOT NULL)
          GROUP BY n.nth"#,
        &apps,
        &entitlements
    )
    .fetch_all(on)
    .await?;
    let mut answers = vec![None; owned.len()];
    for row in rows {
        place(row.nth, &mut answers, row.ids.into_iter().map(PersonId).collect());
    }
    Ok(answers.into_iter().map(Option::unwrap_or_default).collect())
}

/// What helps an approver: has the subject had this before, and who of their team has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextRow {
    /// How often it was given.
    pub given_before: i64,
    /// When last.
    pub last_given: Option<DateTime<Utc>>,
    /// People of the team who have it: at most three.
    pub holders: Vec<(PersonId, String)>,
    /// How many of the team have it.
    pub holding: i64,
    /// How many are in the team.
    pub team_size: i64,
}

/// Reads it.
///
/// # Errors
/// The database's.
pub async fn context(db: &Db, request: &Request) -> Result<ContextRow, DbError> {
    let read = |wanted| contexts(db.pool(), wanted);
    db.questions
        .contexts
        .ask((request.subject, request.entitlement), read)
        .await
}

async fn contexts(pool: &PgPool, wanted: Vec<(PersonId, EntitlementId)>) -> Result<Vec<ContextRow>, DbError> {
    let (subjects, entitlements): (Vec<i64>, Vec<i64>) = wanted
        .iter()
        .map(|(subject, entitlement)| (subject.0, entitlement.0))
        .unzip();
    let rows = sqlx::query!(
        r#"-- read the context of requests
         SELECT own.given AS "given!", own.last_given, team.size AS "size!", team.holding AS "holding!",
                team.ids AS "ids!", team.names AS "names!"
           FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (subject_id, entitlement_id, nth)
           JOIN people s ON s.id = w.subject_id
          CROSS JOIN LATERAL (
                SELECT count(started_at) AS given, max(started_at) AS last_given FROM grants g
                 WHERE g.subject_id = w.subject_id AND g.entitlement_id = w.entitlement_id) own
          CROSS JOIN LATERAL (
                SELECT count(*) AS size, count(*) FILTER (WHERE t.holds) AS holding,
                       coalesce((array_agg(t.id ORDER BY t.name, t.id) FILTER (WHERE t.holds))[1:3], '{}') AS ids,
                       coalesce((array_agg(t.name ORDER BY t.name, t.id) FILTER (WHERE t.holds))[1:3], '{}') AS names
                  FROM (SELECT p.id, p.name, p.id <> s.id AND EXISTS (
                                   SELECT FROM grants g
                                    WHERE g.subject_id = p.id AND g.entitlement_id = w.entitlement_id
                                      AND g.state = 'active') AS holds
                          FROM people p
                         WHERE p.team = s.team AND p.team <> '' AND p.standing = 'active') t) team
          ORDER BY w.nth"#,
        &subjects,
        &entitlements
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ContextRow {
            given_before: row.given,
            last_given: row.last_given,
            holders: row.ids.into_iter().map(PersonId).zip(row.names).collect(),
            holding: row.holding,
            team_size: row.size,
        })
        .collect())
}

/// A list of requests to read.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Asked by a person, or for them; newest first.
    Of(PersonId),
    /// Waiting for a person's decision; oldest first.
    WaitingFor(PersonId),
}

/// The numbers of the first requests of a list, and how many there are in all.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, list: List, limit: i64) -> Result<(Vec<RequestId>, i64), DbError> {
    let (ids, total) = match list {
        List::Of(person) => {
            // Two short index scans instead of one OR over the whole table.
            let ids = sqlx::query_scalar!(
                r#"-- list a person's requests
                 SELECT id AS "id!" FROM (
                     (SELECT id FROM requests WHERE requester_id = $1 ORDER BY id DESC LIMIT $2)
                     UNION (SELECT id FROM requests WHERE subject_id = $1 ORDER BY id DESC LIMIT $2)) mine
                  ORDER BY 1 DESC LIMIT $2"#,
                person.0,
                limit
            )
            .fetch_all(db.pool())
            .await?;
            let total = sqlx::query_scalar!(
                r#"-- count a person's requests
                 SELECT (SELECT count(*) FROM requests WHERE requester_id = $1)
                      + (SELECT count(*) FROM requests WHERE subject_id = $1 AND requester_id <> $1) AS "total!""#,
                person.0
            )
            .fetch_one(db.pool())
            .await?;
            (ids, total)
        }
        List::WaitingFor(person) => {
            let rows = sqlx::query!(
                r#"-- list what waits for a person
                 SELECT r.id, count(*) OVER () AS "total!"
                   FROM request_approvers a JOIN requests r ON r.id = a.request_id
                  WHERE a.person_id = $1 AND r.state = 'open'
                    AND NOT EXISTS (SELECT FROM decisions d
                                     WHERE d.request_id = r.id AND d.step = a.step AND d.person_id = $1
                                       AND d.round = jsonb_array_length(r.earlier))
                  ORDER BY r.emergency DESC, r.id LIMIT $2"#,
                person.0,
                limit
            )
            .fetch_all(db.pool())
            .await?;
            let total = rows.first().map_or(0, |row| row.total);
            (rows.into_iter().map(|row| row.id).collect(), total)
        }
    };
    Ok((ids.into_iter().map(RequestId).collect(), total))
}

/// What a request's line needs beside the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The request.
    pub request: RequestId,
    /// App, resource and entitlement.
    pub title: String,
    /// The grant, if it came to one.
    pub grant: Option<(GrantState, Option<DateTime<Utc>>)>,
}

/// Reads it for several requests.
///
/// # Errors
/// The database's.
pub async fn beside(db: &Db, ids: &[RequestId]) -> Result<Vec<Beside>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"-- read what stands beside requests
         SELECT r.id, concat_ws(' / ', a.name, e.resource, e.name) AS "title!", g.state AS "state?", g.until AS "until?"
           FROM requests r JOIN entitlements e ON e.id = r.entitlement_id JOIN apps a ON a.id = e.app_id
           LEFT JOIN holds h ON h.request_id = r.id LEFT JOIN grants g ON g.id = h.grant_id
          WHERE r.id = ANY($1)"#,
        &ids
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let grant = row
                .state
                .as_deref()
                .map(state)
                .transpose()?
                .map(|state| (state, row.until));
            Ok(Beside {
                request: RequestId(row.id),
                title: row.title,
                grant,
            })
        })
        .collect()
}

/// A grant that a person has, in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// The grant.
    pub id: GrantId,
    /// The entitlement.
    pub entitlement: EntitlementId,
    /// The newest request that holds on to it.
    pub request: RequestId,
    /// App, resource and entitlement.
    pub title: String,
    /// ⚡
    pub emergency: bool,
    /// How it stands.
    pub state: GrantState,
    /// When it ends.
    pub until: Option<DateTime<Utc>>,
    /// Is somebody asking for it again already?
    pub asked: bool,
    /// For whom (where the list is about more than one person).
    pub subject: (PersonId, String),
    /// Is it still offered?
    pub offered: bool,
}

/// Whose grants.
#[derive(Clone, Copy, Debug)]
pub enum Grants {
    /// What a person has: soonest end first.
    Of(PersonId),
    /// What a person is to give or take by hand: oldest first.
    ToProvision(PersonId),
}

/// Grants that are not over.
///
/// # Errors
/// The database's.
pub async fn access(db: &Db, whose: Grants, limit: i64) -> Result<Vec<AccessRow>, DbError> {
    let (subject, provisioner) = match whose {
        Grants::Of(person) => (Some(person.0), None),
        Grants::ToProvision(person) => (None, Some(person.0)),
    };
    let rows = sqlx::query!(
        // Whose they are is found by an index each, since a plan is kept for both questions.
        r#"-- list grants
         WITH listed AS (
             SELECT id FROM grants WHERE subject_id = $1 AND state <> 'ended' AND state <> 'failed'
             UNION ALL SELECT id FROM grants
              WHERE $2::bigint IS NOT NULL AND state IN ('provisioning', 'ending', 'failed', 'end_overdue'))
         SELECT g.id, g.entitlement_id, h.request_id, concat_ws(' / ', a.name, e.resource, e.name) AS "title!",
                r.emergency, g.state, g.until, g.subject_id, p.name, (e.active AND a.active) AS "offered!",
                EXISTS (SELECT FROM requests o WHERE o.subject_id = g.subject_id
                           AND o.entitlement_id = g.entitlement_id AND o.state = 'open') AS "asked!"
           FROM listed JOIN grants g ON g.id = listed.id
           JOIN entitlements e ON e.id = g.entitlement_id JOIN apps a ON a.id = e.app_id
           JOIN people p ON p.id = g.subject_id
           JOIN LATERAL (SELECT max(request_id) AS request_id FROM holds WHERE grant_id = g.id) h ON true
           JOIN requests r ON r.id = h.request_id
          WHERE ($2::bigint IS NULL
                 OR ((g.state = 'failed' AND g.ended_by IS NULL) OR g.state = 'end_overdue' OR (a.connector = 'manual' AND g.state IN ('provisioning', 'ending')))
                    AND EXISTS (SELECT FROM cards c WHERE c.request_id = h.request_id
                                   AND c.person_id = $2 AND c.role = 'provisioner'))
          ORDER BY g.until NULLS LAST, g.id LIMIT $3"#,
        subject,
        provisioner,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AccessRow {
                id: GrantId(row.id),
                entitlement: EntitlementId(row.entitlement_id),
                request: RequestId(row.request_id.unwrap_or_default()),
                title: row.title,
                emergency: row.emergency,
                state: state(&row.state)?,
                until: row.until,
                asked: row.asked,
                subject: (PersonId(row.subject_id), row.name),
                offered: row.offered,
            })
        })
        .collect()
}

/// An app that a person may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Its number.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// A few words about it.
    pub description: String,
}

/// Apps with something the subject may ask for, whose name contains `words`: names that begin so first.
///
/// # Errors
/// The database's.
pub async fn apps(db: &Db, subject: PersonId, words: &str, limit: i64) -> Result<Vec<AppRow>, DbError> {
    let rows = sqlx::query!(
        "-- find apps
         SELECT a.id, a.name, a.description FROM apps a
          WHERE a.active AND position(lower($2) IN lower(a.name || ' ' || a.key)) > 0
            AND EXISTS (
                SELECT FROM entitlements e JOIN catalog_entitlements ce ON ce.entitlement_id = e.id
                  JOIN catalogs c ON c.id = ce.catalog_id
                 WHERE e.app_id = a.id AND e.active
                   AND (c.everyone OR EXISTS (
                        SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                         WHERE ca.catalog_id = c.id AND m.person_id = $1)))
          ORDER BY position(lower($2) IN lower(a.name)) <> 1, lower(a.name), a.id LIMIT $3",
        subject.0,
        words,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AppRow {
            id: AppId(row.id),
            name: row.name,
            description: row.description,
        })
        .collect())
}

/// An entitlement that a person may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementRow {
    /// Its number.
    pub id: EntitlementId,
    /// Its app.
    pub app: AppId,
    /// Its app's name.
    pub app_name: String,
    /// The resource and the name.
    pub name: String,
    /// A few words about it.
    pub description: String,
    /// Is there an open request of the subject for it?
    pub pending: bool,
    /// Does the subject have it?
    pub held: bool,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

/// Entitlements the subject may ask for that contain all of `words` (lower case): of one app, or of all.
///
/// # Errors
/// The database's.
pub async fn entitlements(
    db: &Db,
    subject: PersonId,
    app: Option<AppId>,
    words: &[String],
    limit: i64,
) -> Result<Vec<EntitlementRow>, DbError> {
    let patterns: Vec<String> = words.iter().map(|word| format!("%{}%", like(word))).collect();
    let rows = sqlx::query!(
        r#"-- find entitlements
         SELECT e.id, e.app_id, a.name AS app_name, concat_ws(' / ', e.resource, e.name) AS "name!", e.description,
                EXISTS (SELECT FROM requests r
                         WHERE r.subject_id = $1 AND r.entitlement_id = e.id AND r.state = 'open') AS "pending!",
                EXISTS (SELECT FROM grants g WHERE g.subject_id = $1 AND g.entitlement_id = e.id
                           AND g.state IN ('provisioning', 'active')) AS "held!",
                (SELECT until FROM grants g WHERE g.subject_id = $1 AND g.entitlement_id = e.id
                    AND g.state IN ('provisioning', 'active')) AS until
           FROM entitlements e JOIN apps a ON a.id = e.app_id
          WHERE e.active AND a.active AND ($2::bigint IS NULL OR e.app_id = $2) AND e.search LIKE ALL($3)
            AND EXISTS (
                SELECT FROM catalog_entitlements ce JOIN catalogs c ON c.id = ce.catalog_id
                 WHERE ce.entitlement_id = e.id
                   AND (c.everyone OR EXISTS (
                        SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                         WHERE ca.catalog_id = c.id AND m.person_id = $1)))
          ORDER BY e.search, e.id LIMIT $4"#,
        subject.0,
        app.map(|app| app.0),
        &patterns,
        limit
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EntitlementRow {
            id: EntitlementId(row.id),
            app: AppId(row.app_id),
            app_name: row.app_name,
            name: row.name,
            description: row.description,
            pending: row.pending,
            held: row.held,
            until: row.until,
        })
        .collect())
}

fn like(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Notes that a person looks at their Home tab, so that it is kept current from now on.
///
/// # Errors
/// The database's.
pub async fn opened_home(tx: &mut Tx<'_>, person: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "-- note an opened Home tab\nUPDATE slack_identities SET home_at = $2 WHERE person_id = $1",
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The name of a group.
///
/// # Errors
/// The database's.
pub async fn group_name(db: &Db, key: &str) -> Result<Option<String>, DbError> {
    Ok(
        sqlx::query_scalar!("-- read a group's name\nSELECT name FROM groups WHERE key = $1", key)
            .fetch_optional(db.pool())
            .await?,
    )
}

/// How many grants a person has that are not over.
///
/// # Errors
/// The database's.
pub async fn access_total(db: &Db, person: PersonId) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"-- count what a person has
         SELECT count(*) AS "total!" FROM grants WHERE subject_id = $1 AND state NOT IN ('ended', 'failed')"#,
        person.0
    )
    .fetch_one(db.pool())
    .await?)
}
