DROP TABLE foreign_references;
DROP FUNCTION keep_blocked_by_foreign();

CREATE OR REPLACE FUNCTION waits_for_open(issue bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM blockers w
        JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled
        JOIN issues b ON b.repository_id = r.id AND b.number = w.number
        WHERE w.issue_id = issue AND b.state = 'open' AND b.removed_at IS NULL AND b.id <> issue
    )
$$;

DELETE FROM blocked WHERE NOT waits_for_open(issue_id);
