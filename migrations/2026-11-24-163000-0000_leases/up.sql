-- Who holds which issue. There is one row an issue, so two holders cannot be represented. A lease is
-- over when its time is over, which is a comparison and needs nobody to run. Each holding gets a
-- token from one sequence, never smaller than the issue's last, by which an old holder is known.
CREATE SEQUENCE fencing_tokens;

CREATE TABLE leases (
    issue_id bigint PRIMARY KEY REFERENCES issues ON DELETE CASCADE,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    fencing_token bigint NOT NULL CHECK (fencing_token > 0),
    agent text NOT NULL,
    lane text NOT NULL,
    state text NOT NULL CHECK (state IN ('reserved', 'held', 'free')),
    checkpoint text NOT NULL CHECK (checkpoint IN (
        'issue_claimed', 'branch_created', 'changes_made', 'pr_opened', 'feedback_received',
        'work_complete'
    )),
    request_id text,
    term_seconds integer NOT NULL CHECK (term_seconds > 0),
    acquired_at timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    retry_at timestamptz,
    ended_at timestamptz,
    ending text CHECK (ending IN ('released', 'finished', 'expired', 'taken', 'refused')),
    outcome text,
    CHECK ((state = 'free') = (ended_at IS NOT NULL)),
    CHECK ((state = 'free') = (ending IS NOT NULL))
);

CREATE UNIQUE INDEX leases_request_key ON leases (agent, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX leases_expiry_idx ON leases (expires_at) WHERE state <> 'free';
CREATE INDEX leases_agent_idx ON leases (agent, acquired_at DESC);

COMMENT ON TABLE leases IS 'Who holds or last held each issue. Live while `state` is not `free` and `expires_at` is to come.';
COMMENT ON COLUMN leases.fencing_token IS 'Only ever grows for an issue; a write with an older one is refused.';
COMMENT ON COLUMN leases.lane IS 'The queue the issue waited in when it was claimed.';
COMMENT ON COLUMN leases.state IS '`reserved` while GitHub is asked, then `held`; `free` once it ended.';
COMMENT ON COLUMN leases.checkpoint IS 'How far the holder says it is.';
COMMENT ON COLUMN leases.request_id IS 'The claimer''s own name for its request; a repeat finds this lease.';
COMMENT ON COLUMN leases.term_seconds IS 'For how long it was claimed or last renewed.';
COMMENT ON COLUMN leases.retry_at IS 'When to try again to put right what an expired lease left on GitHub.';
COMMENT ON COLUMN leases.ended_at IS 'When it ended; null while nobody has put it to an end.';
COMMENT ON COLUMN leases.ending IS 'How it ended.';
COMMENT ON COLUMN leases.outcome IS 'What came of the work, when it was finished.';

CREATE TABLE past_leases (
    issue_id bigint NOT NULL REFERENCES issues ON DELETE CASCADE,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    fencing_token bigint NOT NULL,
    agent text NOT NULL,
    lane text NOT NULL,
    state text NOT NULL CHECK (state = 'free'),
    checkpoint text NOT NULL,
    request_id text,
    term_seconds integer NOT NULL,
    acquired_at timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    retry_at timestamptz,
    ended_at timestamptz NOT NULL,
    ending text NOT NULL,
    outcome text,
    PRIMARY KEY (issue_id, fencing_token)
);

CREATE INDEX past_leases_agent_idx ON past_leases (agent, acquired_at DESC);
CREATE INDEX past_leases_request_idx ON past_leases (agent, request_id)
    WHERE request_id IS NOT NULL;

COMMENT ON TABLE past_leases IS 'Leases whose row another holder has taken since. Filled by a trigger.';

-- A holding that another one replaces is kept. One that GitHub refused, or that a crash left
-- reserved, never was a holding.
CREATE FUNCTION keep_past_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'reserved' OR OLD.ending = 'refused' THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'held' THEN
        OLD.state := 'free';
        OLD.ending := CASE WHEN OLD.expires_at > NEW.acquired_at THEN 'taken' ELSE 'expired' END;
        OLD.ended_at := least(OLD.expires_at, NEW.acquired_at);
    END IF;
    INSERT INTO past_leases VALUES (OLD.*);
    RETURN NEW;
END
$$;
CREATE TRIGGER leases_keep_past BEFORE UPDATE ON leases
    FOR EACH ROW WHEN (OLD.fencing_token <> NEW.fencing_token) EXECUTE FUNCTION keep_past_lease();

-- The keys that the queue is ordered by, so that the first of it are found without reading the rest.
-- What each means is decided in domain::work; a test holds the two equal.
CREATE FUNCTION work_tier(priority text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE priority WHEN 'p0' THEN 0 WHEN 'p1' THEN 1 WHEN 'p2' THEN 2 WHEN 'p3' THEN 3 ELSE 4 END;

CREATE FUNCTION work_day(created_at timestamptz) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (created_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01';

-- The one agent that the labels name: empty when none, null when several.
CREATE FUNCTION work_agent(labels text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT CASE count(DISTINCT label) WHEN 0 THEN '' WHEN 1 THEN nullif(min(substr(label, 7)), '') END
        FROM unnest(labels) AS label WHERE label LIKE 'agent/%'
    );

CREATE INDEX issues_work_idx ON issues (
    work_agent(labels), lower(lane), status, work_tier(priority), work_day(created_at), id
) WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress');
