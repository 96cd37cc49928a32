ALTER TABLE repositories DROP COLUMN fingerprint;
