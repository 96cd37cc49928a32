-- A caller that sends a trace context finds what it did in the audit log, and an entry leads to its trace.
ALTER TABLE audit_log ADD COLUMN trace_id text;
COMMENT ON COLUMN audit_log.trace_id IS 'The trace in which it was requested, as 32 hexadecimal digits; null when there was none.';
