-- Rotations: who is on call. The files say who takes turns, or which service knows; its last answer is kept here.
CREATE TABLE rotations (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    key         text    NOT NULL,
    name        text    NOT NULL,
    roster      jsonb   NOT NULL,
    -- An answer older than this many seconds is none.
    stale_after bigint  NOT NULL,
    active      boolean NOT NULL DEFAULT true,
    -- When the service last answered, and what went wrong since.
    answered_at timestamptz,
    trouble     text,
    -- Have people been told that nobody knows who is on call? Once for each time that begins.
    alarmed     boolean NOT NULL DEFAULT false,
    -- When somebody else may be on call, or the service is to be asked again.
    wake_at     timestamptz,
    CONSTRAINT rotations_pkey PRIMARY KEY (id),
    CONSTRAINT rotations_key_once UNIQUE (key),
    CONSTRAINT rotations_stale_after_positive CHECK (stale_after > 0),
    CONSTRAINT rotations_wake_only_active CHECK (wake_at IS NULL OR active)
);
CREATE INDEX rotations_by_wake ON rotations (wake_at) WHERE wake_at IS NOT NULL;

-- Whom the service named, as far as they are known here.
CREATE TABLE rotation_people (
    rotation_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    CONSTRAINT rotation_people_pkey PRIMARY KEY (rotation_id, person_id),
    CONSTRAINT rotation_people_rotation FOREIGN KEY (rotation_id) REFERENCES rotations (id),
    CONSTRAINT rotation_people_person FOREIGN KEY (person_id) REFERENCES people (id)
);
