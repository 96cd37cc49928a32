-- A key that a caller gave to a request (run keys, report keys, request ids of claims) belongs to the
-- credential and the agent that used it. Before, run keys were one namespace for everybody, in which
-- the ids of leases stood too: whoever used another agent's lease id as its key replaced the record
-- of that agent's work. Keys are now stored with their owner, as a JSON array that the server alone
-- writes: ["<credential>","<agent>","<key>"], ["lease","<agent>","<lease id>"] for our own.
--
-- The credential of what is there already is not known. Such keys get "earlier" in its place, where
-- a retry of the same agent still finds them. Runs that the end of a lease recorded are told by their
-- times: we wrote the same instant twice, which no caller's clock does.
CREATE FUNCTION owned_key(credential text, agent text, key text) RETURNS text
    LANGUAGE sql IMMUTABLE RETURN
    format('[%s,%s,%s]', to_json(credential), to_json(lower(agent)), to_json(key));

UPDATE agent_runs SET idempotency_key = owned_key(
    CASE
        WHEN run_type = 'implement' AND finished_at = created_at
            AND idempotency_key ~ '^lea_[0-9a-z]{6,}_[0-9a-z]{6,}$' THEN 'lease'
        ELSE 'earlier'
    END, agent_name, idempotency_key
) WHERE idempotency_key IS NOT NULL;
UPDATE agent_reports SET idempotency_key = owned_key('earlier', agent_name, idempotency_key);
UPDATE leases SET request_id = owned_key('earlier', agent, request_id) WHERE request_id IS NOT NULL;
UPDATE past_leases SET request_id = owned_key('earlier', agent, request_id)
    WHERE request_id IS NOT NULL;
DROP FUNCTION owned_key;

ALTER TABLE leases ADD COLUMN request_hash text;
ALTER TABLE past_leases ADD COLUMN request_hash text;

-- Answers that were kept by the caller's name, which was the caller's to choose. They are kept for a
-- day only.
DELETE FROM request_keys;

COMMENT ON COLUMN agent_runs.idempotency_key IS 'A key with its owner, see `domain::keys`; a second report with it is the first.';
COMMENT ON COLUMN agent_reports.idempotency_key IS 'A key with its owner, see `domain::keys`.';
COMMENT ON COLUMN leases.request_id IS 'The claimer''s key for its request with its owner, see `domain::keys`; a repeat finds this lease.';
COMMENT ON COLUMN leases.request_hash IS 'SHA-256 of what that request asked for, in hexadecimal digits; tells a repeat from another request.';
COMMENT ON COLUMN request_keys.caller IS 'The credential of who asks.';
COMMENT ON COLUMN request_keys.key IS 'A key with its owner, see `domain::keys`.';
