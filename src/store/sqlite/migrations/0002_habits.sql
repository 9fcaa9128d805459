-- What is remembered of a source's own time (JSON): when it publishes, and when its server wants to be asked. NULL until
-- the first answer.
ALTER TABLE source ADD COLUMN habits TEXT;
