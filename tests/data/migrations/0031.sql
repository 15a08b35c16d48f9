-- Request 2 is asked in a channel that can be written to again, which has been reminded of it once.
INSERT INTO channel_reminders (request_id, step, channel, remind_at, remind_after, reminded, quiet_until, nudged)
VALUES (2, 0, '#approvals', '2026-01-09 11:00Z', 86400, 1, '2026-01-08 12:00Z', true)
ON CONFLICT (request_id) DO UPDATE SET reminded = 1;
INSERT INTO notices (to_channel, request_id, kind, body, channel, ts, posting, created_at) VALUES
    ('#approvals', NULL, 'reminder', 'A request waits for a decision.', 'C0APPROVALS', '1767783600.000200', false, '2026-01-07 11:00Z');
INSERT INTO reminder_lines (notice_id, request_id, step) SELECT max(id), 2, 0 FROM notices;
