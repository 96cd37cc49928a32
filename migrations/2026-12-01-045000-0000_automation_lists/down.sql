DROP INDEX workflow_branches_failing;
DROP INDEX workflow_runs_failed;
