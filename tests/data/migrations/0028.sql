-- Erin's status says that she is on holiday.
INSERT INTO absences (person_id, from_at, until_at, delegate_id, set_by, set_at, ended_at, wake_at, source, mark) VALUES
    (3, '2026-01-05 09:00Z', '2026-01-09 00:00Z', NULL, 3, '2026-01-05 09:00Z', NULL, '2026-01-09 00:00Z', 'status', ':palm_tree: 1767916800');
