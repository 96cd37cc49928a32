//! Events of webhooks update the same rows as syncs.

use dispatch::simulator::NewRun;
use dispatch::store::automation::{deployments, releases, repositories as rows};
use serde_json::{Value, json};

use super::{repository, run, stored, sync_all, with_workflow};
use crate::support::{Given, REPOSITORY, given_settings};
use crate::webhooks::{SETTINGS, deliver, process, state_of};

/// The payload of a run's event.
fn of_run(id: i64, workflow: i64, (status, conclusion): (&str, Value), updated_at: &str) -> Value {
    json!({
        "action": status,
        "workflow_run": {
            "id": id, "name": "CI", "workflow_id": workflow, "path": ".github/workflows/ci.yml",
            "run_number": 7, "run_attempt": 1, "event": "push", "status": status,
            "conclusion": conclusion, "head_branch": "main", "head_sha": "abc",
            "display_title": "A commit", "html_url": "https://github.com/acme/tools/actions/runs/1",
            "created_at": "2026-05-20T12:00:00Z", "run_started_at": "2026-05-20T12:00:00Z",
            "updated_at": updated_at, "actor": { "login": "ana" }, "pull_requests": [],
        },
        "repository": { "full_name": REPOSITORY },
    })
}

async fn number(given: &Given, sql: &str) -> i64 {
    given.database.number(sql).await
}

#[tokio::test]
async fn runs_and_jobs_arrive_by_webhook_and_newest_wins() {
    given_settings(SETTINGS, async |given| {
        with_workflow(given).await;
        let id = 9_007_199_254_740_999;
        let completed =
            of_run(id, 5, ("completed", json!("failure")), "2026-05-20T12:05:00Z");
        let started = of_run(id, 5, ("in_progress", Value::Null), "2026-05-20T12:01:00Z");
        // The end comes before the start.
        let job = json!({
            "action": "completed",
            "workflow_job": {
                "id": 11, "run_id": id, "run_attempt": 1, "name": "test", "status": "completed",
                "conclusion": "failure", "created_at": "2026-05-20T12:00:00Z",
                "started_at": "2026-05-20T12:01:00Z", "completed_at": "2026-05-20T12:04:00Z",
                "labels": ["ubuntu-latest"], "runner_name": "one", "html_url": "https://example.org",
                "steps": [{ "name": "Build", "conclusion": "success" },
                    { "name": "Test", "conclusion": "failure" }],
            },
            "repository": { "full_name": REPOSITORY },
        });
        deliver(given, "workflow_job", "d-1", &job).await;
        deliver(given, "workflow_run", "d-2", &completed).await;
        deliver(given, "workflow_run", "d-3", &started).await;
        deliver(given, "workflow_job", "d-4", &job).await;
        while process(given).await > 0 {}
        assert_eq!(state_of(given, "d-1").await.0, "IGNORED", "its run is not known yet");
        let row = stored(given, id).await.unwrap();
        assert_eq!((row.status.as_str(), row.conclusion.as_deref()), ("completed", Some("failure")));
        assert_eq!(row.duration_seconds, Some(300));
        let failed = "SELECT count(*) FROM workflow_jobs WHERE failed_step = 'Test'";
        assert_eq!(number(given, failed).await, 1);
        assert_eq!(number(given, "SELECT count(*) FROM activity").await, 1, "it has failed");
        assert_eq!(number(given, "SELECT count(*) FROM workflow_branches WHERE is_failing").await, 1);
        let events = "SELECT count(*) FROM event_log WHERE kind = 'workflow_run_changed'";
        assert!(number(given, events).await >= 1);
    })
    .await;
}

#[tokio::test]
async fn a_sync_does_not_overwrite_a_newer_event() {
    given_settings(SETTINGS, async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, None, NewRun::default());
        sync_all(given).await;
        let completed =
            of_run(id, workflow, ("completed", json!("success")), "2026-05-20T12:30:00Z");
        deliver(given, "workflow_run", "d-1", &completed).await;
        process(given).await;
        assert_eq!(stored(given, id).await.unwrap().status, "completed");
        run(given, workflow, Some("success"), NewRun::default());
        sync_all(given).await;
        assert_eq!(stored(given, id).await.unwrap().status, "completed");
    })
    .await;
}

#[tokio::test]
async fn other_events_update_their_rows() {
    given_settings(SETTINGS, async |given| {
        with_workflow(given).await;
        let of = |member: &str, object: Value| {
            json!({ "action": "created", member: object, "repository": { "full_name": REPOSITORY } })
        };
        let at = "2026-05-20T12:00:00Z";
        let release = json!({ "id": 1, "tag_name": "v1", "draft": false, "created_at": at,
            "published_at": at, "html_url": "https://example.org" });
        deliver(given, "release", "d-1", &of("release", release)).await;
        let push = json!({ "ref": "refs/heads/main", "repository": { "full_name": REPOSITORY },
            "head_commit": { "id": "abc", "message": "One\n\ntwo", "timestamp": at,
                "url": "https://example.org", "author": { "username": "ana" } } });
        deliver(given, "push", "d-2", &push).await;
        let mut deployment = of("deployment", json!({ "id": 2, "environment": "production",
            "ref": "main", "sha": "abc", "created_at": at, "updated_at": at }));
        deployment["deployment_status"] = json!({ "state": "success", "created_at": at,
            "log_url": "https://github.com/acme/tools/actions/runs/42/job/1" });
        deliver(given, "deployment_status", "d-3", &deployment).await;
        let package = json!({ "id": 3, "name": "tools", "package_type": "CONTAINER",
            "created_at": at, "updated_at": at, "package_version": { "version": "sha256:1",
                "container_metadata": { "tag": { "name": "latest" } } } });
        deliver(given, "registry_package", "d-4", &of("registry_package", package)).await;
        let check = json!({ "id": 4, "name": "Coverage", "head_sha": "abc", "status": "completed",
            "conclusion": "success", "app": { "slug": "coverage", "name": "Coverage App" } });
        deliver(given, "check_run", "d-5", &of("check_run", check)).await;
        let pull_request = json!({ "node_id": "PR_1", "number": 5, "title": "A fix", "state": "closed",
            "merged_at": at, "closed_at": at, "created_at": at, "updated_at": at,
            "head": { "ref": "fix", "sha": "abc" }, "base": { "ref": "main" } });
        deliver(given, "pull_request", "d-6", &of("pull_request", pull_request)).await;
        while process(given).await > 0 {}
        for id in 1..=6 {
            assert_eq!(state_of(given, &format!("d-{id}")).await.0, "PROCESSED", "d-{id}");
        }
        let repository = repository(given).await.id;
        let mut connection = given.app.pool.get().await.unwrap();
        let row = rows::find(&mut connection, repository).await.unwrap().unwrap();
        assert_eq!(row.latest_commit_title.as_deref(), Some("One"));
        let deployed = deployments::of_repository(&mut connection, repository, 9).await.unwrap();
        assert_eq!((deployed[0].state.as_str(), deployed[0].run_github_id), ("success", Some(42)));
        let packages = releases::packages_of(&mut connection, repository).await.unwrap();
        assert_eq!(packages[0].latest_tags, ["latest"]);
        let checks = deployments::checks_of(&mut connection, repository).await.unwrap();
        assert_eq!(checks[0].app.as_deref(), Some("Coverage App"));
        drop(connection);
        let kinds = "SELECT count(*) FROM activity WHERE kind IN \
            ('release_published', 'deployment', 'pr_opened', 'pr_merged')";
        assert_eq!(number(given, kinds).await, 4);
    })
    .await;
}
