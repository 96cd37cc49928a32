-- Automation data of a repository whose webhooks work need to be synced less often.
ALTER TABLE automation_repositories ADD COLUMN webhooks_seen_at timestamptz;
COMMENT ON COLUMN automation_repositories.webhooks_seen_at IS 'When a delivery about one of its runs last arrived, to the minute; null when none did, or when a sync has since found a run that no delivery reported.';
