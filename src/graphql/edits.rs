//! Mutations for bulk moves, undo, assignment, priority and lane.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::loaders::{self, actor, app};
use super::types::page::cost;
use super::types::{AuditEntry, Issue};
use crate::domain::{AuditEntryId, EventCursor, IssueId, Priority};
use crate::service;
use crate::service::board::moves;
use crate::service::board::moves::MoveIssues;
use crate::service::change::ChangeOutcome;
use crate::service::claims::lanes::SetLane;
use crate::service::claims::{assignments, lanes};

/// The result of a change of an issue's labels.
#[derive(SimpleObject)]
pub(super) struct ChangeIssuePayload {
    /// The current state of the issue.
    pub(super) issue: Arc<Issue>,
    /// The audit entry of the change.
    pub(super) audit_entry: AuditEntry,
    /// The position of the board event that subscribers receive; the newest position when nothing
    /// changed.
    pub(super) cursor: EventCursor,
}

impl ChangeIssuePayload {
    /// The result of a use case, with the related data that is selected.
    pub(super) async fn load(
        context: &Context<'_>,
        changed: ChangeOutcome,
    ) -> service::Result<Self> {
        let fields = loaders::RequestedFields::from_lookahead(&context.look_ahead().field("issue"));
        let issue = loaders::one_issue(app(context), changed.issue, fields).await?;
        let known = loaders::Related::Known(Some(Arc::clone(&issue)));
        let audit_entry = AuditEntry { row: changed.audit_entry, issue: known };
        Ok(Self { issue, audit_entry, cursor: changed.cursor })
    }
}

/// The results of a bulk move, in the order of the request.
#[derive(SimpleObject)]
struct MoveIssuesPayload {
    /// One result for each issue.
    results: Vec<MoveIssueResult>,
}

/// The result for one issue of a bulk move.
#[derive(SimpleObject)]
struct MoveIssueResult {
    /// The issue's id, as given in the request.
    issue_id: IssueId,
    /// The move; null when it failed.
    moved: Option<ChangeIssuePayload>,
    /// Why the move failed; null when it succeeded.
    error: Option<MoveIssueError>,
}

/// Why one issue of a bulk move was not moved.
#[derive(SimpleObject)]
struct MoveIssueError {
    /// The error code that a single move would return, such as `CONFLICT`.
    code: String,
    /// The reason, as one sentence.
    message: String,
}

/// A move to undo.
#[derive(InputObject)]
struct UndoMoveInput {
    /// The audit entry of a move that succeeded.
    audit_entry_id: AuditEntryId,
}

/// An issue to assign to an agent.
#[derive(InputObject)]
struct AssignAgentInput {
    /// The issue.
    issue_id: IssueId,
    /// The agent's name, with or without `agent/`; null to assign none.
    agent: Option<String>,
}

/// An issue whose owner is set.
#[derive(InputObject)]
struct AssignOwnerInput {
    /// The issue.
    issue_id: IssueId,
    /// The owner's name, with or without `owner/`; null to remove the owner.
    owner: Option<String>,
}

/// An issue whose priority is set.
#[derive(InputObject)]
struct SetPriorityInput {
    /// The issue.
    issue_id: IssueId,
    /// The priority; null to remove it.
    priority: Option<Priority>,
}

/// The result of putting an issue in a lane.
#[derive(SimpleObject)]
struct SetLanePayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
}

#[derive(Debug, Default)]
pub(super) struct EditMutation;

#[Object]
impl EditMutation {
    /// Moves several issues to one column. Each move succeeds or fails independently.
    #[graphql(complexity = "cost(Some(100), None, child_complexity)")]
    async fn move_issues(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issues and their new column.")] input: MoveIssues,
    ) -> async_graphql::Result<MoveIssuesPayload> {
        let outcomes = moves::move_issues(app(context), actor(context), input).await?;
        let mut results = Vec::with_capacity(outcomes.len());
        for (issue_id, outcome) in outcomes {
            let (moved, error) = match outcome {
                Ok(changed) => (Some(ChangeIssuePayload::load(context, changed).await?), None),
                Err(error) => {
                    let code = error.code().to_owned();
                    (None, Some(MoveIssueError { code, message: error.to_string() }))
                }
            };
            results.push(MoveIssueResult { issue_id, moved, error });
        }
        Ok(MoveIssuesPayload { results })
    }

    /// Undoes a move: moves the issue back to its previous column, as a new move. Fails with
    /// `CONFLICT` if the issue was moved again since.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn undo_move(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The move to undo.")] input: UndoMoveInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let entry = input.audit_entry_id;
        let changed = moves::undo_move(app(context), actor(context), entry).await?;
        Ok(ChangeIssuePayload::load(context, changed).await?)
    }

    /// Assigns an issue to an agent, or to none. Afterwards, it has at most one agent.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn assign_agent(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and the agent.")] input: AssignAgentInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let AssignAgentInput { issue_id, agent } = input;
        let (app, actor) = (app(context), actor(context));
        let changed = assignments::assign_agent(app, actor, issue_id, agent.as_deref()).await?;
        Ok(ChangeIssuePayload::load(context, changed).await?)
    }

    /// Sets the owner of an issue, or removes it. Afterwards, the issue has at most one owner.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn assign_owner(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and the owner.")] input: AssignOwnerInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let AssignOwnerInput { issue_id, owner } = input;
        let (app, actor) = (app(context), actor(context));
        let changed = assignments::assign_owner(app, actor, issue_id, owner.as_deref()).await?;
        Ok(ChangeIssuePayload::load(context, changed).await?)
    }

    /// Sets the priority of an issue, or removes it.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn set_priority(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and the priority.")] input: SetPriorityInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let SetPriorityInput { issue_id, priority } = input;
        let (app, actor) = (app(context), actor(context));
        let changed = assignments::set_priority(app, actor, issue_id, priority).await?;
        Ok(ChangeIssuePayload::load(context, changed).await?)
    }

    /// Puts an issue in a lane; agents are then served the issue from this lane. Lanes are not
    /// stored on GitHub. Maintainers only.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn set_lane(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and the lane.")] input: SetLane,
    ) -> async_graphql::Result<SetLanePayload> {
        let issue = lanes::set_lane(app(context), actor(context), input).await?;
        let fields = loaders::RequestedFields::from_lookahead(&context.look_ahead().field("issue"));
        Ok(SetLanePayload { issue: loaders::one_issue(app(context), issue, fields).await? })
    }
}
