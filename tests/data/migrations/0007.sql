-- A job in each state, and the worker that holds one.
INSERT INTO job_workers (id, lease_until) VALUES ('00000000-0000-4000-8000-000000000001', '2026-01-06 10:07Z');
INSERT INTO jobs (name, lane, payload, priority, state, run_at, not_before, attempt, snoozes, worker, lease_until,
                  last_error, failed_at, created_at) VALUES
    ('refresh_card', 'refresh_card:1', '{"id": 1}', 1, 'waiting', '2026-01-06 10:08Z', '2026-01-06 10:08Z', 2, 1, NULL, NULL,
        'Slack did not answer', '2026-01-06 10:05Z', '2026-01-06 10:05Z'),
    ('sync_thread', 'sync_thread:1', '{"id": 1}', 2, 'running', '2026-01-06 10:05Z', NULL, 1, 0,
        '00000000-0000-4000-8000-000000000001', '2026-01-06 10:07Z', NULL, NULL, '2026-01-06 10:05Z'),
    ('of_another_version', 'of_another_version:1', '{}', 9, 'dead', '2026-01-06 10:05Z', NULL, 10, 0, NULL, NULL,
        'given up', '2026-01-06 10:05Z', '2026-01-06 10:05Z');
