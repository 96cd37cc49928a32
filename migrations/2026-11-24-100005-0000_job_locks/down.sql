DROP TABLE milestones;
DROP TABLE job_locks;
