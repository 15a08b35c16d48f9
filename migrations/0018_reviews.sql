-- Who has used emergency access owes a look back at it: somebody who neither used nor approved it says whether it was
-- justified. One review for each emergency, in sight until it is done.
CREATE TABLE reviews (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    request_id    bigint      NOT NULL,
    grant_id      bigint      NOT NULL,
    -- Whose use it is about: until it is done they break glass only with a second person, once it is overdue.
    subject_id    bigint      NOT NULL,
    opened_at     timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    -- Set when its time has passed without it.
    overdue_since timestamptz,
    -- How many reminders there were, and when somebody should look at it again by itself.
    reminded      integer     NOT NULL DEFAULT 0,
    wake_at       timestamptz,
    completed_by  bigint,
    completed_at  timestamptz,
    justified     boolean,
    fit           text,
    follow_up     text        NOT NULL DEFAULT '',
    CONSTRAINT reviews_pkey PRIMARY KEY (id),
    CONSTRAINT reviews_request_once UNIQUE (request_id),
    CONSTRAINT reviews_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT reviews_grant FOREIGN KEY (grant_id) REFERENCES grants (id),
    CONSTRAINT reviews_subject FOREIGN KEY (subject_id) REFERENCES people (id),
    CONSTRAINT reviews_completed_by FOREIGN KEY (completed_by) REFERENCES people (id),
    CONSTRAINT reviews_reminders_count CHECK (reminded >= 0),
    CONSTRAINT reviews_fit_known CHECK (fit IN ('fits', 'too_long', 'too_short')),
    CONSTRAINT reviews_done_says_all
        CHECK (num_nonnulls(completed_by, completed_at, justified, fit) IN (0, 4)),
    CONSTRAINT reviews_not_by_the_user CHECK (completed_by <> subject_id),
    CONSTRAINT reviews_wake_only_owed CHECK (wake_at IS NULL OR completed_at IS NULL)
);
CREATE INDEX reviews_by_wake ON reviews (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX reviews_owed ON reviews (subject_id) WHERE completed_at IS NULL;

-- Who can do it, as last resolved.
CREATE TABLE review_reviewers (
    review_id bigint NOT NULL,
    person_id bigint NOT NULL,
    CONSTRAINT review_reviewers_pkey PRIMARY KEY (review_id, person_id),
    CONSTRAINT review_reviewers_review FOREIGN KEY (review_id) REFERENCES reviews (id),
    CONSTRAINT review_reviewers_person FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE INDEX review_reviewers_by_person ON review_reviewers (person_id);

ALTER TABLE notices ADD COLUMN review_id bigint CONSTRAINT notices_review REFERENCES reviews (id);
CREATE INDEX notices_by_review ON notices (review_id) WHERE review_id IS NOT NULL;

-- What is done at fixed times is done once for each, by whichever replica comes first.
CREATE TABLE scheduled_runs (
    name   text        NOT NULL,
    slot   timestamptz NOT NULL,
    run_at timestamptz NOT NULL,
    CONSTRAINT scheduled_runs_pkey PRIMARY KEY (name, slot)
);
