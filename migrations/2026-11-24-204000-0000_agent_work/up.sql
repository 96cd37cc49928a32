-- What long-running agents say of their progress. Coarser than a lease and with a short term of its
-- own, so that a silent agent is noticed within minutes; it holds nothing.
CREATE TABLE agent_work (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_name text NOT NULL,
    issue_id bigint REFERENCES issues ON DELETE SET NULL,
    run_id text,
    state text NOT NULL
        CHECK (state IN ('CLAIMED', 'IN_PROGRESS', 'BLOCKED', 'DONE', 'RELEASED', 'STALE')),
    checkpoint text NOT NULL CHECK (checkpoint IN (
        'CLAIMED', 'REPO_PREPARED', 'BRANCH_CREATED', 'CHANGES_MADE', 'TESTS_RUNNING', 'PR_OPENED',
        'DONE', 'BLOCKED'
    )),
    branch text,
    pr_url text,
    lease_expires_at timestamptz NOT NULL,
    last_heartbeat_at timestamptz NOT NULL,
    summary text,
    blocker_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE INDEX agent_work_agent_idx ON agent_work (agent_name, id DESC);
CREATE INDEX agent_work_issue_idx ON agent_work (issue_id, id DESC);
CREATE INDEX agent_work_open_idx ON agent_work (updated_at DESC, id DESC)
    WHERE state IN ('CLAIMED', 'IN_PROGRESS', 'BLOCKED');
CREATE UNIQUE INDEX agent_work_active_key ON agent_work (agent_name)
    WHERE state IN ('CLAIMED', 'IN_PROGRESS');

COMMENT ON TABLE agent_work IS 'What agents say of their progress. At most one piece of an agent is active.';
COMMENT ON COLUMN agent_work.run_id IS 'The agent''s own name for its run.';
COMMENT ON COLUMN agent_work.lease_expires_at IS 'When the agent counts as gone unless it gives a sign of life; in the past once the work is over.';
COMMENT ON COLUMN agent_work.blocker_reason IS 'What the work waits for, while it is blocked.';

CREATE TABLE agent_work_steps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    work_id bigint NOT NULL REFERENCES agent_work ON DELETE CASCADE,
    at timestamptz NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    checkpoint text NOT NULL,
    summary text,
    blocker_reason text
);

CREATE INDEX agent_work_steps_idx ON agent_work_steps (work_id, id);

COMMENT ON TABLE agent_work_steps IS 'How each piece of an agent''s work came to where it stands.';
