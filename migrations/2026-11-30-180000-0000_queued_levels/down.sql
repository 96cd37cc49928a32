DROP INDEX queued_order_idx;
CREATE INDEX queued_order_idx ON queued (with_person, agent, lane, status, tier, day, issue_id)
    INCLUDE (repository_id, refers, has_lease, not_before) WHERE NOT has_pull_request;

CREATE OR REPLACE FUNCTION first_queued(
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
