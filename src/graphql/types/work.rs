//! What the queue says of issues, and what it answered before.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::Issue;
use super::page::{Arguments, MAX, connection};
use crate::domain::work::{SkipReason, sentence};
use crate::domain::{DecisionId, Instant, IssueId};
use crate::graphql::loaders::{self, Related};
use crate::service::queue::Explained;
use crate::service::{self, Result};
use crate::store::decisions::DecisionFilter;
use crate::store::{self, Position};

/// Why an issue is, or is not, what an agent would be given next.
#[derive(Debug)]
pub(in crate::graphql) struct WorkExplanation {
    issue: Arc<Issue>,
    rank: Option<i32>,
    skip_reasons: Vec<SkipReason>,
    summary: String,
    ranking_reason: String,
}

/// Why an issue is, or is not, what an agent would be given next.
#[Object]
impl WorkExplanation {
    /// The issue.
    async fn issue(&self) -> &Issue {
        &self.issue
    }

    /// Place in the queue from 1, or null when it would be skipped.
    async fn rank(&self) -> Option<i32> {
        self.rank
    }

    /// Empty exactly when `rank` is set.
    async fn skip_reasons(&self) -> &[SkipReason] {
        &self.skip_reasons
    }

    /// One sentence for a person.
    async fn summary(&self) -> &str {
        &self.summary
    }

    /// What its place comes from: priority, whose it is, column and age.
    async fn ranking_reason(&self) -> &str {
        &self.ranking_reason
    }
}

impl WorkExplanation {
    /// What the queue says, with what the selection wants of the issues.
    pub(in crate::graphql) async fn all(
        context: &Context<'_>,
        explained: Vec<Explained>,
    ) -> Result<Vec<Self>> {
        let wants = loaders::Wants::of(&context.look_ahead().field("issue"));
        let rows = explained.iter().map(|explained| explained.issue.clone()).collect();
        let issues = loaders::all_issues(loaders::app(context), rows, wants).await?;
        let explanation = |(issue, explained): (Arc<Issue>, Explained)| Self {
            issue,
            rank: explained.rank,
            skip_reasons: explained.skips.iter().map(|skip| skip.reason).collect(),
            summary: explained.summary,
            ranking_reason: explained.ranking_reason,
        };
        Ok(issues.into_iter().zip(explained).map(explanation).collect())
    }
}

connection! {
    /// A page of decisions.
    WorkDecisionConnection of
    /// A decision and its cursor.
    WorkDecisionEdge,
    WorkDecision, 'd'
}

/// A decision with the issue that its page brought along.
#[derive(Debug)]
pub(in crate::graphql) struct WorkDecision {
    row: store::Decision,
    issue: Related<Arc<Issue>>,
}

/// An issue that could be had when something was decided.
#[derive(Debug, SimpleObject)]
struct WorkCandidate {
    /// The issue.
    issue_id: IssueId,
    /// Its place then, from 1.
    rank: i32,
    /// What its place came from.
    reason: String,
}

/// An issue that was withheld when something was decided.
#[derive(Debug, SimpleObject)]
struct WithheldWork {
    /// The issue.
    issue_id: IssueId,
    /// Why.
    skip_reasons: Vec<SkipReason>,
    /// One sentence for a person.
    summary: String,
}

/// How many issues were withheld for one reason.
#[derive(Debug, SimpleObject)]
struct SkipCount {
    /// The reason.
    reason: SkipReason,
    /// How many, one with several reasons once for each, of what stood in Ready and In Progress in
    /// the queues and repositories that were asked for; 100 stands for that many or more.
    /// `NOT_READY` counts what stood in Backlog, In Review and Blocked in those repositories.
    issues: i64,
}

/// What the queue answered an agent that asked for work, and why.
#[Object]
impl WorkDecision {
    /// Opaque, and the same for as long as the decision is kept.
    pub(super) async fn id(&self) -> DecisionId {
        self.row.id
    }

    /// What was asked: `claim_next`, `next_task`, which claims nothing, or `claim_issue`, which is kept
    /// only when it was refused.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// Who asked.
    async fn agent(&self) -> &str {
        &self.row.agent
    }

    /// The queue that was asked for.
    async fn lane(&self) -> Option<&str> {
        self.row.lane.as_deref()
    }

    /// When it was first given.
    async fn first_at(&self) -> Instant {
        Instant(self.row.first_at)
    }

    /// When it was last given: equal answers that served nothing are kept as one.
    async fn last_at(&self) -> Instant {
        Instant(self.row.last_at)
    }

    /// How often it was given.
    async fn times(&self) -> i32 {
        self.row.times
    }

    /// The issue that was served; null when none was, or it is no longer shown.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.served_issue_id).await?)
    }

    /// The token of the lease that was served.
    async fn fencing_token(&self) -> Option<String> {
        self.row.fencing_token.map(|token| token.to_string())
    }

    /// Why nothing was served; null when something was.
    async fn idle_reason(&self) -> Option<&str> {
        self.row.idle_reason.as_deref()
    }

    /// The first issues that could be had, best first.
    async fn candidates(&self) -> Vec<WorkCandidate> {
        let candidates = self.row.detail.candidates.iter();
        candidates
            .map(|candidate| WorkCandidate {
                issue_id: candidate.issue,
                rank: candidate.rank,
                reason: candidate.why.clone(),
            })
            .collect()
    }

    /// What was withheld, the most urgent first; 20 at most.
    async fn withheld(&self) -> Vec<WithheldWork> {
        let withheld = self.row.detail.withheld.iter();
        withheld
            .map(|withheld| WithheldWork {
                issue_id: withheld.issue,
                skip_reasons: withheld.skips.iter().map(|skip| skip.reason).collect(),
                summary: sentence(&withheld.skips),
            })
            .collect()
    }

    /// How many issues were withheld, by each reason.
    async fn counts(&self) -> Vec<SkipCount> {
        let counts = self.row.detail.counts.iter();
        counts.map(|(reason, issues)| SkipCount { reason: *reason, issues: *issues }).collect()
    }
}

impl WorkDecision {
    /// A decision by itself.
    pub(in crate::graphql) fn alone(row: store::Decision) -> Self {
        Self { row, issue: Related::Left }
    }

    /// Where it stands in a list.
    fn position(&self) -> Position {
        self.row.position()
    }
}

impl WorkDecisionConnection {
    /// A page of decisions, newest first.
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: &DecisionFilter,
        arguments: Arguments,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let page = service::queue::decisions(app, filter, &arguments.request::<'d'>(MAX)?).await?;
        let page = loaders::with_issues(context, page, |row| row.served_issue_id).await?;
        Ok(Self { page: page.map(|(row, issue)| WorkDecision { row, issue }) })
    }
}
