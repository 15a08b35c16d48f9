-- What a crash must not make us forget, and what the lists of open tasks read instead of the whole past.

-- Set before a connector gives: access that is found after that is c1's own doing, also when c1 died before it said so.
ALTER TABLE grants ADD COLUMN tried boolean NOT NULL DEFAULT false;
-- Written before there was the mark: whatever stands there may have been tried.
UPDATE grants SET tried = true WHERE state IN ('provisioning', 'failed');

-- Grants that somebody has to do something about: few, however many there ever were.
CREATE INDEX grants_to_do ON grants (entitlement_id) WHERE state IN ('provisioning', 'ending', 'failed', 'end_overdue');
-- Posts whose outcome is not known, by the conversation in which somebody may answer them already.
CREATE INDEX cards_posting ON cards (channel) WHERE posting;
-- Copies that could not be delivered, for when their reader can be reached.
CREATE INDEX cards_not_posted ON cards (person_id) WHERE ts IS NULL;
