-- The store of one device. The change log is the truth; snapshots and list rows are made from it and written in the
-- same transaction.

-- One row: who this device is, and how far it has heard.
CREATE TABLE meta (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    server      TEXT,
    device      TEXT,
    technician  TEXT,
    token       TEXT,
    -- Opaque cursor of the last reply that was stored; empty: from the beginning.
    cursor      BLOB NOT NULL DEFAULT x'',
    -- Server clock minus wall clock when last compared, milliseconds.
    skew_ms     INTEGER
) STRICT;
INSERT INTO meta (id) VALUES (1);

-- One row per visit or shift: what lists show, and the counters that keep writers of several processes apart.
CREATE TABLE visit (
    document       BLOB PRIMARY KEY NOT NULL,
    -- Grows with every write to the document: a warm copy with a lower number is out of date.
    version        INTEGER NOT NULL,
    -- Number of the last row in `change`.
    last_change    INTEGER NOT NULL,
    standard       BLOB NOT NULL,
    standard_name  TEXT NOT NULL,
    -- 0: the pack is not held, so nothing is judged yet.
    ready          INTEGER NOT NULL,
    revoked        INTEGER NOT NULL DEFAULT 0,
    -- 'visit' or 'shift': a device never holds a case.
    kind           TEXT NOT NULL,
    -- Id of the job in the pack.
    job            TEXT NOT NULL,
    number         TEXT NOT NULL,
    state          TEXT NOT NULL,
    open           INTEGER NOT NULL,
    urgency        TEXT NOT NULL,
    place          TEXT NOT NULL,
    fault          TEXT NOT NULL,
    -- Unix seconds; what has no plan comes last.
    planned_start  INTEGER NOT NULL,
    planned_end    INTEGER,
    outstanding    INTEGER NOT NULL,
    violated       INTEGER NOT NULL,
    conflicts      INTEGER NOT NULL,
    unsent         INTEGER NOT NULL,
    next_due       INTEGER
) STRICT, WITHOUT ROWID;
-- The kind stands last so that counting the matches of a list reads the index alone.
CREATE INDEX visit_planned ON visit (revoked, planned_start, document, kind);
CREATE INDEX visit_open ON visit (revoked, open, planned_start, document, kind);
-- A device has many visits and few shifts. Only shifts stand in this index, so that visits do not pay for it.
CREATE INDEX visit_shift ON visit (revoked, planned_start, document) WHERE kind = 'shift';
CREATE INDEX visit_number ON visit (number COLLATE NOCASE);

-- Every change this device made or pulled since the document's first snapshot. No index beside the key: each would cost
-- every command another page of the journal, and a document has about a hundred changes to look through.
CREATE TABLE change (
    document    BLOB NOT NULL,
    -- Order on this device, from 1 for each document; never reused.
    n           INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    actor       BLOB NOT NULL,
    actor_seq   INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    -- 0: made here, 1: pulled.
    origin      INTEGER NOT NULL,
    -- 0: on this device only, 1: committed by the server.
    state       INTEGER NOT NULL,
    server_seq  INTEGER,
    PRIMARY KEY (document, n)
) STRICT, WITHOUT ROWID;

-- The document as saved, with every change up to `covers`.
CREATE TABLE snapshot (
    document  BLOB PRIMARY KEY NOT NULL,
    covers    INTEGER NOT NULL,
    bytes     BLOB NOT NULL
) STRICT;

-- Who writes a document for this installation. Its next number follows the last one in `change`, so that number and
-- change can not part.
CREATE TABLE actor (
    document  BLOB PRIMARY KEY NOT NULL,
    actor     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Pack files by SHA-256 of their canonical JSON.
CREATE TABLE pack (
    sha256  BLOB PRIMARY KEY NOT NULL,
    source  TEXT NOT NULL
) STRICT;

-- Changes that were refused. Kept until a person discards them.
CREATE TABLE quarantine (
    document    BLOB NOT NULL,
    hash        BLOB NOT NULL,
    actor       BLOB NOT NULL,
    actor_seq   INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    command     TEXT NOT NULL,
    -- Unix seconds of the device when the change was made.
    made_at     INTEGER NOT NULL,
    code        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (document, hash)
) STRICT;
