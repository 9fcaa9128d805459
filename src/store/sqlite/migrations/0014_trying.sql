-- What was read, in the order in which it was judged: a backtest replays it so.
CREATE INDEX article_judged ON article (judged_at, item_id);

-- What the installation keeps to itself, made once: the key under which links are signed.
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What people said of alerts. The last word of each counts.
CREATE TABLE feedback (
    id       INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    rule     TEXT NOT NULL,
    relevant INTEGER NOT NULL CHECK (relevant IN (0, 1)),
    by       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    note     TEXT,
    UNIQUE (alert_id, rule, by)
) STRICT;
CREATE INDEX feedback_rule ON feedback (rule);
