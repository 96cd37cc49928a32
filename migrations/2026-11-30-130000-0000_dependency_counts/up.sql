-- Dependencies as data: how many open issues each issue waits for, how many wait for it, and whose
-- dependencies changed since that was last announced.
--
-- The counts are kept by the triggers that keep `blocked`, under their lock. These tables have no
-- foreign keys: whoever holds that lock must not wait for a row of `issues`, because the transaction
-- that holds the row may be waiting for the lock.
ALTER TABLE blocked DROP CONSTRAINT blocked_issue_id_fkey;
ALTER TABLE blocked ADD COLUMN open_blockers integer NOT NULL DEFAULT 1 CHECK (open_blockers > 0);
ALTER TABLE blocked ALTER COLUMN open_blockers DROP DEFAULT;
COMMENT ON TABLE blocked IS 'Issues that wait for something open. Kept by triggers.';
COMMENT ON COLUMN blocked.open_blockers IS 'How many open issues and pull requests it waits for.';

CREATE TABLE unblocking (
    issue_id bigint PRIMARY KEY,
    issues integer NOT NULL CHECK (issues > 0)
);
COMMENT ON TABLE unblocking IS 'Open issues that other open issues wait for. Kept by triggers.';
COMMENT ON COLUMN unblocking.issues IS 'How many open issues of tracked repositories wait for it directly.';

CREATE TABLE dependency_changes (
    issue_id bigint PRIMARY KEY
);
COMMENT ON TABLE dependency_changes IS 'Issues whose dependencies changed and for which no event was appended yet. Filled by triggers.';

-- As waits_for_open(), counted. What is not cached counts by what GitHub said of it.
DROP FUNCTION waits_for_open;
CREATE FUNCTION count_open_blockers(issue bigint) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT (w.repository, w.number))::integer FROM blockers w
    LEFT JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled
    LEFT JOIN issues b ON b.repository_id = r.id AND b.number = w.number
    LEFT JOIN foreign_references f ON f.repository = w.repository AND f.number = w.number
    WHERE w.issue_id = issue AND CASE WHEN b.id IS NULL THEN f.is_open
        ELSE b.state = 'open' AND b.removed_at IS NULL AND b.id <> issue END
$$;

CREATE FUNCTION count_waiting(issue bigint) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT i.id)::integer FROM issues b
    JOIN repositories r ON r.id = b.repository_id AND r.enabled
    JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = b.number
    JOIN issues i ON i.id = w.issue_id
    JOIN repositories own ON own.id = i.repository_id AND own.enabled
    WHERE b.id = issue AND b.state = 'open' AND b.removed_at IS NULL
        AND i.state = 'open' AND i.removed_at IS NULL AND i.id <> b.id
$$;

-- Counts anew what some issues wait for. The lock is held.
CREATE OR REPLACE FUNCTION ask_blocked(asked bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM blocked WHERE issue_id = ANY (asked) AND count_open_blockers(issue_id) = 0;
    INSERT INTO blocked
    SELECT id, many FROM (
        SELECT id, count_open_blockers(id) AS many FROM issues WHERE id = ANY (asked)
    ) AS counted
    WHERE many > 0 ORDER BY id
    ON CONFLICT (issue_id) DO UPDATE SET open_blockers = excluded.open_blockers
    WHERE blocked.open_blockers <> excluded.open_blockers;
END
$$;

-- The same of what waits for them.
CREATE FUNCTION ask_unblocking(asked bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM unblocking WHERE issue_id = ANY (asked) AND count_waiting(issue_id) = 0;
    INSERT INTO unblocking
    SELECT id, many FROM (
        SELECT id, count_waiting(id) AS many FROM issues WHERE id = ANY (asked)
    ) AS counted
    WHERE many > 0 ORDER BY id
    ON CONFLICT (issue_id) DO UPDATE SET issues = excluded.issues
    WHERE unblocking.issues <> excluded.issues;
END
$$;

-- Notes that the dependencies of some issues changed. Whoever appends events next announces them.
CREATE FUNCTION note_dependency_changes(changed bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO dependency_changes
    SELECT DISTINCT id FROM unnest(changed) AS id WHERE id IS NOT NULL ORDER BY id
    -- A row that is there already is kept from others, so that it is not announced too early.
    ON CONFLICT (issue_id) DO UPDATE SET issue_id = excluded.issue_id
$$;

-- An issue that becomes open, or ceases to be, is news to those that wait for it and to those that it
-- waits for.
CREATE OR REPLACE FUNCTION keep_blocked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    turned bigint[];
    waiting bigint[];
    named bigint[];
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
        SELECT array_agg(DISTINCT w.issue_id) INTO waiting
        FROM issues b JOIN repositories r ON r.id = b.repository_id
        JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = b.number
        WHERE b.id = ANY (turned);
        SELECT array_agg(DISTINCT b.id) INTO named
        FROM blockers w JOIN repositories r ON lower(r.full_name) = w.repository
        JOIN issues b ON b.repository_id = r.id AND b.number = w.number
        WHERE w.issue_id = ANY (turned);
        PERFORM ask_blocked(waiting);
        PERFORM ask_unblocking(turned || named);
        PERFORM note_dependency_changes(waiting || named);
    END IF;
    RETURN NULL;
END
$$;

-- The same when issues are deleted. What they named is asked when their references go.
CREATE OR REPLACE FUNCTION keep_blocked_by_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting bigint[];
BEGIN
    PERFORM lock_blocked();
    DELETE FROM blocked USING before WHERE issue_id = before.id;
    DELETE FROM unblocking USING before WHERE issue_id = before.id;
    SELECT array_agg(DISTINCT w.issue_id) INTO waiting
    FROM before JOIN repositories r ON r.id = before.repository_id
    JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = before.number;
    PERFORM ask_blocked(waiting);
    PERFORM note_dependency_changes(waiting);
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION keep_blocked_by_noted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting bigint[];
    named bigint[];
BEGIN
    SELECT array_agg(DISTINCT issue_id) INTO waiting FROM changed;
    IF waiting IS NOT NULL THEN
        PERFORM lock_board_counts(array_agg(DISTINCT repository_id ORDER BY repository_id))
        FROM issues WHERE id = ANY (waiting);
        PERFORM lock_blocked();
        SELECT array_agg(DISTINCT b.id) INTO named
        FROM changed JOIN repositories r ON lower(r.full_name) = changed.repository
        JOIN issues b ON b.repository_id = r.id AND b.number = changed.number;
        PERFORM ask_blocked(waiting);
        PERFORM ask_unblocking(named);
        PERFORM note_dependency_changes(waiting || named);
        UPDATE queued SET refers = NOT refers
        WHERE issue_id = ANY (waiting)
            AND refers <> EXISTS (SELECT FROM blockers w WHERE w.issue_id = queued.issue_id);
    END IF;
    RETURN NULL;
END
$$;

-- A repository that is tracked, is not any more, or has another name: its issues count or do not, and
-- so does what they wait for.
CREATE OR REPLACE FUNCTION keep_blocked_by_tracked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting bigint[];
    named bigint[];
BEGIN
    PERFORM lock_blocked();
    SELECT array_agg(DISTINCT issue_id) INTO waiting FROM blockers
    WHERE repository IN (lower(OLD.full_name), lower(NEW.full_name));
    SELECT array_agg(id) INTO named FROM (
        SELECT b.id FROM issues i JOIN blockers w ON w.issue_id = i.id
        JOIN repositories r ON lower(r.full_name) = w.repository
        JOIN issues b ON b.repository_id = r.id AND b.number = w.number
        WHERE i.repository_id = coalesce(NEW.id, OLD.id)
        UNION
        SELECT i.id FROM issues i JOIN unblocking u ON u.issue_id = i.id
        WHERE i.repository_id = coalesce(NEW.id, OLD.id)
        UNION
        SELECT b.id FROM blockers w
        JOIN issues b ON b.repository_id = coalesce(NEW.id, OLD.id) AND b.number = w.number
        WHERE w.repository IN (lower(OLD.full_name), lower(NEW.full_name))
    ) AS concerned;
    PERFORM ask_blocked(waiting);
    PERFORM ask_unblocking(named);
    PERFORM note_dependency_changes(waiting || named);
    RETURN NULL;
END
$$;

-- As before; an answer that is no news changes nothing.
CREATE OR REPLACE FUNCTION keep_blocked_by_foreign() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT w.issue_id) INTO waiting
        FROM before JOIN changed USING (repository, number)
        JOIN blockers w USING (repository, number)
        WHERE before.is_open <> changed.is_open;
    ELSE
        SELECT array_agg(DISTINCT w.issue_id) INTO waiting
        FROM changed JOIN blockers w USING (repository, number);
    END IF;
    IF waiting IS NOT NULL THEN
        PERFORM lock_blocked();
        PERFORM ask_blocked(waiting);
        PERFORM note_dependency_changes(waiting);
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER foreign_references_keep_blocked_updates ON foreign_references;
CREATE TRIGGER foreign_references_keep_blocked_updates AFTER UPDATE ON foreign_references
    REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_foreign();

UPDATE blocked SET open_blockers = count_open_blockers(issue_id)
WHERE open_blockers <> count_open_blockers(issue_id);
INSERT INTO unblocking
SELECT id, many FROM (
    SELECT b.id, count_waiting(b.id) AS many FROM (
        SELECT DISTINCT repository, number FROM blockers
    ) AS w
    JOIN repositories r ON lower(r.full_name) = w.repository
    JOIN issues b ON b.repository_id = r.id AND b.number = w.number
) AS counted WHERE many > 0;
