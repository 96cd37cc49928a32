//! Data of the objects of one list, read for all of them at once when the first of them needs it.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::{Workflow, WorkflowRun};
use crate::domain::{RepositoryId, WorkflowId, WorkflowRunId};
use crate::graphql::types::Repository;
use crate::service::automation::lists;
use crate::service::{self, App, Error, Result};
use crate::store::automation::lists::{DayTotals, RepositoryCounts};
use crate::store::automation::{
    self as store, AutomationRepository, AutomationSyncRun, WorkflowStatistics,
};

/// Lists by key, by how many items were asked for.
#[derive(Debug)]
pub(super) struct Lists<Key, Item>(Mutex<BTreeMap<u32, SharedLists<Key, Item>>>);

/// Lists by key, read once.
type SharedLists<Key, Item> = Arc<OnceCell<HashMap<Key, Vec<Item>>>>;

impl<Key, Item> Default for Lists<Key, Item> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Key: Eq + Hash, Item: Clone> Lists<Key, Item> {
    /// The list of one key. `load` reads the lists of all keys.
    pub(super) async fn of<Loading>(
        &self,
        key: &Key,
        size: u32,
        load: impl FnOnce() -> Loading,
    ) -> Result<Vec<Item>>
    where
        Loading: Future<Output = Result<Vec<(Key, Item)>>>,
    {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(size).or_default())
        };
        let loading = async || {
            let mut lists: HashMap<Key, Vec<Item>> = HashMap::new();
            for (key, item) in load().await? {
                lists.entry(key).or_default().push(item);
            }
            Ok::<_, Error>(lists)
        };
        let lists = cell.get_or_try_init(loading).await?;
        Ok(lists.get(key).cloned().unwrap_or_default())
    }
}

type Repositories = HashMap<RepositoryId, Arc<crate::store::Repository>>;

/// Repositories of one list.
#[derive(Debug)]
pub(in crate::graphql) struct RepositoryBatch {
    pub(super) ids: Vec<RepositoryId>,
    rows: Repositories,
    pub(super) automation: Lists<RepositoryId, Arc<AutomationRepository>>,
    pub(super) counts: Lists<RepositoryId, RepositoryCounts>,
    pub(super) workflows: Lists<RepositoryId, Workflow>,
    pub(super) releases: Lists<RepositoryId, Arc<store::Release>>,
    pub(super) packages: Lists<RepositoryId, Arc<store::Package>>,
    pub(super) pull_requests: Lists<RepositoryId, Arc<store::PullRequest>>,
    pub(super) checks: Lists<RepositoryId, Arc<store::CheckRun>>,
    pub(super) deployments: Lists<RepositoryId, Arc<store::Deployment>>,
    pub(super) syncs: Lists<RepositoryId, Arc<AutomationSyncRun>>,
}

impl RepositoryBatch {
    /// Of these repositories.
    pub(in crate::graphql) fn new(rows: Vec<Arc<crate::store::Repository>>) -> Self {
        Self {
            ids: rows.iter().map(|row| row.id).collect(),
            rows: rows.into_iter().map(|row| (row.id, row)).collect(),
            automation: Lists::default(),
            counts: Lists::default(),
            workflows: Lists::default(),
            releases: Lists::default(),
            packages: Lists::default(),
            pull_requests: Lists::default(),
            checks: Lists::default(),
            deployments: Lists::default(),
            syncs: Lists::default(),
        }
    }

    /// The repositories as a list.
    pub(in crate::graphql) fn list(self) -> Vec<Repository> {
        let batch = Arc::new(self);
        let row = |id| Repository::in_batch(Arc::clone(&batch.rows[id]), Arc::clone(&batch));
        batch.ids.iter().map(row).collect()
    }

    /// The workflows of all its repositories.
    pub(super) async fn load_workflows(&self, app: &App) -> Result<Vec<(RepositoryId, Workflow)>> {
        let rows = lists::workflows_of(app, &self.ids).await?;
        let workflows = WorkflowBatch::new(rows, self.rows.clone()).list();
        Ok(workflows.into_iter().map(|workflow| (workflow.row.repository_id, workflow)).collect())
    }

    async fn load(app: &App, ids: &[RepositoryId]) -> Result<Arc<Self>> {
        let rows = service::board::repositories(app, ids).await?;
        Ok(Arc::new(Self::new(rows.into_iter().map(Arc::new).collect())))
    }

    fn repository(self: &Arc<Self>, id: RepositoryId) -> Result<Repository> {
        let row = self.rows.get(&id).ok_or_else(|| Error::no_repository(id))?;
        Ok(Repository::in_batch(Arc::clone(row), Arc::clone(self)))
    }
}

/// Repositories that rows of a list belong to.
#[derive(Debug, Default)]
pub(super) struct Owners {
    ids: Vec<RepositoryId>,
    known: Repositories,
    batch: OnceCell<Arc<RepositoryBatch>>,
}

impl Owners {
    pub(super) fn new(ids: impl IntoIterator<Item = RepositoryId>, known: Repositories) -> Self {
        let mut ids: Vec<RepositoryId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self { ids, known, batch: OnceCell::new() }
    }

    pub(super) async fn repository(&self, app: &App, id: RepositoryId) -> Result<Repository> {
        let load = async || {
            let known: Vec<_> = self.ids.iter().filter_map(|id| self.known.get(id)).collect();
            if known.len() == self.ids.len() {
                let rows = known.into_iter().map(Arc::clone).collect();
                return Ok(Arc::new(RepositoryBatch::new(rows)));
            }
            RepositoryBatch::load(app, &self.ids).await
        };
        self.batch.get_or_try_init(load).await?.repository(id)
    }
}

/// Workflows of one list.
#[derive(Debug)]
pub(in crate::graphql) struct WorkflowBatch {
    pub(super) ids: Vec<WorkflowId>,
    rows: HashMap<WorkflowId, Arc<store::Workflow>>,
    pub(super) owners: Owners,
    pub(super) newest: Lists<WorkflowId, WorkflowRun>,
    pub(super) branches: Lists<WorkflowId, (Arc<store::WorkflowBranch>, WorkflowRun)>,
    statistics: OnceCell<HashMap<WorkflowId, WorkflowStatistics>>,
    latest: OnceCell<HashMap<WorkflowRunId, WorkflowRun>>,
    pub(super) days: Lists<WorkflowId, DayTotals>,
    pub(super) siblings: Lists<String, Workflow>,
}

impl WorkflowBatch {
    /// Of these workflows, some of whose repositories may be known.
    pub(in crate::graphql) fn new(rows: Vec<store::Workflow>, known: Repositories) -> Self {
        Self {
            ids: rows.iter().map(|row| row.id).collect(),
            owners: Owners::new(rows.iter().map(|row| row.repository_id), known),
            rows: rows.into_iter().map(|row| (row.id, Arc::new(row))).collect(),
            newest: Lists::default(),
            branches: Lists::default(),
            statistics: OnceCell::new(),
            latest: OnceCell::new(),
            days: Lists::default(),
            siblings: Lists::default(),
        }
    }

    /// The workflows as a list.
    pub(in crate::graphql) fn list(self) -> Vec<Workflow> {
        let batch = Arc::new(self);
        let row = |id| Workflow { row: Arc::clone(&batch.rows[id]), batch: Arc::clone(&batch) };
        batch.ids.iter().map(row).collect()
    }

    /// How the newest runs of a workflow went.
    pub(super) async fn statistics_of(
        &self,
        app: &App,
        id: WorkflowId,
    ) -> Result<Option<WorkflowStatistics>> {
        Ok(self.load_statistics(app).await?.get(&id).copied())
    }

    async fn load_statistics(&self, app: &App) -> Result<&HashMap<WorkflowId, WorkflowStatistics>> {
        let load = async || {
            let rows = lists::statistics(app, &self.ids).await?;
            Ok(rows.into_iter().map(|row| (row.workflow_id, row)).collect())
        };
        self.statistics.get_or_try_init(load).await
    }

    /// A newest run of a workflow, of all branches or of the default branch. They are often the same, so
    /// both are read together.
    pub(super) async fn latest_run(
        &self,
        app: &App,
        id: WorkflowRunId,
    ) -> Result<Option<WorkflowRun>> {
        let load = async || {
            let rows = self.load_statistics(app).await?;
            let ids = rows.values().flat_map(|row| [row.latest_run_id, row.default_branch_run_id]);
            let mut ids: Vec<WorkflowRunId> = ids.flatten().collect();
            ids.sort_unstable();
            ids.dedup();
            let runs = RunBatch::list(lists::runs_by_id(app, &ids).await?);
            Ok::<_, Error>(runs.into_iter().map(|run| (run.row.id, run)).collect())
        };
        Ok(self.latest.get_or_try_init(load).await?.get(&id).cloned())
    }

    /// The other workflows with the same paths.
    pub(super) async fn load_siblings(&self, app: &App) -> Result<Vec<(String, Workflow)>> {
        let mut paths: Vec<&str> = self.rows.values().map(|row| row.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        let rows = lists::workflows_by_path(app, &paths).await?;
        let workflows = Self::new(rows, Repositories::new()).list();
        Ok(workflows.into_iter().map(|workflow| (workflow.row.path.clone(), workflow)).collect())
    }
}

/// Runs of one list.
#[derive(Debug)]
pub(in crate::graphql) struct RunBatch {
    pub(super) ids: Vec<WorkflowRunId>,
    workflow_ids: Vec<WorkflowId>,
    pub(super) owners: Owners,
    workflows: Lists<WorkflowId, Workflow>,
    pub(super) jobs: Lists<WorkflowRunId, Arc<store::WorkflowJob>>,
    pub(super) artifacts: Lists<WorkflowRunId, Arc<store::Artifact>>,
}

impl RunBatch {
    /// Runs as a list.
    pub(in crate::graphql) fn list(rows: Vec<store::WorkflowRun>) -> Vec<WorkflowRun> {
        let mut workflow_ids: Vec<WorkflowId> = rows.iter().map(|row| row.workflow_id).collect();
        workflow_ids.sort_unstable();
        workflow_ids.dedup();
        let batch = Arc::new(Self {
            ids: rows.iter().map(|row| row.id).collect(),
            workflow_ids,
            owners: Owners::new(rows.iter().map(|row| row.repository_id), Repositories::new()),
            workflows: Lists::default(),
            jobs: Lists::default(),
            artifacts: Lists::default(),
        });
        let run = |row| WorkflowRun { row: Arc::new(row), batch: Arc::clone(&batch) };
        rows.into_iter().map(run).collect()
    }

    /// Runs, each with the workflow that it belongs to.
    pub(super) fn by_workflow(rows: Vec<store::WorkflowRun>) -> Vec<(WorkflowId, WorkflowRun)> {
        Self::list(rows).into_iter().map(|run| (run.row.workflow_id, run)).collect()
    }

    /// The workflow of a run.
    pub(super) async fn workflow(&self, app: &App, id: WorkflowId) -> Result<Workflow> {
        let load = async || {
            let rows = lists::workflows_by_id(app, &self.workflow_ids).await?;
            let workflows = WorkflowBatch::new(rows, Repositories::new()).list();
            Ok(workflows.into_iter().map(|workflow| (workflow.row.id, workflow)).collect())
        };
        let found = self.workflows.of(&id, 0, load).await?.pop();
        found.ok_or_else(|| Error::NotFound { what: "Workflow", id: id.to_string() })
    }
}
