-- Ana's and Bob's copies of request 1, a comment in both threads, a copy whose post ended in the dark, a notice.
INSERT INTO cards (request_id, person_id, role, channel, ts, shown, posting, mirrored, trouble) VALUES
    (1, 2, 'requester', 'D0ANA', '1767693600.000100', 'a1b2', false, 2, NULL),
    (1, 1, 'approver', 'D0BOB', '1767693600.000200', 'c3d4', false, 2, NULL),
    (2, 3, 'approver', NULL, NULL, NULL, true, 0, 'not_in_workspace');
INSERT INTO comment_copies (card_id, comment_id, channel, ts, posting, original) VALUES
    (1, 2, 'D0ANA', '1767693960.000300', false, true),
    (2, 2, 'D0BOB', '1767693961.000400', false, false);
INSERT INTO notices (person_id, request_id, kind, body, channel, ts, posting, created_at) VALUES
    (3, 2, 'alarm', 'Request #2 could not follow its policy', 'D0ERIN', '1767697200.000500', false, '2026-01-06 11:00Z');
