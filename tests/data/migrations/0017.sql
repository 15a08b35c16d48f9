-- An alarm about request 2 that Erin has taken, one that waits, and a notice into the security channel that was refused.
INSERT INTO organisation_settings (name, value) VALUES ('security_channel', '#security');
INSERT INTO alarms (kind, once, request_id, emergency, body, raised_at, taken_by, taken_at) VALUES
    ('policy_failed', 'policy_failed:2', 2, true, 'The condition failed.', '2026-01-06 11:00Z', 3, '2026-01-06 11:05Z'),
    ('unanswered', 'unanswered:2:1:0', 2, true, 'Nobody has answered.', '2026-01-06 11:45Z', NULL, NULL);
INSERT INTO alarms (kind, once, grant_id, emergency, body, raised_at) VALUES
    ('end_overdue', 'end_overdue:1', 1, false, 'It should have ended.', '2026-01-06 20:00Z');
INSERT INTO notices (person_id, request_id, kind, body, once, alarm_id, shown, channel, ts, created_at) VALUES
    (3, 2, 'alarm', 'The condition failed.', 'policy_failed:2:person:3', 1, 'abc', 'D3', '1767700000.000100', '2026-01-06 11:00Z');
INSERT INTO notices (to_channel, request_id, kind, body, once, trouble, created_at) VALUES
    ('#security', 2, 'emergency', 'An emergency', 'emergency:2:channel', 'not_in_channel', '2026-01-06 11:00Z');
