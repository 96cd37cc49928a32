//! The runs of the sample organisation: a history, and the movement while the demo runs.
//!
//! Invariant: the number of runs of a repository is bounded, so a demo may run for days.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::state::{NewRun, SimulatedJob, SimulatedStep};
use crate::simulator::{PullRequestDetails, ReviewDecision, Simulator, sample};

/// How many runs a repository keeps.
const MOST_RUNS: usize = 300;

/// How many runs a workflow has before the demo begins.
const HISTORY: i64 = 24;

/// A workflow of the sample: its name, the name of its file, its text, and how often in a hundred it fails.
type SampleWorkflow = (&'static str, &'static str, &'static str, u32);

const CI: SampleWorkflow = (
    "CI",
    "ci.yml",
    "name: CI\non:\n  push:\n    branches: [main]\n  pull_request:\n    paths-ignore: ['docs/**']\n\
     concurrency: ci-${{ github.ref }}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    strategy:\n\
     \x20     matrix:\n        os: [ubuntu-latest, macos-latest]\n    steps:\n      - run: make test\n",
    12,
);

const NIGHTLY: SampleWorkflow = (
    "Nightly",
    "nightly.yml",
    "name: Nightly\non:\n  schedule:\n    - cron: '30 3 * * *'\n    - cron: '0 12 * * 1'\n\
     jobs:\n  soak:\n    runs-on: [self-hosted, gpu]\n    steps:\n      - run: make soak\n",
    35,
);

const DEPLOY: SampleWorkflow = (
    "Deploy",
    "deploy.yml",
    "name: Deploy\non:\n  workflow_dispatch:\n    inputs:\n      environment:\n        type: environment\n\
     \x20       required: true\n      size:\n        type: choice\n        options: [small, large]\n\
     \x20       default: small\n      dry_run:\n        type: boolean\n        default: true\n\
     \x20     replicas:\n        type: number\n        default: 2\nconcurrency: production\njobs:\n\
     \x20 deploy:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n\
     \x20     - run: make deploy\n",
    6,
);

/// Malformed: a tab where YAML allows none.
const MALFORMED: SampleWorkflow = ("Lint", "lint.yml", "name: Lint\non:\n\tpush:\njobs: {}\n", 50);

/// The repositories with workflows; the others have none.
const REPOSITORIES: [(&str, &[SampleWorkflow]); 6] = [
    ("ledger", &[CI, NIGHTLY]),
    ("gateway", &[CI, DEPLOY]),
    ("storefront", &[CI, DEPLOY, MALFORMED]),
    ("pipeline", &[CI, NIGHTLY]),
    ("codec", &[CI]),
    ("runtime", &[CI, NIGHTLY]),
];

const TITLES: [&str; 6] = [
    "Retry when the pool is empty",
    "Update dependencies",
    "Close the socket before the worker ends",
    "Read the time zone of the request",
    "Merge pull request #41",
    "Shorten the migration lock",
];

/// Runners that work on the runs of the sample organisation.
#[derive(Debug)]
pub struct Runners {
    simulator: Simulator,
    rng: StdRng,
}

impl Runners {
    /// Runners on a simulated GitHub with the sample organisation.
    pub fn new(simulator: Simulator, seed: u64) -> Self {
        Self { simulator, rng: StdRng::seed_from_u64(seed) }
    }

    /// Creates the workflows and a history of runs.
    pub fn found(&mut self) {
        let now = self.simulator.now();
        for (name, workflows) in REPOSITORIES {
            let repository = format!("{}/{name}", sample::OWNER);
            self.review(&repository);
            self.simulator.set_secret_alerts(&repository, (name != "codec").then_some(0));
            for (title, file, text, failures) in workflows {
                let path = format!(".github/workflows/{file}");
                let id = self.simulator.add_workflow(&repository, title, &path, text);
                for back in (1..=HISTORY).rev() {
                    let at = now - TimeDelta::hours(5 * back) - TimeDelta::minutes(back % 50);
                    self.past_run((&repository, id, title), at, *failures);
                }
            }
        }
        let repository = format!("{}/gateway", sample::OWNER);
        self.simulator.add_package(&repository, "gateway");
        for (tag, is_published) in [("v1.3.0", true), ("v1.4.0", true), ("v1.5.0", false)] {
            self.simulator.add_release(&repository, tag, is_published);
        }
        self.simulator.add_check(&repository, "Coverage", Some("success"));
        if let Some(run) = self.simulator.runs(&repository).last() {
            self.simulator.add_deployment(&repository, run.id, ("production", "success"));
        }
        self.simulator.set_secret_alerts(&repository, Some(2));
    }

    /// Lets people review the pull requests of a repository, each in another way.
    fn review(&self, repository: &str) {
        let decisions = [
            Some(ReviewDecision::Approved),
            Some(ReviewDecision::ReviewRequired),
            None,
            Some(ReviewDecision::ChangesRequested),
        ];
        let open = self.simulator.open_pull_requests(repository);
        for ((number, _), at) in open.into_iter().zip(0_usize..) {
            let edit = |details: &mut PullRequestDetails| {
                details.review = decisions[at % decisions.len()];
                details.is_draft = at % 5 == 2;
                details.is_mergeable = Some(at % 7 != 3);
            };
            let edited = self.simulator.edit_pull_request(repository, number, edit);
            edited.expect("it is open");
        }
    }

    fn past_run(
        &mut self,
        (repository, workflow, title): (&str, i64, &str),
        at: DateTime<Utc>,
        failures: u32,
    ) {
        let new = self.new_run((repository, title), Some(at));
        let run = self.simulator.start_run(repository, workflow, new);
        let fails = self.rng.random_ratio(failures, 100);
        let seconds = self.rng.random_range(60..600);
        self.start_jobs(repository, run, at);
        self.finish(repository, run, (at + TimeDelta::seconds(seconds), fails));
        // Flaky: the same commit succeeds when it is run again.
        if fails && self.rng.random_ratio(1, 4) {
            let started = at + TimeDelta::minutes(20);
            let ended = started + TimeDelta::seconds(seconds);
            self.simulator.change_run(repository, run, |run| {
                run.attempt = 2;
                run.conclusion = Some("success".to_owned());
                (run.started_at, run.updated_at) = (started, ended);
                for job in &mut run.jobs {
                    job.conclusion = Some("success".to_owned());
                    job.times = (Some(started), Some(started + TimeDelta::seconds(4)), Some(ended));
                    job.steps = steps("success");
                }
            });
        }
    }

    fn new_run(
        &mut self,
        (repository, workflow): (&str, &str),
        at: Option<DateTime<Utc>>,
    ) -> NewRun {
        let open = self.simulator.open_pull_requests(repository);
        let pull_request = open.choose(&mut self.rng).map(|(_, details)| details);
        let sha = format!(
            "{:020x}{:020x}",
            self.rng.random::<u128>() >> 48,
            self.rng.random::<u128>() >> 48
        );
        let (event, branch, sha) = match (workflow, pull_request) {
            ("Nightly", _) => ("schedule", "main".to_owned(), sha),
            ("Deploy", _) => ("workflow_dispatch", "main".to_owned(), sha),
            (_, Some(details)) if self.rng.random_ratio(1, 3) => {
                ("pull_request", details.branch.clone(), details.head_sha.clone())
            }
            _ => ("push", "main".to_owned(), sha),
        };
        NewRun {
            event,
            branch,
            sha,
            actor: (*sample::PEOPLE.choose(&mut self.rng).expect("there are some")).to_owned(),
            title: (*TITLES.choose(&mut self.rng).expect("there are some")).to_owned(),
            created_at: at,
        }
    }

    fn start_jobs(&self, repository: &str, run: i64, at: DateTime<Utc>) {
        for (name, labels) in [("build", "ubuntu-latest"), ("test", "ubuntu-latest")] {
            let started = at + TimeDelta::seconds(if name == "build" { 4 } else { 9 });
            let job = SimulatedJob {
                name: name.to_owned(),
                status: "in_progress".to_owned(),
                labels: vec![labels.to_owned()],
                times: (Some(at), Some(started), None),
                ..SimulatedJob::default()
            };
            self.simulator.add_job(repository, run, job);
        }
    }

    fn finish(&self, repository: &str, run: i64, (at, fails): (DateTime<Utc>, bool)) {
        self.simulator.change_run(repository, run, |run| {
            "completed".clone_into(&mut run.status);
            let conclusion = if fails { "failure" } else { "success" };
            run.conclusion = Some(conclusion.to_owned());
            run.updated_at = at.max(run.started_at);
            for job in &mut run.jobs {
                let has_failed = fails && job.name == "test";
                let result = if has_failed { "failure" } else { "success" };
                "completed".clone_into(&mut job.status);
                job.conclusion = Some(result.to_owned());
                job.times.2 = Some(run.updated_at);
                job.steps = steps(result);
                job.log = log(at, has_failed);
            }
        });
        if !fails {
            self.simulator.add_artifact(repository, run, "coverage", 1_482_311);
        }
    }

    /// Acts about every `pace`, for as long as the future is polled.
    pub async fn live(mut self, pace: Duration) {
        loop {
            tokio::time::sleep(pace.mul_f64(self.rng.random_range(0.5..1.5))).await;
            self.act();
        }
    }

    /// Moves every run that is not completed, and perhaps starts one.
    pub fn act(&mut self) {
        let now = self.simulator.now();
        for (name, workflows) in REPOSITORIES {
            let repository = format!("{}/{name}", sample::OWNER);
            let runs = self.simulator.runs(&repository);
            let active: Vec<_> = runs.iter().filter(|run| run.status != "completed").collect();
            for run in &active {
                self.advance(&repository, run.id, &run.status, now);
            }
            if runs.len() > MOST_RUNS
                && let Some(oldest) = runs.iter().min_by_key(|run| run.created_at)
            {
                self.simulator.delete_run(&repository, oldest.id);
            }
            if active.len() < 3 && self.rng.random_ratio(1, 5) {
                let (title, ..) = workflows.choose(&mut self.rng).expect("there are some");
                let known = self.simulator.workflows(&repository);
                let Some((id, ..)) = known.iter().find(|(_, name, _)| name == title) else {
                    continue;
                };
                let new = self.new_run((&repository, title), None);
                self.simulator.start_run(&repository, *id, new);
            }
        }
    }

    fn advance(&mut self, repository: &str, run: i64, status: &str, now: DateTime<Utc>) {
        match status {
            "queued" if self.rng.random_ratio(1, 6) => {
                self.simulator.set_run_status(repository, run, "pending", None);
            }
            "queued" if self.rng.random_ratio(1, 8) => {
                self.simulator.change_run(repository, run, |run| {
                    "waiting".clone_into(&mut run.status);
                    run.environments = vec!["production".to_owned()];
                });
            }
            "queued" | "pending" | "waiting" if self.rng.random_ratio(1, 2) => {
                self.simulator.set_run_status(repository, run, "in_progress", None);
                self.start_jobs(repository, run, now);
            }
            "in_progress" if self.rng.random_ratio(1, 4) => {
                let fails = self.rng.random_ratio(15, 100);
                self.finish(repository, run, (now, fails));
            }
            _ => {}
        }
    }
}

fn steps(result: &str) -> Vec<SimulatedStep> {
    let step = |name: &str, conclusion: &str| SimulatedStep {
        name: name.to_owned(),
        conclusion: Some(conclusion.to_owned()),
    };
    let after = if result == "success" { "success" } else { "skipped" };
    vec![
        step("Set up job", "success"),
        step("Check out the repository", "success"),
        step("Run make test", result),
        step("Upload coverage", after),
    ]
}

fn log(at: DateTime<Utc>, has_failed: bool) -> String {
    let mut lines = vec![
        "##[group]Run make test".to_owned(),
        "\u{1b}[36;1mmake test\u{1b}[0m".to_owned(),
        "##[endgroup]".to_owned(),
        "running 214 tests".to_owned(),
    ];
    lines.extend((1..=40).map(|n| format!("test queue::case_{n} ... ok")));
    if has_failed {
        lines
            .push("test queue::it_waits_for_a_connection ... \u{1b}[31mFAILED\u{1b}[0m".to_owned());
        lines.push("thread panicked at src/queue.rs:88: timed out after 5s".to_owned());
        lines.push("##[error]Process completed with exit code 101.".to_owned());
    } else {
        lines.push("test result: ok. 214 passed; 0 failed".to_owned());
    }
    let stamp = at.format("%Y-%m-%dT%H:%M:%S.0000000Z");
    lines.iter().map(|line| format!("{stamp} {line}\n")).collect()
}
