-- A report that comes twice under one key is recorded once; the same key for another report is
-- refused, and the hash tells the two apart.
CREATE TABLE agent_reports (
    agent_name text NOT NULL,
    idempotency_key text NOT NULL,
    payload_hash text NOT NULL,
    agent_run_id bigint REFERENCES agent_runs ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (agent_name, idempotency_key)
);

COMMENT ON TABLE agent_reports IS 'Keys that agents have reported under.';
COMMENT ON COLUMN agent_reports.payload_hash IS 'SHA-256 of the report with its members in order, in hexadecimal digits.';
