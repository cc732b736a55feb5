-- When the documents here were last compared with the server's, in milliseconds since 1970, and up to which id.
ALTER TABLE meta ADD COLUMN compared_at INTEGER;
ALTER TABLE meta ADD COLUMN compared_upto BLOB NOT NULL DEFAULT x'';

-- Documents that this device has worked on: the highest number under which the server committed work of it, and the number up to
-- which it said that everything is judged and that it has every file.
CREATE TABLE receipt (
    document    BLOB PRIMARY KEY NOT NULL,
    durable_seq INTEGER NOT NULL,
    applied_seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_open ON receipt (document) WHERE applied_seq < durable_seq;
