-- How a source is asked politely. Times are microseconds since 1970, UTC.
--
-- `asks`: what is asked; sources with the same are fetched together. `wait`: how long the source was last told to wait. A
-- claim puts `next_at` that far ahead before anything is asked, so that a process that dies asking does not ask again
-- at once. `trust` and `moving` are JSON. `gone_at`: it answered 410 and is not due any more. `pausing_until`: its server
-- asked it to wait, by a 503 or 429.

ALTER TABLE source ADD COLUMN asks TEXT;
ALTER TABLE source ADD COLUMN wait INTEGER NOT NULL DEFAULT 900000000;
ALTER TABLE source ADD COLUMN trust TEXT;
ALTER TABLE source ADD COLUMN moved_to TEXT;
ALTER TABLE source ADD COLUMN moving TEXT;
ALTER TABLE source ADD COLUMN gone_at INTEGER;
ALTER TABLE source ADD COLUMN pausing_until INTEGER;

-- A lease that ends makes its source due no earlier than the time that the claim wrote.
DROP INDEX source_due;
DROP INDEX source_host_due;
ALTER TABLE source DROP COLUMN due_at;
ALTER TABLE source ADD COLUMN due_at INTEGER GENERATED ALWAYS AS
    (CASE WHEN watched = 0 OR gone_at IS NOT NULL THEN NULL
          WHEN owner IS NULL THEN next_at
          ELSE MAX(next_at, lease_until) END) VIRTUAL;
CREATE INDEX source_due ON source (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX source_host_due ON source (host, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX source_asks ON source (asks) WHERE watched = 1;

-- Pauses that servers asked for; a restart keeps them. `key` is a host, or begins with a dot for a domain and all hosts
-- below it.
CREATE TABLE pause (
    key    TEXT PRIMARY KEY,
    ends   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
