-- GitHub ignores the case of labels, and an agent's name stands in one, so `alpha` and `Alpha` are one
-- agent. It is called as it was first seen; every name that comes in is looked up here before it is
-- stored or compared.
CREATE TABLE agent_names (
    key text PRIMARY KEY,
    name text NOT NULL
);

COMMENT ON TABLE agent_names IS 'What agents are called.';
COMMENT ON COLUMN agent_names.key IS 'The name in lower case.';
COMMENT ON COLUMN agent_names.name IS 'The name as it was first seen.';

INSERT INTO agent_names
SELECT DISTINCT ON (lower(name)) lower(name), name FROM (
    SELECT agent AS name, acquired_at AS at FROM leases
    UNION ALL SELECT agent, acquired_at FROM past_leases
    UNION ALL SELECT agent_name, created_at FROM agent_runs
    UNION ALL SELECT agent_name, created_at FROM agent_work
) AS seen ORDER BY lower(name), at, name;

UPDATE leases SET agent = n.name FROM agent_names n
WHERE n.key = lower(agent) AND agent <> n.name;
UPDATE past_leases SET agent = n.name FROM agent_names n
WHERE n.key = lower(agent) AND agent <> n.name;
UPDATE agent_runs SET agent_name = n.name FROM agent_names n
WHERE n.key = lower(agent_name) AND agent_name <> n.name;
UPDATE agent_work SET agent_name = n.name FROM agent_names n
WHERE n.key = lower(agent_name) AND agent_name <> n.name;

-- What an agent is called. One that is new is called as one of `known` spells it, else as a label on an
-- issue does, else as given.
CREATE FUNCTION name_agent(given text, known text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text := (SELECT name FROM agent_names WHERE key = lower(given));
BEGIN
    IF found IS NULL THEN
        INSERT INTO agent_names VALUES (lower(given), coalesce(
            (SELECT name FROM unnest(known) AS name WHERE lower(name) = lower(given) LIMIT 1),
            (SELECT substr(label, 7) FROM issues, unnest(labels) AS label
                WHERE label_keys @> ARRAY['agent/' || lower(given)]
                    AND lower(label) = 'agent/' || lower(given)
                LIMIT 1),
            given)) ON CONFLICT DO NOTHING;
        found := (SELECT name FROM agent_names WHERE key = lower(given));
    END IF;
    RETURN found;
END
$$;
