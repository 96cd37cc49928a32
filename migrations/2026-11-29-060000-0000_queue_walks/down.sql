DROP FUNCTION withheld_work;
DROP FUNCTION first_queued;
DROP TRIGGER leases_keep_queued_updates ON leases;
DROP TRIGGER leases_keep_queued_inserts ON leases;
DROP FUNCTION keep_queued_lease;

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

DROP INDEX queued_leased_idx;
DROP INDEX queued_refers_idx;
DROP INDEX queued_doubtful_idx;
DROP INDEX queued_order_idx;
ALTER TABLE queued DROP COLUMN has_lease;
CREATE INDEX queued_order_idx ON queued (agent, lane, status, tier, day, issue_id)
    INCLUDE (repository_id) WHERE NOT has_pull_request;
CREATE INDEX queued_doubtful_idx ON queued (lane, tier, day, issue_id)
    INCLUDE (repository_id, agent, has_pull_request)
    WHERE agent IS DISTINCT FROM '' OR has_pull_request OR refers;
