-- The conversation of a request. `place` orders it: comments and state changes stand in one row of numbers.
CREATE TABLE comments (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    request_id bigint      NOT NULL,
    place      bigint      NOT NULL,
    author_id  bigint,
    body       text        NOT NULL,
    via        text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT comments_pkey PRIMARY KEY (id),
    CONSTRAINT comments_place_once UNIQUE (request_id, place),
    CONSTRAINT comments_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT comments_author FOREIGN KEY (author_id) REFERENCES people (id)
);
