-- What the last sync told: when it was done, and how many documents the server has for this device's person.
ALTER TABLE meta ADD COLUMN synced_at INTEGER;
ALTER TABLE meta ADD COLUMN assigned INTEGER;
-- 1: the server did not accept this device when it last asked.
ALTER TABLE meta ADD COLUMN shut_out INTEGER NOT NULL DEFAULT 0;
