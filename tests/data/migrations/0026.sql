-- Ana's answer as she wrote it first, with a file; a note of Bob's; a change that came before its message; an emoji.
UPDATE comments SET words = '[{"type": "paragraph", "pieces": [{"type": "text", "text": "Thank you, Bob!"}]}]',
       link = 'https://example.slack.com/archives/D0ANA/p1767693960000300', edition = 2,
       edited_at = '2026-01-06 10:07Z', changed = '1767694020.000100'
 WHERE body = 'Thank you!';
INSERT INTO comment_editions (comment_id, edition, body, words, until)
SELECT id, 1, 'Thank you!', '[{"type": "paragraph", "pieces": [{"type": "text", "text": "Thank you!"}]}]', '2026-01-06 10:07Z'
  FROM comments WHERE body = 'Thank you!';
INSERT INTO comment_files (comment_id, file_id, place, name, mimetype, size, link)
SELECT id, 'F0PLAN', 0, 'plan.pdf', 'application/pdf', 2048, 'https://example.slack.com/files/U0ANA/F0PLAN/plan.pdf'
  FROM comments WHERE body = 'Thank you!';
INSERT INTO comments (request_id, place, author_id, body, via, created_at, visibility, origin, late, deleted_at) VALUES
    (1, 3, 1, 'For us alone', 'slack', '2026-01-06 10:08Z', 'approvers', 'form', true, '2026-01-06 10:09Z');
INSERT INTO comment_changes (channel, ts, said, name, at) VALUES
    ('D0BOB', '1767693999.000100', '{"words": [], "files": []}', '1767694000.000100', '2026-01-06 10:10Z');
INSERT INTO comment_reactions (channel, ts, account, emoji, at, present) VALUES
    ('D0BOB', '1767693961.000400', 'U0BOB', 'tada', '1767693970.000100', true);
