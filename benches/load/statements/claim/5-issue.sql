-- The issue's row, with its indexes and what triggers keep of it.
UPDATE issues SET labels = ARRAY['priority/p1', 'status/in-progress', 'agent/agent-9'], status = 'in-progress', updated_at = now(), read_at = now() WHERE id = :issue RETURNING id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at;
