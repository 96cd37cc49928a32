-- What people ask of the holder of an issue and the holder of people: to stop, a message, an answer.
ALTER TABLE leases
    ADD COLUMN stop_requested_at timestamptz,
    ADD COLUMN stop_requested_by text,
    ADD COLUMN stop_reason text,
    ADD COLUMN release_at timestamptz,
    ADD COLUMN awaiting_input text,
    ADD COLUMN awaiting_input_since timestamptz,
    ADD CONSTRAINT leases_stop_check CHECK (
        (stop_requested_at IS NULL) = (stop_requested_by IS NULL)
        AND (stop_requested_at IS NULL) = (release_at IS NULL)
        AND (stop_requested_at IS NOT NULL OR stop_reason IS NULL)
    ),
    ADD CONSTRAINT leases_input_check CHECK (
        (awaiting_input IS NULL) = (awaiting_input_since IS NULL)
    );
-- In the same order: the trigger that keeps past leases copies whole rows.
ALTER TABLE past_leases
    ADD COLUMN stop_requested_at timestamptz,
    ADD COLUMN stop_requested_by text,
    ADD COLUMN stop_reason text,
    ADD COLUMN release_at timestamptz,
    ADD COLUMN awaiting_input text,
    ADD COLUMN awaiting_input_since timestamptz;
CREATE INDEX leases_release_idx ON leases (release_at)
    WHERE release_at IS NOT NULL AND state = 'held';
CREATE INDEX leases_awaiting_idx ON leases (expires_at)
    WHERE awaiting_input IS NOT NULL AND state = 'held';

COMMENT ON COLUMN leases.stop_requested_at IS 'When somebody asked the holder to stop.';
COMMENT ON COLUMN leases.stop_requested_by IS 'Who asked it to.';
COMMENT ON COLUMN leases.stop_reason IS 'Why.';
COMMENT ON COLUMN leases.release_at IS 'When the issue is taken from a holder that has not stopped by then.';
COMMENT ON COLUMN leases.awaiting_input IS 'The question whose answer the holder waits for.';
COMMENT ON COLUMN leases.awaiting_input_since IS 'Since when it waits for it.';

CREATE TABLE lease_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id bigint NOT NULL REFERENCES issues ON DELETE CASCADE,
    fencing_token bigint NOT NULL,
    author text NOT NULL,
    author_kind text NOT NULL,
    body text NOT NULL,
    sent_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX lease_messages_lease_idx ON lease_messages (issue_id, fencing_token, id);

COMMENT ON TABLE lease_messages IS 'Messages to holders of issues, each to one lease. Its renewals carry those that it has not said to have read.';
COMMENT ON COLUMN lease_messages.author IS 'Who sent it.';
COMMENT ON COLUMN lease_messages.author_kind IS 'What kind of actor that is.';
COMMENT ON COLUMN lease_messages.read_at IS 'When the holder said that it has read it.';
