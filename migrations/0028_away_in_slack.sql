-- Somebody may be away because their status in Slack says so, or because they do not want to be disturbed; beside what they
-- have said themselves. One absence each for every such source. The mark tells one status from the next, so that "I'm back"
-- holds until there is another.
ALTER TABLE absences ADD COLUMN source text NOT NULL DEFAULT 'said';
ALTER TABLE absences ADD COLUMN mark text NOT NULL DEFAULT '';
ALTER TABLE absences ADD CONSTRAINT absences_source CHECK (source IN ('said', 'status', 'do_not_disturb'));
DROP INDEX absences_one_each;
CREATE UNIQUE INDEX absences_one_each ON absences (person_id, source) WHERE ended_at IS NULL;
CREATE INDEX absences_by_source ON absences (person_id, source, id);
