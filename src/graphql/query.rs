//! The queries. Each calls one use case.

use std::sync::Arc;

use async_graphql::{Context, ID, MergedObject, Object};

use super::arguments::full_name;
use super::automation::AutomationQuery;
use super::board::label_schemes::LabelSchemeQuery;
use super::board::views::ViewQuery;
use super::claims::holders::HolderQuery;
use super::claims::pauses::PauseQuery;
use super::claims::queue::QueueQuery;
use super::github_budget::BudgetQuery;
use super::loaders::{self, actor, app};
use super::repositories::overview::OverviewQuery;
use super::types::page::{PageArguments, cost, cost_of_search};
use super::types::{
    AgentRunConnection, AuditEntryConnection, AuditOptions, Board, Issue, IssueConnection, Node,
    Repository, Service, SyncState, Viewer,
};
use super::webhooks::WebhookQuery;
use crate::domain::{IssueFilter, IssueId};
use crate::service::{self, Error};
use crate::store::agents::agent_runs::RunFilter;
use crate::store::audit::AuditFilter;

/// The operations that read data.
#[derive(Debug, Default, MergedObject)]
pub(super) struct Query(
    BoardQuery,
    RecordQuery,
    QueueQuery,
    HolderQuery,
    PauseQuery,
    LabelSchemeQuery,
    OverviewQuery,
    ViewQuery,
    ServiceQuery,
    WebhookQuery,
    BudgetQuery,
    AutomationQuery,
);

#[derive(Debug, Default)]
struct BoardQuery;

#[Object]
impl BoardQuery {
    /// The object with this id; null when there is none.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of any object that implements `Node`.")] id: ID,
    ) -> async_graphql::Result<Option<Node>> {
        Ok(found(Node::find(context, &id).await)?)
    }

    /// The board: open and recently closed issues, by column.
    #[graphql(
        complexity = "cost(Some(1), None, child_complexity) + cost_of_search(filter.as_ref())"
    )]
    async fn board(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issues; all issues on the board when absent.")] filter: Option<
            IssueFilter,
        >,
    ) -> async_graphql::Result<Board> {
        Ok(Board::load(context, service::board::normalized_filter(app(context), filter)).await?)
    }

    /// Issues as a list, most recently updated first.
    #[graphql(complexity = "cost(first, last, child_complexity) + cost_of_search(filter.as_ref())")]
    async fn issues(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issues; all issues on the board when absent.")] filter: Option<
            IssueFilter,
        >,
        #[graphql(desc = "How many from the start, from 0 to 100; 50 when absent.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only issues after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, from 0 to 100; not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only issues before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<IssueConnection> {
        let filter = service::board::normalized_filter(app(context), filter);
        let arguments = PageArguments { first, after, last, before };
        Ok(IssueConnection::load(context, filter, arguments).await?)
    }

    /// One issue, by its id or by its repository and number; null when it does not exist, was
    /// removed, or belongs to a repository that is not tracked.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn issue(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id. Omit `repository` and `number` if it is given.")] id: Option<
            IssueId,
        >,
        #[graphql(desc = "The repository's full name, such as `octo-org/hello-world`.")]
        repository: Option<String>,
        #[graphql(desc = "The issue's number in the repository.")] number: Option<i32>,
    ) -> async_graphql::Result<Option<Arc<Issue>>> {
        let app = app(context);
        let issue = match (id, repository, number) {
            (Some(id), None, None) => service::board::find_issue(app, id).await,
            (None, Some(name), Some(number)) => {
                let name = full_name(context, "repository", &name)?;
                service::board::find_issue_by_number(app, &name, number).await
            }
            _ => {
                let reason = "give either this or `repository` and `number`".to_owned();
                Err(Error::Invalid { field: "id", reason })
            }
        };
        let fields = loaders::RequestedFields::from_lookahead(&context.look_ahead());
        match found(issue)? {
            Some(issue) => Ok(Some(loaders::issue(app, issue, fields).await?)),
            None => Ok(None),
        }
    }

    /// All repositories that are or were tracked, sorted by name.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn repositories(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Repository>> {
        let rows = service::repositories::tracking::all_repositories(app(context)).await?;
        Ok(rows.into_iter().map(|row| Repository::new(Arc::new(row))).collect())
    }
}

#[derive(Debug, Default)]
struct RecordQuery;

#[Object]
impl RecordQuery {
    /// The audit log: what was done, by whom, and whether it succeeded, newest first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's own")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only entries of this repository, under its current or a former name.")]
        repository: Option<String>,
        #[graphql(desc = "Only entries of this issue.")] issue_id: Option<IssueId>,
        #[graphql(desc = "Only actions of this caller.")] actor: Option<String>,
        #[graphql(desc = "Only this kind of action, such as `move_issue`.")] action: Option<String>,
        #[graphql(desc = "Only successful actions, or only failed ones.")] success: Option<bool>,
        #[graphql(desc = "Only actions of this agent, and actions on issues assigned to it.")]
        agent: Option<String>,
        #[graphql(desc = "How many entries, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<AuditEntryConnection> {
        let repository =
            repository.map(|name| full_name(context, "repository", &name)).transpose()?;
        let filter = AuditFilter { repository, issue: issue_id, actor, action, success, agent };
        Ok(AuditEntryConnection::load(context, &filter, PageArguments::forward(first, after))
            .await?)
    }

    /// The values that the audit log can be filtered by, each with its number of entries.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn audit_options(&self, context: &Context<'_>) -> async_graphql::Result<AuditOptions> {
        Ok(service::audit::audit_options(app(context)).await?.into())
    }

    /// The agent runs, last reported first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn agent_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only runs of this agent.")] agent: Option<String>,
        #[graphql(desc = "Only runs on this issue.")] issue_id: Option<IssueId>,
        #[graphql(desc = "How many runs, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only runs after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<AgentRunConnection> {
        let filter = RunFilter { agent, issue: issue_id };
        Ok(AgentRunConnection::load(context, &filter, PageArguments::forward(first, after)).await?)
    }
}

#[derive(Debug, Default)]
struct ServiceQuery;

#[Object]
impl ServiceQuery {
    /// The running service and its missing configuration.
    async fn service(&self) -> Service {
        Service
    }

    /// The caller and its permissions.
    async fn viewer(&self, context: &Context<'_>) -> Viewer {
        Viewer(actor(context).clone())
    }

    /// The sync state: how current the cached issues are, and the progress of a running sync.
    async fn sync_state(&self, context: &Context<'_>) -> async_graphql::Result<SyncState> {
        Ok(SyncState(service::repositories::sync::sync_state(app(context)).await?))
    }
}

/// Turns [`service::Error::NotFound`] into `None`, for queries that look up one object.
fn found<T>(result: service::Result<T>) -> service::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
