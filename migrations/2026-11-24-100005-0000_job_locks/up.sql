-- One replica at a time. A lock is one row for each job; it is released by run id, so that a late
-- finisher cannot free its successor's, and it is over when nobody has touched it for a while.
CREATE TABLE job_locks (
    job text PRIMARY KEY,
    run_id uuid NOT NULL,
    acquired_at timestamptz NOT NULL,
    beaten_at timestamptz NOT NULL
);

COMMENT ON TABLE job_locks IS 'Jobs that are running now.';
COMMENT ON COLUMN job_locks.run_id IS 'Who holds it.';
COMMENT ON COLUMN job_locks.beaten_at IS 'The holder''s last sign of life.';

-- What happens once in the life of an installation.
CREATE TABLE milestones (
    name text PRIMARY KEY,
    reached_at timestamptz NOT NULL
);

COMMENT ON TABLE milestones IS 'Things that happen once, ever, and when they did.';
