-- Bob was away, and is away again with Erin in his place.
INSERT INTO absences (person_id, from_at, until_at, delegate_id, set_by, set_at, ended_at, wake_at) VALUES
    (1, '2026-01-05 09:00Z', '2026-01-06 00:00Z', NULL, 1, '2026-01-05 08:00Z', '2026-01-06 00:00Z', NULL),
    (1, '2026-01-07 00:00Z', '2026-01-12 00:00Z', 3, 1, '2026-01-06 08:00Z', NULL, '2026-01-12 00:00Z');
