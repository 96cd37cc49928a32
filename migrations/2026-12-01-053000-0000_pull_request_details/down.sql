DROP INDEX pull_requests_due;
ALTER TABLE pull_requests DROP COLUMN details_due_at;
