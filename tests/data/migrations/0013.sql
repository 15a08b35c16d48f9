-- One rotation by turns, and one that a service knows and that could not be asked lately.
INSERT INTO rotations (key, name, roster, stale_after, wake_at) VALUES
    ('payments', 'Payments on call',
     '{"turns": {"people": ["ana"], "every": 604800, "from": "2026-01-05T09:00:00Z"}}', 900, '2026-01-12 09:00Z');
INSERT INTO rotations (key, name, roster, stale_after, answered_at, trouble, alarmed, wake_at) VALUES
    ('platform', 'Platform on call',
     '{"service": {"url": "https://api.pagerduty.com/oncalls", "format": "pagerduty", "token_env": "PAGERDUTY_TOKEN"}}',
     900, '2026-01-05 09:00Z', 'it answered 503', true, '2026-01-05 10:00Z');
INSERT INTO rotation_people (rotation_id, person_id)
SELECT r.id, p.id FROM rotations r, people p WHERE r.key = 'platform' ORDER BY p.id LIMIT 1;
