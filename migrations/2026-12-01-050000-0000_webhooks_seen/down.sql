ALTER TABLE repositories DROP COLUMN webhooks_seen_at;
