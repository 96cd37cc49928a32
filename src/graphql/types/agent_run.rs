//! A run that an agent reported, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::Issue;
use super::page::{MAX, PageArguments, connection};
use crate::domain::run_result::RunResult;
use crate::domain::{AgentRunId, Timestamp};
use crate::graphql::loaders::{self, Related};
use crate::service::{self, Result};
use crate::store::agents::agent_runs::RunFilter;
use crate::store::{self, Position};

connection! {
    /// A page of agent runs.
    AgentRunConnection of
    /// An agent run and its cursor.
    AgentRunEdge,
    AgentRun, 'r'
}

/// A run with the issue that was loaded with its page.
#[derive(Debug)]
pub(in crate::graphql) struct AgentRun {
    pub(in crate::graphql) row: store::AgentRun,
    pub(in crate::graphql) issue: Related<Arc<Issue>>,
}

/// An agent run: one piece of an agent's work, stored as the agent reported it.
#[Object]
impl AgentRun {
    /// Opaque and permanent.
    pub(super) async fn id(&self) -> AgentRunId {
        self.row.id
    }

    /// The name that the agent reported, without the `agent/` prefix.
    async fn agent_name(&self) -> &str {
        &self.row.agent_name
    }

    /// The kind of run: `heartbeat` by convention, otherwise free text.
    async fn run_type(&self) -> &str {
        &self.row.run_type
    }

    /// The result in the agent's own word, usually `success` or `error`.
    async fn status(&self) -> &str {
        &self.row.status
    }

    /// The meaning of `status`; null when the word is unknown.
    async fn result(&self) -> Option<RunResult> {
        RunResult::parse(&self.row.status)
    }

    /// When the run started, by the agent's clock.
    async fn started_at(&self) -> Timestamp {
        Timestamp(self.row.started_at)
    }

    /// When the run ended, by the agent's clock; null while it is running.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.row.finished_at.map(Timestamp)
    }

    /// The agent's summary of the run.
    async fn summary(&self) -> Option<&str> {
        self.row.summary.as_deref()
    }

    /// The error message of a failed run.
    async fn error_message(&self) -> Option<&str> {
        self.row.error_message.as_deref()
    }

    /// URLs of the pages that the run worked on.
    async fn touched_issue_urls(&self) -> &[String] {
        &self.row.touched_issue_urls
    }

    /// The issue that the run worked on; null when none was reported, or when it is no longer
    /// shown.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.issue_id).await?)
    }

    /// When the run was reported. Runs are ordered by this time.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.row.created_at)
    }
}

impl AgentRun {
    /// A run without related data.
    pub(in crate::graphql) fn alone(row: store::AgentRun) -> Self {
        Self { row, issue: Related::Left }
    }

    /// Where it stands in a list.
    fn position(&self) -> Position {
        self.row.position()
    }
}

impl AgentRunConnection {
    /// A page of runs, last reported first.
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: &RunFilter,
        arguments: PageArguments,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let page =
            service::agents::agent_runs::agent_runs(app, filter, &arguments.request::<'r'>(MAX)?)
                .await?;
        let page = loaders::with_issues(context, page, |row| row.issue_id).await?;
        Ok(Self { page: page.map(|(row, issue)| AgentRun { row, issue }) })
    }
}
