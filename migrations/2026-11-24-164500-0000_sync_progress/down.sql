DROP TRIGGER repositories_bell ON repositories;
DROP TRIGGER job_locks_bell ON job_locks;
DROP FUNCTION ring_sync_bell;
ALTER TABLE job_locks DROP COLUMN steps, DROP COLUMN steps_done, DROP COLUMN items;
