-- What agents report of their work. A run belongs to the reporter: it is stored as told.
CREATE TABLE agent_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_name text NOT NULL,
    run_type text NOT NULL,
    status text NOT NULL,
    outcome text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    summary text,
    error_message text,
    notes text,
    touched_issue_urls text[] NOT NULL,
    issue_id bigint REFERENCES issues ON DELETE SET NULL,
    idempotency_key text UNIQUE,
    created_at timestamptz NOT NULL
);

CREATE INDEX agent_runs_created_idx ON agent_runs (created_at DESC, id DESC);
CREATE INDEX agent_runs_agent_idx ON agent_runs (agent_name, created_at DESC, id DESC);
CREATE INDEX agent_runs_issue_idx ON agent_runs (issue_id, created_at DESC, id DESC);

COMMENT ON TABLE agent_runs IS 'Runs that agents reported.';
COMMENT ON COLUMN agent_runs.agent_name IS 'The name the agent gave, without the `agent/` prefix.';
COMMENT ON COLUMN agent_runs.status IS 'Free text; `success` and `error` have a meaning to the web.';
COMMENT ON COLUMN agent_runs.started_at IS 'The agent''s clock.';
COMMENT ON COLUMN agent_runs.finished_at IS 'The agent''s clock; null while it runs.';
COMMENT ON COLUMN agent_runs.idempotency_key IS 'A key that the reporter chose; a second report with it is the first.';
