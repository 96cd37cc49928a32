ALTER TABLE repositories DROP COLUMN sync_requested_at;
DROP TABLE webhook_deliveries;
