-- An approver may make a request shorter before deciding. What was asked for, who made it shorter and why stand beside
-- what is asked for now.
ALTER TABLE requests ADD COLUMN shortened jsonb
    CONSTRAINT requests_shortened_says_by_whom CHECK (shortened IS NULL OR (shortened ? 'from' AND shortened ? 'by'));
