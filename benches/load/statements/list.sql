-- All issues of a repository, with their texts.
\set repository random(1, 20)
SELECT id, number, repository_id, title, body, state, url, labels, assignees, comments_count, created_at, updated_at, closed_at, read_at, lane, blocked_reason FROM issues WHERE on_board AND repository_id = :repository ORDER BY updated_at DESC, id DESC;
