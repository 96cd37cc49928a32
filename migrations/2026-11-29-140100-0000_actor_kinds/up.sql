-- What kind of caller did something: a name is whatever the caller gave. What is there already is told
-- by its name as well as can be: the reserved words are what only we wrote, names of agents are those
-- that ran, held or were assigned something, refusals of workers are the workers', and whoever is left
-- signed in under that name.
ALTER TABLE audit_log ADD COLUMN actor_kind text NOT NULL DEFAULT 'operator'
    CHECK (actor_kind IN ('person', 'operator', 'agent', 'worker', 'system', 'github'));
ALTER TABLE event_log ADD COLUMN actor_kind text NOT NULL DEFAULT 'operator'
    CHECK (actor_kind IN ('person', 'operator', 'agent', 'worker', 'system', 'github'));

CREATE FUNCTION kind_of_actor(actor text, action text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN actor IN ('user', 'anonymous') THEN 'person'
        WHEN actor = 'operator' THEN 'operator'
        WHEN actor IN ('system', 'github') THEN actor
        WHEN action IN ('auth_tier_denied', 'worker_scope_denied') THEN 'worker'
        WHEN actor = 'agent'
            OR EXISTS (SELECT FROM agent_runs WHERE lower(agent_name) = lower(actor))
            OR EXISTS (SELECT FROM leases WHERE lower(agent) = lower(actor))
            OR EXISTS (SELECT FROM past_leases WHERE lower(agent) = lower(actor))
            OR EXISTS (SELECT FROM agent_work WHERE lower(agent_name) = lower(actor))
            OR EXISTS (SELECT FROM issues WHERE 'agent/' || lower(actor) = ANY (label_keys))
            THEN 'agent'
        ELSE 'operator'
    END
$$;

UPDATE audit_log SET actor_kind = kinds.kind FROM (
    SELECT actor, action, kind_of_actor(actor, action) AS kind
    FROM (SELECT DISTINCT actor, action FROM audit_log) AS known
) AS kinds WHERE kinds.actor = audit_log.actor AND kinds.action = audit_log.action;
UPDATE event_log SET actor_kind = kinds.kind FROM (
    SELECT actor, kind_of_actor(actor, '') AS kind
    FROM (SELECT DISTINCT actor FROM event_log) AS known
) AS kinds WHERE kinds.actor = event_log.actor;
DROP FUNCTION kind_of_actor;

COMMENT ON COLUMN audit_log.actor_kind IS 'What kind of caller that was; the name alone proves nothing.';
COMMENT ON COLUMN event_log.actor_kind IS 'What kind of caller that was; the name alone proves nothing.';
