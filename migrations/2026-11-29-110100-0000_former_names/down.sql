ALTER TABLE repositories DROP COLUMN former_names;
