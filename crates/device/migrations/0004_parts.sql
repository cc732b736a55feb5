-- Reference data of the server, each a copy to read: the van stock and the tariffs, as they came on the wire (CBOR).
CREATE TABLE reference (
    kind   TEXT PRIMARY KEY NOT NULL,
    -- What was committed at the server up to here is taken into account.
    as_of  INTEGER NOT NULL,
    body   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Parts that this device has recorded as used and that the stock may not hold yet. `n` is the change's in its document.
CREATE TABLE part_used (
    document    BLOB NOT NULL,
    n           INTEGER NOT NULL,
    entry       BLOB NOT NULL,
    technician  TEXT NOT NULL,
    number      TEXT NOT NULL,
    name        TEXT,
    quantity    INTEGER NOT NULL,
    serial      TEXT,
    PRIMARY KEY (document, n, entry)
) STRICT, WITHOUT ROWID;

-- Documents in which a part was replaced or asked for: those that the ledgers of parts look into.
CREATE TABLE with_parts (
    document  BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO with_parts (document) SELECT document FROM visit;
