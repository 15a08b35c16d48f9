-- A step may be asked in a channel, in place of a message to everyone who is asked: a copy of the card has a person for a
-- reader, or a channel (by its id or `#name`). `step` is the step that is asked there: no other has its buttons in it.
ALTER TABLE cards ALTER COLUMN person_id DROP NOT NULL;
ALTER TABLE cards ADD COLUMN to_channel text;
ALTER TABLE cards ADD COLUMN step integer;
ALTER TABLE cards ADD CONSTRAINT cards_one_reader CHECK (num_nonnulls(person_id, to_channel) = 1);
ALTER TABLE cards ADD CONSTRAINT cards_channel_asks_a_step CHECK ((to_channel IS NULL) = (step IS NULL));
CREATE UNIQUE INDEX cards_one_in_a_channel ON cards (request_id, to_channel) WHERE to_channel IS NOT NULL;
