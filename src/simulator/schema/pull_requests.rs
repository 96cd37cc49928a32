//! Pull requests, with their reviews, checks and the issues that they close.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::actors::Actor;
use super::nodes::{Issue, IssueConnection, PageInfo};
use super::pages::{cursor, position, size};
use super::scalars::{DateTime, GitObjectId, Uri};
use super::{full_name, simulator, whole};
use crate::simulator::automation::Rollup;
use crate::simulator::objects::ReviewDecision;
use crate::simulator::world::{self, Slot};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum PullRequestState {
    Open,
    Closed,
    Merged,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum PullRequestReviewDecision {
    Approved,
    ChangesRequested,
    ReviewRequired,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum MergeableState {
    Conflicting,
    Mergeable,
    Unknown,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusState {
    Error,
    Expected,
    Failure,
    Pending,
    Success,
}

pub(super) struct PullRequest {
    pub slot: Slot,
    pub pull_request: Arc<world::Issue>,
}

/// Whether a pull request is open, and how it ended.
pub(super) fn state_of(pull_request: &world::Issue) -> PullRequestState {
    match (pull_request.closed_at, pull_request.pull_request.merged_at) {
        (None, _) => PullRequestState::Open,
        (Some(_), None) => PullRequestState::Closed,
        (Some(_), Some(_)) => PullRequestState::Merged,
    }
}

#[Object]
impl PullRequest {
    pub(super) async fn id(&self) -> ID {
        ID(self.pull_request.id.clone())
    }

    async fn number(&self) -> i32 {
        whole(self.pull_request.number)
    }

    async fn title(&self) -> &str {
        &self.pull_request.title
    }

    async fn url(&self, ctx: &Context<'_>) -> Uri {
        let repository = full_name(&simulator(ctx).world(), self.slot);
        Uri(format!("https://github.example/{repository}/pull/{}", self.pull_request.number))
    }

    async fn state(&self) -> PullRequestState {
        state_of(&self.pull_request)
    }

    async fn is_draft(&self) -> bool {
        self.pull_request.pull_request.is_draft
    }

    async fn author(&self, ctx: &Context<'_>) -> Option<Actor> {
        let login = self.pull_request.author.clone()?;
        Some(Actor::new(simulator(ctx).world().account(&login), login))
    }

    async fn head_ref_name(&self) -> &str {
        &self.pull_request.pull_request.branch
    }

    async fn head_ref_oid(&self) -> GitObjectId {
        GitObjectId(self.pull_request.pull_request.head_sha.clone())
    }

    async fn base_ref_name(&self) -> &'static str {
        "main"
    }

    async fn review_decision(&self) -> Option<PullRequestReviewDecision> {
        Some(match self.pull_request.pull_request.review? {
            ReviewDecision::Approved => PullRequestReviewDecision::Approved,
            ReviewDecision::ChangesRequested => PullRequestReviewDecision::ChangesRequested,
            ReviewDecision::ReviewRequired => PullRequestReviewDecision::ReviewRequired,
        })
    }

    async fn mergeable(&self) -> MergeableState {
        match self.pull_request.pull_request.is_mergeable {
            Some(true) => MergeableState::Mergeable,
            Some(false) => MergeableState::Conflicting,
            None => MergeableState::Unknown,
        }
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.pull_request.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.pull_request.updated_at)
    }

    async fn merged_at(&self) -> Option<DateTime> {
        self.pull_request.pull_request.merged_at.map(DateTime)
    }

    async fn closed_at(&self) -> Option<DateTime> {
        self.pull_request.closed_at.map(DateTime)
    }

    async fn closing_issues_references(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
    ) -> Option<IssueConnection> {
        let world = simulator(ctx).world();
        let repository = world.repository(self.slot)?;
        let found = self.pull_request.closes.iter().filter_map(|number| {
            let issue = Arc::clone(repository.issues.get(number)?);
            Some(Issue { slot: self.slot, issue })
        });
        Some(IssueConnection::listing(self.slot, found.collect(), first))
    }

    /// The simulator knows the newest commit only.
    async fn commits(&self, last: Option<i32>) -> PullRequestCommitConnection {
        let sha = self.pull_request.pull_request.head_sha.clone();
        let newest = PullRequestCommit(Commit { slot: self.slot, sha });
        let nodes = std::iter::once(Some(newest)).take(size(last));
        PullRequestCommitConnection { nodes: Some(nodes.collect()) }
    }

    pub(super) async fn viewer_can_label(&self) -> bool {
        true
    }
}

#[derive(SimpleObject)]
pub(super) struct PullRequestCommitConnection {
    nodes: Option<Vec<Option<PullRequestCommit>>>,
}

/// A commit of a pull request.
pub(super) struct PullRequestCommit(Commit);

#[Object]
impl PullRequestCommit {
    pub(super) async fn id(&self) -> ID {
        ID(format!("PRC_{}", self.0.sha))
    }

    async fn commit(&self) -> Commit {
        self.0.clone()
    }
}

#[derive(Clone)]
pub(super) struct Commit {
    slot: Slot,
    sha: String,
}

#[Object]
impl Commit {
    pub(super) async fn id(&self) -> ID {
        ID(format!("C_{}", self.sha))
    }

    async fn status_check_rollup(&self, ctx: &Context<'_>) -> Option<StatusCheckRollup> {
        let repository = full_name(&simulator(ctx).world(), self.slot);
        let state = match simulator(ctx).rollup(&repository, &self.sha)? {
            Rollup::Success => StatusState::Success,
            Rollup::Pending => StatusState::Pending,
            Rollup::Error => StatusState::Error,
            Rollup::Failure => StatusState::Failure,
        };
        Some(StatusCheckRollup { sha: self.sha.clone(), state })
    }
}

pub(super) struct StatusCheckRollup {
    sha: String,
    state: StatusState,
}

#[Object]
impl StatusCheckRollup {
    pub(super) async fn id(&self) -> ID {
        ID(format!("SCR_{}", self.sha))
    }

    async fn state(&self) -> StatusState {
        self.state
    }
}

#[derive(SimpleObject)]
pub(super) struct PullRequestConnection {
    total_count: i32,
    nodes: Option<Vec<Option<PullRequest>>>,
    page_info: PageInfo,
}

impl PullRequestConnection {
    /// A page of a list that has the one that changed last first.
    pub(super) fn listing(
        slot: Slot,
        all: Vec<Arc<world::Issue>>,
        (first, after): (Option<i32>, Option<&str>),
    ) -> Self {
        let total_count = i32::try_from(all.len()).unwrap_or(i32::MAX);
        let after = after.and_then(position);
        let is_later = |one: &Arc<world::Issue>| {
            after.is_none_or(|after| (one.updated_at, one.number) < after)
        };
        let mut rest = all.into_iter().filter(is_later);
        let page: Vec<_> = rest.by_ref().take(size(first)).collect();
        let page_info = PageInfo {
            has_next_page: rest.next().is_some(),
            end_cursor: page.last().map(|one| cursor((one.updated_at, one.number))),
        };
        let node = |pull_request| Some(PullRequest { slot, pull_request });
        Self { total_count, nodes: Some(page.into_iter().map(node).collect()), page_info }
    }
}
