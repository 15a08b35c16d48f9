-- A drill that went well but for its last leg, and one that runs.
INSERT INTO drills (entitlement_id, person_id, via, request_id, started_at, legs, finished_at, ok) VALUES
    (1, 2, 'operator', 2, '2026-01-06 11:00Z', '[{"leg": "request", "took": 0, "trouble": null},
        {"leg": "notice", "took": 60000, "trouble": "nobody was told"}]', '2026-01-06 11:01Z', false),
    (1, 2, 'system', NULL, '2026-01-06 12:00Z', '[]', NULL, NULL);
