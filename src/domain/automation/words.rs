//! Words of GitHub for runs and jobs, and ours for activity. A word of GitHub that is not known yet is
//! stored as it is and read as unknown.

use crate::domain::sql_enum::text_enum;

text_enum! {
    /// How far a run or a job is.
    #[derive(async_graphql::Enum)]
    #[graphql(name = "WorkflowRunStatus")]
    RunStatus,
    /// It was requested and is not queued yet.
    Requested = "requested",
    /// It waits for a runner.
    Queued = "queued",
    /// It waits for its concurrency group.
    Pending = "pending",
    /// It waits for a protection rule of an environment.
    Waiting = "waiting",
    /// It runs.
    InProgress = "in_progress",
    /// It is completed, with a conclusion.
    Completed = "completed",
    /// GitHub uses a word that is not known yet.
    Unknown = "unknown",
}

text_enum! {
    /// The result of a completed run or job.
    #[derive(async_graphql::Enum)]
    #[graphql(name = "WorkflowRunConclusion")]
    Conclusion,
    /// It succeeded.
    Success = "success",
    /// It failed.
    Failure = "failure",
    /// It took longer than it may.
    TimedOut = "timed_out",
    /// It could not start; often its file is malformed.
    StartupFailure = "startup_failure",
    /// Somebody or a newer run cancelled it.
    Cancelled = "cancelled",
    /// Its conditions were not met.
    Skipped = "skipped",
    /// It neither succeeded nor failed.
    Neutral = "neutral",
    /// It needs a person.
    ActionRequired = "action_required",
    /// GitHub gave up on it.
    Stale = "stale",
    /// GitHub uses a word that is not known yet.
    Unknown = "unknown",
}

impl RunStatus {
    /// Reads a word of GitHub.
    pub fn read(word: &str) -> Self {
        word.parse().unwrap_or(Self::Unknown)
    }
}

impl Conclusion {
    /// Reads a word of GitHub.
    pub fn read(word: &str) -> Self {
        word.parse().unwrap_or(Self::Unknown)
    }

    /// Whether it makes a branch red.
    pub fn is_failure(self) -> bool {
        FAILURES.contains(&self.as_str())
    }

    /// Whether it tells that the commit is good or bad. Others, such as a cancellation, leave the branch
    /// as it was.
    pub fn is_verdict(self) -> bool {
        self == Self::Success || self.is_failure()
    }
}

/// The conclusions that make a branch red.
pub const FAILURES: &[&str] = &["failure", "timed_out", "startup_failure"];

text_enum! {
    /// What happened in a repository.
    #[derive(async_graphql::Enum)]
    ActivityType,
    /// A run of a workflow started.
    WorkflowRunStarted = "workflow_run_started",
    /// A run completed and did not fail.
    WorkflowRunCompleted = "workflow_run_completed",
    /// A run failed.
    WorkflowRunFailed = "workflow_run_failed",
    /// A release was published.
    ReleasePublished = "release_published",
    /// A pull request was opened.
    PullRequestOpened = "pr_opened",
    /// A pull request was merged.
    PullRequestMerged = "pr_merged",
    /// A deployment reached its newest state.
    Deployment = "deployment",
    /// A sync of the repository's automation data completed.
    SyncCompleted = "sync_completed",
}

text_enum! {
    /// A part of the automation data that needs a permission of its own.
    #[derive(async_graphql::Enum)]
    AutomationPart,
    /// Workflows, runs, jobs and artifacts.
    Actions = "actions",
    /// Workflow files, commits and releases.
    Contents = "contents",
    /// Pull requests.
    PullRequests = "pull_requests",
    /// Check runs of other apps.
    Checks = "checks",
    /// Deployments and environments.
    Deployments = "deployments",
    /// Packages of the owner.
    Packages = "packages",
    /// Alerts of secret scanning.
    SecretScanning = "secret_scanning",
}

impl AutomationPart {
    /// The permission of a token that it needs, as GitHub names it.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Actions => "Actions: read (workflow files: Contents: read)",
            Self::Contents => "Contents: read",
            Self::PullRequests => "Pull requests: read",
            Self::Checks => "Checks: read",
            Self::Deployments => "Deployments: read",
            Self::Packages => "read:packages (classic token)",
            Self::SecretScanning => "Secret scanning alerts: read",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_no_error_and_no_verdict() {
        assert_eq!(RunStatus::read("of_the_future"), RunStatus::Unknown);
        assert_eq!(Conclusion::read("of_the_future"), Conclusion::Unknown);
        assert!(!Conclusion::Unknown.is_verdict());
    }

    #[test]
    fn only_success_and_failures_are_verdicts() {
        let verdicts: Vec<_> = Conclusion::ALL.into_iter().filter(|one| one.is_verdict()).collect();
        assert_eq!(verdicts.len(), FAILURES.len() + 1);
        assert!(FAILURES.iter().all(|word| Conclusion::read(word).is_failure()));
    }
}
