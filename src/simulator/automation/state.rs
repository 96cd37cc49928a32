//! The state of GitHub Actions, by repository, and what changes it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::simulator::{Simulator, lock};

/// The first id: as on GitHub, ids exceed 32 bits.
const FIRST_ID: i64 = 9_007_199_254_740_993;

/// All repositories with workflows, by lower-case name.
#[derive(Debug, Default)]
pub(crate) struct AutomationWorld {
    pub(super) repositories: HashMap<String, RepositoryState>,
    last_id: i64,
    /// How many responses were 304.
    pub(crate) not_modified: u64,
}

impl AutomationWorld {
    pub(super) fn fresh_id(&mut self) -> i64 {
        self.last_id += 1;
        FIRST_ID + self.last_id
    }

    pub(super) fn repository(&mut self, name: &str) -> &mut RepositoryState {
        self.repositories.entry(name.to_lowercase()).or_default()
    }
}

/// A repository's workflows and runs.
#[derive(Debug, Default)]
pub(super) struct RepositoryState {
    pub(super) workflows: Vec<WorkflowState>,
    pub(super) runs: BTreeMap<i64, RunState>,
    /// How many alerts of secret scanning are open; none when it is not enabled.
    pub(super) secret_alerts: Option<usize>,
    /// Packages: their ids, types and names.
    pub(super) packages: Vec<(i64, &'static str, String)>,
    /// Names of checks of other apps, with their conclusions.
    pub(super) checks: Vec<(i64, String, Option<String>)>,
    /// Releases, oldest first.
    pub(super) releases: Vec<ReleaseState>,
    /// Words for the statuses of commits by other apps, by commit and context.
    pub(super) statuses: BTreeMap<(String, String), String>,
    /// Deployments, oldest first.
    pub(super) deployments: Vec<DeploymentState>,
    /// Parts of paths whose requests are forbidden.
    pub(super) forbidden: Vec<&'static str>,
}

/// A workflow.
#[derive(Debug, Clone)]
pub(super) struct WorkflowState {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) state: &'static str,
    pub(super) file: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_number: i64,
}

/// A release.
#[derive(Debug, Clone)]
pub(super) struct ReleaseState {
    pub(super) id: i64,
    pub(super) tag: String,
    pub(super) created_at: DateTime<Utc>,
    /// None for a draft.
    pub(super) published_at: Option<DateTime<Utc>>,
}

/// A deployment by a run.
#[derive(Debug, Clone)]
pub(super) struct DeploymentState {
    pub(super) id: i64,
    pub(super) environment: String,
    pub(super) state: String,
    pub(super) run: i64,
    pub(super) created_at: DateTime<Utc>,
}

/// How the checks of a commit went, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulator) enum Rollup {
    Success,
    Pending,
    Error,
    Failure,
}

impl Rollup {
    fn of_run(run: &RunState) -> Self {
        match run.conclusion.as_deref() {
            _ if run.status != "completed" => Self::Pending,
            Some("success" | "neutral" | "skipped") => Self::Success,
            _ => Self::Failure,
        }
    }

    fn of_status(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "pending" => Self::Pending,
            "error" => Self::Error,
            _ => Self::Failure,
        }
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunState {
    /// GitHub's id.
    pub id: i64,
    /// The id of its workflow.
    pub workflow: i64,
    /// Its number within the workflow.
    pub number: i64,
    /// Its attempt.
    pub attempt: i64,
    /// What started it.
    pub event: String,
    /// GitHub's word.
    pub status: String,
    /// GitHub's word.
    pub conclusion: Option<String>,
    /// Its branch.
    pub branch: String,
    /// Its commit.
    pub sha: String,
    /// Who started it.
    pub actor: String,
    /// Its title.
    pub title: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When this attempt started.
    pub started_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Its jobs.
    pub jobs: Vec<SimulatedJob>,
    /// Names and sizes of its artifacts.
    pub artifacts: Vec<(i64, String, i64)>,
    /// The environments that it waits for.
    pub environments: Vec<String>,
}

/// When a job was created, started and completed.
pub type JobTimes = (Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// A job of a run.
#[derive(Debug, Clone, Default)]
pub struct SimulatedJob {
    /// GitHub's id; given when it is added.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// GitHub's word.
    pub status: String,
    /// GitHub's word.
    pub conclusion: Option<String>,
    /// The labels that its runner must have.
    pub labels: Vec<String>,
    /// When it was created, started and completed.
    pub times: JobTimes,
    /// Its steps.
    pub steps: Vec<SimulatedStep>,
    /// Its log.
    pub log: String,
}

/// A step of a job.
#[derive(Debug, Clone)]
pub struct SimulatedStep {
    /// Its name.
    pub name: String,
    /// GitHub's word.
    pub conclusion: Option<String>,
}

/// A run to be started.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// What started it.
    pub event: &'static str,
    /// Its branch.
    pub branch: String,
    /// Its commit.
    pub sha: String,
    /// Who started it.
    pub actor: String,
    /// Its title.
    pub title: String,
    /// When it was created; now if absent.
    pub created_at: Option<DateTime<Utc>>,
}

impl Default for NewRun {
    fn default() -> Self {
        Self {
            event: "push",
            branch: "main".to_owned(),
            sha: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            actor: "octavia".to_owned(),
            title: "Update".to_owned(),
            created_at: None,
        }
    }
}

impl Simulator {
    fn automation_of<T>(&self, name: &str, f: impl FnOnce(&mut RepositoryState) -> T) -> T {
        f(lock(&self.shared.automation).repository(name))
    }

    /// Adds a workflow with its file, and returns its id.
    pub fn add_workflow(&self, repository: &str, name: &str, path: &str, file: &str) -> i64 {
        let now = self.now().trunc_subsecs(0);
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        world.repository(repository).workflows.push(WorkflowState {
            id,
            name: name.to_owned(),
            path: path.to_owned(),
            state: "active",
            file: file.to_owned(),
            created_at: now,
            last_number: 0,
        });
        id
    }

    /// Replaces the text of a workflow's file.
    pub fn edit_workflow_file(&self, repository: &str, workflow: i64, file: &str) {
        self.automation_of(repository, |state| {
            for one in state.workflows.iter_mut().filter(|one| one.id == workflow) {
                file.clone_into(&mut one.file);
            }
        });
    }

    /// Deletes a workflow from the list; its runs stay, as on GitHub.
    pub fn delete_workflow(&self, repository: &str, workflow: i64) {
        self.automation_of(repository, |state| state.workflows.retain(|one| one.id != workflow));
    }

    /// Starts a run, queued and without jobs, and returns its id.
    pub fn start_run(&self, repository: &str, workflow: i64, new: NewRun) -> i64 {
        let at = new.created_at.unwrap_or_else(|| self.now()).trunc_subsecs(0);
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        let state = world.repository(repository);
        let known = state.workflows.iter_mut().find(|one| one.id == workflow);
        let number = known.map_or(1, |one| {
            one.last_number += 1;
            one.last_number
        });
        let run = RunState {
            id,
            workflow,
            number,
            attempt: 1,
            event: new.event.to_owned(),
            status: "queued".to_owned(),
            conclusion: None,
            branch: new.branch,
            sha: new.sha,
            actor: new.actor,
            title: new.title,
            created_at: at,
            started_at: at,
            updated_at: at,
            jobs: vec![],
            artifacts: vec![],
            environments: vec![],
        };
        state.runs.insert(id, run);
        id
    }

    /// Changes a run, which then was updated now: at least a second after its last update.
    pub fn change_run(&self, repository: &str, run: i64, change: impl FnOnce(&mut RunState)) {
        let now = self.now().trunc_subsecs(0);
        self.automation_of(repository, |state| {
            if let Some(run) = state.runs.get_mut(&run) {
                run.updated_at = now.max(run.updated_at + TimeDelta::seconds(1));
                change(run);
            }
        });
    }

    /// Changes only the status and the conclusion of a run.
    pub fn set_run_status(
        &self,
        repository: &str,
        run: i64,
        status: &str,
        conclusion: Option<&str>,
    ) {
        self.change_run(repository, run, |run| {
            status.clone_into(&mut run.status);
            run.conclusion = conclusion.map(str::to_owned);
        });
    }

    /// Adds a job to a run, and returns its id.
    pub fn add_job(&self, repository: &str, run: i64, mut job: SimulatedJob) -> i64 {
        let mut world = lock(&self.shared.automation);
        job.id = world.fresh_id();
        let id = job.id;
        if let Some(run) = world.repository(repository).runs.get_mut(&run) {
            job.times.0 = job.times.0.or(Some(run.started_at));
            run.jobs.push(job);
        }
        id
    }

    /// Adds an artifact to a run.
    pub fn add_artifact(&self, repository: &str, run: i64, name: &str, bytes: i64) {
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        if let Some(run) = world.repository(repository).runs.get_mut(&run) {
            run.artifacts.push((id, name.to_owned(), bytes));
        }
    }

    /// Deletes a run.
    pub fn delete_run(&self, repository: &str, run: i64) {
        self.automation_of(repository, |state| state.runs.remove(&run));
    }

    /// The runs of a repository, oldest first.
    pub fn runs(&self, repository: &str) -> Vec<RunState> {
        self.automation_of(repository, |state| state.runs.values().cloned().collect())
    }

    /// The ids, names and paths of the workflows of a repository.
    pub fn workflows(&self, repository: &str) -> Vec<(i64, String, String)> {
        self.automation_of(repository, |state| {
            let all = state.workflows.iter();
            all.map(|one| (one.id, one.name.clone(), one.path.clone())).collect()
        })
    }

    /// Sets how many alerts of secret scanning are open; none disables it.
    pub fn set_secret_alerts(&self, repository: &str, alerts: Option<usize>) {
        self.automation_of(repository, |state| state.secret_alerts = alerts);
    }

    /// Adds a container package that belongs to a repository.
    pub fn add_package(&self, repository: &str, name: &str) {
        self.add_package_of("container", repository, name);
    }

    /// Adds a package of a type.
    pub fn add_package_of(&self, package_type: &'static str, repository: &str, name: &str) {
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        world.repository(repository).packages.push((id, package_type, name.to_owned()));
    }

    /// Adds a release; a draft if it is not published.
    pub fn add_release(&self, repository: &str, tag: &str, is_published: bool) {
        let now = self.now().trunc_subsecs(0);
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        world.repository(repository).releases.push(ReleaseState {
            id,
            tag: tag.to_owned(),
            created_at: now,
            published_at: is_published.then_some(now),
        });
    }

    /// Sets the status of a commit by another app: `success`, `failure`, `error` or `pending`.
    pub fn set_commit_status(&self, repository: &str, sha: &str, (context, state): (&str, &str)) {
        self.automation_of(repository, |state_of| {
            state_of.statuses.insert((sha.to_owned(), context.to_owned()), state.to_owned());
        });
    }

    /// One word for all checks of a commit, the worst of its runs and statuses; none without any.
    pub(in crate::simulator) fn rollup(&self, repository: &str, sha: &str) -> Option<Rollup> {
        self.automation_of(repository, |state| {
            let runs = state.runs.values().filter(|run| run.sha == sha).map(Rollup::of_run);
            let statuses = state.statuses.iter().filter(|((of, _), _)| of == sha);
            runs.chain(statuses.map(|(_, word)| Rollup::of_status(word))).max()
        })
    }

    /// Adds a deployment by a run.
    pub fn add_deployment(&self, repository: &str, run: i64, (environment, state): (&str, &str)) {
        let created_at = self.now().trunc_subsecs(0);
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        world.repository(repository).deployments.push(DeploymentState {
            id,
            environment: environment.to_owned(),
            state: state.to_owned(),
            run,
            created_at,
        });
    }

    /// Adds a check of another app on the newest commit.
    pub fn add_check(&self, repository: &str, name: &str, conclusion: Option<&str>) {
        let mut world = lock(&self.shared.automation);
        let id = world.fresh_id();
        let check = (id, name.to_owned(), conclusion.map(str::to_owned));
        world.repository(repository).checks.push(check);
    }

    /// Forbids requests of the REST API whose path contains a part, such as `/secret-scanning/`.
    pub fn forbid(&self, repository: &str, part: &'static str) {
        self.automation_of(repository, |state| state.forbidden.push(part));
    }

    /// How many responses of the REST API said that nothing changed.
    pub fn not_modified(&self) -> u64 {
        lock(&self.shared.automation).not_modified
    }
}
