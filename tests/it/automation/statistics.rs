//! What is kept of the runs of workflows equals what the runs say, and lists read it with few statements.

use dispatch::service::automation::control::refresh_run;
use dispatch::service::automation::jobs::jobs_of;
use dispatch::service::automation::retention;
use dispatch::simulator::NewRun;
use dispatch::store::automation::runs;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::{repository, run, stored, sync_all, with_workflow};
use crate::board::Statements;
use crate::support::{Given, REPOSITORY, given, given_settings};
use crate::webhooks::{SETTINGS, deliver, process};

/// How many workflows have other statistics than their runs say, by another computation than the one that
/// writes them.
const DIFFERENCES: &str = "
    WITH numbered AS (
        SELECT *, row_number() OVER (PARTITION BY workflow_id ORDER BY created_at DESC, id DESC) AS place
        FROM workflow_runs),
    newest AS (SELECT *, conclusion = 'success' AS good,
            conclusion IN ('failure', 'timed_out', 'startup_failure') AS bad
        FROM numbered WHERE place <= 100),
    truth AS (SELECT w.id,
        (SELECT n.id FROM newest n WHERE n.workflow_id = w.id AND n.place = 1) AS latest,
        (SELECT avg(n.duration_seconds)::integer FROM newest n WHERE n.workflow_id = w.id AND n.good)
            AS seconds,
        (SELECT count(*) FROM newest n WHERE n.workflow_id = w.id AND n.good) AS succeeded,
        (SELECT count(*) FROM newest n WHERE n.workflow_id = w.id AND n.bad) AS failed,
        EXISTS (SELECT FROM newest a JOIN newest b USING (workflow_id, head_sha)
            WHERE a.workflow_id = w.id AND a.good AND b.bad)
        OR EXISTS (SELECT FROM newest n JOIN activity e ON e.run_id = n.id
            WHERE n.workflow_id = w.id AND n.good AND n.run_attempt > 1
                AND e.kind = 'workflow_run_failed'
                AND n.id = (SELECT max(m.id) FROM newest m WHERE m.workflow_id = w.id
                    AND m.head_sha = n.head_sha AND m.good AND m.run_attempt > 1)) AS is_flaky
        FROM workflows w)
    SELECT count(*) FROM truth t LEFT JOIN workflow_statistics s ON s.workflow_id = t.id
    WHERE (t.latest, t.seconds, t.succeeded, t.failed, t.is_flaky) IS DISTINCT FROM
        (s.latest_run_id, s.average_seconds, coalesce(s.succeeded, 0), coalesce(s.failed, 0),
            coalesce(s.is_flaky, false))";

/// A payload of a run in a random state, at a random time.
fn event(rng: &mut StdRng, github_id: i64, workflow: i64) -> Value {
    let states = [
        ("queued", Value::Null),
        ("in_progress", Value::Null),
        ("completed", json!("success")),
        ("completed", json!("failure")),
        ("completed", json!("timed_out")),
        ("completed", json!("cancelled")),
    ];
    let (status, conclusion) = states.choose(rng).unwrap().clone();
    let minute = rng.random_range(0..50);
    let started_by = *["push", "pull_request"].choose(rng).unwrap();
    let branch = *["main", "fix"].choose(rng).unwrap();
    let created = format!("2026-05-20T{:02}:00:00Z", github_id % 12);
    json!({
        "action": status,
        "workflow_run": {
            "id": github_id, "name": "CI", "workflow_id": workflow, "path": ".github/workflows/ci.yml",
            "run_number": github_id, "run_attempt": rng.random_range(1..4),
            "event": started_by, "status": status, "conclusion": conclusion, "head_branch": branch,
            "head_sha": format!("{:040x}", github_id % 4), "display_title": "A commit",
            "html_url": "https://github.example/acme/tools/actions/runs/1", "created_at": created,
            "run_started_at": created, "updated_at": created.replace(":00:00", &format!(":{minute:02}:07")),
            "actor": { "login": "ana" }, "pull_requests": [],
        },
        "repository": { "full_name": REPOSITORY },
    })
}

async fn differences(given: &Given) -> i64 {
    given.database.number(DIFFERENCES).await
}

async fn random_history(given: &Given, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let workflow = with_workflow(given).await;
    let own: Vec<i64> = (0..3).map(|_| run(given, workflow, None, NewRun::default())).collect();
    sync_all(given).await;
    for step in 0..60 {
        let github_id = rng.random_range(1..14);
        match rng.random_range(0..12) {
            // An event of a run that GitHub has no longer is followed by its deletion.
            0 => {
                let repository = repository(given).await;
                refresh_run(&given.app, &repository, github_id).await.unwrap();
            }
            1 => {
                if let Some(run) = stored(given, *own.choose(&mut rng).unwrap()).await {
                    jobs_of(&given.app, &run).await.unwrap();
                }
            }
            2 => {
                let id = *own.choose(&mut rng).unwrap();
                let word = *["success", "failure"].choose(&mut rng).unwrap();
                given.github.change_run(REPOSITORY, id, |run| {
                    run.attempt += 1;
                    "completed".clone_into(&mut run.status);
                    run.conclusion = Some(word.to_owned());
                });
                sync_all(given).await;
            }
            3 => {
                retention::prune(&given.app).await.unwrap();
            }
            4 => given.advance(86_400),
            _ => {
                let payload = event(&mut rng, github_id, 7_000 + github_id % 2);
                deliver(given, "workflow_run", &format!("d-{seed}-{step}"), &payload).await;
                while process(given).await > 0 {}
            }
        }
        assert_eq!(differences(given).await, 0, "after step {step} of history {seed}");
    }
}

#[tokio::test]
async fn kept_statistics_equal_those_of_the_runs_after_any_history() {
    for seed in 0..3 {
        let settings = [
            SETTINGS[0],
            ("DISPATCH_AUTOMATION_MAX_RUNS", "6"),
            ("DISPATCH_AUTOMATION_RETENTION_DAYS", "3"),
        ];
        given_settings(&settings, async |given| random_history(given, seed).await).await;
    }
}

#[tokio::test]
async fn only_the_newest_hundred_runs_count() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        for at in 0..100 {
            given.advance(60);
            let sha = format!("{at:040x}");
            run(given, workflow, Some("success"), NewRun { sha, ..NewRun::default() });
        }
        sync_all(given).await;
        assert_eq!(differences(given).await, 0);
        let failed = "SELECT sum(failed)::bigint FROM workflow_statistics";
        assert_eq!(given.database.number(failed).await, 0, "the failure is the 101st");
        let newest = given.github.runs(REPOSITORY).last().unwrap().id;
        let id = stored(given, newest).await.unwrap().id;
        let latest = "SELECT latest_run_id FROM workflow_statistics";
        assert_eq!(given.database.number(latest).await, id.0);
        let mut connection = given.app.pool.get().await.unwrap();
        assert!(runs::by_id(&mut connection, id).await.unwrap().is_some());
    })
    .await;
}

/// What the page `/automation` requests.
const OVERVIEW: &str = "{ trackedRepositories { id fullName automation { defaultBranch
    latestCommit { sha } openPullRequestsCount workflowsCount releasesCount failingCount runningCount
    isRed lastSyncedAt syncError missingPermissions { part } releases(first: 1) { tagName }
    workflows { id name state isFlaky successRate averageDuration latestRun { id number conclusion }
        latestRunOnDefaultBranch { id number conclusion } } } }
    redBranches { branch repository { fullName } workflow { name } run { number } } }";

/// Fills the database with repositories that have twenty workflows each, and two runs of each.
async fn fill(given: &Given, repositories: i32) {
    given
        .database
        .run(&format!(
            "INSERT INTO repositories (full_name, enabled, source, default_branch, created_at, updated_at)
                SELECT 'many/r' || n, true, 'user', 'main', now(), now()
                FROM generate_series(1, {repositories}) AS n;
            INSERT INTO workflows (repository_id, github_id, name, path, state, html_url, created_at,
                updated_at) SELECT r.id, n, 'W' || n, '.github/workflows/w.yml', 'active', '', now(), now()
                FROM repositories r, generate_series(1, 20) AS n WHERE r.full_name LIKE 'many/%';
            INSERT INTO workflow_runs (repository_id, workflow_id, github_id, run_number, run_attempt, name,
                title, event, status, conclusion, branch, head_sha, html_url, created_at, started_at,
                updated_at) SELECT w.repository_id, w.id, w.id * 10 + n, n, 1, 'CI', 'T', 'push',
                'completed', CASE WHEN n = 2 THEN 'failure' ELSE 'success' END, 'main', '00', '',
                now() + n * interval '1 s', now(), now() FROM workflows w, generate_series(1, 2) AS n
                WHERE w.html_url = '';
            INSERT INTO workflow_branches SELECT workflow_id, 'main', false, repository_id, id, false,
                true, id, created_at, head_sha, NULL FROM workflow_runs WHERE run_number = 2;
            INSERT INTO workflow_statistics SELECT workflow_id, id, 60, 1, 1, true FROM workflow_runs
                WHERE run_number = 2 ON CONFLICT DO NOTHING"
        ))
        .await;
}

#[tokio::test]
async fn two_hundred_repositories_take_as_many_statements_as_one() {
    given(async |given| {
        fill(given, 1).await;
        let statements = Statements::new(&given.app).await;
        let one = given.graphql(OVERVIEW, json!({})).await;
        assert_eq!(one["trackedRepositories"].as_array().unwrap().len(), 1);
        let for_one = statements.take();
        given.database.run("DELETE FROM repositories").await;
        fill(given, 200).await;
        // The response to the same request must not come from the cache.
        let data = given.graphql(&format!("{OVERVIEW} "), json!({})).await;
        let all = data["trackedRepositories"].as_array().unwrap();
        assert_eq!(all.len(), 200);
        for shown in all {
            let workflows = shown["automation"]["workflows"].as_array().unwrap();
            assert_eq!(workflows.len(), 20);
            assert!(workflows.iter().all(|one| one["latestRun"]["number"] == 2), "{shown}");
            assert_eq!(workflows[0]["latestRun"], workflows[0]["latestRunOnDefaultBranch"]);
        }
        assert_eq!(statements.take().len(), for_one.len());
        assert!(for_one.len() <= 14, "{for_one:#?}");
    })
    .await;
}
