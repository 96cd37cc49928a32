-- Every workflow with its statistics, its newest run and its newest run on the default branch.
SELECT o.full_name, w.id, w.name, w.state, s.is_flaky, l.*, d.*
FROM repositories o JOIN workflows w ON w.repository_id = o.id
LEFT JOIN workflow_statistics s ON s.workflow_id = w.id
LEFT JOIN workflow_branches b ON b.workflow_id = w.id AND b.branch = o.default_branch AND NOT b.is_pull_request
LEFT JOIN workflow_runs l ON l.id = s.latest_run_id
LEFT JOIN workflow_runs d ON d.id = b.latest_run_id
WHERE o.enabled AND w.deleted_at IS NULL;
