DROP TRIGGER repositories_keep_queued_person ON repositories;
DROP FUNCTION keep_queued_person();
DROP TABLE backoffs;
DROP FUNCTION keep_queued_backoff();
DROP FUNCTION first_queued;
DROP FUNCTION withheld_work;

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
            WHERE i.label_keys && hidden_by AND q.issue_id IS DISTINCT FROM served
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

DROP FUNCTION served_after(bigint, text[]);
DROP FUNCTION is_with_person(text, text[], text[], bigint);
DROP INDEX queued_not_before_idx;
DROP INDEX queued_with_person_idx;
DROP INDEX queued_order_idx;
CREATE INDEX queued_order_idx ON queued (agent, lane, status, tier, day, issue_id)
    INCLUDE (repository_id, refers, has_lease) WHERE NOT has_pull_request;
DROP INDEX queued_doubtful_idx;
CREATE INDEX queued_doubtful_idx ON queued (lane, tier, day, issue_id)
    INCLUDE (repository_id, agent, has_pull_request, refers, has_lease)
    WHERE agent IS DISTINCT FROM '' OR has_pull_request OR refers OR has_lease;
ALTER TABLE queued DROP COLUMN not_before, DROP COLUMN with_person;
ALTER TABLE repositories
    DROP COLUMN refusals, DROP COLUMN refusal, DROP COLUMN retry_at, DROP COLUMN serves_in_progress,
    DROP COLUMN serves_assigned, DROP COLUMN serves_owned;
