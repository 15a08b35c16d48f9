-- Owners of a resource: between those of the app and those of one entitlement. A resource is known by its name in its app.
ALTER TABLE owners ADD COLUMN resource text;
ALTER TABLE owners ADD CONSTRAINT owners_resource_of_an_app CHECK (resource IS NULL OR app_id IS NOT NULL);
