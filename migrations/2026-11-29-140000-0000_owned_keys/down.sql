-- Keys become what their callers called them; of equal ones the first stays.
UPDATE agent_runs SET idempotency_key = idempotency_key::json ->> 2
    WHERE idempotency_key IS NOT NULL AND id IN (
        SELECT min(id) FROM agent_runs WHERE idempotency_key IS NOT NULL
        GROUP BY idempotency_key::json ->> 2
    );
UPDATE agent_runs SET idempotency_key = NULL WHERE left(idempotency_key, 1) = '[';
DELETE FROM agent_reports a USING agent_reports b
    WHERE a.agent_name = b.agent_name AND a.ctid > b.ctid
        AND a.idempotency_key::json ->> 2 = b.idempotency_key::json ->> 2;
UPDATE agent_reports SET idempotency_key = idempotency_key::json ->> 2;
UPDATE leases SET request_id = NULL WHERE request_id IS NOT NULL AND state = 'free';
UPDATE leases SET request_id = request_id::json ->> 2
    WHERE request_id IS NOT NULL AND issue_id IN (
        SELECT min(issue_id) FROM leases WHERE request_id IS NOT NULL
        GROUP BY agent, request_id::json ->> 2
    );
UPDATE leases SET request_id = NULL WHERE left(request_id, 1) = '[';
UPDATE past_leases SET request_id = request_id::json ->> 2 WHERE request_id IS NOT NULL;
ALTER TABLE leases DROP COLUMN request_hash;
ALTER TABLE past_leases DROP COLUMN request_hash;
DELETE FROM request_keys;
COMMENT ON COLUMN agent_runs.idempotency_key IS 'A key that the reporter chose; a second report with it is the first.';
COMMENT ON COLUMN agent_reports.idempotency_key IS NULL;
COMMENT ON COLUMN leases.request_id IS 'The claimer''s own name for its request; a repeat finds this lease.';
COMMENT ON COLUMN request_keys.caller IS NULL;
COMMENT ON COLUMN request_keys.key IS NULL;
