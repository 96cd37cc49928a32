DROP TRIGGER foreign_references_keep_blocked_updates ON foreign_references;
CREATE OR REPLACE FUNCTION keep_blocked_by_foreign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_blocked();
    PERFORM ask_blocked(array_agg(DISTINCT w.issue_id))
    FROM changed JOIN blockers w ON w.repository = changed.repository AND w.number = changed.number;
    RETURN NULL;
END
$$;
CREATE TRIGGER foreign_references_keep_blocked_updates AFTER UPDATE ON foreign_references
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_foreign();

CREATE OR REPLACE FUNCTION keep_blocked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    turned bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id) INTO turned FROM after WHERE state = 'open' AND removed_at IS NULL;
    ELSE
        SELECT array_agg(id) INTO turned FROM before JOIN after USING (id)
        WHERE (before.state = 'open' AND before.removed_at IS NULL, before.repository_id)
            <> (after.state = 'open' AND after.removed_at IS NULL, after.repository_id);
    END IF;
    IF turned IS NOT NULL THEN
        PERFORM lock_blocked();
        PERFORM ask_blocked(array_agg(w.issue_id))
        FROM issues b JOIN repositories r ON r.id = b.repository_id
        JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = b.number
        WHERE b.id = ANY (turned);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION keep_blocked_by_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_blocked();
    PERFORM ask_blocked(array_agg(w.issue_id))
    FROM before JOIN repositories r ON r.id = before.repository_id
    JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = before.number;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION keep_blocked_by_noted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting bigint[];
BEGIN
    SELECT array_agg(DISTINCT issue_id) INTO waiting FROM changed;
    IF waiting IS NOT NULL THEN
        PERFORM lock_board_counts(array_agg(DISTINCT repository_id ORDER BY repository_id))
        FROM issues WHERE id = ANY (waiting);
        PERFORM lock_blocked();
        PERFORM ask_blocked(waiting);
        UPDATE queued SET refers = NOT refers
        WHERE issue_id = ANY (waiting)
            AND refers <> EXISTS (SELECT FROM blockers w WHERE w.issue_id = queued.issue_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION keep_blocked_by_tracked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_blocked();
    PERFORM ask_blocked(array_agg(issue_id)) FROM blockers
    WHERE repository IN (lower(OLD.full_name), lower(NEW.full_name));
    RETURN NULL;
END
$$;

DROP FUNCTION note_dependency_changes;
DROP FUNCTION ask_unblocking;
DROP FUNCTION count_waiting;
DROP FUNCTION count_open_blockers;
CREATE FUNCTION waits_for_open(issue bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM blockers w
        LEFT JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled
        LEFT JOIN issues b ON b.repository_id = r.id AND b.number = w.number
        LEFT JOIN foreign_references f ON f.repository = w.repository AND f.number = w.number
        WHERE w.issue_id = issue AND CASE WHEN b.id IS NULL THEN f.is_open
            ELSE b.state = 'open' AND b.removed_at IS NULL AND b.id <> issue END
    )
$$;

CREATE OR REPLACE FUNCTION ask_blocked(asked bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM blocked WHERE issue_id = ANY (asked) AND NOT waits_for_open(issue_id);
    INSERT INTO blocked
    SELECT id FROM issues WHERE id = ANY (asked) AND waits_for_open(id) ORDER BY id
    ON CONFLICT DO NOTHING;
END
$$;

DROP TABLE dependency_changes;
DROP TABLE unblocking;
ALTER TABLE blocked DROP COLUMN open_blockers;
ALTER TABLE blocked ADD FOREIGN KEY (issue_id) REFERENCES issues ON DELETE CASCADE;
COMMENT ON TABLE blocked IS 'Issues that wait for an open issue of a tracked repository. Kept by triggers.';
