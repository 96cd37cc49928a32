-- People who signed in on the page with one of the server's tokens. What a browser keeps is not stored,
-- and neither is the token: a row is found by the digest of both, so that a session ends when its token
-- is replaced, and what stands here opens nothing.
CREATE TABLE sessions (
    digest text PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_age ON sessions (created_at);

COMMENT ON TABLE sessions IS 'People who signed in on the page.';
COMMENT ON COLUMN sessions.digest IS 'SHA-256 of the session''s id and of the token it was opened with, in hexadecimal.';
COMMENT ON COLUMN sessions.name IS 'What the person is called.';
COMMENT ON COLUMN sessions.created_at IS 'When they signed in.';
COMMENT ON COLUMN sessions.expires_at IS 'When they have to sign in again.';
