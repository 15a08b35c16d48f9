-- The conversation as it really goes: people change what they wrote, take it back, bring files, answer with an emoji, and
-- approvers speak among themselves.

-- `words` is what was said with its form; where it is missing, `body` says it in Slack's markup.
ALTER TABLE comments ADD COLUMN words jsonb;
ALTER TABLE comments ADD COLUMN visibility text NOT NULL DEFAULT 'everyone'
    CONSTRAINT comments_visibility_known CHECK (visibility IN ('everyone', 'approvers'));
ALTER TABLE comments ADD COLUMN origin text NOT NULL DEFAULT 'system'
    CONSTRAINT comments_origin_known CHECK (origin IN ('message', 'page', 'form', 'system'));
-- The address of the message it is, where it is one.
ALTER TABLE comments ADD COLUMN link text;
-- Written when the request was over.
ALTER TABLE comments ADD COLUMN late boolean NOT NULL DEFAULT false;
ALTER TABLE comments ADD COLUMN edition bigint NOT NULL DEFAULT 1
    CONSTRAINT comments_edition_counts CHECK (edition > 0);
ALTER TABLE comments ADD COLUMN edited_at timestamptz;
ALTER TABLE comments ADD COLUMN deleted_at timestamptz;
-- What Slack calls the last change (a `ts`): a change that comes late is older, and changes nothing.
ALTER TABLE comments ADD COLUMN changed text;
UPDATE comments SET origin = CASE WHEN EXISTS (SELECT FROM comment_copies k WHERE k.comment_id = comments.id AND k.original)
                                  THEN 'message' ELSE 'form' END
 WHERE author_id IS NOT NULL;
ALTER TABLE comments ADD CONSTRAINT comments_said_by_somebody CHECK ((author_id IS NULL) = (origin = 'system'));

-- What a comment said before it was changed. Shown to nobody; kept for the record.
CREATE TABLE comment_editions (
    comment_id bigint      NOT NULL,
    edition    bigint      NOT NULL,
    body       text        NOT NULL,
    words      jsonb,
    until      timestamptz NOT NULL,
    CONSTRAINT comment_editions_pkey PRIMARY KEY (comment_id, edition),
    CONSTRAINT comment_editions_comment FOREIGN KEY (comment_id) REFERENCES comments (id)
);

-- Files are named, not kept: they stay where they are.
CREATE TABLE comment_files (
    comment_id bigint  NOT NULL,
    file_id    text    NOT NULL,
    place      integer NOT NULL,
    name       text    NOT NULL,
    mimetype   text    NOT NULL,
    size       bigint  NOT NULL,
    link       text    NOT NULL,
    deleted    boolean NOT NULL DEFAULT false,
    CONSTRAINT comment_files_pkey PRIMARY KEY (comment_id, file_id),
    CONSTRAINT comment_files_comment FOREIGN KEY (comment_id) REFERENCES comments (id)
);
CREATE INDEX comment_files_by_file ON comment_files (file_id);

-- A change that was known before the message it changes: the newest of them waits here until that comes.
CREATE TABLE comment_changes (
    channel text        NOT NULL,
    ts      text        NOT NULL,
    -- NULL: it was taken back.
    said    jsonb,
    name    text        NOT NULL,
    at      timestamptz NOT NULL,
    CONSTRAINT comment_changes_pkey PRIMARY KEY (channel, ts)
);
CREATE INDEX comment_changes_by_age ON comment_changes (at);

-- An emoji on a comment or on any of its copies, by message, since it may be known before the message is. `at` is what
-- Slack calls the moment: an emoji that was taken away stays as a row, so that its coming cannot overtake its going.
CREATE TABLE comment_reactions (
    channel text    NOT NULL,
    ts      text    NOT NULL,
    account text    NOT NULL,
    emoji   text    NOT NULL,
    at      text    NOT NULL,
    present boolean NOT NULL,
    CONSTRAINT comment_reactions_pkey PRIMARY KEY (channel, ts, account, emoji)
);
CREATE INDEX comment_copies_by_comment ON comment_copies (comment_id);
