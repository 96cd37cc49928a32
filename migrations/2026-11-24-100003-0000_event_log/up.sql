-- What changed, in order. Every change appends here in its own transaction; every subscriber, in
-- every replica, reads nothing else.
CREATE TABLE event_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL CHECK (topic IN ('board', 'audit', 'run')),
    kind text NOT NULL CHECK (kind IN (
        'issue_moved', 'issue_changed', 'issue_removed', 'resync',
        'audit_entry_added', 'agent_run_recorded'
    )),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    issue_id bigint,
    record_id bigint,
    before jsonb,
    after jsonb,
    reason text
);

CREATE INDEX event_log_at_idx ON event_log (at);

COMMENT ON TABLE event_log IS 'What changed, in order. Pruned; the newest line always stays.';
COMMENT ON COLUMN event_log.id IS 'The position. Lines become visible in the order of their ids.';
COMMENT ON COLUMN event_log.record_id IS 'The audit entry or agent run that the line announces.';
COMMENT ON COLUMN event_log.before IS 'What filters read of the issue, before; null when it was not known.';
COMMENT ON COLUMN event_log.after IS 'The same, after; null when the issue is gone.';
COMMENT ON COLUMN event_log.reason IS 'Why readers have to start over, on a `resync`.';

-- An id is handed out under a lock that ends with the transaction, so a reader who has seen id N
-- can never meet a smaller one later. The lock comes last in every transaction, hence is short.
CREATE FUNCTION lock_event_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7236871, 1);
    RETURN NULL;
END
$$;
CREATE TRIGGER event_log_order BEFORE INSERT ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION lock_event_log();

-- The bell carries nothing: whoever hears it reads from the last id it knows.
CREATE FUNCTION ring_event_bell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('dispatch_events', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER event_log_bell AFTER INSERT ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION ring_event_bell();
