-- What somebody typed into a page whose session was over when they sent it: nothing is lost, and nothing is sent. It is shown to
-- them again, in its form, when they have signed in; it is kept for minutes.
CREATE TABLE kept_words (
    -- Of a secret that their browser carries.
    hash       bytea       NOT NULL,
    -- Whose session it was, where that is known still: shown to nobody else.
    person_id  bigint,
    -- The page, whether there is such a request or not.
    request_id bigint      NOT NULL,
    -- The form, and what was typed into it.
    act        text        NOT NULL,
    fields     jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT kept_words_pkey PRIMARY KEY (hash),
    CONSTRAINT kept_words_hash_form CHECK (length(hash) = 32),
    CONSTRAINT kept_words_person FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE INDEX kept_words_by_age ON kept_words (created_at);
