-- Parts: what lies in the vans, what was used, what is on its way back, what was asked for, and what it costs.

-- Counts of, and receipts into, the van of a technician: each part number is one row. `serials` is a JSON array.
CREATE TABLE stock_entry (
    tenant     TEXT NOT NULL REFERENCES tenant (id),
    technician TEXT NOT NULL,
    -- Its place in the tenant's order: uses committed before it are older than the count.
    seq        INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('count', 'receipt')),
    number     TEXT NOT NULL,
    name       TEXT,
    quantity   INTEGER NOT NULL CHECK (quantity >= 0),
    serials    TEXT NOT NULL,
    tracked    INTEGER NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, technician, seq),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_entry_by_number ON stock_entry (tenant, technician, number, seq);

-- Parts that were used, read from the change that recorded them and written in the same transaction.
CREATE TABLE part_use (
    tenant     TEXT NOT NULL,
    technician TEXT NOT NULL,
    -- Number of the change.
    seq        INTEGER NOT NULL,
    document   BLOB NOT NULL,
    entry      BLOB NOT NULL CHECK (length(entry) = 16),
    number     TEXT NOT NULL,
    name       TEXT,
    quantity   INTEGER NOT NULL,
    serial     TEXT,
    PRIMARY KEY (tenant, technician, seq, entry),
    UNIQUE (tenant, document, entry),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

-- Old parts that came out for new ones: derived from the document whenever it changes. Times are RFC 3339 with offset.
CREATE TABLE old_part (
    tenant      TEXT NOT NULL,
    document    BLOB NOT NULL,
    part        BLOB NOT NULL CHECK (length(part) = 16),
    technician  TEXT NOT NULL,
    number      TEXT NOT NULL,
    name        TEXT,
    quantity    INTEGER NOT NULL,
    serial      TEXT,
    condition   TEXT,
    replaced_at TEXT NOT NULL,
    handed_in   TEXT,
    received    TEXT,
    PRIMARY KEY (tenant, document, part),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX old_part_open ON old_part (tenant, technician, replaced_at) WHERE received IS NULL;

-- Parts that were asked for on site: derived from the document whenever it changes.
CREATE TABLE part_request (
    tenant     TEXT NOT NULL,
    document   BLOB NOT NULL,
    request    BLOB NOT NULL CHECK (length(request) = 16),
    technician TEXT NOT NULL,
    number     TEXT NOT NULL,
    name       TEXT,
    quantity   INTEGER NOT NULL,
    note       TEXT,
    asked_at   TEXT NOT NULL,
    needed_by  TEXT,
    arrived    TEXT,
    PRIMARY KEY (tenant, document, request),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX part_request_open ON part_request (tenant, asked_at) WHERE arrived IS NULL;

-- Tariffs of the company. A version stays as it was stored: what was charged by it can be reckoned again. `source` is JSON.
CREATE TABLE tariff (
    tenant     TEXT NOT NULL REFERENCES tenant (id),
    id         TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    source     TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id, valid_from)
) STRICT, WITHOUT ROWID;

-- What is derived from documents and not there yet, after an upgrade of a database that holds documents.
CREATE TABLE to_derive (
    tenant TEXT NOT NULL,
    what   TEXT NOT NULL,
    PRIMARY KEY (tenant, what)
) STRICT, WITHOUT ROWID;

INSERT INTO to_derive (tenant, what) SELECT DISTINCT tenant, 'parts' FROM visit;
