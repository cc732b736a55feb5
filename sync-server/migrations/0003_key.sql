-- The organisation's key: it certifies whose device has which key. 32 bytes, secret; made when it is first needed.
ALTER TABLE tenant ADD COLUMN organisation_key BLOB;

-- The public key with which a device seals records, in SEC 1 form; none: it enrolled without one.
ALTER TABLE device ADD COLUMN public_key BLOB;
