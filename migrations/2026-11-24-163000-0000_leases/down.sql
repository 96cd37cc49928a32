DROP INDEX issues_work_idx;
DROP FUNCTION work_agent(text[]);
DROP FUNCTION work_day(timestamptz);
DROP FUNCTION work_tier(text);
DROP TABLE past_leases;
DROP TABLE leases;
DROP FUNCTION keep_past_lease();
DROP SEQUENCE fencing_tokens;
