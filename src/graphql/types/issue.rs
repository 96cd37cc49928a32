//! An issue, and lists of issues.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::conversation::{IssueComments, cost_of_conversation};
use super::page::{MAX, PageArguments, connection, cost};
use super::{
    AgentRunConnection, AuditEntryConnection, IssueBackoff, Lease, PullRequest, Repository,
};
use crate::domain::details::{
    Assignee, IssueFieldValue, IssueReference, IssueType, StateReason, SubIssues,
};
use crate::domain::filter::NormalizedFilter;
use crate::domain::{AuthorAssociation, IssueId, IssueState, Priority, Status, Timestamp};
use crate::graphql::loaders::{self, Dependency, Edges, Issue, Related, RequestedFields};
use crate::service::board::dependencies::MOST_LISTED;
use crate::service::{self, Result};
use crate::store::agents::agent_runs::RunFilter;
use crate::store::audit::AuditFilter;
use crate::store::board::blockers::DependencyCounts;
use crate::store::{Page, Position};

connection! {
    /// A page of issues.
    IssueConnection of
    /// An issue and its cursor.
    IssueEdge,
    Arc<Issue>, 'i', total: Total {
        /// The number of issues on all pages.
        async fn total_count(&self, context: &Context<'_>) -> async_graphql::Result<i64> {
            match &self.total {
                Total::Known(total) => Ok(*total),
                Total::Asked(filter) => {
                    Ok(service::board::count(loaders::app(context), filter).await?)
                }
            }
        }
    }
}

/// The total number of rows of a list.
#[derive(Debug)]
pub(super) enum Total {
    /// Counted already.
    Known(i64),
    /// Counted only if it is selected.
    Asked(NormalizedFilter),
}

/// The fields of an issue in the schema; `card` resolves most of them faster.
pub(super) struct IssueFields<'a>(pub(super) &'a Issue);

/// An issue of a tracked repository, as of its last read from GitHub.
#[Object(name = "Issue")]
impl IssueFields<'_> {
    /// Opaque, and stable as long as Dispatch knows the issue.
    async fn id(&self) -> IssueId {
        self.0.row.id
    }

    /// The repository it belongs to.
    async fn repository(&self) -> Repository {
        Repository::new(Arc::clone(&self.0.repository))
    }

    /// Its number in the repository.
    async fn number(&self) -> i32 {
        self.0.row.number
    }

    /// The title.
    async fn title(&self) -> &str {
        &self.0.row.title
    }

    /// The Markdown body; null when there is none.
    async fn body(&self, context: &Context<'_>) -> async_graphql::Result<Option<String>> {
        match &self.0.body {
            Related::Known(body) => Ok(body.clone()),
            Related::Left => Ok(loaders::body(loaders::app(context), self.0.row.id).await?),
        }
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.0.row.url
    }

    /// Open or closed.
    async fn state(&self) -> IssueState {
        self.0.row.state
    }

    /// The column the issue is shown in: closed is DONE, no status label is BACKLOG.
    async fn status(&self) -> Status {
        self.0.row.status
    }

    /// The most urgent of its priority labels. Without such a label, the issue field `Priority`; null
    /// when it has neither.
    async fn priority(&self) -> Option<Priority> {
        self.0.row.priority
    }

    /// Label names exactly as GitHub has them, in GitHub's order.
    async fn labels(&self) -> Vec<String> {
        self.0.repository.label_scheme.write_all(&self.0.row.labels)
    }

    /// Names from `agent/*` labels, prefix removed.
    async fn agents(&self) -> Vec<&str> {
        self.0.row.labels.agents().collect()
    }

    /// Names from `owner/*` labels, prefix removed.
    async fn owners(&self) -> Vec<&str> {
        self.0.row.labels.owners().collect()
    }

    /// GitHub logins of the people it is assigned to.
    async fn assignees(&self) -> &[String] {
        &self.0.row.assignees
    }

    /// The accounts that it is assigned to, with their kinds: people, bots such as Copilot, and others.
    /// At most 10.
    async fn assigned_actors(&self) -> &[Assignee] {
        &self.0.row.details.assignees
    }

    /// The type, such as `Bug`; null when it has none, or GitHub has no types.
    #[graphql(name = "type")]
    async fn issue_type(&self) -> Option<&IssueType> {
        self.0.row.details.issue_type.as_ref()
    }

    /// Why it was closed or reopened; null when GitHub does not say.
    async fn state_reason(&self) -> Option<StateReason> {
        self.0.row.details.state_reason
    }

    /// The issue that it is a duplicate of, if it was closed as one.
    async fn duplicate_of(&self) -> Option<&IssueReference> {
        self.0.row.details.duplicate_of.as_ref()
    }

    /// The issue that it is a sub-issue of; null also when the GitHub token may not read that one.
    async fn parent(&self) -> Option<&IssueReference> {
        self.0.row.details.parent.as_ref()
    }

    /// How many sub-issues it has and how many of them are completed; null when it has none.
    async fn sub_issues(&self) -> Option<SubIssues> {
        self.0.row.details.sub_issues
    }

    /// The values that it has in the organisation's issue fields, at most 20.
    async fn field_values(&self) -> &[IssueFieldValue] {
        &self.0.row.details.fields
    }

    /// GitHub login of the author; null when the account was deleted.
    async fn author(&self) -> Option<&str> {
        self.0.row.author.as_deref()
    }

    /// The author's association with the repository; null when GitHub did not report it.
    async fn author_association(&self) -> Option<AuthorAssociation> {
        self.0.row.author_association
    }

    /// The number of its comments on GitHub.
    async fn comments_count(&self) -> i32 {
        self.0.row.comments_count
    }

    /// The newest comments, newest first. They are read from GitHub if they changed since the last
    /// read. If that read fails, `problem` is set and this field returns no error.
    #[graphql(complexity = "cost_of_conversation(first, child_complexity)")]
    async fn comments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many comments, from 0 to 50; 50 when absent.")] first: Option<i32>,
    ) -> async_graphql::Result<IssueComments> {
        Ok(IssueComments::load(context, self.0, first).await?)
    }

    /// When the issue was opened on GitHub.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.0.row.created_at)
    }

    /// When it last changed on GitHub.
    async fn updated_at(&self) -> Timestamp {
        Timestamp(self.0.row.updated_at)
    }

    /// When the issue was closed; null while it is open.
    async fn closed_at(&self) -> Option<Timestamp> {
        self.0.row.closed_at.map(Timestamp)
    }

    /// When Dispatch found that the issue was deleted or transferred to another repository; null
    /// while it exists.
    async fn removed_at(&self) -> Option<Timestamp> {
        self.0.row.removed_at.map(Timestamp)
    }

    /// When this data was last known to match GitHub: the later of the issue's own read and its
    /// repository's last successful sync.
    async fn last_synced_at(&self) -> Timestamp {
        self.0.last_synced_at()
    }

    /// The lane that the issue is in.
    async fn lane(&self) -> Option<&str> {
        Some(&self.0.row.lane)
    }

    /// Why the issue is blocked, if it is and the reason is known.
    async fn blocked_reason(&self) -> Option<&str> {
        self.0.row.blocked_reason.as_deref()
    }

    /// The URL of the open pull request that will close the issue, according to GitHub.
    async fn pull_request_url(&self) -> Option<&str> {
        self.0.row.pull_request_url.as_deref()
    }

    /// The current lease, if an agent holds the issue.
    async fn lease(&self, context: &Context<'_>) -> async_graphql::Result<Option<Lease>> {
        let lease = match &self.0.lease {
            Related::Known(lease) => lease.clone(),
            Related::Left => loaders::lease(loaders::app(context), self.0.row.id).await?,
        };
        Ok(lease.map(|row| Lease { row, issue: Related::Left }))
    }

    /// Consecutive failures of agents and rejections by GitHub. Null after work on the issue
    /// succeeded, and after a person edited the issue.
    async fn backoff(&self, context: &Context<'_>) -> async_graphql::Result<Option<IssueBackoff>> {
        let backoff = match &self.0.backoff {
            Related::Known(backoff) => backoff.clone(),
            Related::Left => loaders::backoff(loaders::app(context), self.0.row.id).await?,
        };
        Ok(backoff.map(IssueBackoff))
    }

    /// The number of open issues and pull requests that block it; 0 once it is closed.
    async fn open_blockers(&self, context: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(self.0.counts(context).await?.open_blockers)
    }

    /// The number of open issues that it blocks directly; 0 once it is closed.
    async fn unblocks(&self, context: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(self.0.counts(context).await?.unblocks)
    }

    /// The issue's score in the queue of an agent that it is not assigned to. The lowest score
    /// comes first; among equal scores, the oldest issue. The score depends on priority, age,
    /// column and `unblocks`, so it falls with age even if nothing else changes.
    async fn queue_score(&self, context: &Context<'_>) -> async_graphql::Result<i32> {
        let unblocks = self.0.counts(context).await?.unblocks;
        Ok(service::claims::queue::score(loaders::app(context), &self.0.row, unblocks))
    }

    /// The issues and pull requests that block it, or blocked it earlier, from GitHub's relation
    /// and from its text: at most 100, open ones first.
    #[graphql(complexity = "cost(Some(MOST_LISTED), None, child_complexity)")]
    async fn blocked_by(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Dependency>> {
        match &self.0.blocked_by {
            Related::Known(known) => Ok(known.clone().unwrap_or_default()),
            Related::Left => {
                let edges = Edges::from_lookahead(&context.look_ahead());
                Ok(loaders::blocked_by(loaders::app(context), self.0.row.id, edges).await?)
            }
        }
    }

    /// The issues that it blocks, or blocked until they were closed: at most 100, open ones first.
    #[graphql(complexity = "cost(Some(MOST_LISTED), None, child_complexity)")]
    async fn blocks(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Dependency>> {
        match &self.0.blocks {
            Related::Known(known) => Ok(known.clone().unwrap_or_default()),
            Related::Left => {
                let edges = Edges::from_lookahead(&context.look_ahead());
                Ok(loaders::blocks(loaders::app(context), self.0.row.id, edges).await?)
            }
        }
    }

    /// The pull requests of tracked repositories that close it when they are merged, open or not, the
    /// one that changed last first. Those that ended before their repository was tracked are listed as
    /// far as they were among the fifty that changed last.
    // Read with the cards of a whole page at once, so the five fields that a card shows are free.
    #[graphql(complexity = "child_complexity.saturating_sub(5)")]
    async fn pull_requests(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Vec<PullRequest>> {
        let rows = match &self.0.pull_requests {
            Related::Known(known) => known.clone().unwrap_or_default(),
            Related::Left => {
                let app = loaders::app(context);
                loaders::pull_requests(app, &self.0.row, &self.0.repository).await?
            }
        };
        Ok(rows.into_iter().map(PullRequest).collect())
    }

    /// Audit entries of the issue, newest first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many entries, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<AuditEntryConnection> {
        let filter = AuditFilter { issue: Some(self.0.row.id), ..AuditFilter::default() };
        Ok(AuditEntryConnection::load(context, &filter, PageArguments::forward(first, after))
            .await?)
    }

    /// Agent runs on the issue, last reported first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn agent_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many runs, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only runs after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<AgentRunConnection> {
        let filter = RunFilter { issue: Some(self.0.row.id), ..RunFilter::default() };
        Ok(AgentRunConnection::load(context, &filter, PageArguments::forward(first, after)).await?)
    }
}

impl Issue {
    /// Its id, in the form that the interface `Node` requires.
    pub(super) async fn id(&self, _: &Context<'_>) -> async_graphql::Result<IssueId> {
        Ok(self.row.id)
    }

    /// The dependency counts.
    async fn counts(&self, context: &Context<'_>) -> Result<DependencyCounts> {
        match &self.counts {
            Related::Known(counts) => Ok(counts.unwrap_or_default()),
            Related::Left => loaders::dependency_counts(loaders::app(context), &self.row).await,
        }
    }

    /// Its position in a list.
    fn position(&self) -> Position {
        self.row.position()
    }

    /// When the cached issue was last known to equal GitHub's.
    pub(super) fn last_synced_at(&self) -> Timestamp {
        Timestamp(self.repository.synced_at.map_or(self.row.read_at, |at| at.max(self.row.read_at)))
    }
}

impl IssueConnection {
    /// A page of a list with this total number of issues.
    pub(super) fn new(page: Page<Arc<Issue>>, total: Total) -> Self {
        Self { page, total }
    }

    /// A page of the issues that match a filter.
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: NormalizedFilter,
        arguments: PageArguments,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let page = service::board::issues(app, &filter, &arguments.request::<'i'>(MAX)?).await?;
        let fields = RequestedFields::from_connection_lookahead(&context.look_ahead());
        Ok(Self::new(loaders::issues(app, page, fields).await?, Total::Asked(filter)))
    }
}
