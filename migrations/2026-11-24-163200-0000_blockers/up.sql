-- What an issue waits for: references in its text and GitHub's own relation, united. A reference is
-- kept as it was read; whether it leads to an open issue is asked when the queue is read, so an
-- issue that is closed, or a repository that is tracked later, counts at once.
CREATE TABLE blockers (
    issue_id bigint NOT NULL REFERENCES issues ON DELETE CASCADE,
    source text NOT NULL CHECK (source IN ('text', 'github')),
    repository text NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (issue_id, source, repository, number)
);

COMMENT ON TABLE blockers IS 'Issues that an issue waits for.';
COMMENT ON COLUMN blockers.source IS 'A phrase in the body (`text`) or GitHub''s own relation (`github`).';
COMMENT ON COLUMN blockers.repository IS 'Full name in lower case.';

-- The open pull request that works on an issue already, by GitHub's own account.
ALTER TABLE issues ADD COLUMN pull_request_url text;

COMMENT ON COLUMN issues.pull_request_url IS 'The open pull request that is to close it, by GitHub''s account.';
