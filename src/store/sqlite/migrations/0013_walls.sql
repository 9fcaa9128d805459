-- With what a page that was told can be asked whether it has changed: of the answer that later looks are compared with.
ALTER TABLE look ADD COLUMN etag TEXT;
ALTER TABLE look ADD COLUMN last_modified TEXT;

-- Items whose page gave a text that stands in the place of the articles of their source: what was recognised once is
-- known when the others are read again.
CREATE TABLE wall (
    source    TEXT NOT NULL REFERENCES source (name),
    text_hash TEXT NOT NULL,
    item_id   INTEGER NOT NULL REFERENCES item (id),
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (source, text_hash, item_id)
) STRICT, WITHOUT ROWID;
