-- Somebody owns a resource of the app.
INSERT INTO owners (app_id, resource, person_id)
SELECT a.id, 'orders', p.id FROM apps a, people p ORDER BY a.id, p.id LIMIT 1;
