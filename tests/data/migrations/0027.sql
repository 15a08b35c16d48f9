-- Bob is signed in, and somebody is on the way.
INSERT INTO sessions (hash, person_id, created_at, seen_at)
VALUES (sha256('session'), 1, '2026-01-05 09:00Z', '2026-01-05 10:00Z');
INSERT INTO sign_ins (hash, browser, goes_to, created_at)
VALUES (sha256('state'), sha256('browser'), '/requests/1', '2026-01-05 09:00Z');
