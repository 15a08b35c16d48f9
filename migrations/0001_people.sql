-- People: whom requests are from and for, and who decides. Slack says who is there; files add manager, team and roles.
CREATE TABLE people (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    key         text        NOT NULL,
    name        text        NOT NULL,
    email       text,
    standing    text        NOT NULL DEFAULT 'active',
    kind        text        NOT NULL DEFAULT 'employee',
    manager_id  bigint,
    title       text        NOT NULL DEFAULT '',
    team        text        NOT NULL DEFAULT '',
    -- Described by the organisation's files? Then their word on name, e-mail and title counts, and Slack's does not.
    in_files    boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    CONSTRAINT people_pkey PRIMARY KEY (id),
    CONSTRAINT people_key_once UNIQUE (key),
    CONSTRAINT people_key_form CHECK (key ~ '^[a-z0-9][a-z0-9._-]*$'),
    CONSTRAINT people_standing_known CHECK (standing IN ('active', 'suspended', 'deleted')),
    CONSTRAINT people_kind_known CHECK (kind IN ('employee', 'guest', 'bot')),
    CONSTRAINT people_manager FOREIGN KEY (manager_id) REFERENCES people (id),
    CONSTRAINT people_not_own_manager CHECK (manager_id <> id)
);
CREATE UNIQUE INDEX people_email_once ON people (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX people_by_manager ON people (manager_id);

CREATE TABLE person_roles (
    person_id bigint NOT NULL,
    role      text   NOT NULL,
    CONSTRAINT person_roles_pkey PRIMARY KEY (person_id, role),
    CONSTRAINT person_roles_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT person_roles_known
        CHECK (role IN ('helpdesk', 'request_admin', 'app_admin', 'auditor', 'super_admin'))
);

CREATE TABLE groups (
    id     bigint GENERATED ALWAYS AS IDENTITY,
    key    text    NOT NULL,
    name   text    NOT NULL,
    -- A group that is gone from the files stays for the record, without members.
    active boolean NOT NULL DEFAULT true,
    CONSTRAINT groups_pkey PRIMARY KEY (id),
    CONSTRAINT groups_key_once UNIQUE (key)
);

CREATE TABLE group_members (
    group_id  bigint NOT NULL,
    person_id bigint NOT NULL,
    CONSTRAINT group_members_pkey PRIMARY KEY (group_id, person_id),
    CONSTRAINT group_members_group FOREIGN KEY (group_id) REFERENCES groups (id) ON DELETE CASCADE,
    CONSTRAINT group_members_person FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE INDEX group_members_by_person ON group_members (person_id);

-- Who a Slack account is. Bound once; a later change of e-mail address in Slack does not move the binding, so that
-- nobody takes over somebody else's authority by taking their address.
CREATE TABLE slack_identities (
    team_id    text        NOT NULL,
    user_id    text        NOT NULL,
    person_id  bigint      NOT NULL,
    dm_channel text,
    linked_at  timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    -- When they last opened the Home tab; nobody else's needs to be kept current.
    home_at    timestamptz,
    avatar     text,
    tz         text,
    CONSTRAINT slack_identities_pkey PRIMARY KEY (team_id, user_id),
    CONSTRAINT slack_identities_person_once UNIQUE (person_id),
    CONSTRAINT slack_identities_person FOREIGN KEY (person_id) REFERENCES people (id)
);
