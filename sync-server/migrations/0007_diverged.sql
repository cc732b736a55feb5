-- When a device last sent other changes under numbers that were taken: its store was copied or restored.
ALTER TABLE device ADD COLUMN diverged_at INTEGER;
