-- Files that documents name: derived from the document whenever it changes. `uses` is a JSON array of what it is named as;
-- `held`: its bytes came for this document, from a device that has them.
CREATE TABLE document_file (
    tenant   TEXT NOT NULL,
    document BLOB NOT NULL,
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    uses     TEXT NOT NULL,
    held     INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    PRIMARY KEY (tenant, document, sha256),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX document_file_missing ON document_file (tenant, document) WHERE held = 0;
CREATE INDEX document_file_by_hash ON document_file (tenant, sha256, held);

-- Files in `blobs/`, each once whatever names it. `device` is the one that sent it first: it counts for its quota. `placed`: 0
-- from before the file is moved there until it has been, so that a crash in between leaves nothing that no row knows.
CREATE TABLE file (
    tenant    TEXT NOT NULL,
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
    size      INTEGER NOT NULL CHECK (size > 0),
    device    BLOB NOT NULL,
    stored_at INTEGER NOT NULL,
    placed    INTEGER NOT NULL CHECK (placed IN (0, 1)),
    PRIMARY KEY (tenant, sha256),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX file_by_device ON file (tenant, device, size);
CREATE INDEX file_unplaced ON file (tenant, stored_at) WHERE placed = 0;

-- Uploads (tus 1.0): one of a device for a file of a document. `received` bytes are on the disk in `uploads/ID`; it never falls.
CREATE TABLE upload (
    tenant     TEXT NOT NULL,
    id         BLOB NOT NULL CHECK (length(id) = 16),
    device     BLOB NOT NULL,
    document   BLOB NOT NULL,
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    length     INTEGER NOT NULL CHECK (length > 0),
    received   INTEGER NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),
    metadata   TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    done       INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, device, document, sha256),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_by_expiry ON upload (tenant, expires_at);
CREATE INDEX upload_by_hash ON upload (tenant, sha256);

INSERT INTO to_derive (tenant, what) SELECT DISTINCT tenant, 'files' FROM visit;
