-- What was answered to requests that name themselves (`Idempotency-Key`), so that a retry is
-- answered the same and does nothing twice. Only successes are kept: what was refused changed
-- nothing and may be tried again.
CREATE TABLE request_keys (
    caller text NOT NULL,
    request text NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    run_id uuid NOT NULL,
    begun_at timestamptz NOT NULL,
    status integer,
    answer text,
    PRIMARY KEY (caller, request, key),
    CHECK ((status IS NULL) = (answer IS NULL))
);

CREATE INDEX request_keys_begun_idx ON request_keys (begun_at);

COMMENT ON TABLE request_keys IS 'Requests that name themselves, and what they were answered. Pruned.';
COMMENT ON COLUMN request_keys.request IS 'Method and path.';
COMMENT ON COLUMN request_keys.body_hash IS 'SHA-256 of the body, in hexadecimal digits; tells a retry from another request.';
COMMENT ON COLUMN request_keys.run_id IS 'Who carries it out, or did.';
COMMENT ON COLUMN request_keys.status IS 'The status of the answer; null while it is carried out.';
