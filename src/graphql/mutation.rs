//! The mutations. Each calls one use case on behalf of the caller.

use std::sync::Arc;

use async_graphql::{Context, InputObject, MergedObject, Object, SimpleObject};

use super::arguments::full_name;
use super::automation::AutomationMutation;
use super::board::comments::CommentMutation;
use super::board::label_schemes::LabelSchemeMutation;
use super::board::views::ViewMutation;
use super::claims::holders::HolderMutation;
use super::claims::pauses::PauseMutation;
use super::claims::queue::ClaimMutation;
use super::edits::{ChangeIssuePayload, EditMutation};
use super::loaders::{actor, app};
use super::types::page::cost;
use super::types::{AgentRun, AuditEntry, Issue, Repository};
use super::webhooks::WebhookMutation;
use crate::domain::EventCursor;
use crate::service;
use crate::service::agents::agent_runs::RecordAgentRun;
use crate::service::board::moves::MoveIssue;
use crate::service::repositories::sync::RepositorySync;

/// The operations that change data.
#[derive(Debug, Default, MergedObject)]
pub(super) struct Mutation(
    BoardMutation,
    EditMutation,
    CommentMutation,
    ViewMutation,
    TrackingMutation,
    RunMutation,
    ClaimMutation,
    HolderMutation,
    PauseMutation,
    LabelSchemeMutation,
    WebhookMutation,
    AutomationMutation,
);

/// What a mutation weighs: more than any page of rows, because it reaches GitHub.
const MUTATION: Option<i32> = Some(1);

/// The result of a move.
#[derive(SimpleObject)]
struct MoveIssuePayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
    /// The audit entry of the change.
    audit_entry: AuditEntry,
    /// The position of the board event that subscribers receive for this move.
    cursor: EventCursor,
}

/// What to read from GitHub.
#[derive(InputObject)]
struct SyncIssuesInput {
    /// One tracked repository, or all of them when absent.
    repository: Option<String>,
}

/// The results of a sync.
#[derive(SimpleObject)]
struct SyncIssuesPayload {
    /// The total number of issues received from GitHub.
    synced_count: u64,
    /// One result for each repository. A repository that fails does not stop the others.
    results: Vec<RepositorySyncResult>,
}

/// The result of a sync for one repository.
#[derive(SimpleObject)]
struct RepositorySyncResult {
    /// The full name of the repository.
    repository: String,
    /// The number of issues received from GitHub; 0 after a failure.
    synced: u32,
    /// Why the sync failed; null when it succeeded.
    error: Option<String>,
}

#[derive(Debug, Default)]
struct BoardMutation;

#[Object]
impl BoardMutation {
    /// Moves an issue to another column: changes its labels on GitHub, then updates the board and
    /// the audit log, and notifies all subscribers.
    #[graphql(complexity = "cost(MUTATION, None, child_complexity)")]
    async fn move_issue(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and its new column.")] input: MoveIssue,
    ) -> async_graphql::Result<MoveIssuePayload> {
        let moved = service::board::moves::move_issue(app(context), actor(context), input).await?;
        let ChangeIssuePayload { issue, audit_entry, cursor } =
            ChangeIssuePayload::load(context, moved).await?;
        Ok(MoveIssuePayload { issue, audit_entry, cursor })
    }

    /// Reads from GitHub what changed since the last sync. Returns when this is complete; fails
    /// with `RATE_LIMITED` while another sync is running.
    #[graphql(complexity = "cost(MUTATION, None, child_complexity)")]
    async fn sync_issues(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to read; everything when absent.")] input: Option<SyncIssuesInput>,
    ) -> async_graphql::Result<SyncIssuesPayload> {
        let only = input
            .and_then(|input| input.repository)
            .map(|name| full_name(context, "repository", &name))
            .transpose()?;
        let syncs = service::repositories::sync::sync_issues(app(context), only.as_ref()).await?;
        Ok(SyncIssuesPayload {
            synced_count: syncs.iter().map(|sync| u64::from(sync.synced)).sum(),
            results: syncs.into_iter().map(RepositorySyncResult::from).collect(),
        })
    }
}

impl From<RepositorySync> for RepositorySyncResult {
    fn from(sync: RepositorySync) -> Self {
        Self {
            repository: sync.repository.to_string(),
            synced: sync.synced,
            error: sync.error.map(|error| error.to_string()),
        }
    }
}

/// A repository to track.
#[derive(InputObject)]
struct TrackRepositoryInput {
    /// `owner/name`; case-insensitive.
    full_name: String,
}

/// The tracked repository.
#[derive(SimpleObject)]
struct TrackRepositoryPayload {
    /// The repository.
    repository: Repository,
}

/// A repository to stop tracking.
#[derive(InputObject)]
struct UntrackRepositoryInput {
    /// `owner/name`; case-insensitive.
    full_name: String,
}

/// The repository that is no longer tracked.
#[derive(SimpleObject)]
struct UntrackRepositoryPayload {
    /// The repository.
    repository: Repository,
}

#[derive(Debug, Default)]
struct TrackingMutation;

#[Object]
impl TrackingMutation {
    /// Tracks a repository, or tracks it again. Sends no request to GitHub; the next sync shows
    /// whether the repository exists.
    #[graphql(complexity = "cost(MUTATION, None, child_complexity)")]
    async fn track_repository(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The repository.")] input: TrackRepositoryInput,
    ) -> async_graphql::Result<TrackRepositoryPayload> {
        let name = full_name(context, "fullName", &input.full_name)?;
        let row =
            service::repositories::tracking::track_repository(app(context), actor(context), &name)
                .await?;
        Ok(TrackRepositoryPayload { repository: Repository::new(Arc::new(row)) })
    }

    /// Stops tracking a repository. Its issues are kept but hidden.
    #[graphql(complexity = "cost(MUTATION, None, child_complexity)")]
    async fn untrack_repository(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The repository.")] input: UntrackRepositoryInput,
    ) -> async_graphql::Result<UntrackRepositoryPayload> {
        let name = full_name(context, "fullName", &input.full_name)?;
        let row = service::repositories::tracking::untrack_repository(
            app(context),
            actor(context),
            &name,
        )
        .await?;
        Ok(UntrackRepositoryPayload { repository: Repository::new(Arc::new(row)) })
    }

    /// Sets whether agents are served issues of a repository that people work on. By default they
    /// are not.
    #[graphql(complexity = "cost(MUTATION, None, child_complexity)")]
    async fn set_serves_peoples_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The repository and its new rules.")] input: SetServesPeoplesWorkInput,
    ) -> async_graphql::Result<SetServesPeoplesWorkPayload> {
        let name = full_name(context, "fullName", &input.full_name)?;
        let change = service::repositories::tracking::ServePeoplesWork {
            in_progress: input.in_progress,
            assigned: input.assigned,
            owned: input.owned,
        };
        let (app, actor) = (app(context), actor(context));
        let row =
            service::repositories::tracking::serve_peoples_work(app, actor, &name, change).await?;
        Ok(SetServesPeoplesWorkPayload { repository: Repository::new(Arc::new(row)) })
    }
}

/// Which issues of a repository agents are served although people work on them. Absent members stay
/// unchanged.
#[derive(InputObject)]
struct SetServesPeoplesWorkInput {
    /// `owner/name` of a tracked repository; case-insensitive.
    full_name: String,
    /// Whether agents are served issues that are In Progress without an agent.
    in_progress: Option<bool>,
    /// Whether agents are served issues that are assigned to somebody on GitHub.
    assigned: Option<bool>,
    /// Whether agents are served issues that have an `owner/` label.
    owned: Option<bool>,
}

/// The repository with its new rules.
#[derive(SimpleObject)]
struct SetServesPeoplesWorkPayload {
    /// The repository.
    repository: Repository,
}

/// The result of recording a run.
#[derive(SimpleObject)]
struct RecordAgentRunPayload {
    /// The recorded run; the existing one if the key was used before.
    agent_run: AgentRun,
}

#[derive(Debug, Default)]
struct RunMutation;

#[Object]
impl RunMutation {
    /// Records a run of an agent.
    #[graphql(complexity = "cost(MUTATION, None, child_complexity)")]
    async fn record_agent_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run, as the agent reports it.")] input: RecordAgentRun,
    ) -> async_graphql::Result<RecordAgentRunPayload> {
        let run =
            service::agents::agent_runs::record_agent_run(app(context), actor(context), input)
                .await?;
        Ok(RecordAgentRunPayload { agent_run: AgentRun::alone(run) })
    }
}
