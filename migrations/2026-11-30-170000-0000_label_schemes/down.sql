ALTER TABLE repositories DROP COLUMN label_scheme;
