-- The newest keys of a caller are found without reading those of other callers.
CREATE INDEX request_keys_caller_idx ON request_keys (caller, begun_at);
