DROP TABLE event_log;
DROP FUNCTION lock_event_log;
DROP FUNCTION ring_event_bell;
