-- Deliveries of GitHub's webhooks. GitHub waits ten seconds for a response and does not repeat a
-- delivery by itself. So a delivery is stored as it arrives, and processed afterwards: in order for
-- each issue, again after a failure, and again when a person asks for it.
CREATE TABLE webhook_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id text NOT NULL UNIQUE,
    event text NOT NULL,
    action text,
    repository text,
    issue_number integer,
    subject text NOT NULL,
    payload bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'processed', 'ignored', 'failed', 'quarantined')),
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    next_attempt_at timestamptz,
    settled_at timestamptz,
    CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((state = 'pending') = (settled_at IS NULL))
);

-- The next ones to process, and whether an earlier one of the same subject is still pending.
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (id) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_subject ON webhook_deliveries (subject, id) WHERE state = 'pending';
-- Pages, and the search for old rows.
CREATE INDEX webhook_deliveries_received ON webhook_deliveries (received_at, id);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (state, received_at, id);

COMMENT ON TABLE webhook_deliveries IS 'Signed deliveries of GitHub''s webhooks, until they are pruned.';
COMMENT ON COLUMN webhook_deliveries.id IS 'Our id, in the order of arrival.';
COMMENT ON COLUMN webhook_deliveries.delivery_id IS 'GitHub''s id of the delivery, which a redelivery repeats.';
COMMENT ON COLUMN webhook_deliveries.event IS 'The name of the event, such as `issues`.';
COMMENT ON COLUMN webhook_deliveries.action IS 'The action of the event, such as `labeled`; none when the payload has none.';
COMMENT ON COLUMN webhook_deliveries.repository IS 'The full name of the repository in the payload.';
COMMENT ON COLUMN webhook_deliveries.issue_number IS 'The number of the issue or pull request in the payload.';
COMMENT ON COLUMN webhook_deliveries.subject IS 'What the delivery is about. Deliveries of one subject are processed in order.';
COMMENT ON COLUMN webhook_deliveries.payload IS 'The JSON text as GitHub sent it.';
COMMENT ON COLUMN webhook_deliveries.state IS 'Whether it was processed, and with which result.';
COMMENT ON COLUMN webhook_deliveries.reason IS 'Why it was ignored or quarantined, or why the last attempt failed.';
COMMENT ON COLUMN webhook_deliveries.attempts IS 'How often it was processed, the attempt in progress included.';
COMMENT ON COLUMN webhook_deliveries.received_at IS 'When it last arrived.';
COMMENT ON COLUMN webhook_deliveries.next_attempt_at IS 'When it is processed next. An attempt in progress moves this to when it counts as interrupted.';
COMMENT ON COLUMN webhook_deliveries.settled_at IS 'When it was processed for the last time.';

-- Some events only say that a repository must be read again.
ALTER TABLE repositories ADD COLUMN sync_requested_at timestamptz;
COMMENT ON COLUMN repositories.sync_requested_at IS 'When an event reported a change that only a sync can read; none since the last sync began.';
