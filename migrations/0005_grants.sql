-- Grants: the access itself. One live grant for a person and an entitlement; requests hold on to it.
CREATE TABLE grants (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    subject_id     bigint      NOT NULL,
    entitlement_id bigint      NOT NULL,
    state          text        NOT NULL,
    was_there      boolean     NOT NULL DEFAULT false,
    started_at     timestamptz,
    until          timestamptz,
    ending_since   timestamptz,
    ended_at       timestamptz,
    cause          text,
    given_by       bigint,
    ended_by       bigint,
    trouble        text,
    wake_at        timestamptz,
    created_at     timestamptz NOT NULL,
    CONSTRAINT grants_pkey PRIMARY KEY (id),
    CONSTRAINT grants_subject FOREIGN KEY (subject_id) REFERENCES people (id),
    CONSTRAINT grants_entitlement FOREIGN KEY (entitlement_id) REFERENCES entitlements (id),
    CONSTRAINT grants_given_by FOREIGN KEY (given_by) REFERENCES people (id),
    CONSTRAINT grants_ended_by FOREIGN KEY (ended_by) REFERENCES people (id),
    CONSTRAINT grants_state_known
        CHECK (state IN ('provisioning', 'active', 'ending', 'ended', 'failed', 'end_overdue')),
    CONSTRAINT grants_active_has_begun CHECK (state <> 'active' OR started_at IS NOT NULL),
    CONSTRAINT grants_ended_iff_over CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT grants_ending_has_cause
        CHECK (state NOT IN ('ending', 'ended', 'end_overdue') OR (cause IS NOT NULL AND ending_since IS NOT NULL))
);
CREATE UNIQUE INDEX grants_one_live ON grants (subject_id, entitlement_id) WHERE state IN ('provisioning', 'active');
CREATE INDEX grants_by_subject ON grants (subject_id, id DESC);
CREATE INDEX grants_by_entitlement ON grants (entitlement_id) WHERE state IN ('provisioning', 'active', 'ending', 'end_overdue');
CREATE INDEX grants_by_wake ON grants (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE holds (
    grant_id   bigint  NOT NULL,
    request_id bigint  NOT NULL,
    length     bigint,
    until      timestamptz,
    over       boolean NOT NULL DEFAULT false,
    CONSTRAINT holds_pkey PRIMARY KEY (grant_id, request_id),
    CONSTRAINT holds_request_once UNIQUE (request_id),
    CONSTRAINT holds_grant FOREIGN KEY (grant_id) REFERENCES grants (id),
    CONSTRAINT holds_request FOREIGN KEY (request_id) REFERENCES requests (id)
);

-- What the demo's automatic target systems hold: the other side of the simulated connector, kept apart from grants so
-- that both can be compared.
CREATE TABLE demo_target_access (
    app         text   NOT NULL,
    entitlement text   NOT NULL,
    account     text   NOT NULL,
    CONSTRAINT demo_target_access_pkey PRIMARY KEY (app, entitlement, account)
);
