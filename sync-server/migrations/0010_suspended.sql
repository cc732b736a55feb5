-- Since when a device is shut out until the office lets it in again; empty: it is let in.
ALTER TABLE device ADD COLUMN suspended_at INTEGER;
