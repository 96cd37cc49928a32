-- What somebody did and whether it worked. An entry is written before GitHub is asked, pending, and
-- settled by what GitHub then has; so nothing reaches GitHub that is not in the log first, and a
-- crash leaves a line that says what to look up.
CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text NOT NULL,
    action text NOT NULL,
    repository_full_name text NOT NULL,
    issue_number integer,
    issue_id bigint REFERENCES issues ON DELETE SET NULL,
    before_labels text[] NOT NULL,
    after_labels text[] NOT NULL,
    target_status text,
    reason text,
    success boolean,
    error_message text,
    notes text,
    requested_at timestamptz NOT NULL,
    deadline_at timestamptz,
    settled_at timestamptz,
    recheck_at timestamptz,
    CHECK ((settled_at IS NULL) = (success IS NULL))
);

-- One unsettled change an issue: two moves of a card at once cannot both be under way.
CREATE UNIQUE INDEX audit_log_unsettled_key ON audit_log (issue_id) WHERE settled_at IS NULL;
CREATE INDEX audit_log_settled_idx ON audit_log (settled_at DESC, id DESC)
    WHERE settled_at IS NOT NULL;
CREATE INDEX audit_log_repository_idx
    ON audit_log (lower(repository_full_name), settled_at DESC, id DESC)
    WHERE settled_at IS NOT NULL;
CREATE INDEX audit_log_issue_idx ON audit_log (issue_id, settled_at DESC, id DESC)
    WHERE settled_at IS NOT NULL;
CREATE INDEX audit_log_recheck_idx ON audit_log (recheck_at) WHERE recheck_at IS NOT NULL;

COMMENT ON TABLE audit_log IS 'What somebody did, and whether it worked. Kept.';
COMMENT ON COLUMN audit_log.after_labels IS 'The labels GitHub had afterwards; what was wanted while the entry is pending.';
COMMENT ON COLUMN audit_log.target_status IS 'The column a move aims at.';
COMMENT ON COLUMN audit_log.reason IS 'Why the issue is blocked, when that is the move.';
COMMENT ON COLUMN audit_log.success IS 'Whether it worked; null while pending.';
COMMENT ON COLUMN audit_log.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN audit_log.deadline_at IS 'When GitHub''s part is over at the latest; afterwards anybody may settle the entry.';
COMMENT ON COLUMN audit_log.settled_at IS 'When the outcome was known; null while pending. Readers see settled entries only, in this order.';
COMMENT ON COLUMN audit_log.recheck_at IS 'When to look at GitHub once more, because a late request may still land.';
