DROP FUNCTION first_queued;
CREATE FUNCTION first_queued(
    seeker text, in_lanes text[], not_in_lanes text[], in_repositories bigint[], hidden_by text[],
    moment timestamptz, today integer, days_per_tier integer, max_tiers integer, most bigint,
    with_persons boolean[]
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
    SELECT best.issue_id FROM unnest(in_lanes) AS lanes (lane)
    CROSS JOIN (VALUES ('', 10), (seeker, 0)) AS agents (agent, score)
    CROSS JOIN (VALUES ('ready', 2), ('in-progress', 0)) AS columns (status, score)
    CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS tiers (tier)
    CROSS JOIN unnest(with_persons) AS persons (with_person)
    CROSS JOIN LATERAL (
        SELECT q.issue_id, q.day FROM queued q
        WHERE NOT q.has_pull_request AND q.with_person = persons.with_person
            AND q.agent = agents.agent AND q.lane = lanes.lane
            AND q.status = columns.status AND q.tier = tiers.tier
            AND q.not_before <= moment AND q.repository_id = ANY (in_repositories)
            AND NOT (q.has_lease AND (
                SELECT l.state <> 'free' AND l.expires_at > moment FROM leases l
                WHERE l.issue_id = q.issue_id))
            AND NOT (q.refers AND EXISTS (
                SELECT FROM blocked b WHERE b.issue_id = q.issue_id OFFSET 0))
            AND (cardinality(hidden_by) = 0 OR NOT EXISTS (
                SELECT FROM issues i WHERE i.id = q.issue_id AND i.label_keys && hidden_by OFFSET 0))
        ORDER BY q.day, q.issue_id LIMIT most
    ) AS best
    WHERE NOT lanes.lane = ANY (not_in_lanes)
    ORDER BY 100 * (tiers.tier - least(
            greatest(today - best.day, 0) / days_per_tier, max_tiers, greatest(tiers.tier - 1, 0)))
        + agents.score + columns.score,
        best.day, best.issue_id
    LIMIT most;
END
$$;
DROP FUNCTION queue_score;

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
        served_after(id, label_keys), is_with_person(status, label_keys, assignees, repository_id)
    FROM after
    WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress')
    ORDER BY id
    ON CONFLICT (issue_id) DO UPDATE SET
        repository_id = excluded.repository_id, agent = excluded.agent, lane = excluded.lane,
        status = excluded.status, tier = excluded.tier, day = excluded.day,
        has_pull_request = excluded.has_pull_request, refers = excluded.refers,
        has_lease = excluded.has_lease, not_before = excluded.not_before,
        with_person = excluded.with_person
    WHERE queued IS DISTINCT FROM excluded;
    RETURN NULL;
END
$$;

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
DROP FUNCTION mend_unblocks(bigint[]);
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

DROP INDEX queued_unblocks_idx;
ALTER TABLE queued DROP COLUMN unblocks;
DROP TABLE dependency_changes;
DROP TABLE unblocking;
ALTER TABLE blocked DROP COLUMN open_blockers;
ALTER TABLE blocked ADD FOREIGN KEY (issue_id) REFERENCES issues ON DELETE CASCADE;
COMMENT ON TABLE blocked IS 'Issues that wait for an open issue of a tracked repository. Kept by triggers.';
