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

ALTER TABLE queued ADD COLUMN unblocks integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN queued.unblocks IS 'How many open issues wait for it, at most 9: more do not rank it higher.';

CREATE INDEX queued_unblocks_idx
    ON queued (with_person, agent, lane, status, tier, unblocks, day, issue_id)
    INCLUDE (repository_id, refers, has_lease, not_before) WHERE NOT has_pull_request AND unblocks > 0;

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

-- The same of what waits for them. What follows for the queue is mend_unblocks()'s.
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

-- Brings the rows of the queue up to the counts, of some issues or of all. Called by whoever announces
-- the change, as late as can be: from a trigger it would keep rows of other issues for the rest of the
-- transaction, and whoever waits for one of those may have what that transaction needs next. A row that
-- somebody else is just changing is left to the next call.
CREATE FUNCTION mend_unblocks(asked bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF asked IS NULL THEN
        asked := ARRAY(
            SELECT issue_id FROM unblocking
            UNION SELECT issue_id FROM queued WHERE unblocks > 0);
    END IF;
    UPDATE queued SET unblocks = free.level
    FROM (
        SELECT q.issue_id, least(coalesce(u.issues, 0), 9) AS level
        FROM queued q LEFT JOIN unblocking u ON u.issue_id = q.issue_id
        WHERE q.issue_id = ANY (asked) AND q.unblocks <> least(coalesce(u.issues, 0), 9)
        FOR NO KEY UPDATE OF q SKIP LOCKED
    ) AS free
    WHERE queued.issue_id = free.issue_id;
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
UPDATE queued SET unblocks = least(u.issues, 9) FROM unblocking u WHERE u.issue_id = queued.issue_id;

-- As before, with the count.
CREATE OR REPLACE FUNCTION keep_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM queued USING after
    WHERE queued.issue_id = after.id AND NOT (after.state = 'open' AND after.removed_at IS NULL
        AND after.status IN ('ready', 'in-progress'));

    INSERT INTO queued
    SELECT id, repository_id, (
            SELECT CASE count(DISTINCT label)
                WHEN 0 THEN '' WHEN 1 THEN nullif(min(substr(label, 7)), '') END
            FROM unnest(label_keys) AS label WHERE label LIKE 'agent/%'
        ), lower(lane), status, work_tier(priority), work_day(created_at),
        pull_request_url IS NOT NULL, EXISTS (SELECT FROM blockers WHERE issue_id = after.id),
        EXISTS (SELECT FROM leases WHERE issue_id = after.id AND leases.state <> 'free'),
        served_after(id, label_keys), is_with_person(status, label_keys, assignees, repository_id),
        coalesce((SELECT least(issues, 9) FROM unblocking WHERE issue_id = after.id), 0)
    FROM after
    WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress')
    ORDER BY id
    ON CONFLICT (issue_id) DO UPDATE SET
        repository_id = excluded.repository_id, agent = excluded.agent, lane = excluded.lane,
        status = excluded.status, tier = excluded.tier, day = excluded.day,
        has_pull_request = excluded.has_pull_request, refers = excluded.refers,
        has_lease = excluded.has_lease, not_before = excluded.not_before,
        with_person = excluded.with_person, unblocks = excluded.unblocks
    WHERE queued IS DISTINCT FROM excluded;
    RETURN NULL;
END
$$;

-- Where an issue stands, as domain::work::rank says: its tier with age, whose it is and its column
-- (`score`), and how many wait for it. An issue that has waited as long as age counts ranks as though 9
-- waited for it, so that nothing newer of its tier comes before it.
CREATE FUNCTION queue_score(
    tier integer, score integer, day integer, unblocks integer, today integer,
    days_per_tier integer, max_tiers integer, by_unblocks boolean
) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 10 * (100 * (tier - least(
            greatest(today - day, 0) / days_per_tier, max_tiers, greatest(tier - 1, 0))) + score)
        + CASE WHEN by_unblocks AND today - day < days_per_tier * greatest(max_tiers, 1)
            THEN 9 - unblocks ELSE 0 END
$$;

-- As before, by that order. The first of a run by day are looked at as before; they are the first of
-- those that nobody waits for. What others wait for is little, and has runs of its own for each count.
DROP FUNCTION first_queued;
CREATE FUNCTION first_queued(
    seeker text, in_lanes text[], not_in_lanes text[], in_repositories bigint[], hidden_by text[],
    moment timestamptz, today integer, days_per_tier integer, max_tiers integer, most bigint,
    with_persons boolean[], by_unblocks boolean
) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    -- Each queue that there is, found by one look at the index.
    in_lanes := coalesce(in_lanes, ARRAY(
        WITH RECURSIVE found AS (
            (SELECT whose, persons, q.lane FROM unnest(ARRAY['', seeker]) AS whose
                CROSS JOIN unnest(with_persons) AS persons
                CROSS JOIN LATERAL (SELECT lane FROM queued
                    WHERE NOT has_pull_request AND with_person = persons AND agent = whose
                    ORDER BY lane LIMIT 1) AS q)
            UNION ALL
            SELECT whose, persons, (SELECT q.lane FROM queued q
                WHERE NOT q.has_pull_request AND q.with_person = persons AND q.agent = whose
                    AND q.lane > found.lane
                ORDER BY q.lane LIMIT 1)
            FROM found WHERE found.lane IS NOT NULL
        )
        SELECT DISTINCT lane FROM found WHERE lane IS NOT NULL
    ));
    RETURN QUERY
    WITH runs AS (
        SELECT lanes.lane, agents.agent, columns.status, tiers.tier, persons.with_person,
            agents.score + columns.score AS score
        FROM unnest(in_lanes) AS lanes (lane)
        CROSS JOIN (VALUES ('', 10), (seeker, 0)) AS agents (agent, score)
        CROSS JOIN (VALUES ('ready', 2), ('in-progress', 0)) AS columns (status, score)
        CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS tiers (tier)
        CROSS JOIN unnest(with_persons) AS persons (with_person)
        WHERE NOT lanes.lane = ANY (not_in_lanes)
    ), unblocking_runs AS (
        SELECT runs.*, levels.level FROM runs CROSS JOIN generate_series(1, 9) AS levels (level)
        WHERE by_unblocks AND EXISTS (
            SELECT FROM queued q
            WHERE NOT q.has_pull_request AND q.with_person = runs.with_person
                AND q.agent = runs.agent AND q.lane = runs.lane AND q.status = runs.status
                AND q.tier = runs.tier AND q.unblocks > 0)
    ), found AS (
        SELECT runs.tier, runs.score, best.* FROM runs
        CROSS JOIN LATERAL (
            SELECT q.issue_id, q.day, q.unblocks FROM queued q
            WHERE NOT q.has_pull_request AND q.with_person = runs.with_person
                AND q.agent = runs.agent AND q.lane = runs.lane AND q.status = runs.status
                AND q.tier = runs.tier
                AND q.not_before <= moment AND q.repository_id = ANY (in_repositories)
                AND NOT (q.has_lease AND (
                    SELECT l.state <> 'free' AND l.expires_at > moment FROM leases l
                    WHERE l.issue_id = q.issue_id))
                AND NOT (q.refers AND EXISTS (
                    SELECT FROM blocked b WHERE b.issue_id = q.issue_id OFFSET 0))
                AND (cardinality(hidden_by) = 0 OR NOT EXISTS (
                    SELECT FROM issues i
                    WHERE i.id = q.issue_id AND i.label_keys && hidden_by OFFSET 0))
            ORDER BY q.day, q.issue_id LIMIT most
        ) AS best
        UNION
        SELECT runs.tier, runs.score, best.* FROM unblocking_runs AS runs
        CROSS JOIN LATERAL (
            SELECT q.issue_id, q.day, q.unblocks FROM queued q
            WHERE NOT q.has_pull_request AND q.with_person = runs.with_person
                AND q.agent = runs.agent AND q.lane = runs.lane AND q.status = runs.status
                AND q.tier = runs.tier AND q.unblocks = runs.level AND q.unblocks > 0
                AND q.not_before <= moment AND q.repository_id = ANY (in_repositories)
                AND NOT (q.has_lease AND (
                    SELECT l.state <> 'free' AND l.expires_at > moment FROM leases l
                    WHERE l.issue_id = q.issue_id))
                AND NOT (q.refers AND EXISTS (
                    SELECT FROM blocked b WHERE b.issue_id = q.issue_id OFFSET 0))
                AND (cardinality(hidden_by) = 0 OR NOT EXISTS (
                    SELECT FROM issues i
                    WHERE i.id = q.issue_id AND i.label_keys && hidden_by OFFSET 0))
            ORDER BY q.day, q.issue_id LIMIT most
        ) AS best
    )
    SELECT found.issue_id FROM found
    ORDER BY queue_score(found.tier, found.score, found.day, found.unblocks, today, days_per_tier,
            max_tiers, by_unblocks),
        found.day, found.issue_id
    LIMIT most;
END
$$;
