-- Continuous integration, releases, packages, pull requests and deployments of tracked repositories,
-- as GitHub had them when they were last read. Ids of GitHub exceed 32 bits, so they are bigint.
CREATE TABLE automation_repositories (
    repository_id bigint PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    latest_commit_sha text,
    latest_commit_title text,
    latest_commit_author text,
    latest_commit_url text,
    latest_commit_at timestamptz,
    open_pull_requests integer NOT NULL DEFAULT 0,
    open_secret_alerts integer,
    missing_permissions text[] NOT NULL DEFAULT '{}',
    etags jsonb NOT NULL DEFAULT '{}',
    attempted_at timestamptz,
    synced_at timestamptz,
    sync_error text
);

COMMENT ON TABLE automation_repositories IS 'What the automation pages show of a repository as a whole.';
COMMENT ON COLUMN automation_repositories.latest_commit_sha IS 'The newest commit of the default branch.';
COMMENT ON COLUMN automation_repositories.latest_commit_author IS 'GitHub login of its author, or the name in the commit.';
COMMENT ON COLUMN automation_repositories.open_secret_alerts IS 'Open alerts of secret scanning; null when they could not be read.';
COMMENT ON COLUMN automation_repositories.missing_permissions IS 'Parts that the token may not read.';
COMMENT ON COLUMN automation_repositories.etags IS 'The `ETag` of each list request: an unchanged list costs nothing.';
COMMENT ON COLUMN automation_repositories.attempted_at IS 'When a sync of these data last ended, successful or not.';
COMMENT ON COLUMN automation_repositories.synced_at IS 'When a sync of these data last succeeded.';
COMMENT ON COLUMN automation_repositories.sync_error IS 'Why the last sync failed; null after a successful one.';

CREATE TABLE workflows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    github_id bigint NOT NULL,
    name text NOT NULL,
    path text NOT NULL,
    state text NOT NULL,
    html_url text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_run_at timestamptz,
    deleted_at timestamptz,
    file_sha text,
    file jsonb,
    file_error text,
    UNIQUE (repository_id, github_id)
);
CREATE INDEX workflows_path ON workflows (path);

COMMENT ON TABLE workflows IS 'Workflows of GitHub Actions.';
COMMENT ON COLUMN workflows.path IS 'The path of the file that defines it, such as `.github/workflows/ci.yml`.';
COMMENT ON COLUMN workflows.state IS 'GitHub''s word: `active`, `disabled_manually`, and others.';
COMMENT ON COLUMN workflows.last_run_at IS 'When its newest run was created.';
COMMENT ON COLUMN workflows.deleted_at IS 'When GitHub no longer listed it.';
COMMENT ON COLUMN workflows.file_sha IS 'The blob of the file that `file` was read from.';
COMMENT ON COLUMN workflows.file IS 'The triggers in the file; null when it was not read, or is malformed.';
COMMENT ON COLUMN workflows.file_error IS 'Why the file could not be read, with the line; null when it could.';

CREATE TABLE workflow_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    workflow_id bigint NOT NULL REFERENCES workflows ON DELETE CASCADE,
    github_id bigint NOT NULL,
    run_number bigint NOT NULL,
    run_attempt integer NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    event text NOT NULL,
    status text NOT NULL,
    conclusion text,
    branch text,
    head_sha text NOT NULL,
    actor text,
    html_url text NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    completed_at timestamptz,
    duration_seconds integer,
    pull_request_number integer,
    waiting_for text,
    jobs_read_at timestamptz,
    artifacts_read_at timestamptz,
    UNIQUE (repository_id, github_id)
);
CREATE INDEX workflow_runs_workflow ON workflow_runs (workflow_id, created_at DESC, id DESC);
CREATE INDEX workflow_runs_branch ON workflow_runs (workflow_id, branch, created_at DESC, id DESC);
CREATE INDEX workflow_runs_repository ON workflow_runs (repository_id, created_at DESC, id DESC);
CREATE INDEX workflow_runs_created ON workflow_runs (created_at DESC, id DESC);
CREATE INDEX workflow_runs_active ON workflow_runs (repository_id, id) WHERE status <> 'completed';
CREATE INDEX workflow_runs_commit ON workflow_runs (repository_id, head_sha);

COMMENT ON TABLE workflow_runs IS 'Runs of workflows. Pruned by age and by number.';
COMMENT ON COLUMN workflow_runs.run_attempt IS '1, and one more for each time that it was run again.';
COMMENT ON COLUMN workflow_runs.title IS 'The title that GitHub displays: of the commit, the pull request, or of the workflow''s choice.';
COMMENT ON COLUMN workflow_runs.event IS 'What started it, such as `push`.';
COMMENT ON COLUMN workflow_runs.status IS 'GitHub''s word: `queued`, `in_progress`, `completed`, and others.';
COMMENT ON COLUMN workflow_runs.conclusion IS 'GitHub''s word: `success`, `failure`, and others; null until it is completed.';
COMMENT ON COLUMN workflow_runs.actor IS 'GitHub login of who started this attempt.';
COMMENT ON COLUMN workflow_runs.started_at IS 'When this attempt started.';
COMMENT ON COLUMN workflow_runs.completed_at IS 'When this attempt completed; null until then.';
COMMENT ON COLUMN workflow_runs.duration_seconds IS 'From start to completion.';
COMMENT ON COLUMN workflow_runs.waiting_for IS 'What it waits for, as a sentence; null while it does not wait, or nobody knows.';
COMMENT ON COLUMN workflow_runs.jobs_read_at IS 'When all jobs of this attempt were last read.';
COMMENT ON COLUMN workflow_runs.artifacts_read_at IS 'When its artifacts were last read.';

CREATE TABLE workflow_branches (
    workflow_id bigint NOT NULL REFERENCES workflows ON DELETE CASCADE,
    branch text NOT NULL,
    is_pull_request boolean NOT NULL,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    latest_run_id bigint NOT NULL REFERENCES workflow_runs ON DELETE CASCADE,
    is_running boolean NOT NULL,
    is_failing boolean NOT NULL,
    failing_run_id bigint,
    failing_since timestamptz,
    failing_sha text,
    failing_actor text,
    PRIMARY KEY (workflow_id, branch, is_pull_request)
);
CREATE INDEX workflow_branches_repository ON workflow_branches (repository_id);
CREATE INDEX workflow_branches_run ON workflow_branches (latest_run_id);

COMMENT ON TABLE workflow_branches IS 'The newest run of each workflow and branch.';
COMMENT ON COLUMN workflow_branches.is_pull_request IS 'Whether pull requests started the runs: a branch of a fork may have the name of ours.';
COMMENT ON COLUMN workflow_branches.is_running IS 'Whether the newest run is not completed.';
COMMENT ON COLUMN workflow_branches.is_failing IS 'Whether the newest run that succeeded or failed has failed.';
COMMENT ON COLUMN workflow_branches.failing_run_id IS 'That run, while it failed.';
COMMENT ON COLUMN workflow_branches.failing_since IS 'When the first run since the last success that failed was created.';
COMMENT ON COLUMN workflow_branches.failing_sha IS 'The commit of that first run.';
COMMENT ON COLUMN workflow_branches.failing_actor IS 'Who started that first run.';

CREATE TABLE workflow_days (
    workflow_id bigint NOT NULL REFERENCES workflows ON DELETE CASCADE,
    day integer NOT NULL,
    conclusion text NOT NULL,
    runs bigint NOT NULL,
    seconds bigint NOT NULL,
    PRIMARY KEY (workflow_id, day, conclusion)
);

COMMENT ON TABLE workflow_days IS 'Totals of runs that were pruned.';
COMMENT ON COLUMN workflow_days.day IS 'The day on which they were created, counted from 1970-01-01 by UTC.';
COMMENT ON COLUMN workflow_days.seconds IS 'Their durations together.';

CREATE TABLE workflow_jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES workflow_runs ON DELETE CASCADE,
    github_id bigint NOT NULL,
    run_attempt integer NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    conclusion text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    runner_name text,
    runner_labels text[] NOT NULL DEFAULT '{}',
    failed_step text,
    html_url text NOT NULL,
    UNIQUE (run_id, github_id)
);

COMMENT ON TABLE workflow_jobs IS 'Jobs of runs, of the newest attempt that is known.';
COMMENT ON COLUMN workflow_jobs.runner_labels IS 'The labels that its runner must have.';
COMMENT ON COLUMN workflow_jobs.failed_step IS 'The name of the first step that failed.';

CREATE TABLE artifacts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES workflow_runs ON DELETE CASCADE,
    github_id bigint NOT NULL,
    name text NOT NULL,
    size_bytes bigint NOT NULL,
    expired boolean NOT NULL,
    created_at timestamptz,
    expires_at timestamptz,
    UNIQUE (run_id, github_id)
);

COMMENT ON TABLE artifacts IS 'Files that runs produced.';

CREATE TABLE releases (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    github_id bigint NOT NULL,
    tag_name text NOT NULL,
    name text,
    draft boolean NOT NULL,
    prerelease boolean NOT NULL,
    target_commit text,
    author text,
    html_url text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    published_at timestamptz,
    UNIQUE (repository_id, github_id)
);
CREATE INDEX releases_repository ON releases (repository_id, (coalesce(published_at, created_at)) DESC, id DESC);

COMMENT ON TABLE releases IS 'Releases.';
COMMENT ON COLUMN releases.published_at IS 'Null while it is a draft.';

CREATE TABLE packages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    github_id bigint NOT NULL,
    package_type text NOT NULL,
    name text NOT NULL,
    visibility text NOT NULL,
    html_url text NOT NULL,
    version_count integer NOT NULL,
    latest_version text,
    latest_tags text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (repository_id, github_id)
);

COMMENT ON TABLE packages IS 'Packages of the owner that belong to a repository.';
COMMENT ON COLUMN packages.package_type IS 'GitHub''s word: `container`, `npm`, and others.';
COMMENT ON COLUMN packages.latest_version IS 'The name of the newest version: a digest for a container.';
COMMENT ON COLUMN packages.latest_tags IS 'The tags of that version.';

CREATE TABLE pull_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    node_id text NOT NULL,
    number integer NOT NULL,
    title text NOT NULL,
    html_url text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed', 'merged')),
    is_draft boolean NOT NULL,
    author text,
    branch text NOT NULL,
    base_branch text NOT NULL,
    head_sha text NOT NULL,
    review_decision text,
    check_state text,
    mergeable text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    merged_at timestamptz,
    closed_at timestamptz,
    UNIQUE (repository_id, number)
);
CREATE INDEX pull_requests_updated ON pull_requests (repository_id, updated_at DESC, id DESC);
CREATE INDEX pull_requests_head ON pull_requests (repository_id, head_sha) WHERE state = 'open';

COMMENT ON TABLE pull_requests IS 'Pull requests that are open, or were while the repository was tracked.';
COMMENT ON COLUMN pull_requests.review_decision IS 'GitHub''s word: `APPROVED`, `CHANGES_REQUESTED`, `REVIEW_REQUIRED`; null without a rule.';
COMMENT ON COLUMN pull_requests.check_state IS 'GitHub''s word for all checks of its newest commit: `SUCCESS`, `FAILURE`, `PENDING`, `ERROR`, `EXPECTED`; null without checks.';
COMMENT ON COLUMN pull_requests.mergeable IS 'GitHub''s word: `MERGEABLE`, `CONFLICTING`, `UNKNOWN`.';

CREATE TABLE pull_request_issues (
    pull_request_id bigint NOT NULL REFERENCES pull_requests ON DELETE CASCADE,
    repository text NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (pull_request_id, repository, number)
);
CREATE INDEX pull_request_issues_issue ON pull_request_issues (repository, number);

COMMENT ON TABLE pull_request_issues IS 'Issues that a pull request closes when it is merged.';
COMMENT ON COLUMN pull_request_issues.repository IS 'Full name of the issue''s repository in lower case.';

CREATE TABLE check_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    github_id bigint NOT NULL,
    head_sha text NOT NULL,
    name text NOT NULL,
    app text,
    status text NOT NULL,
    conclusion text,
    html_url text NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    UNIQUE (repository_id, github_id)
);

COMMENT ON TABLE check_runs IS 'Checks on the newest commit of the default branch, except for those of GitHub Actions.';
COMMENT ON COLUMN check_runs.app IS 'The app that reports it.';

CREATE TABLE deployments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    github_id bigint NOT NULL,
    environment text NOT NULL,
    git_ref text NOT NULL,
    sha text NOT NULL,
    state text NOT NULL,
    creator text,
    url text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    run_github_id bigint,
    UNIQUE (repository_id, github_id)
);
CREATE INDEX deployments_repository ON deployments (repository_id, created_at DESC, id DESC);

COMMENT ON TABLE deployments IS 'Deployments to environments.';
COMMENT ON COLUMN deployments.state IS 'GitHub''s word in lower case: `success`, `failure`, `in_progress`, and others.';
COMMENT ON COLUMN deployments.url IS 'The log of its newest status, or else what was deployed.';
COMMENT ON COLUMN deployments.run_github_id IS 'GitHub''s id of the run that deployed.';

CREATE TABLE activity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    kind text NOT NULL,
    key text NOT NULL,
    title text NOT NULL,
    description text,
    actor text,
    url text,
    sha text,
    branch text,
    status text,
    metadata jsonb,
    run_id bigint REFERENCES workflow_runs ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (repository_id, key)
);
CREATE INDEX activity_created ON activity (created_at DESC, id DESC);
CREATE INDEX activity_repository ON activity (repository_id, created_at DESC, id DESC);
CREATE INDEX activity_kind ON activity (kind, created_at DESC, id DESC);
CREATE INDEX activity_run ON activity (run_id) WHERE run_id IS NOT NULL;

COMMENT ON TABLE activity IS 'What happened in repositories. Pruned.';
COMMENT ON COLUMN activity.key IS 'What happened to what, such as `run:7:completed:1`: the same is recorded once.';
COMMENT ON COLUMN activity.created_at IS 'When it happened, by GitHub''s clock.';

CREATE TABLE automation_sync_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repositories ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
    requests integer NOT NULL DEFAULT 0,
    workflows_fetched integer NOT NULL DEFAULT 0,
    runs_fetched integer NOT NULL DEFAULT 0,
    error text,
    notes text,
    started_at timestamptz NOT NULL,
    completed_at timestamptz
);
CREATE INDEX automation_sync_runs_repository ON automation_sync_runs (repository_id, started_at DESC, id DESC);

COMMENT ON TABLE automation_sync_runs IS 'Syncs of the automation data of a repository. Timed ones that found nothing new are not listed. Pruned.';
COMMENT ON COLUMN automation_sync_runs.requests IS 'How many requests it sent to GitHub.';

ALTER TABLE event_log
    DROP CONSTRAINT event_log_topic_check,
    DROP CONSTRAINT event_log_kind_check,
    ADD CONSTRAINT event_log_topic_check CHECK (topic IN ('board', 'audit', 'run', 'automation')),
    ADD CONSTRAINT event_log_kind_check CHECK (kind IN (
        'issue_moved', 'issue_changed', 'issue_removed', 'resync',
        'audit_entry_added', 'agent_run_recorded',
        'activity_recorded', 'workflow_run_changed', 'automation_changed'
    ));
