-- Every change of the catalog by files: when, by whom, what. Append-only, as the audit is.
CREATE TABLE catalog_changes (
    id    bigint GENERATED ALWAYS AS IDENTITY,
    at    timestamptz NOT NULL,
    actor text        NOT NULL,
    plan  jsonb       NOT NULL,
    CONSTRAINT catalog_changes_pkey PRIMARY KEY (id),
    CONSTRAINT catalog_changes_say_something CHECK (jsonb_array_length(plan -> 'changes') > 0)
);

CREATE TRIGGER catalog_changes_no_change BEFORE UPDATE OR DELETE ON catalog_changes
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER catalog_changes_no_truncate BEFORE TRUNCATE ON catalog_changes
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON catalog_changes FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON catalog_changes FROM CURRENT_USER;
