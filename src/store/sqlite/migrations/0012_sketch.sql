-- What copies with other words around them are found by (`story::Sketch`): about 550 bytes, at most 1,024.
ALTER TABLE article ADD COLUMN sketch BLOB;
CREATE INDEX alert_created ON alert (created_at);
