//! Reads the automation data of one repository from GitHub, with conditional requests. Nothing is stored
//! here.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::FullName;
use crate::domain::automation::facts::{
    CheckFacts, CommitFacts, DeploymentFacts, PackageFacts, PullRequestFacts, ReleaseFacts,
    RunFacts, WorkflowFacts,
};
use crate::domain::automation::{AutomationPart, Etags};
use crate::github::{self, Client, Fetched, PullRequestList, ReadList};
use crate::service::{App, Result};
use crate::store::Repository;

/// Of how many environments the newest deployment's state is read.
const MOST_ENVIRONMENTS: usize = 10;

/// The types of packages, each of which GitHub lists apart.
const PACKAGE_TYPES: [&str; 6] = ["container", "npm", "maven", "rubygems", "nuget", "docker"];

/// How many packages of a repository are read.
const MOST_PACKAGES: usize = 30;

/// How many pages of a hundred runs the first sync reads.
const FIRST_PAGES: u32 = 10;

/// Which parts are read besides the runs. A timed sync reads a third of them, so that it sends at most four
/// requests of a repository where nothing changed; three of them in a row read everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// All.
    All,
    /// Workflows, their files, and alerts.
    Workflows,
    /// The newest commit, releases and pull requests.
    Repository,
    /// Deployments, and checks of other apps.
    Deployments,
}

impl Parts {
    /// The parts of a timed sync: another third each time.
    pub(super) fn at(now: DateTime<Utc>, interval: Duration) -> Self {
        let seconds = i64::try_from(interval.as_secs()).unwrap_or(i64::MAX).max(1);
        match (now.timestamp() / seconds) % 3 {
            0 => Self::Workflows,
            1 => Self::Repository,
            _ => Self::Deployments,
        }
    }

    fn include(self, part: Self) -> bool {
        self == Self::All || self == part
    }
}

/// What was read of a repository. What is none is unchanged or could not be read.
#[derive(Debug, Default)]
pub(super) struct RepositoryReading {
    /// The workflows.
    pub workflows: Option<Vec<WorkflowFacts>>,
    /// The newest runs.
    pub runs: Option<Vec<RunFacts>>,
    /// The paths and blobs of workflow files.
    pub files: Option<Vec<(String, String)>>,
    /// How many alerts of secret scanning are open.
    pub secret_alerts: Option<i32>,
    /// The newest commit of the default branch.
    pub commit: Option<Vec<CommitFacts>>,
    /// The newest releases.
    pub releases: Option<Vec<ReleaseFacts>>,
    /// The open pull requests.
    pub pull_requests: Option<ReadList<PullRequestFacts>>,
    /// Open pull requests and those that ended last, with what only GraphQL returns.
    pub pull_request_details: Option<PullRequestList>,
    /// The newest deployments.
    pub deployments: Option<Vec<DeploymentFacts>>,
    /// The checks of other apps on the newest commit.
    pub checks: Option<Vec<CheckFacts>>,
    /// The packages of the owner that belong to the repository.
    pub packages: Option<Vec<PackageFacts>>,
    /// Parts that the token may not read.
    pub missing: BTreeSet<&'static str>,
    /// When reading began.
    pub began_at: DateTime<Utc>,
    /// The `ETags` for the next sync.
    pub etags: Etags,
    /// How many requests were sent.
    pub requests: u32,
    /// How many items could not be read.
    pub unreadable: usize,
}

/// What is known of a repository before it is read.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownState {
    /// The `ETags` of the last requests.
    pub etags: Etags,
    /// When the newest stored run was created.
    pub newest_run: Option<DateTime<Utc>>,
    /// The newest stored commit.
    pub sha: Option<String>,
}

/// Reads what changed since the requests with the known `ETags`.
///
/// # Errors
///
/// When GitHub does not respond, limits, or does not have the repository. A part that the token may not
/// read is no error.
pub(super) async fn read(
    app: &App,
    repository: &Repository,
    known: &KnownState,
    parts: Parts,
) -> Result<RepositoryReading> {
    let github = app.github.for_owner(repository.full_name.owner());
    let began_at = app.clock.now();
    let etags = known.etags.clone();
    let mut reading = RepositoryReading { began_at, etags, ..RepositoryReading::default() };
    let name = &repository.full_name;
    let runs = read_runs(&github, name, reading.etag("runs"), known.newest_run).await;
    reading.runs = reading.list("runs", AutomationPart::Actions, runs)?;
    if parts.include(Parts::Workflows) {
        read_workflows(&github, name, &mut reading).await?;
    }
    if parts.include(Parts::Repository) {
        read_repository(&github, name, &mut reading).await?;
    }
    if parts.include(Parts::Deployments) {
        let newest = reading.commit.as_ref().and_then(|commits| Some(commits.first()?.sha.clone()));
        let sha = newest.or_else(|| known.sha.clone());
        read_deployments(&github, name, sha.as_deref(), &mut reading).await?;
    }
    if parts == Parts::All {
        read_pull_request_details(&github, name, &mut reading).await?;
        read_packages(&github, name, &mut reading).await?;
    }
    Ok(reading)
}

async fn read_workflows(
    github: &Client,
    name: &FullName,
    reading: &mut RepositoryReading,
) -> Result<()> {
    let (workflows, files, alerts) = futures_util::join!(
        github.workflows(name, reading.etag("workflows")),
        github.workflow_files(name, reading.etag("files")),
        github.open_secret_alerts(name, reading.etag("secret_alerts")),
    );
    reading.workflows = reading.list("workflows", AutomationPart::Actions, workflows)?;
    reading.files = reading.list("files", AutomationPart::Contents, files)?;
    reading.secret_alerts = match alerts {
        // It is not enabled there.
        Err(github::Error::NotFound { .. }) => {
            reading.requests += 1;
            None
        }
        alerts => reading.part("secret_alerts", AutomationPart::SecretScanning, alerts)?,
    };
    Ok(())
}

async fn read_repository(
    github: &Client,
    name: &FullName,
    reading: &mut RepositoryReading,
) -> Result<()> {
    let (commit, releases, pull_requests) = futures_util::join!(
        github.latest_commit(name, reading.etag("commit")),
        github.releases(name, reading.etag("releases")),
        github.open_pull_requests(name, reading.etag("pull_requests")),
    );
    reading.commit = reading.list("commit", AutomationPart::Contents, commit)?;
    reading.releases = reading.list("releases", AutomationPart::Contents, releases)?;
    let part = AutomationPart::PullRequests;
    reading.pull_requests = reading.part("pull_requests", part, pull_requests)?;
    reading.unreadable += reading.pull_requests.as_ref().map_or(0, |list| list.unreadable);
    Ok(())
}

/// Reads checks, reviews and closed issues of pull requests. In other syncs they are read once they are
/// marked.
async fn read_pull_request_details(
    github: &Client,
    name: &FullName,
    reading: &mut RepositoryReading,
) -> Result<()> {
    let part = AutomationPart::PullRequests;
    let list = match super::pull_requests::read_all(github, name).await {
        Ok(list) => list,
        Err(github::Error::Refused { is_forbidden: true, .. }) => {
            reading.requests += 1;
            reading.missing.insert(part.as_str());
            return Ok(());
        }
        // An older GitHub Enterprise may lack a field: the lists over REST remain.
        Err(error @ (github::Error::Refused { .. } | github::Error::Unintelligible { .. })) => {
            tracing::warn!(repository = %name, %error, "checks of pull requests cannot be read");
            reading.requests += 1;
            reading.unreadable += 1;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    reading.requests += list.requests;
    reading.unreadable += list.unreadable;
    if list.lacks_checks {
        reading.missing.insert(AutomationPart::Checks.as_str());
    }
    reading.pull_request_details = Some(list);
    Ok(())
}

async fn read_deployments(
    github: &Client,
    name: &FullName,
    sha: Option<&str>,
    reading: &mut RepositoryReading,
) -> Result<()> {
    let deployments = github.deployments(name, reading.etag("deployments")).await;
    let deployments = reading.list("deployments", AutomationPart::Deployments, deployments)?;
    if let Some(found) = deployments {
        let mut environments = BTreeSet::new();
        let mut all = Vec::new();
        for deployment in found {
            // The list has no states: they are read for the newest of each environment.
            let is_newest = environments.len() < MOST_ENVIRONMENTS
                && environments.insert(deployment.environment.clone());
            all.push(match is_newest {
                true => {
                    reading.requests += 1;
                    github.with_status(name, deployment).await?
                }
                false => deployment,
            });
        }
        reading.deployments = Some(all);
    }
    if let Some(sha) = sha {
        let request = format!("checks:{sha}");
        let checks = github.checks(name, (sha, reading.etag(&request))).await;
        reading.etags.0.retain(|name, _| !name.starts_with("checks:") || *name == request);
        reading.checks = reading.list(&request, AutomationPart::Checks, checks)?;
    }
    Ok(())
}

/// Reads the packages of the owner that belong to the repository. GitHub lists each type apart.
async fn read_packages(
    github: &Client,
    name: &FullName,
    reading: &mut RepositoryReading,
) -> Result<()> {
    let owner = name.owner();
    let is_organization = match github.is_organization(owner).await {
        Ok(is_organization) => is_organization,
        Err(github::Error::NotFound { .. } | github::Error::Refused { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    reading.requests += 1;
    let of = (owner, is_organization);
    let mut found = Vec::new();
    for package_type in PACKAGE_TYPES {
        let request = format!("packages:{package_type}");
        match github.packages(of, package_type, reading.etag(&request)).await {
            // The owner has no registry of this type.
            Err(github::Error::NotFound { .. }) => {}
            packages => {
                let list = reading.list(&request, AutomationPart::Packages, packages)?;
                found.extend(list.into_iter().flatten());
            }
        }
        if reading.missing.contains(AutomationPart::Packages.as_str()) {
            break;
        }
    }
    let own = found.into_iter().filter(|(repository, _)| {
        repository.as_ref().is_some_and(|full_name| full_name.eq_ignore_ascii_case(name.as_str()))
    });
    let mut all = Vec::new();
    for (_, mut package) in own.take(MOST_PACKAGES) {
        reading.requests += 1;
        if let Ok(Some((version, tags))) = github.newest_version(of, &package).await {
            (package.latest_version, package.latest_tags) = (Some(version), tags);
        }
        all.push(package);
    }
    reading.packages = Some(all);
    Ok(())
}

/// Reads the newest runs: one page, or more when that does not reach back to the newest stored run.
async fn read_runs(
    github: &Client,
    name: &FullName,
    etag: Option<&str>,
    newest: Option<DateTime<Utc>>,
) -> std::result::Result<Fetched<ReadList<RunFacts>>, github::Error> {
    let pages = if newest.is_none() { FIRST_PAGES } else { 1 };
    let first = github.runs(name, (etag, pages)).await?;
    match &first {
        Fetched::Changed { data, .. } if data.has_more => {
            let oldest = data.items.iter().map(|run| run.created_at).min();
            let is_gap = newest.zip(oldest).is_some_and(|(newest, oldest)| oldest > newest);
            if is_gap { github.runs(name, (None, FIRST_PAGES)).await } else { Ok(first) }
        }
        _ => Ok(first),
    }
}

impl RepositoryReading {
    fn etag(&self, request: &str) -> Option<&str> {
        self.etags.0.get(request).map(String::as_str)
    }

    fn list<T>(
        &mut self,
        request: &str,
        part: AutomationPart,
        fetched: std::result::Result<Fetched<ReadList<T>>, github::Error>,
    ) -> Result<Option<Vec<T>>> {
        let list = self.part(request, part, fetched)?;
        Ok(list.map(|list| {
            self.unreadable += list.unreadable;
            list.items
        }))
    }

    fn part<T>(
        &mut self,
        request: &str,
        part: AutomationPart,
        fetched: std::result::Result<Fetched<T>, github::Error>,
    ) -> Result<Option<T>> {
        match fetched {
            Ok(Fetched::Unchanged) => {
                self.requests += 1;
                Ok(None)
            }
            Ok(Fetched::Changed { data, etag, requests }) => {
                self.requests += requests;
                match etag {
                    Some(etag) => self.etags.0.insert(request.to_owned(), etag),
                    None => self.etags.0.remove(request),
                };
                Ok(Some(data))
            }
            Err(github::Error::Refused { is_forbidden: true, .. }) => {
                self.requests += 1;
                self.missing.insert(part.as_str());
                self.etags.0.remove(request);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
