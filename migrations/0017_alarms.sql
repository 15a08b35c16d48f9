-- What has to be heard: notices also go into a channel and say the same thing to the same reader once; an alarm is a row
-- that stays in sight until somebody takes it; and the organisation says which channel that is.
CREATE TABLE organisation_settings (
    name  text NOT NULL,
    -- As the files write it: it was checked when they were applied.
    value text NOT NULL,
    CONSTRAINT organisation_settings_pkey PRIMARY KEY (name)
);

CREATE TABLE alarms (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    kind       text        NOT NULL,
    -- What it is about: the same trouble is one alarm, however often it is met.
    once       text        NOT NULL,
    request_id bigint,
    grant_id   bigint,
    emergency  boolean     NOT NULL,
    body       text        NOT NULL,
    raised_at  timestamptz NOT NULL,
    taken_by   bigint,
    taken_at   timestamptz,
    CONSTRAINT alarms_pkey PRIMARY KEY (id),
    CONSTRAINT alarms_once UNIQUE (once),
    CONSTRAINT alarms_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT alarms_grant FOREIGN KEY (grant_id) REFERENCES grants (id),
    CONSTRAINT alarms_taken_by FOREIGN KEY (taken_by) REFERENCES people (id),
    CONSTRAINT alarms_taken_by_somebody CHECK ((taken_by IS NULL) = (taken_at IS NULL))
);
CREATE INDEX alarms_open ON alarms (raised_at) WHERE taken_at IS NULL;

ALTER TABLE notices ALTER COLUMN person_id DROP NOT NULL;
-- A channel, as the settings name it.
ALTER TABLE notices ADD COLUMN to_channel text;
ALTER TABLE notices ADD CONSTRAINT notices_one_reader CHECK (num_nonnulls(person_id, to_channel) = 1);
-- What it says to whom, for those that are said once.
ALTER TABLE notices ADD COLUMN once text;
CREATE UNIQUE INDEX notices_once ON notices (once) WHERE once IS NOT NULL;
CREATE INDEX notices_by_request ON notices (request_id, kind) WHERE request_id IS NOT NULL;
-- A notice of an alarm shows whether somebody has taken it, so it is drawn anew; `shown` is the hash of what it shows.
ALTER TABLE notices ADD COLUMN alarm_id bigint CONSTRAINT notices_alarm REFERENCES alarms (id);
ALTER TABLE notices ADD COLUMN shown text;
CREATE INDEX notices_by_alarm ON notices (alarm_id) WHERE alarm_id IS NOT NULL;
-- Why it could not be delivered, if it could not.
ALTER TABLE notices ADD COLUMN trouble text;
