-- A repository whose webhooks work needs to be synced less often.
ALTER TABLE repositories ADD COLUMN webhooks_seen_at timestamptz;
COMMENT ON COLUMN repositories.webhooks_seen_at IS 'When a delivery about one of its issues last arrived, to the minute; null when none did, or when a sync has since found a change that no delivery reported.';
