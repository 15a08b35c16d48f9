-- Somebody asked for a bundle; request 2 is one of its parts.
UPDATE catalogs SET bundle = true WHERE id = (SELECT min(id) FROM catalogs);
INSERT INTO bundles (name, requester_id, subject_id, justification, origin, created_at)
VALUES ('New engineer', 1, 1, 'First day', 'slack-view:V1', '2026-01-05 09:00Z');
UPDATE requests SET bundle_id = (SELECT max(id) FROM bundles) WHERE id = 2;
INSERT INTO notices (person_id, request_id, kind, body, channel, ts, posting, created_at, bundle_id)
VALUES (1, NULL, 'bundle', 'New engineer', 'D0ANA', '1767600000.000100', false, '2026-01-05 09:00Z', (SELECT max(id) FROM bundles));
