-- Request 2 is asked in a channel too, which could not be written to.
INSERT INTO cards (request_id, person_id, to_channel, step, role, trouble) VALUES
    (2, NULL, '#approvals', 0, 'approver', 'not_in_channel');
