-- A running job says how far it has come, so that whoever looks on can tell, in any replica and
-- after a restart. It is a state and no history: the row goes when the job ends, and the event log,
-- which keeps every line for days, is left alone.
ALTER TABLE job_locks
    ADD COLUMN steps integer NOT NULL DEFAULT 0,
    ADD COLUMN steps_done integer NOT NULL DEFAULT 0,
    ADD COLUMN items integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN job_locks.steps IS 'How many parts the run has: repositories, for a sync.';
COMMENT ON COLUMN job_locks.steps_done IS 'How many of them are over.';
COMMENT ON COLUMN job_locks.items IS 'How many things it has read: issues, for a sync.';

-- The bell carries nothing: whoever hears it looks how things stand. Signs of life do not ring it.
CREATE FUNCTION ring_sync_bell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('dispatch_sync', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER job_locks_bell
    AFTER INSERT OR DELETE OR UPDATE OF run_id, steps_done, items ON job_locks
    FOR EACH STATEMENT EXECUTE FUNCTION ring_sync_bell();
CREATE TRIGGER repositories_bell
    AFTER INSERT OR DELETE OR UPDATE OF enabled, synced_at, sync_error ON repositories
    FOR EACH STATEMENT EXECUTE FUNCTION ring_sync_bell();
