-- What the queue answered whenever an agent asked for work, and why. Polls that find the same
-- nothing share a row, so an idle agent costs one row and not one a second.
CREATE TABLE decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('claim_next', 'next_task')),
    agent text NOT NULL,
    lane text,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times integer NOT NULL,
    served_issue_id bigint REFERENCES issues ON DELETE SET NULL,
    fencing_token bigint,
    idle_reason text,
    detail jsonb NOT NULL
);

CREATE INDEX decisions_agent_idx ON decisions (agent, id DESC);
CREATE INDEX decisions_issue_idx ON decisions (served_issue_id, id DESC);
CREATE INDEX decisions_last_idx ON decisions (last_at);

COMMENT ON TABLE decisions IS 'What was served to whom and when, and why nothing else. Pruned.';
COMMENT ON COLUMN decisions.last_at IS 'The last of the equal idle polls that this row stands for.';
COMMENT ON COLUMN decisions.times IS 'How many equal idle polls the row stands for.';
COMMENT ON COLUMN decisions.idle_reason IS 'Why nothing was served; null when something was.';
COMMENT ON COLUMN decisions.detail IS 'The first candidates, what was withheld, and counts by reason.';
