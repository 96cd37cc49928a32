-- Two changes of a repository that met for the first time in a column waited for each other: each
-- held a count that the other needed next. Now the counts of a repository change under one lock,
-- which ends with the transaction.
CREATE OR REPLACE FUNCTION count_board_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM lock_board_counts(array_agg(DISTINCT repository_id ORDER BY repository_id))
        FROM after;

        INSERT INTO board_counts AS counts (repository_id, status, issues)
        SELECT repository_id, status, count(*)
        FROM after WHERE on_board
        GROUP BY repository_id, status
        ON CONFLICT (repository_id, status)
        DO UPDATE SET issues = counts.issues + excluded.issues;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM lock_board_counts(array_agg(DISTINCT repository_id ORDER BY repository_id))
        FROM before;

        UPDATE board_counts AS counts SET issues = counts.issues - gone.issues
        FROM (
            SELECT repository_id, status, count(*) AS issues
            FROM before WHERE on_board
            GROUP BY repository_id, status
        ) AS gone
        WHERE counts.repository_id = gone.repository_id AND counts.status = gone.status;
    ELSE
        PERFORM lock_board_counts(array_agg(DISTINCT repository_id ORDER BY repository_id))
        FROM (SELECT repository_id FROM before UNION SELECT repository_id FROM after) AS changed;

        INSERT INTO board_counts (repository_id, status, issues)
        SELECT DISTINCT repository_id, status, 0
        FROM after WHERE on_board
        ON CONFLICT DO NOTHING;

        UPDATE board_counts AS counts SET issues = counts.issues + change.issues
        FROM (
            SELECT repository_id, status, sum(one)::integer AS issues
            FROM (
                SELECT repository_id, status, -1 AS one FROM before WHERE on_board
                UNION ALL SELECT repository_id, status, 1 FROM after WHERE on_board
            ) AS ones
            GROUP BY repository_id, status HAVING sum(one) <> 0
        ) AS change
        WHERE counts.repository_id = change.repository_id AND counts.status = change.status;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION lock_board_counts(repositories bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    repository bigint;
BEGIN
    FOREACH repository IN ARRAY coalesce(repositories, '{}') LOOP
        PERFORM pg_advisory_xact_lock(7236872, hashint8(repository));
    END LOOP;
END
$$;
