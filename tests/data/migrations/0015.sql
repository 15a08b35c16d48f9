-- Bob said that he is away.
INSERT INTO audit (at, actor_id, via, person_id, event) VALUES
    ('2026-01-06 08:00Z', 1, 'slack', 1,
     '{"type": "absence_set", "from": "2026-01-07T00:00:00Z", "until": "2026-01-12T00:00:00Z", "delegate": 3}');
