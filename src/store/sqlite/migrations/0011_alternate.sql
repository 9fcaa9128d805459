-- The text that was read besides and not judged (`model::Alternate`, JSON), unless the entry itself holds it.
ALTER TABLE article ADD COLUMN alternate TEXT;
