CREATE OR REPLACE FUNCTION name_agent(given text, known text[]) RETURNS text LANGUAGE plpgsql AS $$
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
