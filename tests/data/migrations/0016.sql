-- Request 2 was made an emergency by Ana after Bob had approved it under the ordinary policy.
UPDATE requests SET revision = 1, earlier = '[
    {"policy": ["manager", 2, ""], "length": 28800, "revision": 0, "by": 2, "reason": "it is down", "at": "2026-01-06T11:30:00Z",
     "steps": [{"spec": {"approval": {"name": "Manager", "approvers": ["manager"], "quorum": "any", "reason": "to_deny"}},
                "state": "void", "approvers": [{"person": 1, "why": "manager"}], "source": "primary",
                "decisions": [{"person": 1, "verdict": "approve", "reason": "go ahead", "at": "2026-01-06T11:10:00Z"}],
                "opened_at": "2026-01-06T11:00:00Z", "due_at": null}]}]' WHERE id = 2;
INSERT INTO decisions (request_id, round, step, person_id, verdict, reason, via, at) VALUES
    (2, 0, 0, 1, 'approve', 'go ahead', 'slack', '2026-01-06 11:10Z');
