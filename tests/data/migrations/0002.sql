-- A policy with a condition, one for emergencies, one that has been retired.
INSERT INTO policies (key, name, kind, version, rules, active) VALUES
    ('manager', 'The manager', 'request', 2, '[
        {"name": "Short", "when": "request.minutes <= 60", "steps": [{"approve": {"message": "A short look"}}]},
        {"name": "", "steps": [{"approval": {"name": "Manager", "approvers": ["manager"], "quorum": "any",
            "fallback": ["app_owners"], "self_approval": false, "distinct": false, "reason": "to_deny",
            "deadline": {"after": 86400, "then": "fallback"}}}]}]', true),
    ('emergency', 'At once', 'emergency', 1, '[{"name": "", "steps": [{"approve": {"message": ""}}]}]', true),
    ('old', 'As it was', 'request', 1, '[{"name": "", "steps": [{"deny": {"message": "Ask for something else"}}]}]', false);
