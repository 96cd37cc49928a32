-- What people have paused: nothing of it is served to agents until the pause ends.
CREATE TABLE pauses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL CHECK (scope IN ('everything', 'repository', 'lane', 'agent')),
    subject text NOT NULL,
    subject_key text NOT NULL,
    stops_holders boolean NOT NULL,
    reason text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz,
    CHECK ((scope = 'everything') = (subject_key = '')),
    UNIQUE (scope, subject_key)
);

COMMENT ON TABLE pauses IS 'What is paused: no agent is served anything of it. A row goes when the pause ends.';
COMMENT ON COLUMN pauses.scope IS 'What kind of thing is paused.';
COMMENT ON COLUMN pauses.subject IS 'Which one: a repository''s full name, a lane''s id, an agent''s name; empty for everything.';
COMMENT ON COLUMN pauses.subject_key IS 'The same in lower case.';
COMMENT ON COLUMN pauses.stops_holders IS 'Whether holders are told to stop; else what is held is finished.';
COMMENT ON COLUMN pauses.reason IS 'Why, in the words of who paused it.';
COMMENT ON COLUMN pauses.created_by IS 'Who paused it.';
COMMENT ON COLUMN pauses.ends_at IS 'When it ends by itself; when absent, somebody has to end it.';
