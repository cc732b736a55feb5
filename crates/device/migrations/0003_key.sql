-- The key by which this device seals records, and whom it believes.
-- 32 bytes; none: not made yet, or the app keeps a key of its own in the phone's hardware. Secret.
ALTER TABLE meta ADD COLUMN device_key BLOB;
-- What the organisation certified when this device enrolled, as JSON.
ALTER TABLE meta ADD COLUMN certificate TEXT;
-- The organisation's public key, hexadecimal.
ALTER TABLE meta ADD COLUMN organisation TEXT;

-- Documents that somebody has signed since they were last sealed: a key that could not be used then is asked again.
CREATE TABLE seal_due (
    document  BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
