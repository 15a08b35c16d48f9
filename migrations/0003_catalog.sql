-- The catalog: apps, their resources and entitlements, who owns them, who may see them. Nothing is ever deleted:
-- requests and grants of the past point here.
CREATE TABLE apps (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    key         text    NOT NULL,
    name        text    NOT NULL,
    description text    NOT NULL DEFAULT '',
    connector   text    NOT NULL DEFAULT 'manual',
    settings    jsonb   NOT NULL DEFAULT '{}',
    active      boolean NOT NULL DEFAULT true,
    CONSTRAINT apps_pkey PRIMARY KEY (id),
    CONSTRAINT apps_key_once UNIQUE (key),
    CONSTRAINT apps_key_form CHECK (key ~ '^[a-z0-9][a-z0-9._-]*$')
);

CREATE TABLE entitlements (
    id                  bigint GENERATED ALWAYS AS IDENTITY,
    app_id              bigint  NOT NULL,
    key                 text    NOT NULL,
    name                text    NOT NULL,
    resource            text,
    description         text    NOT NULL DEFAULT '',
    instructions        text    NOT NULL DEFAULT '',
    policy_id           bigint  NOT NULL,
    emergency_enabled   boolean NOT NULL DEFAULT false,
    emergency_policy_id bigint,
    emergency_max       bigint,
    emergency_who       jsonb   NOT NULL DEFAULT '[]',
    lengths             jsonb   NOT NULL,
    active              boolean NOT NULL DEFAULT true,
    -- What the pickers search: lower case, app first.
    search              text    NOT NULL,
    CONSTRAINT entitlements_pkey PRIMARY KEY (id),
    CONSTRAINT entitlements_key_once UNIQUE (app_id, key),
    CONSTRAINT entitlements_key_form CHECK (key ~ '^[a-z0-9][a-z0-9._-]*$'),
    CONSTRAINT entitlements_app FOREIGN KEY (app_id) REFERENCES apps (id),
    CONSTRAINT entitlements_policy FOREIGN KEY (policy_id) REFERENCES policies (id),
    CONSTRAINT entitlements_emergency_policy FOREIGN KEY (emergency_policy_id) REFERENCES policies (id),
    CONSTRAINT entitlements_emergency_needs_policy CHECK (NOT emergency_enabled OR emergency_policy_id IS NOT NULL),
    CONSTRAINT entitlements_emergency_max_positive CHECK (emergency_max > 0)
);
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX entitlements_by_search ON entitlements USING gin (search gin_trgm_ops);

-- An owner is a person or a group; of an app, or of one entitlement.
CREATE TABLE owners (
    app_id         bigint,
    entitlement_id bigint,
    person_id      bigint,
    group_id       bigint,
    CONSTRAINT owners_of_one_thing CHECK (num_nonnulls(app_id, entitlement_id) = 1),
    CONSTRAINT owners_one_owner CHECK (num_nonnulls(person_id, group_id) = 1),
    CONSTRAINT owners_app FOREIGN KEY (app_id) REFERENCES apps (id),
    CONSTRAINT owners_entitlement FOREIGN KEY (entitlement_id) REFERENCES entitlements (id),
    CONSTRAINT owners_person FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT owners_group FOREIGN KEY (group_id) REFERENCES groups (id)
);
CREATE INDEX owners_by_app ON owners (app_id);
CREATE INDEX owners_by_entitlement ON owners (entitlement_id);
CREATE INDEX owners_by_person ON owners (person_id);
CREATE INDEX owners_by_group ON owners (group_id);

-- A named set of entitlements, visible to everyone or to an audience of groups. What is in no catalog nobody sees.
CREATE TABLE catalogs (
    id       bigint GENERATED ALWAYS AS IDENTITY,
    key      text    NOT NULL,
    name     text    NOT NULL,
    everyone boolean NOT NULL,
    CONSTRAINT catalogs_pkey PRIMARY KEY (id),
    CONSTRAINT catalogs_key_once UNIQUE (key)
);

CREATE TABLE catalog_entitlements (
    catalog_id     bigint NOT NULL,
    entitlement_id bigint NOT NULL,
    CONSTRAINT catalog_entitlements_pkey PRIMARY KEY (catalog_id, entitlement_id),
    CONSTRAINT catalog_entitlements_catalog FOREIGN KEY (catalog_id) REFERENCES catalogs (id) ON DELETE CASCADE,
    CONSTRAINT catalog_entitlements_entitlement FOREIGN KEY (entitlement_id) REFERENCES entitlements (id)
);
CREATE INDEX catalog_entitlements_by_entitlement ON catalog_entitlements (entitlement_id);

CREATE TABLE catalog_audiences (
    catalog_id bigint NOT NULL,
    group_id   bigint NOT NULL,
    CONSTRAINT catalog_audiences_pkey PRIMARY KEY (catalog_id, group_id),
    CONSTRAINT catalog_audiences_catalog FOREIGN KEY (catalog_id) REFERENCES catalogs (id) ON DELETE CASCADE,
    CONSTRAINT catalog_audiences_group FOREIGN KEY (group_id) REFERENCES groups (id) ON DELETE CASCADE
);
