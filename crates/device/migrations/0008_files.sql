-- Files that documents name, noted in the transaction that names them: what is to be sent, and what may be fetched.
CREATE TABLE file (
    document  BLOB NOT NULL,
    sha256    TEXT NOT NULL,
    -- In which order files are sent: 0 signatures, 1 all else.
    rank      INTEGER NOT NULL,
    -- As the record says; none: it does not say.
    size      INTEGER,
    -- 1: named by a change that was made here, so its bytes are here and are sent from here.
    own       INTEGER NOT NULL,
    -- 1: the server has it for this document.
    sent      INTEGER NOT NULL DEFAULT 0,
    -- Why the server did not take it: the code of its answer.
    refused   TEXT,
    PRIMARY KEY (document, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_to_send ON file (rank) WHERE own = 1 AND sent = 0;

-- 0: the documents of an older version are still to be looked through for files.
ALTER TABLE meta ADD COLUMN files_noted INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET files_noted = NOT EXISTS (SELECT 1 FROM visit);
