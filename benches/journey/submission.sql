-- The transaction of one submission, statement by statement as c1 sends them: what `submit_request` reads, decides on and
-- writes. Only the values differ from one to the next. A test run of c1 is held against the names below.
--
-- Set from outside: first_person, people, first_entitlement, entitlements, base (wishes used up before), n (0), and what
-- c1 wrote about a request of its own: policy, steps, outcome, submitted, opened.
\set n :n + 1
\set place :base + :n * 16 + :client_id
\set round :place / :people
\set person :first_person + :place % :people
\set entitlement :first_entitlement + (:place % :people + :round) % :entitlements
\set now :n * 16 + :client_id
BEGIN;
-- entitlements_by_ids
SELECT e.id, e.key, e.name, e.resource, e.description, e.policy_id, e.emergency_enabled,
       e.emergency_policy_id, e.emergency_max, e.emergency_who,
       e.lengths, (e.active AND a.active) AS offered,
       a.id AS app_id, a.key AS app_key, a.name AS app_name
FROM entitlements e JOIN apps a ON a.id = e.app_id
WHERE e.id = ANY(ARRAY[:entitlement]::bigint[]) \gset e_
-- read the policies of an entitlement
SELECT to_jsonb(p) AS policy, to_jsonb(e) AS emergency
  FROM policies p LEFT JOIN policies e ON e.id = NULL::bigint WHERE p.id = :e_policy_id;
-- how a person stands to an entitlement
WITH RECURSIVE above (id) AS (
     SELECT manager_id FROM people WHERE id = :person::bigint AND :person::bigint <> :person::bigint
     UNION SELECT p.manager_id FROM above a JOIN people p ON p.id = a.id)
 SELECT EXISTS (
            SELECT FROM catalog_entitlements ce JOIN catalogs c ON c.id = ce.catalog_id
             WHERE ce.entitlement_id = :entitlement::bigint
               AND (c.everyone OR EXISTS (
                    SELECT FROM catalog_audiences ca JOIN group_members m ON m.group_id = ca.group_id
                     WHERE ca.catalog_id = c.id AND m.person_id = :person::bigint))) AS visible,
        EXISTS (SELECT FROM above WHERE id = :person::bigint) AS manages,
        (SELECT id FROM requests WHERE subject_id = :person::bigint AND entitlement_id = :entitlement::bigint AND state = 'open') AS open,
        EXISTS (SELECT FROM grants WHERE subject_id = :person::bigint AND entitlement_id = :entitlement::bigint
                   AND state IN ('provisioning', 'active')) AS held,
        (SELECT until FROM grants WHERE subject_id = :person::bigint AND entitlement_id = :entitlement::bigint
            AND state IN ('provisioning', 'active')) AS held_until;
-- load the facts
WITH named (role, group_key, person_id) AS (
     SELECT 'person', NULL::text, id FROM people WHERE id = ANY(ARRAY[:person, :person]::bigint[])
     UNION ALL SELECT 'person', NULL, id FROM people WHERE key = ANY('{}'::text[])
     UNION ALL SELECT 'person', NULL, manager_id FROM people WHERE id = ANY(ARRAY[:person, :person]::bigint[]) AND manager_id IS NOT NULL
     UNION ALL SELECT 'group', g.key, m.person_id
                 FROM groups g JOIN group_members m ON m.group_id = g.id WHERE g.key = ANY('{}'::text[])
     UNION ALL SELECT 'member', g.key, m.person_id
                 FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.person_id = ANY(ARRAY[:person, :person]::bigint[])
     UNION ALL SELECT 'app_owner', NULL, coalesce(o.person_id, m.person_id)
                 FROM owners o LEFT JOIN group_members m ON m.group_id = o.group_id WHERE o.app_id = :e_app_id::bigint
     UNION ALL SELECT 'entitlement_owner', NULL, coalesce(o.person_id, m.person_id)
                 FROM owners o LEFT JOIN group_members m ON m.group_id = o.group_id WHERE o.entitlement_id = :entitlement::bigint
     UNION ALL SELECT 'last_resort', NULL, m.person_id
                 FROM groups g JOIN group_members m ON m.group_id = g.id WHERE g.key = 'last-resort'
     UNION ALL SELECT 'super_admin', NULL, person_id FROM person_roles WHERE role = 'super_admin'
 )
 SELECT n.role, n.group_key, p.id, p.key, p.name, p.standing, p.kind, p.manager_id, p.title, p.team,
        ARRAY(SELECT r.role FROM person_roles r WHERE r.person_id = p.id) AS roles
   FROM named n JOIN people p ON p.id = n.person_id
  ORDER BY p.name, p.id;
-- insert a request
INSERT INTO requests (requester_id, subject_id, entitlement_id, length, justification, emergency, extension,
                      via, origin, policy, alarm, steps, state, outcome, revision, widened, created_at,
                      closed_at, wake_at)
VALUES (:person, :person, :entitlement, 14400, 'Needed for the incident of this morning', false, false,
        'slack', 'slack-view-' || :place::text, :policy::jsonb, NULL, :steps::jsonb, 'open', :outcome::jsonb, 1, false,
        '2030-01-01'::timestamptz + make_interval(secs => :now::double precision), NULL, NULL)
RETURNING id \gset r_
-- set who is asked
WITH asked AS (SELECT person_id FROM owners WHERE app_id = :e_app_id::bigint),
     gone AS (DELETE FROM request_approvers
               WHERE request_id = :r_id::bigint AND (step <> 0 OR person_id NOT IN (SELECT person_id FROM asked)))
INSERT INTO request_approvers (request_id, step, person_id)
SELECT :r_id::bigint, 0, person_id FROM asked ON CONFLICT DO NOTHING;
-- append to the audit
INSERT INTO audit (at, actor_id, via, request_id, grant_id, emergency, event)
SELECT '2030-01-01'::timestamptz, actor, via, request, granted, emergency, event
  FROM unnest(ARRAY[:person, NULL]::bigint[], ARRAY['slack', 'system'], ARRAY[:r_id, :r_id]::bigint[],
              ARRAY[NULL, NULL]::bigint[], ARRAY[false, false], ARRAY[:submitted, :opened]::jsonb[])
       WITH ORDINALITY AS entry (actor, via, request, granted, emergency, event, place)
 ORDER BY place;
-- ensure the copies of a card
WITH made AS (
    INSERT INTO cards (request_id, person_id, role)
    SELECT :r_id::bigint, :person::bigint, 'requester'
    UNION ALL SELECT :r_id::bigint, person_id, 'approver' FROM owners WHERE app_id = :e_app_id::bigint
    ON CONFLICT DO NOTHING RETURNING id, person_id)
SELECT copy.id,
       (SELECT s.person_id FROM slack_identities s
         WHERE s.person_id = copy.person_id AND s.home_at IS NOT NULL LIMIT 1) AS home
  FROM (SELECT id, person_id FROM made UNION SELECT id, person_id FROM cards WHERE request_id = :r_id::bigint) copy
 ORDER BY copy.id;
-- enqueue_jobs
INSERT INTO jobs (lane, name, payload, priority, run_at, created_at)
SELECT lane, name, payload, priority, run_at, '2030-01-01'::timestamptz
FROM unnest(ARRAY['refresh_card:' || :r_id::text || 'a', 'refresh_card:' || :r_id::text || 'b'], ARRAY['refresh_card', 'refresh_card'],
            ARRAY['{"id": 1}', '{"id": 2}']::jsonb[], ARRAY[1, 1]::smallint[],
            ARRAY['2030-01-01', '2030-01-01']::timestamptz[])
    AS new (lane, name, payload, priority, run_at)
ON CONFLICT (lane, name) WHERE state = 'waiting' DO UPDATE SET
    payload = excluded.payload,
    priority = least(jobs.priority, excluded.priority),
    run_at = greatest(jobs.not_before, least(jobs.run_at, excluded.run_at))
WHERE jobs.payload <> excluded.payload
    OR jobs.priority > excluded.priority
    OR jobs.run_at > greatest(jobs.not_before, excluded.run_at);
COMMIT;
