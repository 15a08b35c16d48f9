-- Two emergencies: one was looked back at, the other waits for Bob and is overdue. The digest of that week is out.
INSERT INTO reviews (request_id, grant_id, subject_id, opened_at, due_at, completed_by, completed_at, justified, fit, follow_up)
    VALUES (1, 1, 2, '2026-01-06 19:00Z', '2026-01-09 19:00Z', 1, '2026-01-07 09:00Z', true, 'too_long', 'An hour is enough.');
INSERT INTO reviews (request_id, grant_id, subject_id, opened_at, due_at, overdue_since, reminded, wake_at)
    VALUES (2, 1, 2, '2026-01-06 19:00Z', '2026-01-09 19:00Z', '2026-01-09 19:00Z', 3, '2026-01-12 19:00Z');
INSERT INTO review_reviewers (review_id, person_id) VALUES (2, 1);
INSERT INTO notices (person_id, request_id, kind, body, once, review_id, created_at) VALUES
    (1, 2, 'review', '', 'review:2:person:1', 2, '2026-01-06 19:00Z');
INSERT INTO scheduled_runs (name, slot, run_at) VALUES ('digest', '2026-01-05 09:00Z', '2026-01-05 09:00:01Z');
