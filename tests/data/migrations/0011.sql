-- A connector had begun to take care of the access of request 1.
UPDATE grants SET tried = true WHERE id = 1;
