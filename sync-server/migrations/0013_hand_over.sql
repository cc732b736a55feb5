-- Hand-overs of visits between technicians that were brought by a device, each known by the SHA-256 of what was signed, so that one
-- counts once. `state`: 'taken' holds; 'waiting' is for somebody at the office to decide on; 'refused' holds no more.
CREATE TABLE hand_over (
    tenant      TEXT NOT NULL,
    id          BLOB NOT NULL CHECK (length(id) = 32),
    document    BLOB NOT NULL,
    -- The device that signed, and its technician.
    device      BLOB NOT NULL,
    giver       TEXT NOT NULL,
    taker       TEXT NOT NULL,
    -- The device that brought it.
    brought_by  BLOB NOT NULL,
    -- How many changes it names.
    changes     INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('taken', 'waiting', 'refused')),
    -- Why it waits.
    reason      TEXT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id),
    FOREIGN KEY (tenant, taker) REFERENCES technician (tenant, id)
) STRICT;

CREATE INDEX hand_over_by_document ON hand_over (tenant, document);
