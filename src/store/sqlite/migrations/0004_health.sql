-- What is wrong with a source, and who is told of it.
--
-- `health` is one JSON value, read and written whole by each poll; `troubled` says whether any trouble is in it.
ALTER TABLE source ADD COLUMN health TEXT;
ALTER TABLE source ADD COLUMN troubled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX source_troubled ON source (name) WHERE troubled = 1;

-- One message to operators: the remarks that went out together.
CREATE TABLE notice (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    event      TEXT NOT NULL CHECK (event IN ('failing', 'recovered')),
    title      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    notice     TEXT NOT NULL
) STRICT;

-- What is to be told of one source. The key makes it be told once: one that has a notice stays as it is, one that has
-- none yet is withdrawn when it is no longer so.
CREATE TABLE remark (
    id          INTEGER PRIMARY KEY,
    source      TEXT NOT NULL REFERENCES source (name),
    event       TEXT NOT NULL CHECK (event IN ('failing', 'recovered')),
    kind        TEXT NOT NULL,
    since       INTEGER NOT NULL,
    reminder    INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    alone_at    INTEGER NOT NULL,
    remark      TEXT NOT NULL,
    notice_id   INTEGER REFERENCES notice (id),
    UNIQUE (source, event, kind, since, reminder)
) STRICT;
CREATE INDEX remark_alone ON remark (alone_at) WHERE notice_id IS NULL;
CREATE INDEX remark_notice ON remark (notice_id) WHERE notice_id IS NOT NULL;

-- A delivery carries an alert or a notice. SQLite cannot take a NOT NULL away, so the table is made anew; what refers to
-- it is checked at the end of the transaction, when every row is back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE delivery_kept AS SELECT * FROM delivery ORDER BY rowid;
DROP TABLE delivery;
CREATE TABLE delivery (
    id          TEXT PRIMARY KEY,
    alert_id    INTEGER REFERENCES alert (id),
    notice_id   INTEGER REFERENCES notice (id),
    channel     TEXT NOT NULL,
    receiver    TEXT NOT NULL,
    rules       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'done', 'given_up')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    settled_at  INTEGER,
    reason      TEXT,
    owner       TEXT,
    lease_until INTEGER,
    fence       INTEGER NOT NULL DEFAULT 0,
    message_id  TEXT,
    frozen      BLOB,
    due_at      INTEGER GENERATED ALWAYS AS
                (CASE state WHEN 'waiting' THEN next_at WHEN 'sending' THEN lease_until END) VIRTUAL,
    CHECK ((alert_id IS NULL) <> (notice_id IS NULL)),
    CHECK ((state = 'sending') = (owner IS NOT NULL)),
    CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CHECK ((state IN ('waiting', 'sending')) = (settled_at IS NULL)),
    CHECK ((message_id IS NULL) = (frozen IS NULL))
) STRICT;
INSERT INTO delivery
    (id, alert_id, channel, receiver, rules, state, attempts, created_at, next_at, settled_at, reason, owner,
     lease_until, fence, message_id, frozen)
SELECT id, alert_id, channel, receiver, rules, state, attempts, created_at, next_at, settled_at, reason, owner,
     lease_until, fence, message_id, frozen
FROM delivery_kept ORDER BY rowid;
DROP TABLE delivery_kept;
CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_channel_due ON delivery (channel, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_state ON delivery (state);
CREATE INDEX delivery_created ON delivery (created_at);
CREATE INDEX delivery_alert ON delivery (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX delivery_notice ON delivery (notice_id) WHERE notice_id IS NOT NULL;
