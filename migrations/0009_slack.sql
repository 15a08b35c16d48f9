-- What we have shown in Slack. `ts` is text, always: it is a name, not a number.

-- The message ledger: one row for every copy of a card. `shown` is the hash of what the copy shows; `mirrored` is the
-- place in the conversation up to which its thread has been told.
CREATE TABLE cards (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    request_id bigint NOT NULL,
    person_id  bigint NOT NULL,
    role       text   NOT NULL,
    channel    text,
    ts         text,
    shown      text,
    -- Set before a post is tried, cleared when its answer is known: an attempt that ended in the dark is looked up.
    posting    boolean NOT NULL DEFAULT false,
    mirrored   bigint  NOT NULL DEFAULT 0,
    trouble    text,
    CONSTRAINT cards_pkey PRIMARY KEY (id),
    CONSTRAINT cards_one_copy UNIQUE (request_id, person_id, role),
    CONSTRAINT cards_role_known CHECK (role IN ('requester', 'approver', 'provisioner')),
    CONSTRAINT cards_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT cards_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT cards_posted_has_place CHECK (ts IS NULL OR channel IS NOT NULL)
);
CREATE UNIQUE INDEX cards_by_message ON cards (channel, ts) WHERE ts IS NOT NULL;

-- One row for every copy of a comment in a thread. A person's own message is the copy in the thread they wrote it in.
CREATE TABLE comment_copies (
    card_id    bigint  NOT NULL,
    comment_id bigint  NOT NULL,
    channel    text,
    ts         text,
    posting    boolean NOT NULL DEFAULT false,
    original   boolean NOT NULL DEFAULT false,
    CONSTRAINT comment_copies_pkey PRIMARY KEY (card_id, comment_id),
    CONSTRAINT comment_copies_card FOREIGN KEY (card_id) REFERENCES cards (id),
    CONSTRAINT comment_copies_comment FOREIGN KEY (comment_id) REFERENCES comments (id)
);
CREATE UNIQUE INDEX comment_copies_by_message ON comment_copies (channel, ts) WHERE ts IS NOT NULL;

-- One-time messages to a person (a notice), each with a row that says whether it was sent.
CREATE TABLE notices (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    person_id  bigint      NOT NULL,
    request_id bigint,
    kind       text        NOT NULL,
    body       text        NOT NULL,
    channel    text,
    ts         text,
    posting    boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    CONSTRAINT notices_pkey PRIMARY KEY (id),
    CONSTRAINT notices_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT notices_request FOREIGN KEY (request_id) REFERENCES requests (id)
);
