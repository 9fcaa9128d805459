-- Rules that look back (`since`): how far the archive was judged for each. `definition` names the rule as it was written; a
-- changed one begins anew. `after_at` and `after_item` are the place in the archive behind which the next batch begins, and
-- its end is `until`. States: judging, judged (what was found waits to be told), told.
CREATE TABLE lookback (
    rule       TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('judging', 'judged', 'told')),
    begun_at   INTEGER NOT NULL,
    after_at   INTEGER NOT NULL,
    after_item INTEGER NOT NULL,
    until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
