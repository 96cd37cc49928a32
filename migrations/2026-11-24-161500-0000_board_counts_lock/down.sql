CREATE OR REPLACE FUNCTION count_board_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO board_counts AS counts (repository_id, status, issues)
        SELECT repository_id, status, count(*)
        FROM after WHERE on_board
        GROUP BY repository_id, status ORDER BY repository_id, status
        ON CONFLICT (repository_id, status)
        DO UPDATE SET issues = counts.issues + excluded.issues;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE board_counts AS counts SET issues = counts.issues - gone.issues
        FROM (
            SELECT repository_id, status, count(*) AS issues
            FROM before WHERE on_board
            GROUP BY repository_id, status ORDER BY repository_id, status
        ) AS gone
        WHERE counts.repository_id = gone.repository_id AND counts.status = gone.status;
    ELSE
        PERFORM 1 FROM board_counts AS counts
        WHERE (counts.repository_id, counts.status) IN (
            SELECT repository_id, status FROM before WHERE on_board
            UNION SELECT repository_id, status FROM after WHERE on_board
        )
        ORDER BY repository_id, status FOR UPDATE;

        INSERT INTO board_counts (repository_id, status, issues)
        SELECT DISTINCT repository_id, status, 0
        FROM after WHERE on_board ORDER BY repository_id, status
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

DROP FUNCTION lock_board_counts;
