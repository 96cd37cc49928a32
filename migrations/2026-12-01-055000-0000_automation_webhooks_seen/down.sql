ALTER TABLE automation_repositories DROP COLUMN webhooks_seen_at;
