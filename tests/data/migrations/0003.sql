-- One app with two entitlements (one for emergencies too), owned by a group and a person, in an open and a closed catalog.
INSERT INTO apps (key, name, description, connector, settings, active) VALUES
    ('prod-db', 'Production database', 'Orders', 'demo', '{"cluster": "production"}', true),
    ('fax', 'Fax', '', 'manual', '{}', false);
INSERT INTO entitlements (app_id, key, name, resource, description, instructions, policy_id, emergency_enabled,
                          emergency_policy_id, emergency_max, emergency_who, lengths, active, search) VALUES
    (1, 'read', 'Read', 'orders', 'Look at orders', '', 1, true, 2, 3600, '[{"group": "engineers"}]',
        '{"presets": [3600, 28800], "max": 604800, "custom": true, "no_end": false, "default": 3600}', true,
        'production database orders read'),
    (2, 'access', 'Access', NULL, '', 'Give them the key to the room', 1, false, NULL, NULL, '[]',
        '{"presets": [], "max": null, "custom": false, "no_end": true, "default": null}', false, 'fax access');
INSERT INTO owners (app_id, entitlement_id, person_id, group_id) VALUES (1, NULL, NULL, 1), (NULL, 1, 1, NULL);
INSERT INTO catalogs (key, name, everyone) VALUES ('everyone', 'Everyone', true), ('engineering', 'Engineering', false);
INSERT INTO catalog_entitlements (catalog_id, entitlement_id) VALUES (1, 2), (2, 1);
INSERT INTO catalog_audiences (catalog_id, group_id) VALUES (2, 1);
