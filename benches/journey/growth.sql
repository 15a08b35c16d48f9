-- The past of a company: so many requests as `wanted` says, each with everything that c1 keeps about one. A thousand of
-- them are open, however many there are, and a hundred people have made thirty each: a list is as long in a long past as
-- in a short one. Whom, what and what it looks like is taken from a request that c1 made and decided
-- (the oldest one) and from one that is open (the newest).
CREATE TEMPORARY TABLE past AS
WITH done AS (SELECT * FROM requests WHERE state <> 'open' ORDER BY id LIMIT 1),
     open AS (SELECT * FROM requests WHERE state = 'open' ORDER BY id DESC LIMIT 1),
     people AS (SELECT array_agg(person_id ORDER BY person_id) AS ids FROM slack_identities),
     things AS (SELECT array_agg(id ORDER BY id) AS ids FROM entitlements)
SELECT n, 1000000 + n AS id, n <= 1000 AS is_open,
       people.ids[CASE WHEN n <= 3000 THEN 51 + n % 100 ELSE 151 + n % (array_length(people.ids, 1) - 150) END] AS person,
       -- Another thing each time the same person's turn comes.
       things.ids[1 + (n * 7 + n / 100) % array_length(things.ids, 1)] AS thing,
       people.ids[1 + n % 50] AS owner,
       CASE WHEN n <= 1000 THEN open.policy ELSE done.policy END AS policy,
       CASE WHEN n <= 1000 THEN open.steps ELSE done.steps END AS steps,
       CASE WHEN n <= 1000 THEN open.outcome ELSE done.outcome END AS outcome,
       CASE WHEN n <= 1000 THEN 'open' ELSE done.state END AS state,
       done.created_at - make_interval(secs => 60.0 * n) AS at
  FROM generate_series(1, (SELECT size FROM wanted)) n, done, open, people, things;

INSERT INTO requests (id, requester_id, subject_id, entitlement_id, length, justification, emergency, extension, via, origin,
                      policy, alarm, steps, state, outcome, revision, created_at, closed_at)
OVERRIDING SYSTEM VALUE
SELECT id, person, person, thing, 14400, 'Needed for the incident number ' || n, false, false, 'slack', 'past-' || n,
       policy, NULL, steps, state, outcome, 2, at, CASE WHEN NOT is_open THEN at + interval '1 hour' END
  FROM past ON CONFLICT DO NOTHING;
INSERT INTO request_approvers SELECT id, 0, owner FROM past WHERE is_open;
INSERT INTO decisions SELECT id, 0, owner, 'approve', '', 'slack', at FROM past WHERE NOT is_open;
INSERT INTO audit (at, actor_id, via, request_id, event)
SELECT at, person, 'slack', id, '{"type": "submitted"}'::jsonb FROM past
UNION ALL SELECT at, owner, 'slack', id, '{"type": "decided"}'::jsonb FROM past WHERE NOT is_open;
INSERT INTO cards (request_id, person_id, role, channel, ts, shown)
SELECT id, person, 'requester', 'D' || person, '16' || lpad(id::text, 8, '0') || '.000001', 'x' FROM past
UNION ALL SELECT id, owner, 'approver', 'D' || owner, '16' || lpad(id::text, 8, '0') || '.000002', 'x' FROM past;
INSERT INTO comments (request_id, place, body, via, created_at)
SELECT id, 1, 'approved', 'system', at FROM past WHERE NOT is_open;
INSERT INTO grants (id, subject_id, entitlement_id, state, started_at, until, ending_since, ended_at, cause, created_at)
OVERRIDING SYSTEM VALUE
SELECT id, person, thing, CASE WHEN n % 20 = 1 THEN 'active' ELSE 'ended' END, at, at + interval '4 hours',
       CASE WHEN n % 20 <> 1 THEN at END, CASE WHEN n % 20 <> 1 THEN at END, CASE WHEN n % 20 <> 1 THEN 'time' END, at
  FROM past WHERE NOT is_open ON CONFLICT DO NOTHING;
INSERT INTO holds (grant_id, request_id, length, until, over)
SELECT g.id, g.id, 14400, g.until, g.state = 'ended' FROM grants g JOIN past ON past.id = g.id;
SELECT setval(pg_get_serial_sequence('requests', 'id'), (SELECT max(id) FROM requests)),
       setval(pg_get_serial_sequence('grants', 'id'), (SELECT max(id) FROM grants));
DROP TABLE past;
