-- A comment is written to the log before GitHub is asked, like a change of labels, and the text with
-- it: a second request for the same one is told by it, and an answer that was lost is looked up by it.
-- A comment does not stand in the way of a move, so the one unsettled change an issue may have is one
-- of labels.
ALTER TABLE audit_log ADD COLUMN comment text, ADD COLUMN comment_url text;

DROP INDEX audit_log_unsettled_key;
CREATE UNIQUE INDEX audit_log_unsettled_key ON audit_log (issue_id)
    WHERE settled_at IS NULL AND comment IS NULL;
CREATE INDEX audit_log_comments_idx ON audit_log (issue_id, requested_at DESC, id DESC)
    WHERE comment IS NOT NULL;

COMMENT ON COLUMN audit_log.comment IS 'The text of a comment, when that is what was done.';
COMMENT ON COLUMN audit_log.comment_url IS 'GitHub''s page of that comment; null while it is not known to be there.';
