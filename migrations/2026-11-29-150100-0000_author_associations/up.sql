-- How whoever wrote an issue stands to its repository. Known of an issue from when it is next read.
ALTER TABLE issues ADD COLUMN author_association text CHECK (author_association IN (
    'owner', 'member', 'collaborator', 'contributor', 'first_time_contributor', 'first_timer',
    'mannequin', 'none'));
COMMENT ON COLUMN issues.author_association IS 'How its author stands to its repository; null when GitHub did not tell.';
