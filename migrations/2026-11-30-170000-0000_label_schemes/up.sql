-- Labels of a repository that mean what Dispatch's own labels mean.
ALTER TABLE repositories ADD COLUMN label_scheme jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN repositories.label_scheme IS
    'What it calls statuses, priorities and agents on GitHub; issues.labels has Dispatch''s names.';
