-- Positions in the log must not go back, so the newest line stays as one that says nothing else.
UPDATE event_log SET topic = 'board', kind = 'resync', record_id = NULL, reason = 'Reverted'
    WHERE topic = 'automation' AND id = (SELECT max(id) FROM event_log);
DELETE FROM event_log WHERE topic = 'automation';
ALTER TABLE event_log
    DROP CONSTRAINT event_log_topic_check,
    DROP CONSTRAINT event_log_kind_check,
    ADD CONSTRAINT event_log_topic_check CHECK (topic IN ('board', 'audit', 'run')),
    ADD CONSTRAINT event_log_kind_check CHECK (kind IN (
        'issue_moved', 'issue_changed', 'issue_removed', 'resync',
        'audit_entry_added', 'agent_run_recorded'
    ));
DROP TABLE automation_sync_runs, activity, deployments, check_runs, pull_request_issues, pull_requests,
    packages, releases, artifacts, workflow_jobs, workflow_days, workflow_branches, workflow_runs,
    workflows, automation_repositories;
