-- Work that a device sent after it was revoked, as it came. `state`: 'kept' waits for somebody at the office; 'admitted' stands in
-- `change` and 'discarded' was thrown away, both with empty bytes: sent again, they are known. `code` and `reason`: why it could not
-- be admitted when it was tried.
CREATE TABLE late_change (
    tenant      TEXT NOT NULL,
    device      BLOB NOT NULL,
    document    BLOB NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    -- The order in which they came: parents first.
    n           INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'admitted', 'discarded')),
    code        TEXT,
    reason      TEXT,
    PRIMARY KEY (tenant, device, document, hash),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT;

CREATE INDEX late_change_kept ON late_change (tenant, device, document, n) WHERE state = 'kept';
