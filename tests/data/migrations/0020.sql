-- Request 2 was made shorter.
UPDATE requests SET shortened = '{"from": 604800, "by": 3, "reason": "a day is enough"}', length = 86400 WHERE id = 2;
