-- What devices have signed that a visit was handed over by, in the order in which it went from hand to hand: `n` from 0. It goes
-- to the server with the changes that it names.
CREATE TABLE hand_over (
    document    BLOB NOT NULL,
    n           INTEGER NOT NULL,
    -- Person id of whoever handed it over.
    giver       TEXT NOT NULL,
    -- The signed hand-over as canonical JSON.
    signed      BLOB NOT NULL,
    PRIMARY KEY (document, n)
) STRICT, WITHOUT ROWID;
