-- The newest keys of a caller are found without looking at all of them.
CREATE INDEX request_keys_caller_idx ON request_keys (caller, begun_at);
