-- Earlier visits of the same asset, as the server told them when it sent the visit: CBOR of the wire's `AssetHistory`.
CREATE TABLE asset_history (
    document  BLOB PRIMARY KEY NOT NULL,
    bytes     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
