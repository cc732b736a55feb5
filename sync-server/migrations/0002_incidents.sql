-- What lists show of special situations: the open ones (a JSON array of ids of the pack), and how many calls for help nobody
-- has answered. Read from the document in the transaction that changes it, as the columns beside them.
ALTER TABLE visit ADD COLUMN incidents TEXT NOT NULL DEFAULT '[]';
ALTER TABLE visit ADD COLUMN alerts INTEGER NOT NULL DEFAULT 0;

-- Calls for help. What was said and where the person was stands in the document alone.
CREATE TABLE alert (
    tenant          TEXT NOT NULL,
    document        BLOB NOT NULL,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    person          TEXT NOT NULL,
    situation       TEXT,
    raised_at       INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    acknowledged_at INTEGER,
    PRIMARY KEY (tenant, document, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_by_answer ON alert (tenant, acknowledged_at IS NULL DESC, received_at DESC);
