-- What GitHub has of an issue beside its text, labels and state. It is read and written as a whole,
-- and nothing searches it.
ALTER TABLE issues ADD COLUMN details jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN issues.details IS 'Type, parent, sub-issues, kinds of assignees, issue fields and why it was closed, as GitHub has them.';
