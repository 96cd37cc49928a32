-- What keeps an issue from agents for a while, and what a person works on.
--
-- An issue that GitHub refuses to change, or on which agents fail, backs off: it is left alone for
-- growing times, and in the end waits for a person. A repository that refuses backs off as a whole.
CREATE TABLE backoffs (
    issue_id bigint PRIMARY KEY REFERENCES issues ON DELETE CASCADE,
    failed_attempts integer NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
    refusals integer NOT NULL DEFAULT 0 CHECK (refusals >= 0),
    cause text NOT NULL CHECK (cause IN ('failed', 'expired', 'refused', 'forbidden', 'unanswered')),
    reason text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    retry_at timestamptz NOT NULL,
    is_over boolean NOT NULL DEFAULT false,
    needs_human boolean NOT NULL DEFAULT false,
    escalated_at timestamptz
);
CREATE INDEX backoffs_retry_idx ON backoffs (retry_at) WHERE NOT is_over;

COMMENT ON TABLE backoffs IS 'Issues on which agents failed, or which GitHub refused to change. A row goes when work succeeds or a person edits the issue.';
COMMENT ON COLUMN backoffs.failed_attempts IS 'How often agents failed on it in a row.';
COMMENT ON COLUMN backoffs.refusals IS 'How often GitHub refused to change it in a row.';
COMMENT ON COLUMN backoffs.cause IS 'What kind of thing happened last.';
COMMENT ON COLUMN backoffs.reason IS 'What happened last, as a part of a sentence.';
COMMENT ON COLUMN backoffs.first_at IS 'When that began.';
COMMENT ON COLUMN backoffs.last_at IS 'When it last happened.';
COMMENT ON COLUMN backoffs.retry_at IS 'When the issue may be served again; where it needs a person, when to tell GitHub so.';
COMMENT ON COLUMN backoffs.is_over IS 'Whether what was to be done at that time is done.';
COMMENT ON COLUMN backoffs.needs_human IS 'Whether its attempts are used up, so that it waits for a person.';
COMMENT ON COLUMN backoffs.escalated_at IS 'When GitHub was told that it needs a person.';

ALTER TABLE repositories
    ADD COLUMN refusals integer NOT NULL DEFAULT 0 CHECK (refusals >= 0),
    ADD COLUMN refusal text,
    ADD COLUMN retry_at timestamptz,
    ADD COLUMN serves_in_progress boolean NOT NULL DEFAULT false,
    ADD COLUMN serves_assigned boolean NOT NULL DEFAULT false,
    ADD COLUMN serves_owned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN repositories.refusals IS 'How often GitHub refused to change its issues in a row.';
COMMENT ON COLUMN repositories.refusal IS 'What GitHub said the last time.';
COMMENT ON COLUMN repositories.retry_at IS 'When its issues may be served again after that.';
COMMENT ON COLUMN repositories.serves_in_progress IS 'Whether agents are served what is In Progress without an agent.';
COMMENT ON COLUMN repositories.serves_assigned IS 'Whether agents are served what is assigned to somebody on GitHub.';
COMMENT ON COLUMN repositories.serves_owned IS 'Whether agents are served what has an `owner/` label.';

ALTER TABLE queued
    ADD COLUMN not_before timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN with_person boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN queued.not_before IS 'When it may be served again; infinite where it needs a person.';
COMMENT ON COLUMN queued.with_person IS 'Whether a person works on it, by the rules of its repository.';

-- When an issue may be served, seen from what is noted of it.
CREATE FUNCTION served_after(issue bigint, label_keys text[]) RETURNS timestamptz
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF 'needs-human' = ANY (label_keys) THEN
        RETURN 'infinity';
    END IF;
    RETURN coalesce((
        SELECT CASE WHEN b.needs_human THEN 'infinity' ELSE b.retry_at END
        FROM backoffs b WHERE b.issue_id = issue), '-infinity');
END
$$;

-- Whether a person works on an issue. Where an agent's label says whose it is, nobody else does.
CREATE FUNCTION is_with_person(
    status text, label_keys text[], assignees text[], repository bigint
) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    in_progress boolean := status = 'in-progress';
    is_assigned boolean := cardinality(assignees) > 0;
    is_owned boolean;
    rules repositories;
BEGIN
    IF EXISTS (SELECT FROM unnest(label_keys) AS label WHERE label LIKE 'agent/%') THEN
        RETURN false;
    END IF;
    is_owned := EXISTS (SELECT FROM unnest(label_keys) AS label WHERE label LIKE 'owner/_%');
    IF NOT (in_progress OR is_assigned OR is_owned) THEN
        RETURN false;
    END IF;
    SELECT * INTO rules FROM repositories WHERE id = repository;
    RETURN in_progress AND NOT rules.serves_in_progress
        OR is_assigned AND NOT rules.serves_assigned OR is_owned AND NOT rules.serves_owned;
END
$$;

UPDATE queued SET
    not_before = served_after(i.id, i.label_keys),
    with_person = is_with_person(i.status, i.label_keys, i.assignees, i.repository_id)
FROM issues i WHERE i.id = queued.issue_id;

DROP INDEX queued_order_idx;
CREATE INDEX queued_order_idx ON queued (with_person, agent, lane, status, tier, day, issue_id)
    INCLUDE (repository_id, refers, has_lease, not_before) WHERE NOT has_pull_request;
DROP INDEX queued_doubtful_idx;
CREATE INDEX queued_doubtful_idx ON queued (lane, tier, day, issue_id)
    INCLUDE (repository_id, agent, has_pull_request, refers, has_lease, not_before, with_person)
    WHERE agent IS DISTINCT FROM '' OR has_pull_request OR refers OR has_lease
        OR not_before > '-infinity' OR with_person;
CREATE INDEX queued_not_before_idx ON queued (not_before) INCLUDE (lane, repository_id, issue_id)
    WHERE not_before > '-infinity';
CREATE INDEX queued_with_person_idx ON queued (lane) INCLUDE (repository_id, issue_id)
    WHERE with_person;

-- Who notes a backoff locks the issue's row, so this and keep_queued() do not miss each other.
CREATE FUNCTION keep_queued_backoff() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.issue_id ELSE NEW.issue_id END;
BEGIN
    UPDATE queued SET not_before = served_after(i.id, i.label_keys)
    FROM issues i
    WHERE queued.issue_id = changed AND i.id = changed
        AND queued.not_before <> served_after(i.id, i.label_keys);
    RETURN NULL;
END
$$;
CREATE TRIGGER backoffs_keep_queued AFTER INSERT OR UPDATE OR DELETE ON backoffs
    FOR EACH ROW EXECUTE FUNCTION keep_queued_backoff();

CREATE FUNCTION keep_queued_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE queued SET with_person = NOT with_person
    FROM issues i
    WHERE queued.repository_id = NEW.id AND i.id = queued.issue_id AND with_person
        <> is_with_person(i.status, i.label_keys, i.assignees, i.repository_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER repositories_keep_queued_person AFTER UPDATE ON repositories
    FOR EACH ROW WHEN (
        (OLD.serves_in_progress, OLD.serves_assigned, OLD.serves_owned)
        <> (NEW.serves_in_progress, NEW.serves_assigned, NEW.serves_owned))
    EXECUTE FUNCTION keep_queued_person();

-- As before, with both.
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

DROP FUNCTION withheld_work;
CREATE FUNCTION withheld_work(
    seeker text, in_lanes text[], not_in_lanes text[], in_repositories bigint[], hidden_by text[],
    moment timestamptz, served bigint, listed bigint, counted bigint,
    all_full boolean, full_lanes text[], full_repositories bigint[], with_persons boolean[],
    OUT first bigint[], OUT leased bigint, OUT assigned_to_other bigint, OUT not_ready bigint,
    OUT blocked_by_issue bigint, OUT limit_reached bigint, OUT excluded bigint,
    OUT linked_pull_request bigint, OUT backing_off bigint, OUT needs_human bigint,
    OUT held_by_person bigint
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
                      OR q.not_before > '-infinity' OR q.with_person
                ORDER BY q.lane LIMIT 1)
            UNION ALL
            SELECT (SELECT q.lane FROM queued q
                WHERE (q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease
                       OR q.not_before > '-infinity' OR q.with_person)
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
                WHERE (q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease
                       OR q.not_before > '-infinity' OR q.with_person)
                    AND q.lane = lanes.lane AND q.repository_id = ANY (in_repositories)
                    AND q.issue_id IS DISTINCT FROM served
                    AND (coalesce(q.agent NOT IN ('', seeker), true) OR q.has_pull_request
                        OR q.not_before > moment OR NOT q.with_person = ANY (with_persons)
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
            WHERE (q.agent IS DISTINCT FROM '' OR q.has_pull_request OR q.refers OR q.has_lease
                   OR q.not_before > '-infinity' OR q.with_person)
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
    backing_off := (SELECT count(*) FROM (
        SELECT FROM queued q
        WHERE q.not_before > moment AND q.not_before < 'infinity'
            AND q.not_before > '-infinity'
            AND q.issue_id IS DISTINCT FROM served AND q.repository_id = ANY (in_repositories)
            AND (in_lanes IS NULL OR q.lane = ANY (in_lanes)) AND NOT q.lane = ANY (not_in_lanes)
        LIMIT counted) AS some_backing_off);
    needs_human := (SELECT count(*) FROM (
        SELECT FROM queued q
        WHERE q.not_before = 'infinity'
            AND q.issue_id IS DISTINCT FROM served AND q.repository_id = ANY (in_repositories)
            AND (in_lanes IS NULL OR q.lane = ANY (in_lanes)) AND NOT q.lane = ANY (not_in_lanes)
        LIMIT counted) AS some_needing);
    held_by_person := CASE WHEN true = ANY (with_persons) THEN 0 ELSE (SELECT count(*) FROM (
        SELECT FROM queued q
        WHERE q.with_person AND q.issue_id IS DISTINCT FROM served AND q.repository_id = ANY (in_repositories)
            AND (in_lanes IS NULL OR q.lane = ANY (in_lanes)) AND NOT q.lane = ANY (not_in_lanes)
        LIMIT counted) AS some_held) END;
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
