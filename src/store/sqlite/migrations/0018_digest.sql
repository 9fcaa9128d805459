-- What is not told at once, and what nobody is told of.
--
-- A lane is what one receiver gets of one subscription, or, with an empty name, all that a person gets at once. It is work
-- like the others (see 0001). `since` is the beginning of what its next message tells, `outcome_seen` and `try_seen` the
-- row numbers up to which its digests have told; `sent` the times of its messages of the last hour (JSON). `rhythm` says
-- by what configuration its digest's `next_at` was reckoned.
CREATE TABLE lane (
    id           INTEGER PRIMARY KEY,
    channel      TEXT NOT NULL,
    receiver     TEXT NOT NULL,
    subscription TEXT NOT NULL,
    rhythm       TEXT NOT NULL DEFAULT '',
    since        INTEGER NOT NULL,
    flushed_at   INTEGER,
    outcome_seen INTEGER NOT NULL,
    try_seen     INTEGER NOT NULL,
    sent         TEXT NOT NULL DEFAULT '[]',
    next_at      INTEGER,
    owner        TEXT,
    lease_until  INTEGER,
    fence        INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER GENERATED ALWAYS AS (CASE WHEN owner IS NULL THEN next_at ELSE lease_until END) VIRTUAL,
    UNIQUE (channel, receiver, subscription),
    CHECK ((owner IS NULL) = (lease_until IS NULL))
) STRICT;
CREATE INDEX lane_due ON lane (due_at) WHERE due_at IS NOT NULL;

-- An alert that waits for a receiver, or did: then `delivery_id` says in which message it was told. Never deleted.
CREATE TABLE held (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    lane_id     INTEGER NOT NULL REFERENCES lane (id),
    alert_id    INTEGER NOT NULL REFERENCES alert (id),
    rules       TEXT NOT NULL,
    level       TEXT NOT NULL CHECK (level IN ('info', 'normal', 'urgent')),
    why         TEXT NOT NULL,
    held_at     INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    delivery_id TEXT,
    settled_at  INTEGER,
    UNIQUE (lane_id, alert_id),
    CHECK ((delivery_id IS NULL) = (settled_at IS NULL))
) STRICT;
CREATE INDEX held_waiting ON held (lane_id, id) WHERE settled_at IS NULL;
CREATE INDEX held_alert ON held (alert_id);
CREATE INDEX held_delivery ON held (delivery_id) WHERE delivery_id IS NOT NULL;
INSERT INTO counter (name, value) VALUES ('held', 0);

-- Silences that were made on the command line. `silence` is JSON; one that was ended early has its `ended_at`.
CREATE TABLE silence (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    until    INTEGER NOT NULL,
    made_at  INTEGER NOT NULL,
    ended_at INTEGER,
    silence  TEXT NOT NULL
) STRICT;

-- A notice is any message that is not one alert: `event` says which, 'digest' for one that stands for many alerts. The old
-- table allowed two events only; what refers to it is checked at the end of the transaction, when every row is back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE notice_kept AS SELECT * FROM notice ORDER BY id;
DROP TABLE notice;
CREATE TABLE notice (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    event      TEXT NOT NULL,
    title      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    notice     TEXT NOT NULL
) STRICT;
INSERT INTO notice (id, event, title, created_at, notice)
SELECT id, event, title, created_at, notice FROM notice_kept ORDER BY id;
DROP TABLE notice_kept;

-- What digests ask for: what became of matches, and what was read and could not be read, since the last one.
CREATE INDEX verdict_rule ON verdict (rule, item_id);
