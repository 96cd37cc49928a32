-- Lists show the newest run of thousands of workflows, and how their newest hundred runs went. Without this
-- table each list reads a hundred runs of each workflow.
CREATE TABLE workflow_statistics (
    workflow_id bigint PRIMARY KEY REFERENCES workflows ON DELETE CASCADE,
    latest_run_id bigint REFERENCES workflow_runs ON DELETE SET NULL,
    average_seconds integer,
    succeeded integer NOT NULL,
    failed integer NOT NULL,
    is_flaky boolean NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX workflow_statistics_run ON workflow_statistics (latest_run_id);

COMMENT ON TABLE workflow_statistics IS 'The newest run of each workflow, and how its newest 100 runs went. Written with the runs.';
COMMENT ON COLUMN workflow_statistics.latest_run_id IS 'The newest run on any branch; null without runs.';
COMMENT ON COLUMN workflow_statistics.average_seconds IS 'The average duration of those that succeeded.';
COMMENT ON COLUMN workflow_statistics.succeeded IS 'How many of them succeeded.';
COMMENT ON COLUMN workflow_statistics.failed IS 'How many of them failed.';
COMMENT ON COLUMN workflow_statistics.is_flaky IS 'Whether a commit both succeeded and failed among them, attempts included.';

INSERT INTO workflow_statistics
SELECT w.id, (SELECT r.id FROM workflow_runs r WHERE r.workflow_id = w.id
        ORDER BY r.created_at DESC, r.id DESC LIMIT 1),
    s.average_seconds, s.succeeded, s.failed,
    s.both OR EXISTS (SELECT FROM unnest(s.again) AS g(id) JOIN activity a ON a.run_id = g.id
        AND a.kind = 'workflow_run_failed')
FROM workflows w CROSS JOIN LATERAL (
    SELECT (sum(c.seconds) / nullif(sum(c.timed), 0))::integer AS average_seconds,
        coalesce(sum(c.succeeded), 0)::integer AS succeeded,
        coalesce(sum(c.failed), 0)::integer AS failed,
        coalesce(bool_or(c.succeeded > 0 AND c.failed > 0), false) AS both,
        coalesce(array_agg(c.again) FILTER (WHERE c.again IS NOT NULL), '{}') AS again
    FROM (SELECT r.head_sha,
            sum(r.duration_seconds) FILTER (WHERE r.conclusion = 'success') AS seconds,
            count(r.duration_seconds) FILTER (WHERE r.conclusion = 'success') AS timed,
            count(*) FILTER (WHERE r.conclusion = 'success') AS succeeded,
            count(*) FILTER (WHERE r.conclusion IN ('failure', 'timed_out', 'startup_failure'))
                AS failed,
            max(r.id) FILTER (WHERE r.conclusion = 'success' AND r.run_attempt > 1) AS again
        FROM (SELECT * FROM workflow_runs WHERE workflow_id = w.id
            ORDER BY created_at DESC, id DESC LIMIT 100) AS r
        GROUP BY r.head_sha) AS c) AS s;
