-- Lists of many repositories count what fails and what runs. Without these indexes each count reads all
-- runs of a repository, or the whole history of its branches.
CREATE INDEX workflow_runs_failed ON workflow_runs (repository_id) WHERE conclusion = 'failure';
CREATE INDEX workflow_branches_failing ON workflow_branches (repository_id) WHERE is_failing;
