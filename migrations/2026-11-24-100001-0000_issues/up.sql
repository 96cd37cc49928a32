-- GitHub's issues as the board shows them. `status` and `priority` follow from labels and state and
-- are kept as columns so that a column of the board is one walk along an index; the code that writes
-- labels writes them too.
CREATE TABLE issues (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    node_id text NOT NULL,
    number integer NOT NULL,
    title text NOT NULL,
    body text,
    url text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    status text NOT NULL
        CHECK (status IN ('backlog', 'ready', 'in-progress', 'in-review', 'blocked', 'done')),
    priority text CHECK (priority IN ('p0', 'p1', 'p2', 'p3')),
    labels text[] NOT NULL,
    assignees text[] NOT NULL,
    author text,
    comments_count integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz,
    read_at timestamptz NOT NULL,
    lane text NOT NULL,
    blocked_reason text,
    on_board boolean NOT NULL,
    removed_at timestamptz,
    search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('simple'::regconfig, number::text || ' ' || title), 'A')
        || to_tsvector('simple'::regconfig, left(coalesce(body, ''), 200000))
    ) STORED,
    UNIQUE (repository_id, number)
);

CREATE INDEX issues_column_idx ON issues (status, updated_at DESC, id DESC) WHERE on_board;
CREATE INDEX issues_repository_column_idx
    ON issues (repository_id, status, updated_at DESC, id DESC) WHERE on_board;
CREATE INDEX issues_recent_idx ON issues (updated_at DESC, id DESC) WHERE on_board;
CREATE INDEX issues_node_idx ON issues (node_id);
CREATE INDEX issues_labels_idx ON issues USING gin (labels);
CREATE INDEX issues_search_idx ON issues USING gin (search);
CREATE INDEX issues_closed_on_board_idx ON issues (closed_at) WHERE on_board AND state = 'closed';

COMMENT ON TABLE issues IS 'Issues of tracked repositories, as GitHub had them when they were last read.';
COMMENT ON COLUMN issues.node_id IS 'GitHub''s id.';
COMMENT ON COLUMN issues.status IS 'The column: closed is `done`, else the first status label in board order, else `backlog`.';
COMMENT ON COLUMN issues.priority IS 'The most urgent `priority/*` label.';
COMMENT ON COLUMN issues.labels IS 'Names in GitHub''s order.';
COMMENT ON COLUMN issues.assignees IS 'GitHub logins.';
COMMENT ON COLUMN issues.author IS 'GitHub login; null when the account is gone.';
COMMENT ON COLUMN issues.updated_at IS 'GitHub''s update time, whole seconds.';
COMMENT ON COLUMN issues.read_at IS 'When GitHub was asked for what this row says.';
COMMENT ON COLUMN issues.lane IS 'The queue the issue waits in. Ours, not GitHub''s.';
COMMENT ON COLUMN issues.blocked_reason IS 'Why it is blocked, while it is. Ours, not GitHub''s.';
COMMENT ON COLUMN issues.on_board IS 'Open, or closed inside the done window; false once removed.';
COMMENT ON COLUMN issues.removed_at IS 'When a full pass found it deleted or transferred.';

-- Counting a column for every reader is what makes boards slow, so the counts are kept. Statement
-- triggers see every row a statement touched and change each count once, in the order of the key,
-- so that two writers cannot wait for each other in a circle.
CREATE TABLE board_counts (
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    status text NOT NULL,
    issues integer NOT NULL CHECK (issues >= 0),
    PRIMARY KEY (repository_id, status)
);

COMMENT ON TABLE board_counts IS 'How many issues of a repository are on the board in each column. Kept by triggers.';

CREATE FUNCTION count_board_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO board_counts AS counts (repository_id, status, issues)
        SELECT repository_id, status, count(*)
        FROM after WHERE on_board
        GROUP BY repository_id, status ORDER BY repository_id, status
        ON CONFLICT (repository_id, status)
        DO UPDATE SET issues = counts.issues + excluded.issues;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE board_counts AS counts SET issues = counts.issues - gone.issues
        FROM (
            SELECT repository_id, status, count(*) AS issues
            FROM before WHERE on_board
            GROUP BY repository_id, status ORDER BY repository_id, status
        ) AS gone
        WHERE counts.repository_id = gone.repository_id AND counts.status = gone.status;
    ELSE
        PERFORM 1 FROM board_counts AS counts
        WHERE (counts.repository_id, counts.status) IN (
            SELECT repository_id, status FROM before WHERE on_board
            UNION SELECT repository_id, status FROM after WHERE on_board
        )
        ORDER BY repository_id, status FOR UPDATE;

        INSERT INTO board_counts (repository_id, status, issues)
        SELECT DISTINCT repository_id, status, 0
        FROM after WHERE on_board ORDER BY repository_id, status
        ON CONFLICT DO NOTHING;

        UPDATE board_counts AS counts SET issues = counts.issues + change.issues
        FROM (
            SELECT repository_id, status, sum(one)::integer AS issues
            FROM (
                SELECT repository_id, status, -1 AS one FROM before WHERE on_board
                UNION ALL SELECT repository_id, status, 1 FROM after WHERE on_board
            ) AS ones
            GROUP BY repository_id, status HAVING sum(one) <> 0
        ) AS change
        WHERE counts.repository_id = change.repository_id AND counts.status = change.status;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER issues_count_inserts AFTER INSERT ON issues
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_board_changes();
CREATE TRIGGER issues_count_updates AFTER UPDATE ON issues
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_board_changes();
CREATE TRIGGER issues_count_deletes AFTER DELETE ON issues
    REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION count_board_changes();
