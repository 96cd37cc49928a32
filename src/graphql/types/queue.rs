//! The ranked and withheld issues of a queue, and stored decisions.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::Issue;
use super::page::{MAX, PageArguments, connection};
use crate::domain::ranking::{SkipReason, sentence};
use crate::domain::{DecisionId, IssueId, Timestamp};
use crate::graphql::loaders::{self, Related};
use crate::service::claims::queue::Explained;
use crate::service::{self, Result};
use crate::store::claims::decisions::DecisionFilter;
use crate::store::{self, Position};

/// Whether an agent would be served an issue, at which rank, and why.
#[derive(Debug)]
pub(in crate::graphql) struct WorkExplanation {
    issue: Arc<Issue>,
    rank: Option<i32>,
    skip_reasons: Vec<SkipReason>,
    summary: String,
    ranking_reason: String,
}

/// Whether an agent would be served an issue, at which rank, and why.
#[Object]
impl WorkExplanation {
    /// The issue.
    async fn issue(&self) -> &Issue {
        &self.issue
    }

    /// Rank in the queue, starting at 1; null when the issue is withheld.
    async fn rank(&self) -> Option<i32> {
        self.rank
    }

    /// Why the issue is withheld; empty exactly when `rank` is set.
    async fn skip_reasons(&self) -> &[SkipReason] {
        &self.skip_reasons
    }

    /// The explanation for a person, as one sentence.
    async fn summary(&self) -> &str {
        &self.summary
    }

    /// What determines the rank: priority, assignment to the agent, column and age.
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
        let fields = loaders::RequestedFields::from_lookahead(&context.look_ahead().field("issue"));
        let rows = explained.iter().map(|explained| explained.issue.clone()).collect();
        let issues = loaders::all_issues(loaders::app(context), rows, fields).await?;
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

/// A decision with the issue that was loaded with its page.
#[derive(Debug)]
pub(in crate::graphql) struct WorkDecision {
    row: store::Decision,
    issue: Related<Arc<Issue>>,
}

/// An issue that was eligible when the decision was made.
#[derive(Debug, SimpleObject)]
struct WorkCandidate {
    /// The issue.
    issue_id: IssueId,
    /// Its rank at that time, starting at 1.
    rank: i32,
    /// What determined its rank.
    reason: String,
}

/// An issue that was withheld when the decision was made.
#[derive(Debug, SimpleObject)]
struct WithheldWork {
    /// The issue.
    issue_id: IssueId,
    /// The reasons.
    skip_reasons: Vec<SkipReason>,
    /// The explanation for a person, as one sentence.
    summary: String,
}

/// The number of issues that were withheld for one reason.
#[derive(Debug, SimpleObject)]
struct SkipCount {
    /// The reason.
    reason: SkipReason,
    /// The number of issues; an issue with several reasons counts once for each. Counts issues that
    /// were in Ready or In Progress in the requested lanes and repositories; 100 means 100 or more.
    /// `NOT_READY` counts issues that were in Backlog, In Review or Blocked in those repositories.
    issues: i64,
}

/// A decision: the stored record of why an agent's request for work was or was not served.
#[Object]
impl WorkDecision {
    /// Opaque, and stable as long as the decision is retained.
    pub(super) async fn id(&self) -> DecisionId {
        self.row.id
    }

    /// The request: `claim_next`, `next_task`, which claims nothing, or `claim_issue`, which is
    /// stored only when it was rejected.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// The agent that asked for work.
    async fn agent(&self) -> &str {
        &self.row.agent
    }

    /// The lane that was asked for; null when none was.
    async fn lane(&self) -> Option<&str> {
        self.row.lane.as_deref()
    }

    /// When the decision was first made.
    async fn first_at(&self) -> Timestamp {
        Timestamp(self.row.first_at)
    }

    /// When the decision was last made: equal decisions that served nothing are stored as one.
    async fn last_at(&self) -> Timestamp {
        Timestamp(self.row.last_at)
    }

    /// How often the decision was made.
    async fn times(&self) -> i32 {
        self.row.times
    }

    /// The served issue; null when none was served, or when it is no longer shown.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.served_issue_id).await?)
    }

    /// The fencing token of the lease that was given.
    async fn fencing_token(&self) -> Option<String> {
        self.row.fencing_token.map(|token| token.to_string())
    }

    /// Why no issue was served; null when one was.
    async fn idle_reason(&self) -> Option<&str> {
        self.row.idle_reason.as_deref()
    }

    /// The first eligible issues, best first; 5 at most.
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

    /// The withheld issues, most urgent first; 20 at most.
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

    /// The number of withheld issues for each reason.
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
        arguments: PageArguments,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let page =
            service::claims::queue::decisions(app, filter, &arguments.request::<'d'>(MAX)?).await?;
        let page = loaders::with_issues(context, page, |row| row.served_issue_id).await?;
        Ok(Self { page: page.map(|(row, issue)| WorkDecision { row, issue }) })
    }
}
