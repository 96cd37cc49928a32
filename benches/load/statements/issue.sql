-- One issue by its id.
\set issue random(1, 12000)
SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE id = :issue;
