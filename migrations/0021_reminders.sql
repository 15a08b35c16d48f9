-- Reminders: when whoever is asked is to hear again of what waits for them. What is due is a query, and a reminder is
-- written down in the transaction that moves the next one on; so none is lost, and none is sent twice.
ALTER TABLE request_approvers ADD COLUMN remind_at timestamptz;
-- The pause before the first reminder, in seconds; it doubles with every one.
ALTER TABLE request_approvers ADD COLUMN remind_after bigint NOT NULL DEFAULT 86400
    CONSTRAINT request_approvers_pause_is_positive CHECK (remind_after > 0);
ALTER TABLE request_approvers ADD COLUMN reminded integer NOT NULL DEFAULT 0
    CONSTRAINT request_approvers_reminded_counts CHECK (reminded >= 0);
-- Somebody else is on it: not before.
ALTER TABLE request_approvers ADD COLUMN quiet_until timestamptz;
-- Somebody asked for this one: `nudged` does not wait for the next day, `own` (they themselves) not for the morning either.
ALTER TABLE request_approvers ADD COLUMN nudged boolean NOT NULL DEFAULT false;
ALTER TABLE request_approvers ADD COLUMN own boolean NOT NULL DEFAULT false;
CREATE INDEX request_approvers_by_reminder ON request_approvers (remind_at) WHERE remind_at IS NOT NULL;

-- What a reminder speaks of. Its words are made when it is sent, of what still waits then.
CREATE TABLE reminder_lines (
    notice_id  bigint  NOT NULL,
    request_id bigint  NOT NULL,
    step       integer NOT NULL,
    CONSTRAINT reminder_lines_pkey PRIMARY KEY (notice_id, request_id),
    CONSTRAINT reminder_lines_notice FOREIGN KEY (notice_id) REFERENCES notices (id),
    CONSTRAINT reminder_lines_request FOREIGN KEY (request_id) REFERENCES requests (id)
);
CREATE INDEX notices_last_reminder ON notices (person_id, created_at) WHERE kind = 'reminder';

-- Those who are asked already hear of it in a day.
UPDATE request_approvers a SET remind_at = r.created_at + interval '1 day'
  FROM requests r WHERE r.id = a.request_id AND r.state = 'open'
   AND NOT EXISTS (SELECT FROM decisions d WHERE d.request_id = a.request_id AND d.step = a.step AND d.person_id = a.person_id);
