-- With what a page that was told can be asked whether it has changed: of the answer that later looks are compared with.
ALTER TABLE look ADD COLUMN etag TEXT;
ALTER TABLE look ADD COLUMN last_modified TEXT;

-- Texts that a source gave for several entries: what stands in the place of its articles. `items` is how many others gave
-- it when it was last recognised.
CREATE TABLE wall (
    source    TEXT NOT NULL REFERENCES source (name),
    text_hash TEXT NOT NULL,
    items     INTEGER NOT NULL,
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (source, text_hash)
) STRICT, WITHOUT ROWID;
