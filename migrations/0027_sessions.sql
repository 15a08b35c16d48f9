-- Who is signed in on the web, and who is on the way. Only hashes of what browsers carry: a copy of this opens no door.
CREATE TABLE sessions (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    hash       bytea       NOT NULL,
    person_id  bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    -- When it was last used, to a few minutes: who stays away too long signs in again.
    seen_at    timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_hash_once UNIQUE (hash),
    CONSTRAINT sessions_hash_form CHECK (length(hash) = 32),
    CONSTRAINT sessions_person FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE INDEX sessions_by_seen ON sessions (seen_at);

-- Somebody was sent to Slack to say who they are. Taken away when they come back, so that an answer counts once.
CREATE TABLE sign_ins (
    hash       bytea       NOT NULL,
    -- The browser that set out: an answer counts in no other.
    browser    bytea       NOT NULL,
    goes_to    text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT sign_ins_pkey PRIMARY KEY (hash),
    CONSTRAINT sign_ins_hash_form CHECK (length(hash) = 32 AND length(browser) = 32),
    CONSTRAINT sign_ins_stay_here CHECK (goes_to LIKE '/%' AND goes_to NOT LIKE '//%')
);
CREATE INDEX sign_ins_by_age ON sign_ins (created_at);
