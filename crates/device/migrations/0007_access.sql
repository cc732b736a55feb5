-- The long-lived token of earlier versions is gone. `token` is now the short access token that the server gave last; with it, until
-- when it holds, in milliseconds of this device's wall clock. A clock that is wrong costs a request and nothing else.
UPDATE meta SET token = NULL;
ALTER TABLE meta ADD COLUMN token_until INTEGER;
