-- The access of request 1 works; an older one ended, another could not be ended yet.
INSERT INTO grants (subject_id, entitlement_id, state, was_there, started_at, until, ending_since, ended_at, cause,
                    given_by, ended_by, trouble, wake_at, created_at) VALUES
    (2, 1, 'active', false, '2026-01-06 10:05Z', '2026-01-06 18:05Z', NULL, NULL, NULL, NULL, NULL, NULL,
        '2026-01-06 18:05Z', '2026-01-06 10:05Z'),
    (2, 2, 'ended', true, '2026-01-02 10:00Z', '2026-01-03 10:00Z', '2026-01-03 10:00Z', '2026-01-03 11:00Z', 'time', 1, 3,
        NULL, NULL, '2026-01-02 09:00Z'),
    (1, 1, 'end_overdue', false, '2026-01-02 10:00Z', NULL, '2026-01-03 10:00Z', NULL, 'revoked', NULL, NULL,
        'the target does not answer', '2026-01-06 12:00Z', '2026-01-02 09:00Z');
INSERT INTO holds (grant_id, request_id, length, until, over) VALUES (1, 1, 28800, '2026-01-06 18:05Z', false);
INSERT INTO demo_target_access (app, entitlement, account) VALUES ('prod-db', 'read', 'ana');
