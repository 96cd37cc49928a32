//! Stores what a sync or a webhook reports, with its activity and its events. Every function here runs in
//! the caller's transaction, which ends with [`Changes::events`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::automation::facts::{
    ActivityFacts, CheckFacts, DeploymentFacts, JobFacts, PackageFacts, PullRequestFacts,
    ReleaseFacts, RunFacts, WorkflowFacts,
};
use crate::domain::automation::pull_requests::AFTER_EVENT;
use crate::domain::automation::{ActivityType, Conclusion};
use crate::domain::events::{EventKind, Topic};
use crate::domain::{Actor, IssueId, PullRequestId, RepositoryId, WorkflowId};
use crate::service::Result;
use crate::service::board_events::{issue_event, resync_event};
use crate::store::automation::branches::BranchKey;
use crate::store::automation::pull_requests::ClosedIssue;
use crate::store::automation::{
    Activity, Deployment, PullRequest, Release, WorkflowRun, activity, branches, deployments, jobs,
    pull_requests, releases, runs, statistics, workflows,
};
use crate::store::event_log::NewEvent;
use crate::store::{Connection, Issue, Repository};

/// How many changes get an event each. If there are more, subscribers load the repository again.
const MOST_EVENTS: usize = 100;

/// What was stored.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Runs that are new or changed.
    pub runs: Vec<WorkflowRun>,
    /// What happened.
    activity: Vec<Activity>,
    /// Issues whose pull requests changed, each with its repository.
    issues: BTreeMap<IssueId, (Issue, Repository)>,
    /// Whether something else changed.
    others: bool,
}

impl Changes {
    /// Whether nothing was stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.activity.is_empty() && self.issues.is_empty() && !self.others
    }

    /// Notes that something changed that is neither a run nor an activity.
    pub(crate) fn note(&mut self, is_changed: bool) {
        self.others |= is_changed;
    }

    /// The events, to be appended last.
    pub(crate) fn events(&self, repository: RepositoryId, now: DateTime<Utc>) -> Vec<NewEvent> {
        let mut events = self.board_events(now);
        if self.runs.len() + self.activity.len() > MOST_EVENTS {
            events.push(event(EventKind::AutomationChanged, repository.0, now));
            return events;
        }
        let runs = self.runs.iter();
        events.extend(runs.map(|run| event(EventKind::WorkflowRunChanged, run.id.0, now)));
        let recorded = self.activity.iter();
        events.extend(recorded.map(|one| event(EventKind::ActivityRecorded, one.id.0, now)));
        if self.others {
            events.push(event(EventKind::AutomationChanged, repository.0, now));
        }
        events
    }

    /// The events of the board: a card shows the pull requests that close its issue.
    fn board_events(&self, now: DateTime<Utc>) -> Vec<NewEvent> {
        let actor = Actor::GitHub;
        if self.issues.len() > MOST_EVENTS {
            let reason = "The pull requests of many issues changed".to_owned();
            return vec![resync_event(reason, actor.actor_ref(), now)];
        }
        let changed = self.issues.values();
        changed
            .map(|(issue, of)| issue_event(Some(issue), issue, false, of, actor.actor_ref(), now))
            .collect()
    }

    async fn record(
        &mut self,
        connection: &mut Connection,
        repository: &Repository,
        facts: &[ActivityFacts],
    ) -> Result<()> {
        self.activity.append(&mut activity::record(connection, repository.id, facts).await?);
        Ok(())
    }
}

fn event(kind: EventKind, record: i64, at: DateTime<Utc>) -> NewEvent {
    let actor = Actor::GitHub;
    let actor = actor.actor_ref();
    NewEvent {
        topic: Topic::Automation,
        kind,
        at,
        actor: actor.name.to_owned(),
        actor_kind: actor.kind,
        issue_id: None,
        record_id: Some(record),
        before: None,
        after: None,
        reason: None,
    }
}

/// Stores workflows.
pub(super) async fn workflows(
    connection: &mut Connection,
    repository: &Repository,
    facts: &[WorkflowFacts],
    changes: &mut Changes,
) -> Result<()> {
    let written = workflows::write(connection, repository.id, facts).await?;
    changes.note(!written.is_empty());
    Ok(())
}

/// Stores runs, the newest run of each branch, and what happened. The checks of their pull requests are to
/// be read again.
pub(crate) async fn runs(
    connection: &mut Connection,
    repository: &Repository,
    (facts, now): (&[RunFacts], DateTime<Utc>),
    changes: &mut Changes,
) -> Result<()> {
    workflows::add_missing(connection, repository.id, facts).await?;
    let written = runs::write(connection, repository.id, facts).await?;
    if written.is_empty() {
        return Ok(());
    }
    let times: Vec<_> = written.iter().map(|run| (run.workflow_id, run.created_at)).collect();
    workflows::set_last_runs(connection, &times).await?;
    let keys: Vec<BranchKey> = written.iter().filter_map(branch_key).collect();
    branches::refresh(connection, &keys).await?;
    let happened: Vec<ActivityFacts> = written.iter().filter_map(run_activity).collect();
    changes.record(connection, repository, &happened).await?;
    // After the activity, which remembers what failed before it was run again.
    let mut workflows: Vec<WorkflowId> = written.iter().map(|run| run.workflow_id).collect();
    workflows.dedup();
    statistics::refresh(connection, &workflows).await?;
    let mut commits: Vec<&str> = written.iter().map(|run| run.head_sha.as_str()).collect();
    commits.sort_unstable();
    commits.dedup();
    pull_requests::mark_commits(connection, repository.id, (&commits, now + AFTER_EVENT)).await?;
    changes.runs.extend(written);
    Ok(())
}

/// The branch that a run belongs to; none for a tag.
pub(super) fn branch_key(run: &WorkflowRun) -> Option<BranchKey> {
    let is_pull_request = run.event.starts_with("pull_request");
    Some((run.workflow_id, run.branch.clone()?, is_pull_request))
}

fn run_activity(run: &WorkflowRun) -> Option<ActivityFacts> {
    let (id, attempt, number) = (run.github_id, run.run_attempt, run.run_number);
    let on = run.branch.as_deref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let name = &run.name;
    let (kind, key, what, at) = match (run.status.as_str(), run.completed_at) {
        ("completed", at) => {
            let conclusion = run.run_conclusion().unwrap_or(Conclusion::Unknown);
            let kind = match conclusion.is_failure() {
                true => ActivityType::WorkflowRunFailed,
                false => ActivityType::WorkflowRunCompleted,
            };
            let what = match conclusion {
                Conclusion::Success => "succeeded",
                Conclusion::Cancelled => "was cancelled",
                Conclusion::Skipped => "was skipped",
                Conclusion::TimedOut => "timed out",
                Conclusion::StartupFailure => "could not start",
                conclusion if conclusion.is_failure() => "failed",
                _ => "completed",
            };
            (kind, "completed", what, at.unwrap_or(run.updated_at))
        }
        ("in_progress", _) => {
            (ActivityType::WorkflowRunStarted, "started", "started", run.started_at)
        }
        _ => return None,
    };
    Some(ActivityFacts {
        kind: kind.as_str(),
        key: format!("run:{id}:{key}:{attempt}"),
        title: format!("{name} #{number} {what}{on}"),
        description: Some(run.title.clone()).filter(|title| !title.is_empty()),
        actor: run.actor.clone(),
        url: Some(run.html_url.clone()).filter(|url| !url.is_empty()),
        sha: Some(run.head_sha.clone()),
        branch: run.branch.clone(),
        status: run.conclusion.clone().or_else(|| Some(run.status.clone())),
        metadata: Some(json!({
            "runId": id.to_string(), "runNumber": number, "attempt": attempt, "event": run.event,
        })),
        run_id: Some(run.id.0),
        created_at: at,
    })
}

/// Stores jobs of a run.
pub(crate) async fn jobs(
    connection: &mut Connection,
    run: &WorkflowRun,
    facts: &[JobFacts],
    changes: &mut Changes,
) -> Result<()> {
    let current: Vec<JobFacts> =
        facts.iter().filter(|job| job.run_attempt >= run.run_attempt).cloned().collect();
    let written = jobs::write(connection, run.id, &current).await?;
    if let Some(attempt) = written.iter().map(|job| job.run_attempt).max() {
        jobs::delete_earlier(connection, run.id, attempt).await?;
        if !changes.runs.iter().any(|one| one.id == run.id) {
            changes.runs.push(run.clone());
        }
    }
    Ok(())
}

/// Stores releases, and those that were published.
pub(crate) async fn releases(
    connection: &mut Connection,
    repository: &Repository,
    facts: &[ReleaseFacts],
    changes: &mut Changes,
) -> Result<()> {
    let written = releases::write(connection, repository.id, facts).await?;
    changes.note(!written.is_empty());
    let published: Vec<ActivityFacts> = written.iter().filter_map(release_activity).collect();
    changes.record(connection, repository, &published).await
}

fn release_activity(release: &Release) -> Option<ActivityFacts> {
    let at = release.published_at?;
    let name = release.name.as_deref().unwrap_or(&release.tag_name);
    let kind = if release.prerelease { "Pre-release" } else { "Release" };
    Some(ActivityFacts {
        kind: ActivityType::ReleasePublished.as_str(),
        key: format!("release:{}:published", release.github_id),
        title: format!("{kind} {name} was published"),
        description: Some(release.tag_name.clone()),
        actor: release.author.clone(),
        url: Some(release.html_url.clone()),
        sha: None,
        branch: release.target_commit.clone(),
        status: None,
        metadata: None,
        run_id: None,
        created_at: at,
    })
}

/// Stores pull requests, and those that were opened or merged. `due_at` says when what only GraphQL returns
/// is to be read; none when it was read.
pub(crate) async fn pull_requests(
    connection: &mut Connection,
    repository: &Repository,
    (facts, due_at): (&[PullRequestFacts], Option<DateTime<Utc>>),
    changes: &mut Changes,
) -> Result<()> {
    let written = pull_requests::write(connection, repository.id, (facts, due_at)).await?;
    let linked = pull_requests::write_closed_issues(connection, repository.id, facts).await?;
    changed_pull_requests(connection, (&written, &linked), changes).await?;
    let happened: Vec<ActivityFacts> = written.iter().flat_map(pull_request_activity).collect();
    changes.record(connection, repository, &happened).await
}

/// Closes the pull requests that GitHub does not list as open.
pub(super) async fn unlisted_pull_requests(
    connection: &mut Connection,
    repository: &Repository,
    (listed, now): (&[i32], DateTime<Utc>),
    changes: &mut Changes,
) -> Result<()> {
    let closed = pull_requests::close_unlisted(connection, repository.id, (listed, now)).await?;
    changed_pull_requests(connection, (&closed, &[]), changes).await
}

/// Notes the issues that show pull requests which changed, and those that others close now.
async fn changed_pull_requests(
    connection: &mut Connection,
    (changed, linked): (&[PullRequest], &[ClosedIssue]),
    changes: &mut Changes,
) -> Result<()> {
    changes.note(!changed.is_empty() || !linked.is_empty());
    let ids: Vec<PullRequestId> = changed.iter().map(|row| row.id).collect();
    let issues = pull_requests::issues_on_board(connection, &ids, linked).await?;
    changes.issues.extend(issues.into_iter().map(|found| (found.0.id, found)));
    Ok(())
}

fn pull_request_activity(pull_request: &PullRequest) -> Vec<ActivityFacts> {
    let number = pull_request.number;
    let happened = |kind: ActivityType, key: &str, what: &str, at| ActivityFacts {
        kind: kind.as_str(),
        key: format!("pull_request:{number}:{key}"),
        title: format!("Pull request #{number} was {what}"),
        description: Some(pull_request.title.clone()),
        actor: pull_request.author.clone(),
        url: Some(pull_request.html_url.clone()),
        sha: Some(pull_request.head_sha.clone()),
        branch: Some(pull_request.branch.clone()),
        status: Some(pull_request.state.clone()),
        metadata: None,
        run_id: None,
        created_at: at,
    };
    let opened =
        happened(ActivityType::PullRequestOpened, "opened", "opened", pull_request.created_at);
    let merged = pull_request.merged_at.map(|at| {
        let base = format!("merged into {}", pull_request.base_branch);
        happened(ActivityType::PullRequestMerged, "merged", &base, at)
    });
    std::iter::once(opened).chain(merged).collect()
}

/// Stores checks of other apps.
pub(crate) async fn checks(
    connection: &mut Connection,
    repository: &Repository,
    facts: &[CheckFacts],
    changes: &mut Changes,
) -> Result<()> {
    let written = deployments::write_checks(connection, repository.id, facts).await?;
    changes.note(!written.is_empty());
    Ok(())
}

/// Stores packages.
pub(crate) async fn packages(
    connection: &mut Connection,
    repository: &Repository,
    facts: &[PackageFacts],
    changes: &mut Changes,
) -> Result<()> {
    let written = releases::write_packages(connection, repository.id, facts).await?;
    changes.note(!written.is_empty());
    Ok(())
}

/// Stores deployments, and those that reached a final state.
pub(crate) async fn deployments(
    connection: &mut Connection,
    repository: &Repository,
    facts: &[DeploymentFacts],
    changes: &mut Changes,
) -> Result<()> {
    let written = deployments::write(connection, repository.id, facts).await?;
    changes.note(!written.is_empty());
    let happened: Vec<ActivityFacts> = written.iter().filter_map(deployment_activity).collect();
    changes.record(connection, repository, &happened).await
}

fn deployment_activity(deployment: &Deployment) -> Option<ActivityFacts> {
    let what = match deployment.state.as_str() {
        "success" | "active" => "succeeded",
        "failure" | "error" => "failed",
        _ => return None,
    };
    Some(ActivityFacts {
        kind: ActivityType::Deployment.as_str(),
        key: format!("deployment:{}:{what}", deployment.github_id),
        title: format!("Deployment to {} {what}", deployment.environment),
        description: Some(deployment.git_ref.clone()).filter(|text| !text.is_empty()),
        actor: deployment.creator.clone(),
        url: deployment.url.clone(),
        sha: Some(deployment.sha.clone()),
        branch: Some(deployment.git_ref.clone()),
        status: Some(deployment.state.clone()),
        metadata: None,
        run_id: None,
        created_at: deployment.updated_at,
    })
}

/// Records that a sync found changes.
pub(super) async fn sync_completed(
    connection: &mut Connection,
    repository: &Repository,
    (sync, title): (i64, String),
    at: DateTime<Utc>,
    changes: &mut Changes,
) -> Result<()> {
    let fact = ActivityFacts {
        kind: ActivityType::SyncCompleted.as_str(),
        key: format!("sync:{sync}"),
        title,
        description: None,
        actor: None,
        url: None,
        sha: None,
        branch: None,
        status: Some("completed".to_owned()),
        metadata: None,
        run_id: None,
        created_at: at,
    };
    changes.record(connection, repository, &[fact]).await
}

/// Deletes a run that GitHub no longer has.
pub(crate) async fn forget_run(
    connection: &mut Connection,
    run: &WorkflowRun,
    changes: &mut Changes,
) -> Result<()> {
    changes.note(runs::delete(connection, run.id).await? > 0);
    let key: Vec<BranchKey> = branch_key(run).into_iter().collect();
    branches::refresh(connection, &key).await?;
    statistics::refresh(connection, &[run.workflow_id]).await?;
    Ok(())
}
