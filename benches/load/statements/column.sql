-- A thousand cards of one column.
SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'backlog' ORDER BY updated_at DESC, id DESC LIMIT 1000;
