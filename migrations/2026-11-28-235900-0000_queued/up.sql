-- The queue by itself. Rows of issues are wide, and asking each for its labels, its lease and what it
-- waits for took seconds on a board of 100,000. Here each issue that work is taken from has a narrow
-- row with the keys of the order, and who waits for an open issue is known before anybody asks.
-- Triggers keep both; what they mean is decided in domain::work, which a test holds them equal to.
CREATE TABLE queued (
    issue_id bigint PRIMARY KEY REFERENCES issues ON DELETE CASCADE,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    agent text,
    lane text NOT NULL,
    status text NOT NULL,
    tier integer NOT NULL,
    day integer NOT NULL,
    has_pull_request boolean NOT NULL,
    refers boolean NOT NULL
);

COMMENT ON TABLE queued IS 'Open issues in the columns that work is taken from. Kept by triggers.';
COMMENT ON COLUMN queued.agent IS 'The one agent that the labels name: empty when none, null when several.';
COMMENT ON COLUMN queued.lane IS 'The queue, in lower case.';
COMMENT ON COLUMN queued.tier IS 'The priority as a number: 0 for `p0`, 4 for none.';
COMMENT ON COLUMN queued.day IS 'The day it was opened, counted from 1970-01-01 by UTC.';
COMMENT ON COLUMN queued.has_pull_request IS 'Whether an open pull request is to close it.';
COMMENT ON COLUMN queued.refers IS 'Whether it is noted to wait for others, be they open or not.';

CREATE TABLE blocked (
    issue_id bigint PRIMARY KEY REFERENCES issues ON DELETE CASCADE
);

COMMENT ON TABLE blocked IS 'Issues that wait for an open issue of a tracked repository. Kept by triggers.';

-- Who may be given what, in runs that are in order by themselves.
CREATE INDEX queued_order_idx ON queued (agent, lane, status, tier, day, issue_id)
    INCLUDE (repository_id) WHERE NOT has_pull_request;
-- What may be withheld from somebody, the most urgent first.
CREATE INDEX queued_doubtful_idx ON queued (lane, tier, day, issue_id)
    INCLUDE (repository_id, agent, has_pull_request)
    WHERE agent IS DISTINCT FROM '' OR has_pull_request OR refers;
CREATE INDEX queued_pull_request_idx ON queued (lane) INCLUDE (repository_id)
    WHERE has_pull_request;
CREATE INDEX blockers_target_idx ON blockers (repository, number);

DROP INDEX issues_work_idx;

-- Whether an issue waits depends on rows of others, so two changes at once could each miss the other.
-- They take turns, under a lock that ends with the transaction. It is taken after the lock of a
-- repository's counts, and before that of the event log.
CREATE FUNCTION lock_blocked() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(7236871, 3)
$$;

CREATE FUNCTION waits_for_open(issue bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM blockers w
        JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled
        JOIN issues b ON b.repository_id = r.id AND b.number = w.number
        WHERE w.issue_id = issue AND b.state = 'open' AND b.removed_at IS NULL AND b.id <> issue
    )
$$;

-- Asks anew of some issues whether they wait. The lock is held.
CREATE FUNCTION ask_blocked(asked bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM blocked WHERE issue_id = ANY (asked) AND NOT waits_for_open(issue_id);
    INSERT INTO blocked
    SELECT id FROM issues WHERE id = ANY (asked) AND waits_for_open(id) ORDER BY id
    ON CONFLICT DO NOTHING;
END
$$;

-- The agent is read here as work_agent() reads it, whose body would be planned for each statement.
CREATE FUNCTION keep_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM queued USING after
    WHERE queued.issue_id = after.id AND NOT (after.state = 'open' AND after.removed_at IS NULL
        AND after.status IN ('ready', 'in-progress'));

    INSERT INTO queued
    SELECT id, repository_id, (
            SELECT CASE count(DISTINCT label)
                WHEN 0 THEN '' WHEN 1 THEN nullif(min(substr(label, 7)), '') END
            FROM unnest(labels) AS label WHERE label LIKE 'agent/%'
        ), lower(lane), status, work_tier(priority), work_day(created_at),
        pull_request_url IS NOT NULL, EXISTS (SELECT FROM blockers WHERE issue_id = after.id)
    FROM after
    WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress')
    ORDER BY id
    ON CONFLICT (issue_id) DO UPDATE SET
        repository_id = excluded.repository_id, agent = excluded.agent, lane = excluded.lane,
        status = excluded.status, tier = excluded.tier, day = excluded.day,
        has_pull_request = excluded.has_pull_request, refers = excluded.refers
    WHERE queued IS DISTINCT FROM excluded;
    RETURN NULL;
END
$$;

-- An issue that becomes open, or ceases to be, is news to those that wait for it.
CREATE FUNCTION keep_blocked() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- The same when issues are deleted: whatever waits for something there is asked.
CREATE FUNCTION keep_blocked_by_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_blocked();
    PERFORM ask_blocked(array_agg(w.issue_id))
    FROM before JOIN repositories r ON r.id = before.repository_id
    JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = before.number;
    RETURN NULL;
END
$$;

CREATE FUNCTION keep_blocked_by_noted() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION keep_blocked_by_tracked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_blocked();
    PERFORM ask_blocked(array_agg(issue_id)) FROM blockers
    WHERE repository IN (lower(OLD.full_name), lower(NEW.full_name));
    RETURN NULL;
END
$$;

CREATE TRIGGER issues_keep_queued_inserts AFTER INSERT ON issues
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION keep_queued();
CREATE TRIGGER issues_keep_queued_updates AFTER UPDATE ON issues
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION keep_queued();
CREATE TRIGGER issues_keep_blocked_inserts AFTER INSERT ON issues
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked();
CREATE TRIGGER issues_keep_blocked_updates AFTER UPDATE ON issues
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked();
CREATE TRIGGER issues_keep_blocked_deletes AFTER DELETE ON issues
    REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_deleted();
CREATE TRIGGER blockers_keep_blocked_inserts AFTER INSERT ON blockers
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_noted();
CREATE TRIGGER blockers_keep_blocked_deletes AFTER DELETE ON blockers
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_blocked_by_noted();
CREATE TRIGGER repositories_keep_blocked AFTER UPDATE ON repositories
    FOR EACH ROW
    WHEN ((OLD.enabled, lower(OLD.full_name)) IS DISTINCT FROM (NEW.enabled, lower(NEW.full_name)))
    EXECUTE FUNCTION keep_blocked_by_tracked();
CREATE TRIGGER repositories_keep_blocked_inserts AFTER INSERT OR DELETE ON repositories
    FOR EACH ROW EXECUTE FUNCTION keep_blocked_by_tracked();

INSERT INTO queued
SELECT id, repository_id, work_agent(labels), lower(lane), status, work_tier(priority),
    work_day(created_at), pull_request_url IS NOT NULL,
    EXISTS (SELECT FROM blockers WHERE issue_id = issues.id)
FROM issues
WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress');

INSERT INTO blocked
SELECT id FROM issues WHERE id IN (SELECT issue_id FROM blockers) AND waits_for_open(id);
