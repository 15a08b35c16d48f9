-- A request that is made an emergency begins anew under another plan. What it followed before is kept beside it and
-- counts no more; so whoever decided then may decide again, in the next round.
ALTER TABLE requests ADD COLUMN earlier jsonb NOT NULL DEFAULT '[]'
    CONSTRAINT requests_earlier_is_a_list CHECK (jsonb_typeof(earlier) = 'array');

ALTER TABLE decisions ADD COLUMN round integer NOT NULL DEFAULT 0
    CONSTRAINT decisions_round_counts CHECK (round >= 0);
ALTER TABLE decisions DROP CONSTRAINT decisions_pkey;
ALTER TABLE decisions ADD CONSTRAINT decisions_pkey PRIMARY KEY (request_id, round, step, person_id);
