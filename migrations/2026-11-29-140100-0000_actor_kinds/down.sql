ALTER TABLE audit_log DROP COLUMN actor_kind;
ALTER TABLE event_log DROP COLUMN actor_kind;
