DROP TRIGGER repositories_keep_blocked_inserts ON repositories;
DROP TRIGGER repositories_keep_blocked ON repositories;
DROP TRIGGER blockers_keep_blocked_deletes ON blockers;
DROP TRIGGER blockers_keep_blocked_inserts ON blockers;
DROP TRIGGER issues_keep_blocked_deletes ON issues;
DROP TRIGGER issues_keep_blocked_updates ON issues;
DROP TRIGGER issues_keep_blocked_inserts ON issues;
DROP TRIGGER issues_keep_queued_updates ON issues;
DROP TRIGGER issues_keep_queued_inserts ON issues;
DROP FUNCTION keep_blocked_by_tracked();
DROP FUNCTION keep_blocked_by_noted();
DROP FUNCTION keep_blocked_by_deleted();
DROP FUNCTION keep_blocked();
DROP FUNCTION keep_queued();
DROP FUNCTION ask_blocked(bigint[]);
DROP FUNCTION waits_for_open(bigint);
DROP FUNCTION lock_blocked();
DROP INDEX blockers_target_idx;
DROP TABLE blocked;
DROP TABLE queued;
CREATE INDEX issues_work_idx ON issues (
    work_agent(labels), lower(lane), status, work_tier(priority), work_day(created_at), id
) WHERE state = 'open' AND removed_at IS NULL AND status IN ('ready', 'in-progress');
