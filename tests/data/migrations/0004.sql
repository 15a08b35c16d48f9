-- Request 1 was approved by Bob; request 2 is open, by the last resort; request 3 was denied.
INSERT INTO requests (requester_id, subject_id, entitlement_id, length, justification, emergency, extension, via, origin,
                      policy, alarm, steps, state, outcome, revision, widened, created_at, closed_at, wake_at) VALUES
    (2, 2, 1, 28800, 'INC-42', false, false, 'slack', 'view:V0FIRST', '["manager", 2, ""]', NULL, '[
        {"spec": {"approval": {"name": "Manager", "approvers": ["manager"], "quorum": "any", "reason": "to_deny",
                               "deadline": {"after": 86400, "then": "fallback"}}},
         "state": "approved", "approvers": [{"person": 1, "why": "manager"}], "source": "primary",
         "decisions": [{"person": 1, "verdict": "approve", "reason": "go ahead", "at": "2026-01-06T10:05:00Z"}],
         "opened_at": "2026-01-06T10:00:00Z", "due_at": "2026-01-07T10:00:00Z"}]',
        'approved', '{"state": "approved"}', 1, false, '2026-01-06 10:00Z', '2026-01-06 10:05Z', NULL),
    (1, 2, 2, NULL, 'she needs it', true, true, 'slack', NULL, '["emergency", 1, ""]', 'the condition failed', '[
        {"spec": {"approval": {"name": "", "approvers": [{"people": ["erin"]}, {"group": "last-resort"}], "quorum": {"at_least": 1}}},
         "state": "open", "approvers": [{"person": 3, "why": "last_resort"}], "source": "last_resort",
         "decisions": [], "opened_at": "2026-01-06T11:00:00Z", "due_at": null}]',
        'open', '{"state": "open", "step": 0}', 0, true, '2026-01-06 11:00Z', NULL, '2026-01-06 12:00Z'),
    (2, 2, 1, 3600, 'again', false, false, 'slack', NULL, '["old", 1, ""]', NULL, '[
        {"spec": {"deny": {"message": "Ask for something else"}}, "state": "denied", "approvers": [], "source": "primary",
         "decisions": [], "opened_at": "2026-01-05T10:00:00Z", "due_at": null}]',
        'denied', '{"state": "denied", "by": null, "reason": "Ask for something else"}', 0, false,
        '2026-01-05 10:00Z', '2026-01-05 10:00Z', NULL);
INSERT INTO request_approvers (request_id, step, person_id) VALUES (2, 0, 3);
INSERT INTO decisions (request_id, step, person_id, verdict, reason, via, at) VALUES
    (1, 0, 1, 'approve', 'go ahead', 'slack', '2026-01-06 10:05Z');
