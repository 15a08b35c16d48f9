-- Whoever reads the record asks for emergencies, or for one person: both would else be looked for in all of it.
CREATE INDEX audit_of_emergencies ON audit (id) WHERE emergency;
CREATE INDEX audit_by_actor ON audit (actor_id, id) WHERE actor_id IS NOT NULL;
