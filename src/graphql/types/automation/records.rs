//! Releases, packages, pull requests, checks and deployments.

use std::sync::Arc;

use async_graphql::{Enum, Object};

use crate::domain::automation::{Conclusion, RunStatus};
use crate::domain::{CheckRunId, DeploymentId, PackageId, PullRequestId, ReleaseId, Timestamp};
use crate::store::automation as store;

/// As it is stored.
#[derive(Debug)]
pub(super) struct Release(pub(super) Arc<store::Release>);

/// A release.
#[Object]
impl Release {
    /// Opaque.
    async fn id(&self) -> ReleaseId {
        self.0.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.0.github_id.to_string()
    }

    /// Its tag.
    async fn tag_name(&self) -> &str {
        &self.0.tag_name
    }

    /// Its name; null without one.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether it is a draft.
    async fn is_draft(&self) -> bool {
        self.0.draft
    }

    /// Whether it is marked as not ready for production.
    async fn is_prerelease(&self) -> bool {
        self.0.prerelease
    }

    /// The branch or commit that its tag is made of.
    async fn target_commit(&self) -> Option<&str> {
        self.0.target_commit.as_deref()
    }

    /// The GitHub login of its author.
    async fn author(&self) -> Option<&str> {
        self.0.author.as_deref()
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.0.html_url
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.0.created_at)
    }

    /// When it was published; null while it is a draft.
    async fn published_at(&self) -> Option<Timestamp> {
        self.0.published_at.map(Timestamp)
    }
}

/// As it is stored.
#[derive(Debug)]
pub(super) struct Package(pub(super) Arc<store::Package>);

/// A package of the repository's owner that belongs to the repository.
#[Object]
impl Package {
    /// Opaque.
    async fn id(&self) -> PackageId {
        self.0.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.0.github_id.to_string()
    }

    /// GitHub's word: `container`, `npm`, `maven`, `nuget`, `rubygems`, `docker` and others.
    async fn package_type(&self) -> &str {
        &self.0.package_type
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// GitHub's word: `public`, `private` or `internal`.
    async fn visibility(&self) -> &str {
        &self.0.visibility
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.0.html_url
    }

    /// The number of its versions.
    async fn versions_count(&self) -> i32 {
        self.0.version_count
    }

    /// The name of its newest version, for a container a digest; null when it is not known.
    async fn latest_version(&self) -> Option<&str> {
        self.0.latest_version.as_deref()
    }

    /// The tags of that version.
    async fn latest_tags(&self) -> &[String] {
        &self.0.latest_tags
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        Timestamp(self.0.updated_at)
    }
}

/// Whether a pull request is open, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql::types) enum PullRequestState {
    /// It is open.
    Open,
    /// It was closed and not merged.
    Closed,
    /// It was merged.
    Merged,
}

impl PullRequestState {
    /// The state of a pull request.
    pub(in crate::graphql::types) fn of(row: &store::PullRequest) -> Self {
        match row.state.as_str() {
            "merged" => Self::Merged,
            "closed" => Self::Closed,
            _ => Self::Open,
        }
    }
}

/// As it is stored.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct PullRequest(pub(in crate::graphql) Arc<store::PullRequest>);

/// A pull request.
#[Object]
impl PullRequest {
    /// Opaque.
    async fn id(&self) -> PullRequestId {
        self.0.id
    }

    /// Its number in the repository.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.0.html_url
    }

    /// Whether it is open, and how it ended.
    async fn state(&self) -> PullRequestState {
        PullRequestState::of(&self.0)
    }

    /// Whether it is a draft.
    async fn is_draft(&self) -> bool {
        self.0.is_draft
    }

    /// The GitHub login of its author; null when the account was deleted.
    async fn author(&self) -> Option<&str> {
        self.0.author.as_deref()
    }

    /// Its branch.
    async fn branch(&self) -> &str {
        &self.0.branch
    }

    /// The branch that it is to be merged into.
    async fn base_branch(&self) -> &str {
        &self.0.base_branch
    }

    /// Its newest commit.
    async fn head_sha(&self) -> &str {
        &self.0.head_sha
    }

    /// GitHub's word: `APPROVED`, `CHANGES_REQUESTED` or `REVIEW_REQUIRED`; null when no review is
    /// required.
    async fn review_decision(&self) -> Option<&str> {
        self.0.review_decision.as_deref()
    }

    /// GitHub's word for all checks of its newest commit: `SUCCESS`, `FAILURE`, `ERROR`, `PENDING` or
    /// `EXPECTED`; null without checks, and until they are read after a push.
    async fn check_state(&self) -> Option<&str> {
        self.0.check_state.as_deref()
    }

    /// GitHub's word: `MERGEABLE`, `CONFLICTING` or `UNKNOWN`; null until it is read after a push.
    async fn mergeable(&self) -> Option<&str> {
        self.0.mergeable.as_deref()
    }

    /// When it was opened.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        Timestamp(self.0.updated_at)
    }

    /// When it was merged; null when it was not.
    async fn merged_at(&self) -> Option<Timestamp> {
        self.0.merged_at.map(Timestamp)
    }

    /// When it was closed; null while it is open.
    async fn closed_at(&self) -> Option<Timestamp> {
        self.0.closed_at.map(Timestamp)
    }
}

/// As it is stored.
#[derive(Debug)]
pub(super) struct CheckRun(pub(super) Arc<store::CheckRun>);

/// A check that an app other than GitHub Actions reports.
#[Object]
impl CheckRun {
    /// Opaque.
    async fn id(&self) -> CheckRunId {
        self.0.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.0.github_id.to_string()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name of the app; null when GitHub does not say.
    async fn app(&self) -> Option<&str> {
        self.0.app.as_deref()
    }

    /// The commit.
    async fn head_sha(&self) -> &str {
        &self.0.head_sha
    }

    /// How far it is.
    async fn status(&self) -> RunStatus {
        RunStatus::read(&self.0.status)
    }

    /// Its result; null until it is completed.
    async fn conclusion(&self) -> Option<Conclusion> {
        self.0.conclusion.as_deref().map(Conclusion::read)
    }

    /// Its page.
    async fn url(&self) -> &str {
        &self.0.html_url
    }

    /// When it started; null until then.
    async fn started_at(&self) -> Option<Timestamp> {
        self.0.started_at.map(Timestamp)
    }

    /// When it completed; null until then.
    async fn completed_at(&self) -> Option<Timestamp> {
        self.0.completed_at.map(Timestamp)
    }
}

/// As it is stored.
#[derive(Debug)]
pub(super) struct Deployment(pub(super) Arc<store::Deployment>);

/// A deployment to an environment.
#[Object]
impl Deployment {
    /// Opaque.
    async fn id(&self) -> DeploymentId {
        self.0.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.0.github_id.to_string()
    }

    /// The environment.
    async fn environment(&self) -> &str {
        &self.0.environment
    }

    /// The branch, tag or commit that was deployed.
    #[graphql(name = "ref")]
    async fn git_ref(&self) -> &str {
        &self.0.git_ref
    }

    /// The commit.
    async fn sha(&self) -> &str {
        &self.0.sha
    }

    /// GitHub's word in lower case: `success`, `failure`, `in_progress`, `waiting`, `inactive` and
    /// others.
    async fn state(&self) -> &str {
        &self.0.state
    }

    /// The GitHub login of who deployed.
    async fn creator(&self) -> Option<&str> {
        self.0.creator.as_deref()
    }

    /// The page of its log, or of what was deployed; null without one.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// GitHub's id of the run that deployed, a 64-bit number; null when no run did.
    async fn workflow_run_github_id(&self) -> Option<String> {
        self.0.run_github_id.map(|id| id.to_string())
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        Timestamp(self.0.updated_at)
    }
}
