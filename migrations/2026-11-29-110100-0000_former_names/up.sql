-- An old name of a renamed repository still means it, as it does on GitHub. Rows whose name is none
-- that GitHub gives were never synced and never will be: such names are refused by now.
ALTER TABLE repositories ADD COLUMN former_names text[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN repositories.former_names IS 'Names it had before, in lower case; GitHub redirects from them until another takes one.';

DELETE FROM repositories
WHERE node_id IS NULL
    AND (full_name !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}$'
        OR full_name ~* '(/[.]{1,2}|[.]git)$')
    AND NOT EXISTS (SELECT FROM issues WHERE repository_id = repositories.id);
