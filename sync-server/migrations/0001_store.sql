-- Everything belongs to a tenant: the tenant stands in every key, so that no query can forget it.

-- next_seq is the one counter of a tenant. It is read and raised inside the transaction that uses the number, so numbers
-- become visible in their order and a cursor over them skips nothing.
CREATE TABLE tenant (
    id       TEXT NOT NULL PRIMARY KEY,
    epoch    BLOB NOT NULL CHECK (length(epoch) = 8),
    next_seq INTEGER NOT NULL CHECK (next_seq > 0)
) STRICT;

-- `roles` is a JSON array of role ids.
CREATE TABLE token (
    tenant     TEXT NOT NULL REFERENCES tenant (id),
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE technician (
    tenant   TEXT NOT NULL REFERENCES tenant (id),
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    tenant     TEXT NOT NULL REFERENCES tenant (id),
    code_hash  BLOB NOT NULL CHECK (length(code_hash) = 32),
    technician TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (tenant, code_hash),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    tenant       TEXT NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL CHECK (length(id) = 16),
    technician   TEXT NOT NULL,
    name         TEXT NOT NULL,
    token_hash   BLOB NOT NULL CHECK (length(token_hash) = 32),
    enrolled_at  INTEGER NOT NULL,
    revoked_at   INTEGER,
    last_seen_at INTEGER,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pack (
    tenant TEXT NOT NULL REFERENCES tenant (id),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    id     TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (tenant, sha256)
) STRICT, WITHOUT ROWID;

-- Packs of the company. A version stays as it was stored: documents pin it. `source` is what is pinned, `original` what was
-- sent, which may only say what differs from another pack.
CREATE TABLE standard (
    tenant   TEXT NOT NULL REFERENCES tenant (id),
    id       TEXT NOT NULL,
    version  TEXT NOT NULL,
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    source   TEXT NOT NULL,
    original TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id, version)
) STRICT, WITHOUT ROWID;

-- Imported service requests. `fields` is a JSON object of order fields.
CREATE TABLE request (
    tenant      TEXT NOT NULL REFERENCES tenant (id),
    number      TEXT NOT NULL,
    fields      TEXT NOT NULL,
    received_at TEXT NOT NULL,
    target_at   TEXT,
    closed_at   TEXT,
    verdict     TEXT,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

-- One row for each visit, case and shift: what lists show. `request` is empty where no imported request is behind it, `about`
-- is the document that a case is about. All columns from `state` on are read from the document in the transaction that changes
-- it; `owed_by` is a JSON array of the roles that owe something at the office.
CREATE TABLE visit (
    tenant       TEXT NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL CHECK (length(id) = 16),
    kind         TEXT NOT NULL CHECK (kind IN ('visit', 'case', 'shift')),
    job          TEXT NOT NULL,
    number       TEXT NOT NULL,
    request      TEXT,
    about        BLOB,
    pack         BLOB NOT NULL,
    office_actor BLOB NOT NULL CHECK (length(office_actor) = 16),
    state        TEXT NOT NULL,
    urgency      TEXT NOT NULL,
    start_at     INTEGER,
    crew         TEXT NOT NULL,
    customer     TEXT NOT NULL,
    outstanding  INTEGER NOT NULL,
    violated     INTEGER NOT NULL,
    conflicts    INTEGER NOT NULL,
    owed_by      TEXT NOT NULL,
    next_due     INTEGER,
    updated_seq  INTEGER NOT NULL,
    heads        BLOB NOT NULL,
    search       TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, number),
    UNIQUE (tenant, request),
    FOREIGN KEY (tenant, request) REFERENCES request (tenant, number),
    FOREIGN KEY (tenant, about) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, pack) REFERENCES pack (tenant, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX visit_by_update ON visit (tenant, updated_seq DESC);
CREATE INDEX visit_by_due ON visit (tenant, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX visit_by_state ON visit (tenant, state, updated_seq DESC);
CREATE INDEX visit_by_job ON visit (tenant, kind, job, updated_seq DESC);

-- The document as Automerge saves it: derived from `change`, beside the list so that listing does not read it.
CREATE TABLE snapshot (
    tenant   TEXT NOT NULL,
    document BLOB NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT;

-- The truth: every change as it came, in the order in which it was committed. `device` is empty for the office.
CREATE TABLE change (
    tenant      TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    document    BLOB NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    actor       BLOB NOT NULL,
    actor_seq   INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    device      BLOB,
    person      TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, seq),
    UNIQUE (tenant, document, hash),
    UNIQUE (tenant, document, actor, actor_seq),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id)
) STRICT;

CREATE INDEX change_by_document ON change (tenant, document, seq);

-- Which device writes under an Automerge actor id in a document. `device` is empty for the office.
CREATE TABLE actor (
    tenant   TEXT NOT NULL,
    document BLOB NOT NULL,
    actor    BLOB NOT NULL,
    device   BLOB,
    PRIMARY KEY (tenant, document, actor),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;

-- Who may see which document, from which number on. The latest row of a document and a technician holds.
CREATE TABLE scope_event (
    tenant     TEXT NOT NULL,
    technician TEXT NOT NULL,
    document   BLOB NOT NULL,
    seq        INTEGER NOT NULL,
    granted    INTEGER NOT NULL CHECK (granted IN (0, 1)),
    PRIMARY KEY (tenant, technician, document, seq),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

-- Office actions and refusals at admission. Ids only, never personal values.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT NOT NULL REFERENCES tenant (id),
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
