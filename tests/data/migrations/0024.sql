-- A copy that wants to be looked at, a reply in its thread that was taken away, and an outage that is not over.
UPDATE cards SET look_at = '2026-01-05 10:00:00+00', odd = '0123' WHERE id = (SELECT min(id) FROM cards);
UPDATE comment_copies SET amiss = 'lost', restored = true, odd = '0123' WHERE original IS FALSE;
UPDATE looks SET begun_at = '2026-01-05 09:59:00+00', broken_since = '2026-01-05 09:00:00+00';
