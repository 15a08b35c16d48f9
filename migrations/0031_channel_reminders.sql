-- A step that is asked in a channel is reminded of there, with growing pauses as people are; what is due is a query, and
-- whoever writes a reminder down moves the next one on. One step of a request is open at a time, in one channel at most; the
-- row goes when it is no longer asked there.
CREATE TABLE channel_reminders (
    request_id   bigint      NOT NULL,
    step         integer     NOT NULL,
    channel      text        NOT NULL,
    remind_at    timestamptz NOT NULL,
    -- The pause before the first reminder, in seconds; it doubles with every one.
    remind_after bigint      NOT NULL,
    reminded     integer     NOT NULL DEFAULT 0,
    -- Somebody is on it: not before.
    quiet_until  timestamptz,
    -- Somebody asked for this one: it does not wait for the next day.
    nudged       boolean     NOT NULL DEFAULT false,
    CONSTRAINT channel_reminders_pkey PRIMARY KEY (request_id),
    CONSTRAINT channel_reminders_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT channel_reminders_pause_is_positive CHECK (remind_after > 0),
    CONSTRAINT channel_reminders_reminded_counts CHECK (reminded >= 0)
);
CREATE INDEX channel_reminders_by_reminder ON channel_reminders (remind_at);
CREATE INDEX channel_reminders_by_channel ON channel_reminders (channel);
CREATE INDEX notices_last_reminder_of_channel ON notices (to_channel, created_at) WHERE kind = 'reminder';

-- What is asked in a channel already is reminded of in a day.
INSERT INTO channel_reminders (request_id, step, channel, remind_at, remind_after)
SELECT DISTINCT ON (c.request_id) c.request_id, c.step, c.to_channel, r.created_at + interval '1 day', 86400
  FROM cards c
  JOIN requests r ON r.id = c.request_id AND r.state = 'open'
  JOIN request_approvers a ON a.request_id = c.request_id AND a.step = c.step
 WHERE c.to_channel IS NOT NULL AND c.trouble IS NULL
 ORDER BY c.request_id, c.id DESC;
