-- The workflows of five repositories, each with its newest twenty runs.
\set id random(1, 196)
SELECT w.*, r.* FROM workflows w CROSS JOIN LATERAL (
    SELECT * FROM workflow_runs WHERE workflow_id = w.id ORDER BY created_at DESC, id DESC LIMIT 20) AS r
WHERE w.deleted_at IS NULL AND w.repository_id IN (
    SELECT id FROM repositories WHERE enabled ORDER BY id OFFSET :id - 1 LIMIT 5);
