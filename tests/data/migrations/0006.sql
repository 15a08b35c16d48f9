-- A line said by c1, and Ana's answer.
INSERT INTO comments (request_id, place, author_id, body, via, created_at) VALUES
    (1, 1, NULL, '✅ *Bob Brandt* approved: go ahead', 'system', '2026-01-06 10:05Z'),
    (1, 2, 2, 'Thank you!', 'slack', '2026-01-06 10:06Z');
