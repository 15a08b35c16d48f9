-- Requests: who wants what, and how it is being decided. The steps are one document, read and written as a whole
-- under the row's lock; who is asked and who decided stand beside it in tables of their own, to be found quickly.
CREATE TABLE requests (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    requester_id   bigint      NOT NULL,
    subject_id     bigint      NOT NULL,
    entitlement_id bigint      NOT NULL,
    length         bigint,
    justification  text        NOT NULL,
    emergency      boolean     NOT NULL,
    extension      boolean     NOT NULL,
    via            text        NOT NULL,
    -- The act that made it, as the door names it (a Slack view, an idempotency key): a repeat makes no second request.
    origin         text,
    policy         jsonb       NOT NULL,
    alarm          text,
    steps          jsonb       NOT NULL,
    state          text        NOT NULL,
    outcome        jsonb       NOT NULL,
    revision       bigint      NOT NULL DEFAULT 0,
    widened        boolean     NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    closed_at      timestamptz,
    wake_at        timestamptz,
    CONSTRAINT requests_pkey PRIMARY KEY (id),
    CONSTRAINT requests_origin_once UNIQUE (origin),
    CONSTRAINT requests_requester FOREIGN KEY (requester_id) REFERENCES people (id),
    CONSTRAINT requests_subject FOREIGN KEY (subject_id) REFERENCES people (id),
    CONSTRAINT requests_entitlement FOREIGN KEY (entitlement_id) REFERENCES entitlements (id),
    CONSTRAINT requests_state_known
        CHECK (state IN ('open', 'approved', 'denied', 'cancelled', 'expired', 'closed')),
    CONSTRAINT requests_closed_iff_over CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT requests_length_positive CHECK (length > 0),
    CONSTRAINT requests_wake_only_open CHECK (wake_at IS NULL OR state = 'open')
);
CREATE UNIQUE INDEX requests_one_open ON requests (subject_id, entitlement_id) WHERE state = 'open';
CREATE INDEX requests_by_requester ON requests (requester_id, id DESC);
CREATE INDEX requests_by_subject ON requests (subject_id, id DESC);
CREATE INDEX requests_by_wake ON requests (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX requests_open ON requests (entitlement_id) WHERE state = 'open';

-- Who is asked by the step that is open: what "waiting for me" reads.
CREATE TABLE request_approvers (
    request_id bigint  NOT NULL,
    step       integer NOT NULL,
    person_id  bigint  NOT NULL,
    CONSTRAINT request_approvers_pkey PRIMARY KEY (request_id, step, person_id),
    CONSTRAINT request_approvers_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT request_approvers_person FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE INDEX request_approvers_by_person ON request_approvers (person_id, request_id DESC);

-- Nobody decides a step twice; nothing here is ever changed.
CREATE TABLE decisions (
    request_id bigint      NOT NULL,
    step       integer     NOT NULL,
    person_id  bigint      NOT NULL,
    verdict    text        NOT NULL,
    reason     text        NOT NULL,
    via        text        NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT decisions_pkey PRIMARY KEY (request_id, step, person_id),
    CONSTRAINT decisions_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT decisions_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT decisions_verdict_known CHECK (verdict IN ('approve', 'deny'))
);
