-- The ledger. Times are microseconds since 1970, UTC. Values with a shape of their own are JSON.
--
-- Work (a source, an item, a delivery) is leased in its own row: `owner` and `lease_until` while somebody holds it, and
-- `fence`, which grows with every claim. `due_at` is derived: when anybody may claim the row, and NULL when nobody may.
-- The two indexes on it hold only rows that are or will be due, so history costs a claim nothing.

CREATE TABLE source (
    name          TEXT PRIMARY KEY,
    address       TEXT NOT NULL,
    host          TEXT NOT NULL,
    watched       INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    title         TEXT,
    polls         INTEGER NOT NULL DEFAULT 0,
    etag          TEXT,
    last_modified TEXT,
    failures      INTEGER NOT NULL DEFAULT 0,
    heard_at      INTEGER,
    reason        TEXT,
    next_at       INTEGER NOT NULL,
    owner         TEXT,
    lease_until   INTEGER,
    fence         INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER GENERATED ALWAYS AS
                  (CASE WHEN watched = 0 THEN NULL WHEN owner IS NULL THEN next_at ELSE lease_until END) VIRTUAL,
    CHECK ((owner IS NULL) = (lease_until IS NULL))
) STRICT;
CREATE INDEX source_due ON source (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX source_host_due ON source (host, due_at) WHERE due_at IS NOT NULL;

-- AUTOINCREMENT: reasons name items by number, so a number is never given twice.
CREATE TABLE item (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source      TEXT NOT NULL REFERENCES source (name),
    entry_id    TEXT NOT NULL,
    link        TEXT,
    address_key TEXT,
    host        TEXT NOT NULL,
    state       TEXT NOT NULL
                CHECK (state IN ('waiting', 'reading', 'judged', 'unreadable', 'baseline', 'too_old')),
    reason      TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    listed_at   INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    settled_at  INTEGER,
    owner       TEXT,
    lease_until INTEGER,
    fence       INTEGER NOT NULL DEFAULT 0,
    entry       TEXT NOT NULL,
    due_at      INTEGER GENERATED ALWAYS AS
                (CASE state WHEN 'waiting' THEN next_at WHEN 'reading' THEN lease_until END) VIRTUAL,
    UNIQUE (source, entry_id),
    CHECK ((state = 'reading') = (owner IS NOT NULL)),
    CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CHECK ((state IN ('waiting', 'reading')) = (settled_at IS NULL))
) STRICT;
CREATE INDEX item_due ON item (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX item_host_due ON item (host, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX item_state ON item (state, settled_at);
CREATE INDEX item_link ON item (link);
CREATE INDEX item_address_key ON item (address_key);

CREATE TABLE read_try (
    id      INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES item (id),
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL
) STRICT;
CREATE INDEX read_try_item ON read_try (item_id);

CREATE TABLE story (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    key        TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL,
    first_item INTEGER NOT NULL REFERENCES item (id),
    created_at INTEGER NOT NULL
) STRICT;

-- The rules for which a story was told.
CREATE TABLE story_told (
    story_id INTEGER NOT NULL REFERENCES story (id),
    rule     TEXT NOT NULL,
    PRIMARY KEY (story_id, rule)
) STRICT, WITHOUT ROWID;

-- `unmatched` is [[rule, reason], …]: most rules say no to most items, and a row for each would be most of the database.
-- `about` is the article without its text.
CREATE TABLE article (
    item_id       INTEGER PRIMARY KEY REFERENCES item (id),
    story_id      INTEGER NOT NULL REFERENCES story (id),
    relation      TEXT NOT NULL,
    final_url     TEXT NOT NULL,
    canonical_url TEXT,
    text_hash     TEXT,
    judged_at     INTEGER NOT NULL,
    unmatched     TEXT NOT NULL,
    about         TEXT NOT NULL,
    text          TEXT NOT NULL
) STRICT;
CREATE INDEX article_story ON article (story_id);
CREATE INDEX article_final_url ON article (final_url);
CREATE INDEX article_canonical_url ON article (canonical_url) WHERE canonical_url IS NOT NULL;
CREATE INDEX article_text_hash ON article (text_hash, judged_at) WHERE text_hash IS NOT NULL;

-- Canonical addresses of judged items: how copies are found.
CREATE TABLE address (
    key     TEXT NOT NULL,
    item_id INTEGER NOT NULL REFERENCES item (id),
    PRIMARY KEY (key, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_item ON address (item_id);

-- Verdicts that say yes. `position` is the rule's place among all rules of that judgement.
CREATE TABLE verdict (
    item_id  INTEGER NOT NULL REFERENCES item (id),
    rule     TEXT NOT NULL,
    position INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    mentions TEXT NOT NULL,
    PRIMARY KEY (item_id, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id    INTEGER NOT NULL REFERENCES item (id),
    story_id   INTEGER NOT NULL REFERENCES story (id),
    revision   INTEGER NOT NULL,
    title      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    alert      TEXT NOT NULL
) STRICT;
CREATE INDEX alert_item ON alert (item_id);

-- AUTOINCREMENT: a display follows along by this number.
CREATE TABLE outcome (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id  INTEGER NOT NULL REFERENCES item (id),
    rule     TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('alerted', 'merged', 'held', 'muted')),
    reason   TEXT NOT NULL,
    alert_id INTEGER REFERENCES alert (id),
    UNIQUE (item_id, rule)
) STRICT;
CREATE INDEX outcome_kind ON outcome (kind);

CREATE TABLE delivery (
    id          TEXT PRIMARY KEY,
    alert_id    INTEGER NOT NULL REFERENCES alert (id),
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
    CHECK ((state = 'sending') = (owner IS NOT NULL)),
    CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CHECK ((state IN ('waiting', 'sending')) = (settled_at IS NULL)),
    CHECK ((message_id IS NULL) = (frozen IS NULL))
) STRICT;
CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_channel_due ON delivery (channel, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_state ON delivery (state);
CREATE INDEX delivery_created ON delivery (created_at);
CREATE INDEX delivery_alert ON delivery (alert_id);

-- What each alert went out as. A delivery's id is derived, so an alert that is made a second time (a story whose first
-- telling a restored backup forgot) finds its delivery there already.
CREATE TABLE alert_delivery (
    alert_id    INTEGER NOT NULL REFERENCES alert (id),
    delivery_id TEXT NOT NULL REFERENCES delivery (id),
    PRIMARY KEY (alert_id, delivery_id)
) STRICT, WITHOUT ROWID;

-- A try without an end is in doubt: the process died between the first byte and the answer.
CREATE TABLE delivery_try (
    id          INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL REFERENCES delivery (id),
    fence       INTEGER NOT NULL,
    begun_at    INTEGER NOT NULL,
    ended_at    INTEGER,
    reason      TEXT
) STRICT;
CREATE INDEX delivery_try_delivery ON delivery_try (delivery_id);

-- The left sides of the ledger's sums: they grow in the transaction that makes the thing, and nothing is counted twice.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('listed', 0), ('judged_rules', 0), ('matched', 0), ('deliveries', 0);

-- Written to prove that writing works.
CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
