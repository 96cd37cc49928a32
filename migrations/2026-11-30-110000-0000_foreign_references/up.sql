-- What issues wait for that is not cached: issues of repositories that are not tracked, and pull
-- requests. GitHub tells whether each is open.
CREATE TABLE foreign_references (
    repository text NOT NULL,
    number integer NOT NULL,
    is_open boolean NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (repository, number)
);

COMMENT ON TABLE foreign_references IS 'Issues and pull requests that cached issues wait for and that are not cached themselves.';
COMMENT ON COLUMN foreign_references.repository IS 'Full name in lower case.';
COMMENT ON COLUMN foreign_references.is_open IS 'Whether it is open, as GitHub last said; what GitHub does not find is not.';
COMMENT ON COLUMN foreign_references.asked_at IS 'When GitHub last said so.';

-- As before; what is not cached counts by what GitHub said of it.
CREATE OR REPLACE FUNCTION waits_for_open(issue bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM blockers w
        LEFT JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled
        LEFT JOIN issues b ON b.repository_id = r.id AND b.number = w.number
        LEFT JOIN foreign_references f ON f.repository = w.repository AND f.number = w.number
        WHERE w.issue_id = issue AND CASE WHEN b.id IS NULL THEN f.is_open
            ELSE b.state = 'open' AND b.removed_at IS NULL AND b.id <> issue END
    )
$$;

CREATE FUNCTION keep_blocked_by_foreign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_blocked();
    PERFORM ask_blocked(array_agg(DISTINCT w.issue_id))
    FROM changed JOIN blockers w ON w.repository = changed.repository AND w.number = changed.number;
    RETURN NULL;
END
$$;
CREATE TRIGGER foreign_references_keep_blocked_inserts AFTER INSERT ON foreign_references
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_foreign();
CREATE TRIGGER foreign_references_keep_blocked_updates AFTER UPDATE ON foreign_references
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_foreign();
CREATE TRIGGER foreign_references_keep_blocked_deletes AFTER DELETE ON foreign_references
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_foreign();

-- Texts are read by another grammar now, so all are read again by the next sync.
UPDATE repositories SET fully_synced_at = NULL;
