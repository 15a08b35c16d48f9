-- Bob's session was over when he sent a comment.
INSERT INTO kept_words (hash, person_id, request_id, act, fields, created_at)
VALUES (sha256('kept'), 1, 1, 'comment', '{"body": "until Monday"}', '2026-01-05 09:00Z');
