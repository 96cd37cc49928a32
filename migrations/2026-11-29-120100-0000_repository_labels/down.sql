ALTER TABLE repositories DROP COLUMN read_only;
DROP TABLE repository_labels;
