-- Changes that were refused are kept beside those of revoked devices, for somebody at the office. 'revoked': the device had been
-- revoked when it sent the change, which nobody has judged; 'refused': it was judged, and `code` and `reason` say what came of it.
ALTER TABLE late_change ADD COLUMN cause TEXT NOT NULL DEFAULT 'revoked' CHECK (cause IN ('revoked', 'refused'));
