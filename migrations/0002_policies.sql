-- Policies: how requests are decided. The rules are one document; a request freezes what it resolved to.
CREATE TABLE policies (
    id      bigint GENERATED ALWAYS AS IDENTITY,
    key     text    NOT NULL,
    name    text    NOT NULL,
    kind    text    NOT NULL,
    version bigint  NOT NULL DEFAULT 1,
    rules   jsonb   NOT NULL,
    active  boolean NOT NULL DEFAULT true,
    CONSTRAINT policies_pkey PRIMARY KEY (id),
    CONSTRAINT policies_key_once UNIQUE (key),
    CONSTRAINT policies_kind_known CHECK (kind IN ('request', 'emergency', 'review', 'revoke')),
    CONSTRAINT policies_rules_are_a_list CHECK (jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0)
);
