//! Syncs of automation data.

use std::time::Duration;

use dispatch::scheduler;
use dispatch::service::Error;
use dispatch::service::automation::jobs::{artifacts_of, failure_of, jobs_of};
use dispatch::service::automation::retention;
use dispatch::service::automation::sync::{sync_automation, sync_stale};
use dispatch::simulator::{Fault, Gate, NewRun, SimulatedJob};
use dispatch::store::automation::{
    branches, deployments, pull_requests, releases, repositories as rows,
};

use super::{FILE, repository, run, stored, stored_workflows, sync_all, with_workflow};
use crate::support::{REPOSITORY, eventually, given, given_settings};

#[tokio::test]
async fn a_first_sync_reads_everything() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let failed = run(given, workflow, Some("failure"), NewRun::default());
        for _ in 0..250 {
            given.advance(60);
            run(given, workflow, Some("success"), NewRun::default());
        }
        given.github.add_release(REPOSITORY, "v1", true);
        given.github.add_release(REPOSITORY, "v2", false);
        given.github.open_numbered_pull_request(REPOSITORY, 7, ("fix", "A fix")).unwrap();
        given.github.add_check(REPOSITORY, "Coverage", Some("success"));
        given.github.add_deployment(REPOSITORY, failed, ("production", "success"));
        given.github.add_package(REPOSITORY, "tools");
        given.github.add_package_of("npm", REPOSITORY, "client");
        given.github.set_secret_alerts(REPOSITORY, Some(3));
        sync_all(given).await;
        let count = async |table: &str| {
            given.database.number(&format!("SELECT count(*) FROM {table}")).await
        };
        assert_eq!(count("workflow_runs").await, 251, "all pages");
        let row = stored(given, failed).await.unwrap();
        assert!(row.github_id > 1 << 53);
        assert_eq!(row.conclusion.as_deref(), Some("failure"));
        let id = repository(given).await.id;
        let mut connection = given.app.pool.get().await.unwrap();
        let row = rows::find(&mut connection, id).await.unwrap().unwrap();
        assert_eq!((row.open_pull_requests, row.open_secret_alerts), (1, Some(3)));
        assert!(row.latest_commit_sha.is_some() && row.sync_error.is_none());
        let found = releases::of_repository(&mut connection, id, 10).await.unwrap();
        let draft = found.iter().find(|release| release.tag_name == "v2").unwrap();
        assert!(draft.draft && draft.published_at.is_none());
        assert_eq!(pull_requests::open(&mut connection, id, 10).await.unwrap()[0].number, 7);
        assert_eq!(deployments::checks_of(&mut connection, id).await.unwrap()[0].name, "Coverage");
        let deployed = deployments::of_repository(&mut connection, id, 10).await.unwrap();
        assert_eq!(
            (deployed[0].state.as_str(), deployed[0].run_github_id),
            ("success", Some(failed))
        );
        let packages = releases::packages_of(&mut connection, id).await.unwrap();
        let of = |kind: &str| packages.iter().find(|one| one.package_type == kind).unwrap();
        assert_eq!(of("container").latest_tags, ["latest", "1.4.0"]);
        assert_eq!(of("npm").latest_version.as_deref(), Some("1.4.1"));
        let workflows = stored_workflows(given).await;
        let file = workflows[0].file.as_ref().unwrap();
        assert!(file.push.is_some() && file.dispatch.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_unchanged_sync_is_conditional_and_writes_nothing() {
    given_settings(&[("DISPATCH_AUTOMATION_INTERVAL_MS", "60000")], async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("success"), NewRun::default());
        given.github.set_secret_alerts(REPOSITORY, Some(0));
        sync_all(given).await;
        let events = given.database.number("SELECT count(*) FROM event_log").await;
        let versions = "SELECT (SELECT sum(xmin::text::bigint) FROM workflow_runs) \
            + (SELECT sum(xmin::text::bigint) FROM workflows) \
            + (SELECT sum(xmin::text::bigint) FROM workflow_branches)";
        let rows = given.database.number(versions).await;
        for _ in 0..3 {
            given.advance(60);
            given.github.forget_requests();
            let before = given.github.not_modified();
            sync_stale(&given.app, Duration::from_secs(1)).await.unwrap();
            let (sent, unchanged) = (given.github.total(), given.github.not_modified() - before);
            assert!((1..=4).contains(&sent), "{sent} requests");
            assert_eq!(unchanged, sent, "{:?}", given.github.requests());
        }
        assert_eq!(given.database.number("SELECT count(*) FROM event_log").await, events);
        assert_eq!(given.database.number(versions).await, rows, "no row was written");
        let synced = "SELECT count(*) FROM automation_sync_runs";
        assert_eq!(given.database.number(synced).await, 1, "only the one that somebody asked for");
    })
    .await;
}

#[tokio::test]
async fn two_hundred_unchanged_repositories_cost_four_conditional_requests_each() {
    const TABLES: [&str; 9] = [
        "workflow_runs",
        "workflows",
        "workflow_branches",
        "workflow_statistics",
        "pull_requests",
        "releases",
        "deployments",
        "activity",
        "event_log",
    ];
    given_settings(&[("DISPATCH_AUTOMATION_INTERVAL_MS", "60000")], async |given| {
        for at in 0..200 {
            let name = format!("acme/r{at}");
            given.github.add_repository(&name);
            let workflow = given.github.add_workflow(&name, "CI", ".github/workflows/ci.yml", FILE);
            let run = given.github.start_run(&name, workflow, NewRun::default());
            given.github.set_run_status(&name, run, "completed", Some("success"));
            given.track(&name).await;
        }
        sync_all(given).await;
        let sums = TABLES
            .map(|table| format!("(SELECT coalesce(sum(xmin::text::bigint), 0) FROM {table})"));
        let versions = format!("SELECT ({})::bigint", sums.join(" + "));
        let rows = given.database.number(&versions).await;
        for _ in 0..3 {
            given.advance(60);
            given.github.forget_requests();
            let before = given.github.not_modified();
            sync_stale(&given.app, Duration::from_secs(1)).await.unwrap();
            let sent = given.github.total();
            assert!(sent <= 4 * 200, "{sent} requests");
            // A repository without alerts answers 404, which is no list.
            let missing = given.github.count("GET /repos/{owner}/{repo}/secret-scanning/alerts");
            assert_eq!(given.github.not_modified() - before, sent - missing);
        }
        assert_eq!(given.database.number(&versions).await, rows, "no row was written");
    })
    .await;
}

#[tokio::test]
async fn a_repository_whose_webhooks_work_is_synced_less_often() {
    let settings = [crate::webhooks::SETTINGS[0], ("DISPATCH_AUTOMATION_INTERVAL_MS", "60000")];
    given_settings(&settings, async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, None, NewRun::default());
        sync_all(given).await;
        given.advance(60);
        given.github.set_run_status(REPOSITORY, id, "completed", Some("success"));
        let of = given.github.runs(REPOSITORY).remove(0);
        let page = stored(given, id).await.unwrap().html_url;
        let event = serde_json::json!({ "action": "completed", "repository": { "full_name": REPOSITORY },
            "workflow_run": { "id": id, "name": "CI", "workflow_id": workflow, "run_number": of.number,
                "run_attempt": 1, "event": of.event, "status": of.status, "conclusion": of.conclusion,
                "head_branch": of.branch, "head_sha": of.sha, "display_title": of.title,
                "created_at": of.created_at, "run_started_at": of.started_at,
                "updated_at": of.updated_at, "actor": { "login": of.actor }, "html_url": page } });
        crate::webhooks::deliver(given, "workflow_run", "d-1", &event).await;
        crate::webhooks::process(given).await;
        assert_eq!(crate::webhooks::state_of(given, "d-1").await.0, "PROCESSED");
        let sent = async |seconds: u64| {
            given.advance(seconds);
            given.github.forget_requests();
            sync_stale(&given.app, Duration::from_secs(30)).await.unwrap();
            given.github.total()
        };
        for _ in 0..8 {
            assert_eq!(sent(60).await, 0, "webhooks report its runs: {:?}", given.github.requests());
        }
        assert!((1..=4).contains(&sent(60).await), "once in ten minutes");
        // A run that no webhook reported.
        run(given, workflow, Some("failure"), NewRun::default());
        assert_eq!(sent(300).await, 0);
        assert!(sent(300).await > 0);
        assert!(sent(60).await > 0, "its webhooks do not work");
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_fails_keeps_its_data_and_has_the_error() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("success"), NewRun::default());
        sync_all(given).await;
        let runs = "GET /repos/{owner}/{repo}/actions/runs";
        given.github.inject(Fault::refuse(500, "Something is off").on(runs).always());
        let results = sync_automation(&given.app, None).await.unwrap();
        assert!(results[0].error.is_some());
        assert!(stored(given, id).await.is_some());
        let repository = repository(given).await.id;
        let mut connection = given.app.pool.get().await.unwrap();
        let row = rows::find(&mut connection, repository).await.unwrap().unwrap();
        assert!(row.sync_error.unwrap().contains("Something is off"));
        assert!(row.synced_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_missing_permission_is_named_and_fails_nothing_else() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("success"), NewRun::default());
        given.github.set_secret_alerts(REPOSITORY, Some(1));
        given.github.forbid(REPOSITORY, "/secret-scanning/");
        given.github.forbid(REPOSITORY, "/deployments");
        sync_all(given).await;
        assert!(stored(given, id).await.is_some());
        let repository = repository(given).await.id;
        let mut connection = given.app.pool.get().await.unwrap();
        let row = rows::find(&mut connection, repository).await.unwrap().unwrap();
        assert_eq!(row.missing_permissions, ["deployments", "secret_scanning"]);
        assert_eq!(row.open_secret_alerts, None);
    })
    .await;
}

#[tokio::test]
async fn only_one_sync_runs_at_a_time() {
    given(async |given| {
        with_workflow(given).await;
        let gate = Gate::new();
        let runs = "GET /repos/{owner}/{repo}/actions/runs";
        given.github.inject(Fault::Hold(gate.clone()).on(runs));
        let first = sync_automation(&given.app, None);
        let second = async {
            gate.arrived().await;
            let refused = sync_automation(&given.app, None).await;
            gate.open();
            refused
        };
        let (first, second) = tokio::join!(first, second);
        assert!(first.unwrap()[0].error.is_none());
        assert!(matches!(second, Err(Error::RateLimited { .. })), "{second:?}");
    })
    .await;
}

#[tokio::test]
async fn main_is_red_since_its_first_failure_whatever_pull_requests_do() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let new = |sha: &str, actor: &str| NewRun {
            sha: sha.to_owned(),
            actor: actor.to_owned(),
            ..NewRun::default()
        };
        run(given, workflow, Some("success"), new("a1", "ana"));
        given.advance(60);
        run(given, workflow, Some("failure"), new("b2", "ben"));
        given.advance(60);
        let newest = run(given, workflow, Some("timed_out"), new("c3", "eve"));
        given.advance(60);
        run(given, workflow, Some("cancelled"), new("d4", "ana"));
        given.advance(60);
        // A fork's branch may be called main, too.
        let fork = NewRun { event: "pull_request", ..new("e5", "ana") };
        run(given, workflow, Some("success"), fork);
        sync_all(given).await;
        let mut connection = given.app.pool.get().await.unwrap();
        let red = branches::red(&mut connection, 10).await.unwrap();
        let newest = stored(given, newest).await.unwrap().id;
        assert_eq!(red.len(), 1);
        assert_eq!(red[0].failing_sha.as_deref(), Some("b2"));
        assert_eq!(red[0].failing_actor.as_deref(), Some("ben"));
        assert_eq!(red[0].failing_run_id, Some(newest));
        drop(connection);
        given.advance(60);
        run(given, workflow, Some("success"), new("f6", "ben"));
        sync_all(given).await;
        let mut connection = given.app.pool.get().await.unwrap();
        assert!(branches::red(&mut connection, 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_failing_step_and_its_log_are_read_on_demand() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("failure"), NewRun::default());
        given.github.add_artifact(REPOSITORY, id, "coverage", 5_000_000_000);
        sync_all(given).await;
        let row = stored(given, id).await.unwrap();
        let jobs = jobs_of(&given.app, &row).await.unwrap();
        assert_eq!(jobs[0].failed_step.as_deref(), Some("Run make test"));
        assert_eq!(row.duration_seconds, Some(90), "from the end of the last job");
        let failure = failure_of(&given.app, &row).await.unwrap().unwrap();
        assert_eq!(failure.log, ["make test", "##[error]Process completed with exit code 2."]);
        let artifacts = artifacts_of(&given.app, &row).await.unwrap();
        assert_eq!(artifacts[0].size_bytes, 5_000_000_000);
        given.github.forget_requests();
        let row = stored(given, id).await.unwrap();
        artifacts_of(&given.app, &row).await.unwrap();
        jobs_of(&given.app, &row).await.unwrap();
        assert_eq!(given.github.total(), 0, "what was read is kept");
    })
    .await;
}

#[tokio::test]
async fn a_run_says_why_it_waits() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, None, NewRun::default());
        let pending = given.github.start_run(REPOSITORY, workflow, NewRun::default());
        given.github.set_run_status(REPOSITORY, pending, "pending", None);
        let waiting = given.github.start_run(REPOSITORY, workflow, NewRun::default());
        given.github.change_run(REPOSITORY, waiting, |run| {
            "waiting".clone_into(&mut run.status);
            run.environments = vec!["production".to_owned()];
        });
        let queued = given.github.start_run(REPOSITORY, workflow, NewRun::default());
        let job = SimulatedJob {
            name: "soak".to_owned(),
            status: "queued".to_owned(),
            labels: vec!["self-hosted".to_owned(), "gpu".to_owned()],
            ..SimulatedJob::default()
        };
        given.github.add_job(REPOSITORY, queued, job);
        sync_all(given).await;
        for (id, words) in [
            (pending, "CI #1 runs on the same branch"),
            (waiting, "the environment production"),
            (queued, "a runner with the labels self-hosted, gpu"),
        ] {
            let reason = stored(given, id).await.unwrap().waiting_for.unwrap();
            assert!(reason.contains(words), "{reason}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_happened_is_recorded_once() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = given.github.start_run(REPOSITORY, workflow, NewRun::default());
        given.github.set_run_status(REPOSITORY, id, "in_progress", None);
        given.github.add_release(REPOSITORY, "v1", true);
        given.github.open_numbered_pull_request(REPOSITORY, 7, ("fix", "A fix")).unwrap();
        sync_all(given).await;
        given.github.set_run_status(REPOSITORY, id, "completed", Some("failure"));
        sync_all(given).await;
        sync_all(given).await;
        for (kind, times) in [
            ("workflow_run_started", 1),
            ("workflow_run_failed", 1),
            ("workflow_run_completed", 0),
            ("release_published", 1),
            ("pr_opened", 1),
            ("sync_completed", 3),
        ] {
            let count = format!("SELECT count(*) FROM activity WHERE kind = '{kind}'");
            assert_eq!(given.database.number(&count).await, times, "{kind}");
        }
        given.github.close_pull_request(REPOSITORY, 7).unwrap();
        sync_all(given).await;
        let open = "SELECT count(*) FROM pull_requests WHERE state = 'open'";
        assert_eq!(given.database.number(open).await, 0);

        given.advance(600);
        let id = given.github.start_run(REPOSITORY, workflow, NewRun::default());
        given.github.set_run_status(REPOSITORY, id, "in_progress", None);
        sync_stale(&given.app, Duration::from_secs(1)).await.unwrap();
        let of = |kind: &str| format!("SELECT count(*) FROM activity WHERE kind = '{kind}'");
        assert_eq!(given.database.number(&of("workflow_run_started")).await, 2);
        assert_eq!(given.database.number(&of("sync_completed")).await, 4, "none of the timer");
    })
    .await;
}

#[tokio::test]
async fn old_runs_are_pruned_into_daily_totals() {
    given_settings(&[("DISPATCH_AUTOMATION_MAX_RUNS", "3")], async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        given.advance(100 * 86_400);
        for _ in 0..5 {
            given.advance(60);
            run(given, workflow, Some("success"), NewRun::default());
        }
        sync_all(given).await;
        assert_eq!(retention::prune(&given.app).await.unwrap(), 3);
        let number = async |sql: &str| given.database.number(sql).await;
        assert_eq!(number("SELECT count(*) FROM workflow_runs").await, 3);
        assert_eq!(number("SELECT sum(runs)::bigint FROM workflow_days").await, 3);
        let failed = "SELECT runs FROM workflow_days WHERE conclusion = 'failure'";
        assert_eq!(number(failed).await, 1);
        assert_eq!(number("SELECT count(*) FROM workflow_branches").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_timer_syncs_automation_data() {
    given_settings(&[("DISPATCH_AUTOMATION_INTERVAL_MS", "60000")], async |given| {
        let workflow = with_workflow(given).await;
        let first = run(given, workflow, Some("success"), NewRun::default());
        let _tasks = scheduler::start(&given.app, given.database.url().to_owned());
        eventually(async || stored(given, first).await.is_some()).await;
        let second = run(given, workflow, Some("success"), NewRun::default());
        eventually(async || {
            given.advance(10);
            stored(given, second).await.is_some()
        })
        .await;
    })
    .await;
}
