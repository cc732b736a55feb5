-- Devices are let in by short access tokens that are not stored. The key by which the server knows them again: 32 bytes, secret.
ALTER TABLE tenant ADD COLUMN access_key BLOB;

-- Long-lived tokens are gone. A device that enrolled without a key can not prove who it is, and enrols anew.
ALTER TABLE device DROP COLUMN token_hash;
