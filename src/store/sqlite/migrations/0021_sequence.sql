-- The number of a delivery among all of its channel, from 1 and without gaps, in the order of their commits: a trigger
-- gives it, so that whoever makes a delivery need not know, and one writer at a time makes order and commit the same.
ALTER TABLE delivery ADD COLUMN sequence INTEGER;
UPDATE delivery SET sequence = numbered.number
FROM (SELECT rowid AS row, ROW_NUMBER() OVER (PARTITION BY channel ORDER BY rowid) AS number FROM delivery) AS numbered
WHERE delivery.rowid = numbered.row;
CREATE UNIQUE INDEX delivery_sequence ON delivery (channel, sequence);
CREATE TRIGGER delivery_numbered AFTER INSERT ON delivery WHEN NEW.sequence IS NULL
BEGIN
    UPDATE delivery SET sequence = (SELECT COALESCE(MAX(sequence), 0) + 1 FROM delivery WHERE channel = NEW.channel)
    WHERE rowid = NEW.rowid;
END;
