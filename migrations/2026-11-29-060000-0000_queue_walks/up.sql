-- What the queue is asked at every claim, so that it costs the same however many issues are held, and
-- planned once.
--
-- That an issue is held or reserved stands in its narrow row too, where the walk along an index meets
-- it. Whether a lease is still live is a question of the time, and asked of the lease itself.
ALTER TABLE queued ADD COLUMN has_lease boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN queued.has_lease IS 'Whether a lease on it was not put to an end, be its time over or not.';

UPDATE queued SET has_lease = true
WHERE EXISTS (SELECT FROM leases l WHERE l.issue_id = queued.issue_id AND l.state <> 'free');

DROP INDEX queued_order_idx;
CREATE INDEX queued_order_idx ON queued (agent, lane, status, tier, day, issue_id)
    INCLUDE (repository_id, refers, has_lease) WHERE NOT has_pull_request;
DROP INDEX queued_doubtful_idx;
CREATE INDEX queued_doubtful_idx ON queued (lane, tier, day, issue_id)
    INCLUDE (repository_id, agent, has_pull_request, refers, has_lease)
    WHERE agent IS DISTINCT FROM '' OR has_pull_request OR refers OR has_lease;

CREATE INDEX queued_refers_idx ON queued (issue_id) INCLUDE (lane, repository_id) WHERE refers;
CREATE INDEX queued_leased_idx ON queued (lane) INCLUDE (repository_id, issue_id) WHERE has_lease;

CREATE FUNCTION keep_queued_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE queued SET has_lease = false WHERE issue_id = OLD.issue_id AND has_lease;
    ELSE
        UPDATE queued SET has_lease = NOT has_lease
        WHERE issue_id = NEW.issue_id AND has_lease <> (NEW.state <> 'free');
    END IF;
    RETURN NULL;
END
$$;

-- Who reserves an issue locks its row, so this and keep_queued() do not miss each other.
CREATE TRIGGER leases_keep_queued_inserts AFTER INSERT OR DELETE ON leases
    FOR EACH ROW EXECUTE FUNCTION keep_queued_lease();
CREATE TRIGGER leases_keep_queued_updates AFTER UPDATE ON leases
    FOR EACH ROW WHEN ((OLD.state = 'free') <> (NEW.state = 'free'))
    EXECUTE FUNCTION keep_queued_lease();

-- As before, with the lease.
CREATE OR REPLACE FUNCTION keep_queued() RETURNS trigger LANGUAGE plpgsql AS $$
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
        pull_request_url IS NOT NULL, EXISTS (SELECT FROM blockers WHERE issue_id = after.id),
        EXISTS (SELECT FROM leases WHERE issue_id = after.id AND leases.state <> 'free')
    FROM after
    WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress')
    ORDER BY id
    ON CONFLICT (issue_id) DO UPDATE SET
        repository_id = excluded.repository_id, agent = excluded.agent, lane = excluded.lane,
        status = excluded.status, tier = excluded.tier, day = excluded.day,
        has_pull_request = excluded.has_pull_request, refers = excluded.refers,
        has_lease = excluded.has_lease
    WHERE queued IS DISTINCT FROM excluded;
    RETURN NULL;
END
$$;

-- The questions are functions: to plan such a statement takes longer than to carry it out, and a
-- function's plans are made once for each connection. Each is a walk along indexes, whatever is asked
-- for and however many rows there are, so one plan fits every question, whatever the statistics say.

-- The first issues that an agent may have, best first, up to `most`.
--
-- Nothing is read behind what is asked for: each of the index's runs (whose, queue, column, tier) is in
-- the right order by itself, and the first of all is among the first of each.
CREATE FUNCTION first_queued(
    seeker text, in_lanes text[], not_in_lanes text[], in_repositories bigint[], hidden_by text[],
    moment timestamptz, today integer, days_per_tier integer, max_tiers integer, most bigint
) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    -- Each queue that there is, found by one look at the index.
    in_lanes := coalesce(in_lanes, ARRAY(
        WITH RECURSIVE found AS (
            (SELECT whose, q.lane FROM unnest(ARRAY['', seeker]) AS whose
                CROSS JOIN LATERAL (SELECT lane FROM queued
                    WHERE NOT has_pull_request AND agent = whose ORDER BY lane LIMIT 1) AS q)
            UNION ALL
            SELECT whose, (SELECT q.lane FROM queued q
                WHERE NOT q.has_pull_request AND q.agent = whose AND q.lane > found.lane
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
    CROSS JOIN LATERAL (
        SELECT q.issue_id, q.day FROM queued q
        WHERE NOT q.has_pull_request AND q.agent = agents.agent AND q.lane = lanes.lane
            AND q.status = columns.status AND q.tier = tiers.tier
            AND q.repository_id = ANY (in_repositories)
            AND NOT (q.has_lease AND (
                SELECT l.state <> 'free' AND l.expires_at > moment FROM leases l
                WHERE l.issue_id = q.issue_id))
            AND NOT (q.refers AND EXISTS (
                SELECT FROM blocked b WHERE b.issue_id = q.issue_id OFFSET 0))
            AND (cardinality(hidden_by) = 0 OR NOT EXISTS (
                SELECT FROM issues i WHERE i.id = q.issue_id AND i.labels && hidden_by OFFSET 0))
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

-- What an agent may not have, of the open issues in the columns that work is taken from: the first of
-- them, the most urgent first, up to `listed`; and how many there are by reason, an issue once for each
-- that it has, no reason further than `counted`. What was `served` is left out. What a limit holds back
-- is counted and not listed: everything where `all_full`, else some queues and repositories. What is not
-- ready is counted whole, in all queues.
--
-- What its agent, a pull request, a blocker or a lease speaks against is found by a walk along an index;
-- what is hidden by a label is little.
CREATE FUNCTION withheld_work(
    seeker text, in_lanes text[], not_in_lanes text[], in_repositories bigint[], hidden_by text[],
    moment timestamptz, served bigint, listed bigint, counted bigint,
    all_full boolean, full_lanes text[], full_repositories bigint[],
    OUT first bigint[], OUT leased bigint, OUT assigned_to_other bigint, OUT not_ready bigint,
    OUT blocked_by_issue bigint, OUT limit_reached bigint, OUT excluded bigint,
    OUT linked_pull_request bigint
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    doubtful_lanes text[];
    hidden bigint[] := '{}';
BEGIN
    doubtful_lanes := ARRAY(
        WITH RECURSIVE found AS (
            (SELECT q.lane FROM queued q
                WHERE q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease
                ORDER BY q.lane LIMIT 1)
            UNION ALL
            SELECT (SELECT q.lane FROM queued q
                WHERE (q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease)
                    AND q.lane > found.lane
                ORDER BY q.lane LIMIT 1)
            FROM found WHERE found.lane IS NOT NULL
        )
        SELECT lane FROM found
        WHERE lane IS NOT NULL AND (in_lanes IS NULL OR lane = ANY (in_lanes))
            AND NOT lane = ANY (not_in_lanes)
    );
    IF cardinality(hidden_by) > 0 THEN
        hidden := ARRAY(
            SELECT q.issue_id FROM issues i
            CROSS JOIN LATERAL (SELECT * FROM queued WHERE queued.issue_id = i.id OFFSET 0) AS q
            WHERE i.labels && hidden_by AND q.issue_id IS DISTINCT FROM served
                AND q.repository_id = ANY (in_repositories)
                AND (in_lanes IS NULL OR q.lane = ANY (in_lanes))
                AND NOT q.lane = ANY (not_in_lanes)
        );
    END IF;

    first := ARRAY(
        SELECT few.issue_id FROM (
            SELECT doubtful.* FROM unnest(doubtful_lanes) AS lanes (lane)
            CROSS JOIN LATERAL (
                SELECT q.issue_id, q.tier, q.day FROM queued q
                WHERE (q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease)
                    AND q.lane = lanes.lane AND q.repository_id = ANY (in_repositories)
                    AND q.issue_id IS DISTINCT FROM served
                    AND (coalesce(q.agent NOT IN ('', seeker), true) OR q.has_pull_request
                        OR q.refers AND EXISTS (
                            SELECT FROM blocked b WHERE b.issue_id = q.issue_id OFFSET 0)
                        OR q.has_lease AND (
                            SELECT l.state <> 'free' AND l.expires_at > moment FROM leases l
                            WHERE l.issue_id = q.issue_id))
                ORDER BY q.tier, q.day, q.issue_id LIMIT listed) AS doubtful
            UNION
            SELECT q.issue_id, q.tier, q.day FROM queued q WHERE q.issue_id = ANY (hidden)
        ) AS few ORDER BY few.tier, few.day, few.issue_id LIMIT listed
    );

    leased := (SELECT count(*) FROM (
        SELECT FROM queued q
        WHERE q.has_lease AND q.issue_id IS DISTINCT FROM served
            AND q.repository_id = ANY (in_repositories)
            AND (in_lanes IS NULL OR q.lane = ANY (in_lanes)) AND NOT q.lane = ANY (not_in_lanes)
            AND q.issue_id NOT IN (SELECT l.issue_id FROM leases l
                WHERE l.state <> 'free' AND l.expires_at <= moment)
        LIMIT counted) AS some_leased);
    assigned_to_other := (SELECT count(*) FROM (
        SELECT FROM unnest(doubtful_lanes) AS lanes (lane)
        CROSS JOIN LATERAL (
            SELECT FROM queued q
            WHERE (q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease)
                AND q.lane = lanes.lane AND q.repository_id = ANY (in_repositories)
                AND q.issue_id IS DISTINCT FROM served
                AND coalesce(q.agent NOT IN ('', seeker), true) LIMIT counted) AS of_lane
        LIMIT counted) AS some_assigned);
    not_ready := (SELECT coalesce(sum(c.issues), 0) FROM board_counts c
        WHERE c.repository_id = ANY (in_repositories)
            AND c.status IN ('backlog', 'in-review', 'blocked'));
    blocked_by_issue := (SELECT count(*) FROM (
        SELECT FROM (SELECT b.issue_id FROM blocked b OFFSET 0) AS waiting
        CROSS JOIN LATERAL (
            SELECT issue_id, lane, repository_id FROM queued
            WHERE queued.issue_id = waiting.issue_id AND refers OFFSET 0) AS q
        WHERE q.issue_id IS DISTINCT FROM served AND q.repository_id = ANY (in_repositories)
            AND (in_lanes IS NULL OR q.lane = ANY (in_lanes)) AND NOT q.lane = ANY (not_in_lanes)
        LIMIT counted) AS some_blocked);
    linked_pull_request := (SELECT count(*) FROM (
        SELECT FROM queued q
        WHERE q.has_pull_request AND q.issue_id IS DISTINCT FROM served
            AND q.repository_id = ANY (in_repositories)
            AND (in_lanes IS NULL OR q.lane = ANY (in_lanes)) AND NOT q.lane = ANY (not_in_lanes)
        LIMIT counted) AS some_linked);
    excluded := least(cardinality(hidden), counted);
    limit_reached := 0;
    IF all_full OR cardinality(full_lanes) > 0 OR cardinality(full_repositories) > 0 THEN
        limit_reached := (SELECT count(*) FROM (
            SELECT FROM queued q
            WHERE (all_full OR q.lane = ANY (full_lanes) OR q.repository_id = ANY (full_repositories))
                AND q.issue_id IS DISTINCT FROM served AND q.repository_id = ANY (in_repositories)
                AND (in_lanes IS NULL OR q.lane = ANY (in_lanes))
                AND NOT q.lane = ANY (not_in_lanes)
            LIMIT counted) AS some_limited);
    END IF;
END
$$;
