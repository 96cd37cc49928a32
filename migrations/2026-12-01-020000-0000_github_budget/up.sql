-- GitHub counts what a user, or an installation of an app, spends, and not what a process does. So
-- replicas tell each other here what is left, what they have spent, and when GitHub asked to wait.
CREATE TABLE github_budgets (
    principal text NOT NULL,
    resource text NOT NULL CHECK (resource IN ('graphql', 'core', 'all')),
    points_limit bigint,
    remaining bigint,
    resets_at timestamptz,
    blocked_until timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (principal, resource),
    CHECK ((points_limit IS NULL) = (remaining IS NULL) AND (remaining IS NULL) = (resets_at IS NULL))
);

COMMENT ON TABLE github_budgets IS 'What is left of GitHub''s rate limits.';
COMMENT ON COLUMN github_budgets.principal IS 'Whose limit it is: `user:` and a login, or `installation:` and an id.';
COMMENT ON COLUMN github_budgets.resource IS 'What GitHub counts apart; `all` for a pause of all requests.';
COMMENT ON COLUMN github_budgets.points_limit IS 'Points of a window; none before GitHub said so.';
COMMENT ON COLUMN github_budgets.remaining IS 'Points left of the window.';
COMMENT ON COLUMN github_budgets.resets_at IS 'When the window ends.';
COMMENT ON COLUMN github_budgets.blocked_until IS 'Until when GitHub asked not to send requests.';
COMMENT ON COLUMN github_budgets.updated_at IS 'When a replica last wrote it.';

CREATE TABLE github_spending (
    principal text NOT NULL,
    minute timestamptz NOT NULL,
    resource text NOT NULL CHECK (resource IN ('graphql', 'core')),
    feature text NOT NULL CHECK (feature IN ('automation', 'sweep', 'full-sync', 'refresh', 'changes')),
    points bigint NOT NULL,
    requests bigint NOT NULL,
    writes bigint NOT NULL,
    PRIMARY KEY (principal, minute, resource, feature)
);

COMMENT ON TABLE github_spending IS 'What all replicas have spent of GitHub''s rate limits, by minute.';
COMMENT ON COLUMN github_spending.principal IS 'Whose limit it is, as in `github_budgets`.';
COMMENT ON COLUMN github_spending.minute IS 'The beginning of the minute.';
COMMENT ON COLUMN github_spending.resource IS 'What GitHub counts apart.';
COMMENT ON COLUMN github_spending.feature IS 'What the requests were for.';
COMMENT ON COLUMN github_spending.points IS 'Points of the window.';
COMMENT ON COLUMN github_spending.requests IS 'Requests.';
COMMENT ON COLUMN github_spending.writes IS 'The requests among them that wrote.';
