-- What alerts rest on. `number` has no gaps and each `link` is over the one before (see `evidence::chain`): a row is
-- never deleted. Retention empties `record` and drops bodies that nothing names any more; what was told stays.
CREATE TABLE evidence (
    number     INTEGER PRIMARY KEY,
    item_id    INTEGER NOT NULL REFERENCES item (id),
    read_for   INTEGER REFERENCES item (id),
    kind       TEXT NOT NULL CHECK (kind IN ('reading', 'look')),
    taken_at   INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    record     TEXT,
    digest     BLOB NOT NULL,
    link       BLOB NOT NULL
) STRICT;
CREATE INDEX evidence_item ON evidence (item_id);
CREATE INDEX evidence_read_for ON evidence (read_for) WHERE read_for IS NOT NULL;
CREATE INDEX evidence_kept ON evidence (taken_at) WHERE record IS NOT NULL;

-- Bodies, each once.
CREATE TABLE evidence_body (
    digest BLOB PRIMARY KEY,
    size   INTEGER NOT NULL,
    packed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Which records name which bodies.
CREATE TABLE evidence_use (
    digest BLOB NOT NULL REFERENCES evidence_body (digest),
    number INTEGER NOT NULL REFERENCES evidence (number),
    PRIMARY KEY (digest, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_use_number ON evidence_use (number);
