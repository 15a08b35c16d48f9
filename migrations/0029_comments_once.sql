-- A form on a page may be sent twice: the act that wrote a comment has a name, and writes one.
ALTER TABLE comments ADD COLUMN act text;
CREATE UNIQUE INDEX comments_act_once ON comments (act) WHERE act IS NOT NULL;
