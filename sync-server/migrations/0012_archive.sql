-- Documents with which nobody works any more, each in one row: all its changes in their compact form, in the order of the log, and
-- in `runs` what the log said of them. Their rows of `log` and `snapshot` are gone; the document is made again when it is asked for.
CREATE TABLE archive (
    tenant      TEXT NOT NULL,
    document    BLOB NOT NULL,
    last_seq    INTEGER NOT NULL,
    runs        BLOB NOT NULL,
    bytes       BLOB NOT NULL,
    archived_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT;
