-- The newest fifty entries of the audit log, each with its issue.
SELECT audit_log.*, issues.id, number, repository_id, title, body, state, url, labels, assignees, comments_count, created_at, updated_at, closed_at, read_at, lane, blocked_reason FROM audit_log LEFT JOIN issues ON issues.id = audit_log.issue_id WHERE settled_at IS NOT NULL ORDER BY settled_at DESC, audit_log.id DESC LIMIT 50;
