-- Pages that were told are looked at again. A row is work like the others (see 0001); `next_at` is NULL when no look is
-- left. `step` says which of the configured looks is next, counted from `began_at`, `attempts` how often it failed, `gone`
-- whether people know that the page is gone, and `suspected` what the next look is to confirm.
CREATE TABLE look (
    item_id     INTEGER PRIMARY KEY REFERENCES item (id),
    host        TEXT NOT NULL,
    began_at    INTEGER NOT NULL,
    step        INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    gone        INTEGER NOT NULL DEFAULT 0,
    suspected   TEXT,
    next_at     INTEGER,
    owner       TEXT,
    lease_until INTEGER,
    fence       INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER GENERATED ALWAYS AS
                (CASE WHEN owner IS NULL THEN next_at ELSE lease_until END) VIRTUAL,
    CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CHECK (owner IS NULL OR next_at IS NOT NULL)
) STRICT;
CREATE INDEX look_due ON look (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX look_host_due ON look (host, due_at) WHERE due_at IS NOT NULL;

-- What each look found. `article` is the text that later looks are compared with, where that became another; `alert_id`
-- the alert by which it was told.
CREATE TABLE look_try (
    id       INTEGER PRIMARY KEY,
    item_id  INTEGER NOT NULL REFERENCES item (id),
    at       INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    alert_id INTEGER REFERENCES alert (id),
    article  TEXT
) STRICT;
CREATE INDEX look_try_item ON look_try (item_id);
CREATE INDEX look_try_alert ON look_try (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX alert_story ON alert (story_id);
