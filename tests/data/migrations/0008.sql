-- What happened to request 1 and to its grant.
INSERT INTO audit (at, actor_id, via, request_id, grant_id, emergency, event) VALUES
    ('2026-01-06 10:00Z', 2, 'slack', 1, NULL, false, '{"type": "submitted", "requester": 2, "subject": 2, "entitlement": 1,
        "length": 28800, "justification": "INC-42", "emergency": false, "extension": false,
        "plan": {"policy": "manager", "policy_version": 2, "rule": "", "steps": [{"approval": {"name": "Manager",
            "approvers": ["manager"], "quorum": "any", "reason": "to_deny", "deadline": {"after": 86400, "then": "fallback"}}}]}}'),
    ('2026-01-06 10:05Z', 1, 'slack', 1, NULL, false,
        '{"type": "decided", "step": 0, "person": 1, "verdict": "approve", "reason": "go ahead"}'),
    ('2026-01-06 10:05Z', NULL, 'system', NULL, 1, true, '{"type": "provisioned", "by": null, "already": false}');
