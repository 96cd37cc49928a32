-- The repositories whose issues are cached. A repository that is no longer tracked keeps its row
-- and its issues, disabled, because audit entries and runs go on pointing at them.
CREATE TABLE repositories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node_id text,
    full_name text NOT NULL,
    enabled boolean NOT NULL,
    source text NOT NULL CHECK (source IN ('env', 'user')),
    default_branch text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    attempted_at timestamptz,
    synced_at timestamptz,
    sync_error text,
    synced_through timestamptz,
    fully_synced_at timestamptz,
    pass_phase text CHECK (pass_phase IN ('closed', 'open')),
    pass_through timestamptz,
    gap_github integer,
    gap_cached integer
);

-- GitHub ignores the case of names, so do we.
CREATE UNIQUE INDEX repositories_full_name_key ON repositories (lower(full_name));

COMMENT ON TABLE repositories IS 'Repositories that are or were tracked.';
COMMENT ON COLUMN repositories.node_id IS 'GitHub''s id; unknown until the first good sync.';
COMMENT ON COLUMN repositories.full_name IS '`owner/name`, spelled as typed until GitHub spells it.';
COMMENT ON COLUMN repositories.enabled IS 'Whether it is tracked now.';
COMMENT ON COLUMN repositories.source IS 'Who asked for it first: the settings (`env`) or somebody (`user`).';
COMMENT ON COLUMN repositories.default_branch IS 'GitHub''s default branch; `main` until known.';
COMMENT ON COLUMN repositories.attempted_at IS 'When a sync last ended, well or not.';
COMMENT ON COLUMN repositories.synced_at IS 'When a sync last ended well.';
COMMENT ON COLUMN repositories.sync_error IS 'Why the last sync failed; null after a good one.';
COMMENT ON COLUMN repositories.synced_through IS 'High-water mark: the update time up to which every change has been written.';
COMMENT ON COLUMN repositories.fully_synced_at IS 'When a full pass last ended.';
COMMENT ON COLUMN repositories.pass_phase IS 'What an unfinished full pass was reading.';
COMMENT ON COLUMN repositories.pass_through IS 'Update time up to which that phase has been written.';
COMMENT ON COLUMN repositories.gap_github IS 'GitHub''s count of open issues, when a full pass left it different from ours.';
COMMENT ON COLUMN repositories.gap_cached IS 'Our count beside it. The pass is not repeated until one of the two changes.';
