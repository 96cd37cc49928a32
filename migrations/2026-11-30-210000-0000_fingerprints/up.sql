-- A sync asks GitHub for many repositories at once whether they changed, and reads only those that did.
ALTER TABLE repositories ADD COLUMN fingerprint text;
COMMENT ON COLUMN repositories.fingerprint IS 'Digest of GitHub''s answer about the repository as a whole, read before its last successful sync; null when the next sync has to read it.';
