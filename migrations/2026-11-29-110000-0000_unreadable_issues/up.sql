-- An issue that GitHub does not send in full, or that we cannot read, is left out of its page. Here
-- stands which one and why, so that it can be shown and is asked for again until it reads.
CREATE TABLE unreadable_issues (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    node_id text,
    number integer,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    reason text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    CHECK ((node_id IS NULL) = (number IS NULL))
);

CREATE UNIQUE INDEX unreadable_issues_node_key ON unreadable_issues (repository_id, node_id);
CREATE UNIQUE INDEX unreadable_issues_nameless_key ON unreadable_issues (repository_id, reason)
    WHERE node_id IS NULL;

COMMENT ON TABLE unreadable_issues IS 'Issues that a sync could not read and asks for again.';
COMMENT ON COLUMN unreadable_issues.node_id IS 'GitHub''s id; null when GitHub did not even tell that.';
COMMENT ON COLUMN unreadable_issues.state IS 'Open or closed by GitHub''s account; open when it did not tell.';
COMMENT ON COLUMN unreadable_issues.reason IS 'Why it could not be read.';
COMMENT ON COLUMN unreadable_issues.first_at IS 'When it was first left out.';
COMMENT ON COLUMN unreadable_issues.last_at IS 'When reading it last failed.';
