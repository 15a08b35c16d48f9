-- One change of the catalog by files.
INSERT INTO catalog_changes (at, actor, plan) VALUES
    ('2026-01-05 09:00Z', 'operator', '{"changes": [{"thing": "group", "key": "engineers", "act": "create", "name": "Engineers", "fields": []}]}');
