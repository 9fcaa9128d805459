-- How each endpoint stands: a channel that posts to one address. A row is written with every try over HTTP.
-- `rests_until`: until then nothing is posted, and behind it one call at a time until one is taken.
CREATE TABLE endpoint (
    channel     TEXT PRIMARY KEY,
    address     TEXT NOT NULL,
    receiver    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('well', 'failing', 'off')),
    since       INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    rests_until INTEGER,
    told        INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    reason      TEXT,
    answered_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoint_resting ON endpoint (rests_until) WHERE rests_until IS NOT NULL;

-- What was answered to a try over HTTP: the status, the first kilobyte, and how long it took in microseconds.
ALTER TABLE delivery_try ADD COLUMN status INTEGER;
ALTER TABLE delivery_try ADD COLUMN answer TEXT;
ALTER TABLE delivery_try ADD COLUMN took INTEGER;
