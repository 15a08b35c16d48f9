-- Erin was reminded of request 2 once, and hears of it again in a while.
UPDATE request_approvers SET remind_at = '2026-01-09 11:00Z', reminded = 1, quiet_until = '2026-01-08 12:00Z', nudged = true
 WHERE request_id = 2;
INSERT INTO notices (person_id, request_id, kind, body, channel, ts, posting, created_at) VALUES
    (3, NULL, 'reminder', 'A request waits for your decision.', 'D0ERIN', '1767783600.000100', false, '2026-01-07 11:00Z');
INSERT INTO reminder_lines (notice_id, request_id, step) SELECT max(id), 2, 0 FROM notices;
