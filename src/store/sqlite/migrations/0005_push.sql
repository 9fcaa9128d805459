-- Subscriptions at WebSub hubs, one per source. `state` is JSON: the store looks only for what is due and for the token.
CREATE TABLE push (
    source  TEXT PRIMARY KEY REFERENCES source (name),
    token   TEXT NOT NULL UNIQUE,
    next_at INTEGER NOT NULL,
    state   TEXT NOT NULL
) STRICT;
CREATE INDEX push_due ON push (next_at);
