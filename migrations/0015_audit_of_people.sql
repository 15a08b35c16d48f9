-- The audit also keeps what happens to people themselves: that they are away, and who decides in their place.
ALTER TABLE audit ADD COLUMN person_id bigint;
ALTER TABLE audit ADD CONSTRAINT audit_person FOREIGN KEY (person_id) REFERENCES people (id);
CREATE INDEX audit_by_person ON audit (person_id, id) WHERE person_id IS NOT NULL;
