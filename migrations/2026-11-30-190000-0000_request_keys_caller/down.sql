DROP INDEX request_keys_caller_idx;
