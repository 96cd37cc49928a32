//! Jobs that a program requests over REST or the scheduler runs: the scheduled sync, the deletion of
//! old closed issues, and the list of issues without a status.

use axum::http::StatusCode;
use dispatch::scheduler;
use dispatch::service::retention;
use dispatch::service::tasks::background_tasks;
use dispatch::simulator::NewIssue;
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, eventually, given, given_settings};

const DAY: u64 = 86_400;

async fn numbers(given: &Given, path: &str) -> Vec<i64> {
    let answer = given.ask("GET", path, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let rows: Vec<Value> = serde_json::from_value(answer.json()).unwrap();
    rows.iter().map(|row| row["number"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn untriaged_issues_are_open_ones_without_a_status() {
    given(async |given| {
        given
            .with_issues(&[
                ("one", &[]),
                ("two", &["status/backlog"]),
                ("three", &["priority/p1"]),
                ("Dependency Dashboard", &[]),
                ("five", &["Status/Done"]),
                ("six", &[]),
            ])
            .await;
        given.github.close(REPOSITORY, 6).unwrap();
        given.github.add_repository("acme/other");
        given.github.open_issue("acme/other", NewIssue::titled("else", &[])).unwrap();
        given.track("acme/other").await;
        given.sync().await;
        let path = "/api/issues/untriaged";
        let mut all = numbers(given, path).await;
        all.sort_unstable();
        assert_eq!(all, [1, 1, 3, 4]);
        let of_one = |more: &str| format!("{path}?repo=ACME/tools{more}");
        let mut people = numbers(given, &of_one("&excludeRenovate=true")).await;
        people.sort_unstable();
        assert_eq!(people, [1, 3]);
        assert_eq!(numbers(given, &of_one("&limit=2")).await.len(), 2);
        assert_eq!(numbers(given, &of_one("&limit=0")).await.len(), 0);
        assert_eq!(numbers(given, &of_one("&limit=2&excludeRenovate=true")).await.len(), 2);
        let whole = given.ask("GET", &of_one("&limit=1"), None).await.json();
        assert_eq!(whole[0]["repository"]["fullName"], REPOSITORY);
    })
    .await;
}

/// Four closed issues: one that another waits for, one with an audit entry, and two more, of which
/// one was closed recently.
async fn closed_issues(given: &mut Given) {
    given.with_issues(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[])]).await;
    let waiting = NewIssue { body: "Blocked by #1".to_owned(), ..NewIssue::titled("e", &[]) };
    given.github.open_issue(REPOSITORY, waiting).unwrap();
    let issue = given.issue(2).await.id.to_string();
    let mutation = "mutation($id: ID!) { moveIssue(input: {issueId: $id, to: READY}) { cursor } }";
    given.graphql(mutation, json!({ "id": issue })).await;
    for number in 1..=3 {
        given.github.close(REPOSITORY, number).unwrap();
    }
    given.sync().await;
    given.advance(20 * DAY);
    given.github.close(REPOSITORY, 4).unwrap();
    given.sync().await;
    given.advance(20 * DAY);
    retention::apply_done_window(&given.app).await.unwrap();
}

#[tokio::test]
async fn old_closed_issues_are_deleted_unless_something_needs_them() {
    given(async |given| {
        closed_issues(given).await;
        let events = "SELECT count(*) FROM event_log WHERE kind = 'issue_removed'";
        assert_eq!(given.database.number(events).await, 0);
        let answer = given.ask_as_agent("POST", "/api/issues/prune-closed", None).await;
        assert_eq!(answer.status, StatusCode::OK);
        let expected = json!({ "success": true, "prunedCount": 2, "retentionDays": 30,
            "cutoffDate": "2026-05-30T12:00:00.000Z" });
        assert_eq!(answer.json(), expected);
        let mut left = numbers(given, "/api/issues?includeClosed=true").await;
        left.sort_unstable();
        assert_eq!(left, [1, 4, 5], "1 is named as a blocker, and 4 was closed 20 days ago");
        let audit = "SELECT count(*) FROM audit_log WHERE issue_id IS NULL AND issue_number = 2";
        assert_eq!(given.database.number(audit).await, 1);
        assert_eq!(given.database.number(events).await, 2);
        let again = given.ask_as_agent("POST", "/api/issues/prune-closed", None).await;
        assert_eq!(again.json()["prunedCount"], 0);
    })
    .await;
}

#[tokio::test]
async fn one_deletion_of_closed_issues_runs_at_a_time_and_for_maintainers() {
    given(async |given| {
        let lock = "INSERT INTO job_locks (job, run_id, acquired_at, beaten_at, steps, steps_done, \
                    items) VALUES ('prune-closed', gen_random_uuid(), '2026-05-20 11:59Z', \
                    '2026-05-20 11:59Z', 1, 0, 0)";
        given.database.run(lock).await;
        let answer = given.ask_as_agent("POST", "/api/issues/prune-closed", None).await;
        assert_eq!((answer.status, &answer.json()["locked"]), (StatusCode::CONFLICT, &json!(true)));
        given.advance(60);
        let answer = given.ask_as_agent("POST", "/api/issues/prune-closed", None).await;
        assert_eq!(answer.json()["prunedCount"], 0, "the lock of a dead process expires");
        let person = given.ask("POST", "/api/issues/prune-closed", None).await;
        assert_eq!(person.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_scheduled_sync_reads_issues_and_skips_automation() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let sync = async |body: Option<Value>| {
            given.ask_as_agent("POST", "/api/sync/scheduled", body).await
        };
        let usual = sync(None).await.json();
        assert_eq!((&usual["success"], &usual["issues"]["repos"]), (&json!(true), &json!(1)));
        assert_eq!(usual["issues"]["results"][0]["repo"], REPOSITORY);
        assert_eq!(usual["startedAt"], "2026-05-20T12:00:00.000Z");
        assert_eq!(usual["finishedAt"], "2026-05-20T12:00:00.000Z");
        assert_eq!(usual.get("automationSkipped"), None);
        let other = sync(Some(json!({ "issues": false, "automation": true }))).await.json();
        assert_eq!(other.get("issues"), None);
        assert_eq!(other["automationSkipped"], true);
        assert_eq!(other["automationSkippedReason"], "Dispatch does not sync automation");
        assert_eq!(sync(Some(json!({ "issues": "no" }))).await.status, StatusCode::BAD_REQUEST);

        let lock = "INSERT INTO job_locks (job, run_id, acquired_at, beaten_at, steps, steps_done, \
                    items) VALUES ('issue-sync', gen_random_uuid(), '2026-05-20 12:00Z', \
                    '2026-05-20 12:00Z', 1, 0, 0)";
        given.database.run(lock).await;
        let locked = sync(None).await;
        assert_eq!((locked.status, &locked.json()["locked"]), (StatusCode::CONFLICT, &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn the_scheduler_deletes_closed_issues_only_where_it_is_enabled() {
    let names = |given: &Given| -> Vec<&str> {
        background_tasks(&given.app).iter().map(|task| task.name).collect()
    };
    given(async |given| {
        let _tasks = scheduler::start(&given.app, given.database.url().to_owned());
        eventually(async || names(given).contains(&"prune")).await;
        given.advance(10 * DAY);
        assert!(!names(given).contains(&"prune-closed"));
    })
    .await;
    given_settings(&[("DISPATCH_SCHEDULER_ENABLED", "true")], async |given| {
        closed_issues(given).await;
        let _tasks = scheduler::start(&given.app, given.database.url().to_owned());
        eventually(async || {
            given.advance(1);
            numbers(given, "/api/issues?includeClosed=true").await.len() == 3
        })
        .await;
        assert!(names(given).contains(&"prune-closed"));
    })
    .await;
}
