-- What stands in Slack can be taken away or changed there, and Slack does not always tell: an event is lost while nobody
-- listens, a post is noted that never happened. So every copy of a card says when it is to be compared with Slack again.

-- NULL: not again by itself. `odd` is what Slack told of a copy right after it had been put right: its own way of
-- writing, and no reason to put it right once more.
ALTER TABLE cards ADD COLUMN look_at timestamptz;
ALTER TABLE cards ADD COLUMN odd text;
CREATE INDEX cards_to_look_at ON cards (look_at) WHERE look_at IS NOT NULL;
UPDATE cards SET look_at = requests.created_at FROM requests WHERE requests.id = cards.request_id AND requests.state = 'open';

-- A copy of a comment that is not as it was made is put right by its thread's next job; one that was lost stands at the
-- end of the thread from then on, and says when it was written.
ALTER TABLE comment_copies ADD COLUMN amiss text;
ALTER TABLE comment_copies ADD COLUMN restored boolean NOT NULL DEFAULT false;
ALTER TABLE comment_copies ADD COLUMN odd text;
ALTER TABLE comment_copies ADD CONSTRAINT comment_copies_amiss_known CHECK (amiss IN ('lost', 'changed'));
CREATE INDEX comment_copies_amiss ON comment_copies (card_id) WHERE amiss IS NOT NULL;

-- One row for all replicas: when they last began to look, so that together they call no more often than one would, and
-- since when Slack has refused our token, so that everything is compared once it takes it again.
CREATE TABLE looks (
    one          boolean     NOT NULL DEFAULT true,
    begun_at     timestamptz,
    broken_since timestamptz,
    CONSTRAINT looks_pkey PRIMARY KEY (one),
    CONSTRAINT looks_only_one CHECK (one)
);
INSERT INTO looks DEFAULT VALUES;
