-- Own changes that call for help: their documents go before all others until the server has them. What has become of one
-- says `change`, or `quarantine`; calls for help are few, so rows stay.
CREATE TABLE alert (
    document BLOB NOT NULL,
    hash     BLOB NOT NULL,
    PRIMARY KEY (document, hash)
) STRICT, WITHOUT ROWID;
