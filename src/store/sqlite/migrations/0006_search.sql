-- The full-text index. It holds terms, not texts: `search` (Rust) folds case and marks and puts a space between terms, so
-- the tokenizer has only to split at spaces. `rowid` is `indexed.doc`, the article's date in seconds × 65536 and a number
-- among those of that second: what is newest first, and of which days, is then answered in the order of the index. Words
-- are also kept by their first three letters: without that, `pre*` has to merge what thousands of words have.
CREATE VIRTUAL TABLE search USING fts5 (
    title, body, about, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3'
);
INSERT INTO search (search, rank) VALUES ('rank', 'bm25(4.0, 1.0, 0.0)');

CREATE TABLE indexed (
    doc     INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL UNIQUE
) STRICT;

-- What waits for the index. Every article is here or in `indexed`: the triggers see to it in the transaction that changes
-- the article, whoever changes it. AUTOINCREMENT: an article that changes while it is being indexed gets a new number.
CREATE TABLE unindexed (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id INTEGER NOT NULL UNIQUE
) STRICT;
INSERT INTO unindexed (item_id) SELECT item_id FROM article ORDER BY item_id;

CREATE TRIGGER article_made AFTER INSERT ON article BEGIN
    INSERT INTO unindexed (item_id) VALUES (new.item_id);
END;

CREATE TRIGGER article_changed AFTER UPDATE OF about, text ON article BEGIN
    DELETE FROM search WHERE rowid = (SELECT doc FROM indexed WHERE item_id = old.item_id);
    DELETE FROM indexed WHERE item_id = old.item_id;
    DELETE FROM unindexed WHERE item_id = old.item_id;
    INSERT INTO unindexed (item_id) VALUES (new.item_id);
END;

CREATE TRIGGER article_removed AFTER DELETE ON article BEGIN
    DELETE FROM search WHERE rowid = (SELECT doc FROM indexed WHERE item_id = old.item_id);
    DELETE FROM indexed WHERE item_id = old.item_id;
    DELETE FROM unindexed WHERE item_id = old.item_id;
END;
