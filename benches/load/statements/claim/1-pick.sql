-- The bare claim: the first of the queue that nobody else is taking at this moment.
UPDATE queued SET status = 'in-progress', agent = 'agent-9' WHERE issue_id = (SELECT issue_id FROM queued WHERE NOT has_pull_request AND agent = '' AND lane = 'default' AND status = 'ready' ORDER BY tier, day, issue_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING issue_id AS issue, repository_id AS repository \gset
