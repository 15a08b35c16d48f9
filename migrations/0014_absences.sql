-- Who is away, from when until when, and who decides in their place. One absence each that is not over; those of the past
-- stay for the record.
CREATE TABLE absences (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    person_id   bigint      NOT NULL,
    from_at     timestamptz NOT NULL,
    until_at    timestamptz NOT NULL,
    delegate_id bigint,
    set_by      bigint      NOT NULL,
    set_at      timestamptz NOT NULL,
    -- When it was over: by time, because they came back, or because they said something else.
    ended_at    timestamptz,
    -- When it begins or ends by itself.
    wake_at     timestamptz,
    CONSTRAINT absences_pkey PRIMARY KEY (id),
    CONSTRAINT absences_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT absences_delegate FOREIGN KEY (delegate_id) REFERENCES people (id),
    CONSTRAINT absences_set_by FOREIGN KEY (set_by) REFERENCES people (id),
    CONSTRAINT absences_some_time CHECK (until_at > from_at),
    CONSTRAINT absences_not_own_delegate CHECK (delegate_id <> person_id),
    CONSTRAINT absences_wake_until_over CHECK ((wake_at IS NULL) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX absences_one_each ON absences (person_id) WHERE ended_at IS NULL;
CREATE INDEX absences_by_wake ON absences (wake_at) WHERE wake_at IS NOT NULL;
