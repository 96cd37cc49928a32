-- The newest fifty events of tracked repositories.
SELECT a.* FROM activity a JOIN repositories r ON r.id = a.repository_id AND r.enabled
ORDER BY a.created_at DESC, a.id DESC LIMIT 51;
