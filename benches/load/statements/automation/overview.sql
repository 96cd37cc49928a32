-- Every tracked repository with its counts of workflows, releases, failing branches and unfinished runs.
SELECT o.*, a.*,
    (SELECT count(*) FROM workflows w WHERE w.repository_id = o.id AND w.deleted_at IS NULL),
    (SELECT count(*) FROM releases l WHERE l.repository_id = o.id),
    (SELECT count(*) FROM workflow_branches b JOIN workflows w ON w.id = b.workflow_id
        WHERE b.repository_id = o.id AND b.is_failing AND w.deleted_at IS NULL),
    (SELECT count(*) FROM workflow_runs x WHERE x.repository_id = o.id AND x.status <> 'completed')
FROM repositories o LEFT JOIN automation_repositories a ON a.repository_id = o.id
WHERE o.enabled;
