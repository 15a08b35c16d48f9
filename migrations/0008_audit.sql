-- Every act, in the words of the domain: who, what, when, from where. Append-only for everyone, the owner included.
CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    actor_id   bigint,
    via        text        NOT NULL,
    request_id bigint,
    grant_id   bigint,
    emergency  boolean     NOT NULL DEFAULT false,
    event      jsonb       NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id),
    CONSTRAINT audit_actor FOREIGN KEY (actor_id) REFERENCES people (id),
    CONSTRAINT audit_request FOREIGN KEY (request_id) REFERENCES requests (id),
    CONSTRAINT audit_grant FOREIGN KEY (grant_id) REFERENCES grants (id),
    CONSTRAINT audit_event_has_type CHECK (event ? 'type')
);
CREATE INDEX audit_by_request ON audit (request_id, id) WHERE request_id IS NOT NULL;
CREATE INDEX audit_by_grant ON audit (grant_id, id) WHERE grant_id IS NOT NULL;

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only: % is not allowed', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM PUBLIC;
-- The owner of a table may do all by default; taken away too, so that a careless statement stops before the trigger.
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM CURRENT_USER;
