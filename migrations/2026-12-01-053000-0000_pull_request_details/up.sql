-- Checks, reviews and conflicts of a pull request change without a change of the pull request itself, and
-- lists of the REST API lack them. So each pull request has a time at which they are to be read.
ALTER TABLE pull_requests ADD COLUMN details_due_at timestamptz;
CREATE INDEX pull_requests_due ON pull_requests (details_due_at) WHERE details_due_at IS NOT NULL;

COMMENT ON COLUMN pull_requests.details_due_at IS 'When its checks, review decision, conflicts and closed issues are to be read from GitHub; null when nothing is due.';

-- They were never read before.
UPDATE pull_requests SET details_due_at = updated_at WHERE state = 'open';
