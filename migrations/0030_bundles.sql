-- A catalog may be asked for whole: whoever does makes one request for each part that is missing, and reads on one card how
-- they stand.
ALTER TABLE catalogs ADD COLUMN bundle boolean NOT NULL DEFAULT false;
CREATE TABLE bundles (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    -- What it was called then.
    name         text        NOT NULL,
    requester_id bigint      NOT NULL,
    subject_id   bigint      NOT NULL,
    justification text       NOT NULL,
    -- The act that made it, as the door names it: the same act makes one.
    origin       text,
    created_at   timestamptz NOT NULL,
    CONSTRAINT bundles_pkey PRIMARY KEY (id),
    CONSTRAINT bundles_requester FOREIGN KEY (requester_id) REFERENCES people (id),
    CONSTRAINT bundles_subject FOREIGN KEY (subject_id) REFERENCES people (id),
    CONSTRAINT bundles_origin_once UNIQUE (origin)
);
ALTER TABLE requests ADD COLUMN bundle_id bigint;
ALTER TABLE requests ADD CONSTRAINT requests_bundle FOREIGN KEY (bundle_id) REFERENCES bundles (id);
CREATE INDEX requests_by_bundle ON requests (bundle_id, id) WHERE bundle_id IS NOT NULL;
-- The card that keeps the parts together.
ALTER TABLE notices ADD COLUMN bundle_id bigint;
ALTER TABLE notices ADD CONSTRAINT notices_bundle FOREIGN KEY (bundle_id) REFERENCES bundles (id);
CREATE INDEX notices_by_bundle ON notices (bundle_id) WHERE bundle_id IS NOT NULL;
