-- The newest comments of issues, as they were last read from GitHub.
--
-- They are read when somebody looks at an issue or an agent is given it, and again when the issue has
-- changed since. A row is all that is kept of one issue's comments: they are only ever read and
-- written together.
CREATE TABLE conversations (
    issue_id bigint PRIMARY KEY REFERENCES issues ON DELETE CASCADE,
    comments jsonb NOT NULL DEFAULT '[]',
    total_count integer NOT NULL DEFAULT 0 CHECK (total_count >= 0),
    unreadable_count integer NOT NULL DEFAULT 0 CHECK (unreadable_count >= 0),
    github_updated_at timestamptz,
    seen_comments_count integer,
    seen_updated_at timestamptz,
    fetched_at timestamptz,
    posted bigint NOT NULL DEFAULT 0,
    posted_when_read bigint NOT NULL DEFAULT 0,
    reading_until timestamptz,
    problem text,
    retry_at timestamptz
);

COMMENT ON TABLE conversations IS 'Comments of issues that somebody looked at. Only a cache: what is deleted is read again.';
COMMENT ON COLUMN conversations.comments IS 'The newest ones, newest first.';
COMMENT ON COLUMN conversations.total_count IS 'How many the issue had on GitHub when they were read.';
COMMENT ON COLUMN conversations.unreadable_count IS 'How many of the newest ones could not be read and are left out.';
COMMENT ON COLUMN conversations.github_updated_at IS 'When the issue had last changed, as GitHub said with the comments.';
COMMENT ON COLUMN conversations.seen_comments_count IS 'How many comments the cached issue had when they were read.';
COMMENT ON COLUMN conversations.seen_updated_at IS 'When the cached issue had last changed when they were read.';
COMMENT ON COLUMN conversations.fetched_at IS 'When GitHub was asked for them; null before the first answer.';
COMMENT ON COLUMN conversations.posted IS 'How many comments were posted through Dispatch since the row exists.';
COMMENT ON COLUMN conversations.posted_when_read IS 'How many of those GitHub had when they were read.';
COMMENT ON COLUMN conversations.reading_until IS 'While somebody asks GitHub for them: until when that takes at the most.';
COMMENT ON COLUMN conversations.problem IS 'Why they could not be read the last time.';
COMMENT ON COLUMN conversations.retry_at IS 'When GitHub may be asked again after that.';
