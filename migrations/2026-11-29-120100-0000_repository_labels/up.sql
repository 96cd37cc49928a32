-- The labels a repository has on GitHub, as of its last sync. A label that is renamed or deleted there
-- does not update the issues that have it; comparing the labels tells which issues to read again.
CREATE TABLE repository_labels (
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    node_id text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (repository_id, node_id)
);

COMMENT ON TABLE repository_labels IS 'The labels of repositories, as of the last sync.';
COMMENT ON COLUMN repository_labels.node_id IS 'GitHub''s id, which a rename does not change.';
COMMENT ON COLUMN repository_labels.name IS 'The name in GitHub''s spelling.';

-- What would be refused there is known before anybody asks.
ALTER TABLE repositories ADD COLUMN read_only text CHECK (
    read_only IN ('archived', 'disabled', 'locked', 'issues_disabled', 'no_permission'));
COMMENT ON COLUMN repositories.read_only IS
    'Why its issues cannot be changed on GitHub, as of the last sync; null when they can.';
