-- When a source was last asked: a claim writes it before anything is asked, so that nobody's wish is granted too soon
-- after it. `asked_before` is what it was until then: a claim that is given back unasked leaves no trace.
ALTER TABLE source ADD COLUMN asked_at INTEGER;
ALTER TABLE source ADD COLUMN asked_before INTEGER;
-- The gap behind a poll after which the next one follows: somebody hurried the source while it was being polled.
ALTER TABLE source ADD COLUMN hurried INTEGER;
UPDATE source SET asked_at = heard_at;
