-- Ana works for Bob; Erin looks after everything. Ana and Bob have Slack accounts.
INSERT INTO people (key, name, email, standing, kind, manager_id, title, team, in_files, created_at) VALUES
    ('bob', 'Bob Brandt', 'bob@example.com', 'active', 'employee', NULL, 'Engineering manager', 'Payments', true, '2026-01-05 09:00Z'),
    ('ana', 'Ana Alvarez', 'ana@example.com', 'active', 'employee', 1, 'Software engineer', 'Payments', true, '2026-01-05 09:00Z'),
    ('erin', 'Erin Eze', 'erin@example.com', 'active', 'employee', NULL, 'Security lead', 'Security', true, '2026-01-05 09:00Z'),
    ('gone', 'Gil Gone', NULL, 'deleted', 'guest', 1, '', '', false, '2026-01-05 09:00Z');
INSERT INTO person_roles (person_id, role) VALUES (3, 'super_admin');
INSERT INTO groups (key, name) VALUES ('engineers', 'Engineers'), ('last-resort', 'Last resort');
INSERT INTO group_members (group_id, person_id) VALUES (1, 1), (1, 2), (2, 3);
INSERT INTO slack_identities (team_id, user_id, person_id, dm_channel, linked_at, seen_at, home_at, avatar, tz) VALUES
    ('T0EXAMPLE', 'U0BOB', 1, NULL, '2026-01-05 09:01Z', '2026-01-05 09:01Z', NULL, NULL, NULL),
    ('T0EXAMPLE', 'U0ANA', 2, 'D0ANA', '2026-01-05 09:01Z', '2026-01-06 10:00Z', '2026-01-06 10:00Z', 'https://example.com/ana.png', 'Europe/Madrid');
