DELETE FROM audit_log WHERE comment IS NOT NULL AND settled_at IS NULL;
DROP INDEX audit_log_comments_idx;
DROP INDEX audit_log_unsettled_key;
CREATE UNIQUE INDEX audit_log_unsettled_key ON audit_log (issue_id) WHERE settled_at IS NULL;
ALTER TABLE audit_log DROP COLUMN comment, DROP COLUMN comment_url;
