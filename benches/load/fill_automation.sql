-- Two hundred repositories with twenty workflows each, 250 runs of each of them, a million in all, and one
-- event of each run. One run in eight failed, one in four was started by a pull request.
INSERT INTO repositories (full_name, enabled, source, default_branch, created_at, updated_at)
SELECT 'fleet/repository-' || n, true, 'user', 'main', now(), now() FROM generate_series(1, 200) AS n;

INSERT INTO automation_repositories (repository_id, latest_commit_sha, latest_commit_title,
    latest_commit_at, attempted_at, synced_at)
SELECT id, md5(id::text), 'Shorten the migration lock', now(), now(), now() FROM repositories
WHERE full_name LIKE 'fleet/%';

INSERT INTO workflows (repository_id, github_id, name, path, state, html_url, created_at, updated_at,
    last_run_at)
SELECT r.id, r.id * 100 + n, 'Workflow ' || n, '.github/workflows/w' || n || '.yml', 'active',
    'https://github.example/fleet', now(), now(), now()
FROM repositories r, generate_series(1, 20) AS n WHERE r.full_name LIKE 'fleet/%';

INSERT INTO workflow_runs (repository_id, workflow_id, github_id, run_number, run_attempt, name, title,
    event, status, conclusion, branch, head_sha, actor, html_url, created_at, started_at, updated_at,
    completed_at, duration_seconds)
SELECT w.repository_id, w.id, w.id * 1000 + n, n, 1, w.name, 'Retry when the pool is empty',
    CASE WHEN n % 4 = 3 THEN 'pull_request' ELSE 'push' END, 'completed',
    CASE WHEN (w.id + n) % 8 = 0 THEN 'failure' ELSE 'success' END,
    CASE WHEN n % 4 = 3 THEN 'fix-' || n % 10 ELSE 'main' END, md5(w.repository_id || '-' || n), 'octavia',
    'https://github.example/fleet/actions/runs/' || n, at, at, at + interval '4 minutes',
    at + interval '4 minutes', 240 + n % 60
FROM generate_series(1, 250) AS n CROSS JOIN workflows w
CROSS JOIN LATERAL (SELECT now() - (251 - n) * interval '2 hours' + w.id * interval '1 second') AS t(at)
WHERE w.html_url = 'https://github.example/fleet';

INSERT INTO activity (repository_id, kind, key, title, description, actor, url, sha, branch, status, metadata,
    run_id, created_at)
SELECT repository_id,
    CASE conclusion WHEN 'failure' THEN 'workflow_run_failed' ELSE 'workflow_run_completed' END,
    'run:' || github_id || ':completed:1', name || ' #' || run_number || ' completed', title, actor, html_url,
    head_sha, branch, conclusion, '{"attempt": 1}', id, completed_at FROM workflow_runs;

INSERT INTO workflow_branches
SELECT DISTINCT ON (workflow_id, branch, starts_with(event, 'pull_request')) workflow_id, branch,
    starts_with(event, 'pull_request'), repository_id, id, false, conclusion = 'failure',
    CASE conclusion WHEN 'failure' THEN id END, CASE conclusion WHEN 'failure' THEN created_at END,
    CASE conclusion WHEN 'failure' THEN head_sha END, CASE conclusion WHEN 'failure' THEN actor END
FROM workflow_runs
ORDER BY workflow_id, branch, starts_with(event, 'pull_request'), created_at DESC, id DESC;

INSERT INTO workflow_statistics
SELECT w.id, (SELECT id FROM workflow_runs WHERE workflow_id = w.id ORDER BY created_at DESC, id DESC LIMIT 1),
    s.seconds, s.succeeded, s.failed, false
FROM workflows w CROSS JOIN LATERAL (
    SELECT (avg(duration_seconds) FILTER (WHERE conclusion = 'success'))::integer AS seconds,
        count(*) FILTER (WHERE conclusion = 'success') AS succeeded,
        count(*) FILTER (WHERE conclusion = 'failure') AS failed
    FROM (SELECT * FROM workflow_runs WHERE workflow_id = w.id ORDER BY created_at DESC, id DESC LIMIT 100)
        AS r) AS s;
