-- The newest fifty runs of a workflow, and the newest run of each workflow with the same path.
\set id random(1, 4000)
SELECT * FROM (SELECT * FROM workflow_runs WHERE workflow_id = :id ORDER BY created_at DESC, id DESC LIMIT 50) AS r
UNION ALL
SELECT r.* FROM workflows w JOIN workflow_statistics s ON s.workflow_id = w.id
JOIN workflow_runs r ON r.id = s.latest_run_id
WHERE w.path = (SELECT path FROM workflows WHERE id = :id) AND w.deleted_at IS NULL;
