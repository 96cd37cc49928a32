//! What happened in repositories.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Object};

use super::batch::{Lists, Owners, RunBatch};
use super::run::WorkflowRun;
use crate::domain::automation::ActivityType;
use crate::domain::{ActivityId, RepositoryId, Timestamp, WorkflowRunId};
use crate::graphql::loaders::app;
use crate::graphql::types::Repository;
use crate::graphql::types::page::{MAX, PageArguments, connection, cost};
use crate::service::Result;
use crate::service::automation::lists;
use crate::store::Position;
use crate::store::automation::Activity;
use crate::store::automation::activity::ActivityFilter;

connection! {
    /// A page of what happened.
    ActivityConnection of
    /// An activity event and its cursor.
    ActivityEdge,
    ActivityEvent, 'v'
}

impl ActivityConnection {
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: &ActivityFilter,
        arguments: PageArguments,
    ) -> Result<Self> {
        let request = arguments.request::<'v'>(MAX)?;
        let page = lists::list_activity(app(context), filter, &request).await?;
        let crate::store::Page { rows, has_previous, has_next } = page;
        let rows = ActivityEvent::list(rows);
        Ok(Self { page: crate::store::Page { rows, has_previous, has_next } })
    }
}

/// Events of one list.
#[derive(Debug)]
struct ActivityBatch {
    owners: Owners,
    run_ids: Vec<WorkflowRunId>,
    runs: Lists<WorkflowRunId, WorkflowRun>,
}

/// An event and the list that it is of.
#[derive(Debug)]
pub(in crate::graphql) struct ActivityEvent {
    row: Activity,
    batch: Arc<ActivityBatch>,
}

impl ActivityEvent {
    /// An event by itself.
    pub(in crate::graphql) fn alone(row: Activity) -> Self {
        Self::list(vec![row]).pop().expect("as many come out as go in")
    }

    /// The repository it belongs to.
    pub(in crate::graphql) fn repository_id(&self) -> RepositoryId {
        self.row.repository_id
    }

    /// What kind of thing happened; none for a kind that is no longer known.
    pub(in crate::graphql) fn kind(&self) -> Option<ActivityType> {
        self.row.kind.parse().ok()
    }

    fn list(rows: Vec<Activity>) -> Vec<Self> {
        let batch = Arc::new(ActivityBatch {
            owners: Owners::new(rows.iter().map(|row| row.repository_id), HashMap::new()),
            run_ids: rows.iter().filter_map(|row| row.run_id).collect(),
            runs: Lists::default(),
        });
        rows.into_iter().map(|row| Self { row, batch: Arc::clone(&batch) }).collect()
    }

    fn position(&self) -> Position {
        self.row.position()
    }
}

/// Something that happened in a repository, recorded once.
#[Object]
impl ActivityEvent {
    /// Opaque.
    async fn id(&self) -> ActivityId {
        self.row.id
    }

    /// What kind of thing happened; null for a kind that is no longer known.
    async fn r#type(&self) -> Option<ActivityType> {
        self.kind()
    }

    /// The repository.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Repository> {
        Ok(self.batch.owners.repository(app(context), self.row.repository_id).await?)
    }

    /// A short sentence.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// More about it; null when there is no more.
    async fn description(&self) -> Option<&str> {
        self.row.description.as_deref()
    }

    /// The GitHub login of who did it.
    async fn actor(&self) -> Option<&str> {
        self.row.actor.as_deref()
    }

    /// Its page on GitHub.
    async fn url(&self) -> Option<&str> {
        self.row.url.as_deref()
    }

    /// The commit.
    async fn sha(&self) -> Option<&str> {
        self.row.sha.as_deref()
    }

    /// The branch.
    async fn branch(&self) -> Option<&str> {
        self.row.branch.as_deref()
    }

    /// GitHub's word for the result, such as `failure`.
    async fn status(&self) -> Option<&str> {
        self.row.status.as_deref()
    }

    /// When it happened, by GitHub's clock.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.row.created_at)
    }

    /// The run that it is about; null when it is about none, or the run was deleted.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn workflow_run(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<WorkflowRun>> {
        let Some(id) = self.row.run_id else { return Ok(None) };
        let load = async || {
            let rows = lists::runs_by_id(app(context), &self.batch.run_ids).await?;
            Ok(RunBatch::list(rows).into_iter().map(|run| (run.row.id, run)).collect())
        };
        Ok(self.batch.runs.of(&id, 0, load).await?.pop())
    }
}
