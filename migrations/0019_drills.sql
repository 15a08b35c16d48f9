-- The emergency path is tried out against something harmless, leg by leg, so that it works when it is needed. What is
-- marked for drills is never the reason why somebody needs a second person.
ALTER TABLE entitlements ADD COLUMN emergency_drill boolean NOT NULL DEFAULT false;

CREATE TABLE drills (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    entitlement_id bigint      NOT NULL,
    person_id      bigint      NOT NULL,
    via            text        NOT NULL,
    request_id     bigint,
    started_at     timestamptz NOT NULL,
    -- Each leg that is over: its name, how long it took, what went wrong.
    legs           jsonb       NOT NULL DEFAULT '[]',
    finished_at    timestamptz,
    ok             boolean,
    CONSTRAINT drills_pkey PRIMARY KEY (id),
    CONSTRAINT drills_entitlement FOREIGN KEY (entitlement_id) REFERENCES entitlements (id),
    CONSTRAINT drills_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT drills_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT drills_legs_are_a_list CHECK (jsonb_typeof(legs) = 'array'),
    CONSTRAINT drills_finished_says_how CHECK ((finished_at IS NULL) = (ok IS NULL))
);
CREATE INDEX drills_running ON drills (id) WHERE finished_at IS NULL;
