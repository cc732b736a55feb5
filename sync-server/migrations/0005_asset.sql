-- What a visit is about, as far as its order tells it apart: earlier visits of the same are told to the crew of the next one.
-- Empty: nothing is known. Rows from before this migration are filled when they are next written.
ALTER TABLE visit ADD COLUMN asset TEXT NOT NULL DEFAULT '';
CREATE INDEX visit_by_asset ON visit (tenant, asset, start_at DESC) WHERE asset <> '';
