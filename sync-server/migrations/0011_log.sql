-- The truth: changes as they came, in the order in which they were committed; those that came together from one writer stand in
-- one row, numbered from `seq` on. `bytes` is one change as it is, or several in their compact form; `size` what they are as they
-- are. `device` is empty for the office.
CREATE TABLE log (
    tenant      TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    count       INTEGER NOT NULL CHECK (count > 0),
    document    BLOB NOT NULL,
    bytes       BLOB NOT NULL,
    size        INTEGER NOT NULL,
    device      BLOB,
    person      TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id)
) STRICT;

INSERT INTO log (tenant, seq, count, document, bytes, size, device, person, received_at)
    SELECT tenant, seq, 1, document, bytes, length(bytes), device, person, received_at FROM change ORDER BY tenant, seq;

CREATE INDEX log_by_document ON log (tenant, document, seq);

-- How far each actor's numbers have come.
ALTER TABLE actor ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0;
UPDATE actor SET last_seq = coalesce((SELECT max(c.actor_seq) FROM change AS c
    WHERE c.tenant = actor.tenant AND c.document = actor.document AND c.actor = actor.actor), 0);

-- Which device used a part; empty: the office.
ALTER TABLE part_use ADD COLUMN device BLOB;
UPDATE part_use SET device = (SELECT c.device FROM change AS c WHERE c.tenant = part_use.tenant AND c.seq = part_use.seq);

DROP TABLE change;

-- Who may see which document. `seq` is when it was last granted or withdrawn, `news_seq` the last number under which there is
-- something new for the technician: kept with every commit, so that to ask costs what is new and not what there is.
CREATE TABLE scope (
    tenant     TEXT NOT NULL,
    technician TEXT NOT NULL,
    document   BLOB NOT NULL,
    granted    INTEGER NOT NULL CHECK (granted IN (0, 1)),
    seq        INTEGER NOT NULL,
    news_seq   INTEGER NOT NULL,
    PRIMARY KEY (tenant, technician, document),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;

-- SQLite takes `granted` from the row that has the maximum.
INSERT INTO scope (tenant, technician, document, granted, seq, news_seq)
    SELECT tenant, technician, document, granted, seq, max(seq, CASE granted WHEN 1 THEN coalesce(updated_seq, 0) ELSE 0 END)
    FROM (SELECT e.tenant, e.technician, e.document, e.granted, max(e.seq) AS seq, v.updated_seq
          FROM scope_event AS e LEFT JOIN visit AS v ON v.tenant = e.tenant AND v.id = e.document
          GROUP BY e.tenant, e.technician, e.document);

CREATE INDEX scope_by_news ON scope (tenant, technician, news_seq);
CREATE INDEX scope_by_document ON scope (tenant, document) WHERE granted = 1;

DROP TABLE scope_event;

-- How many changes of a device killed the worker process that judged them, since the office last let it in.
ALTER TABLE device ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0;
