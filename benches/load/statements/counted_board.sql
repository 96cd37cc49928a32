-- A board that counts its columns for each request.
SELECT status, count(*) FROM issues WHERE on_board GROUP BY status;
-- The cards of a board: fifty of each column, twelve columns of the row.
(SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'backlog' ORDER BY updated_at DESC, id DESC LIMIT 50)
UNION ALL
(SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'ready' ORDER BY updated_at DESC, id DESC LIMIT 50)
UNION ALL
(SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'in-progress' ORDER BY updated_at DESC, id DESC LIMIT 50)
UNION ALL
(SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'in-review' ORDER BY updated_at DESC, id DESC LIMIT 50)
UNION ALL
(SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'blocked' ORDER BY updated_at DESC, id DESC LIMIT 50)
UNION ALL
(SELECT id, number, title, url, state, status, priority, labels, assignees, comments_count, created_at, updated_at FROM issues WHERE on_board AND status = 'done' ORDER BY updated_at DESC, id DESC LIMIT 50);
