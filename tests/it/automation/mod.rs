//! Continuous integration and what belongs to it: syncs, webhooks, control, bad input.

mod bad_input;
mod control;
mod graphql;
mod published;
mod pull_requests;
mod rest;
mod statistics;
mod sync;
mod webhooks;

use dispatch::service::automation::sync::sync_automation;
use dispatch::simulator::{NewRun, SimulatedJob, SimulatedStep};
use dispatch::store::automation::{WorkflowRun, runs, workflows};
use dispatch::store::{self, Repository};

use crate::support::{Given, REPOSITORY};

/// A workflow file that can be started by hand.
const FILE: &str = "name: CI\non:\n  push:\n    branches: [main]\n  workflow_dispatch:\n    inputs:\n      size:\n        type: choice\n        options: [small, large]\n        required: true\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n";

/// A tracked repository with one workflow; answers its id on GitHub.
async fn with_workflow(given: &Given) -> i64 {
    given.github.add_repository(REPOSITORY);
    let id = given.github.add_workflow(REPOSITORY, "CI", ".github/workflows/ci.yml", FILE);
    given.track(REPOSITORY).await;
    id
}

/// Starts a run, and completes it if there is a conclusion.
fn run(given: &Given, workflow: i64, conclusion: Option<&str>, new: NewRun) -> i64 {
    let id = given.github.start_run(REPOSITORY, workflow, new);
    let (status, steps) = match conclusion {
        Some(conclusion) => ("completed", vec![step("Run make test", conclusion)]),
        None => ("in_progress", vec![]),
    };
    given.github.set_run_status(REPOSITORY, id, status, conclusion);
    let now = given.app.clock.now();
    let job = SimulatedJob {
        name: "test".to_owned(),
        status: status.to_owned(),
        conclusion: conclusion.map(str::to_owned),
        labels: vec!["ubuntu-latest".to_owned()],
        times: (Some(now), Some(now), conclusion.map(|_| now + chrono::TimeDelta::seconds(90))),
        steps,
        log: "2026-05-20T12:00:00.0000000Z \u{1b}[36mmake test\u{1b}[0m\n\
              2026-05-20T12:00:01.0000000Z ##[error]Process completed with exit code 2.\n"
            .to_owned(),
        ..SimulatedJob::default()
    };
    given.github.add_job(REPOSITORY, id, job);
    id
}

fn step(name: &str, conclusion: &str) -> SimulatedStep {
    SimulatedStep { name: name.to_owned(), conclusion: Some(conclusion.to_owned()) }
}

/// Syncs everything; each repository must succeed.
async fn sync_all(given: &Given) {
    for result in sync_automation(&given.app, None).await.unwrap() {
        assert!(result.error.is_none(), "{:?}", result.error);
    }
}

async fn repository(given: &Given) -> Repository {
    let mut connection = given.app.pool.get().await.unwrap();
    let name = REPOSITORY.parse().unwrap();
    store::repositories::by_name(&mut connection, &name).await.unwrap().unwrap()
}

/// The stored run with GitHub's id.
async fn stored(given: &Given, github_id: i64) -> Option<WorkflowRun> {
    let repository = repository(given).await.id;
    let mut connection = given.app.pool.get().await.unwrap();
    runs::by_github_id(&mut connection, repository, github_id).await.unwrap()
}

async fn stored_workflows(given: &Given) -> Vec<store::automation::Workflow> {
    let repository = repository(given).await.id;
    let mut connection = given.app.pool.get().await.unwrap();
    workflows::of_repository(&mut connection, repository).await.unwrap()
}
