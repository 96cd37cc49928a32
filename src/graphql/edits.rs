//! The root fields that change more than one card, take a move back, or change other labels.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::error::code;
use super::loaders::{self, actor, app};
use super::types::page::cost;
use super::types::{AuditEntry, Issue};
use crate::domain::{AuditEntryId, EventCursor, IssueId, Priority};
use crate::service::labels::Changed;
use crate::service::lanes::SetLane;
use crate::service::moves::MoveIssues;
use crate::service::{self, assignments, lanes, moves};

/// A change of an issue's labels that was done.
#[derive(SimpleObject)]
pub(super) struct ChangeIssuePayload {
    /// The current state of the issue.
    pub(super) issue: Arc<Issue>,
    /// The audit entry of the change.
    pub(super) audit_entry: AuditEntry,
    /// The board event that announces this to every subscriber; the newest position where nothing
    /// changed.
    pub(super) cursor: EventCursor,
}

impl ChangeIssuePayload {
    /// What a use case did, with what the selection wants of it.
    pub(super) async fn of(context: &Context<'_>, changed: Changed) -> service::Result<Self> {
        let wants = loaders::Wants::of(&context.look_ahead().field("issue"));
        let issue = loaders::one_issue(app(context), changed.issue, wants).await?;
        let known = loaders::Related::Known(Some(Arc::clone(&issue)));
        let audit_entry = AuditEntry { row: changed.audit_entry, issue: known };
        Ok(Self { issue, audit_entry, cursor: changed.cursor })
    }
}

/// What became of each issue of a bulk move, in the order asked.
#[derive(SimpleObject)]
struct MoveIssuesPayload {
    /// One result for each issue.
    results: Vec<MoveIssueResult>,
}

/// What became of one issue of a bulk move.
#[derive(SimpleObject)]
struct MoveIssueResult {
    /// The issue's id as it was asked for.
    issue_id: IssueId,
    /// The move; null when it failed.
    moved: Option<ChangeIssuePayload>,
    /// Why it failed.
    error: Option<MoveIssueError>,
}

/// Why one issue of a bulk move was not moved.
#[derive(SimpleObject)]
struct MoveIssueError {
    /// The code that the error would have had alone, such as `CONFLICT`.
    code: String,
    /// The reason, as one sentence.
    message: String,
}

/// A move to take back.
#[derive(InputObject)]
struct UndoMoveInput {
    /// The audit entry of a move that succeeded.
    audit_entry_id: AuditEntryId,
}

/// An issue to give to an agent.
#[derive(InputObject)]
struct AssignAgentInput {
    /// The issue.
    issue_id: IssueId,
    /// The agent's name, with or without `agent/`; null for none.
    agent: Option<String>,
}

/// An issue to make somebody's.
#[derive(InputObject)]
struct AssignOwnerInput {
    /// The issue.
    issue_id: IssueId,
    /// The owner's name, with or without `owner/`; null for none.
    owner: Option<String>,
}

/// How urgent an issue is to be.
#[derive(InputObject)]
struct SetPriorityInput {
    /// The issue.
    issue_id: IssueId,
    /// The priority; null for none.
    priority: Option<Priority>,
}

/// An issue that is in another lane.
#[derive(SimpleObject)]
struct SetLanePayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
}

#[derive(Debug, Default)]
pub(super) struct EditMutation;

#[Object]
impl EditMutation {
    /// Moves several issues to one column. Each moves or stays for itself.
    #[graphql(complexity = "cost(Some(100), None, child_complexity)")]
    async fn move_issues(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issues, and where to.")] input: MoveIssues,
    ) -> async_graphql::Result<MoveIssuesPayload> {
        let outcomes = moves::move_issues(app(context), actor(context), input).await?;
        let mut results = Vec::with_capacity(outcomes.len());
        for (issue_id, outcome) in outcomes {
            let (moved, error) = match outcome {
                Ok(changed) => (Some(ChangeIssuePayload::of(context, changed).await?), None),
                Err(error) => {
                    let code = code(&error).to_owned();
                    (None, Some(MoveIssueError { code, message: error.to_string() }))
                }
            };
            results.push(MoveIssueResult { issue_id, moved, error });
        }
        Ok(MoveIssuesPayload { results })
    }

    /// Moves an issue back to where it was before a move, by a move of its own. Refused with
    /// `CONFLICT` when it has been moved on since.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn undo_move(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which move.")] input: UndoMoveInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let entry = input.audit_entry_id;
        let changed = moves::undo_move(app(context), actor(context), entry).await?;
        Ok(ChangeIssuePayload::of(context, changed).await?)
    }

    /// Gives an issue to an agent, or to none. It has at most one afterwards.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn assign_agent(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issue, and to whom.")] input: AssignAgentInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let AssignAgentInput { issue_id, agent } = input;
        let (app, actor) = (app(context), actor(context));
        let changed = assignments::assign_agent(app, actor, issue_id, agent.as_deref()).await?;
        Ok(ChangeIssuePayload::of(context, changed).await?)
    }

    /// Makes an issue somebody's, or nobody's. It has at most one owner afterwards.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn assign_owner(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issue, and whose.")] input: AssignOwnerInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let AssignOwnerInput { issue_id, owner } = input;
        let (app, actor) = (app(context), actor(context));
        let changed = assignments::assign_owner(app, actor, issue_id, owner.as_deref()).await?;
        Ok(ChangeIssuePayload::of(context, changed).await?)
    }

    /// Says how urgent an issue is, or that nobody knows.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn set_priority(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issue, and how urgent.")] input: SetPriorityInput,
    ) -> async_graphql::Result<ChangeIssuePayload> {
        let SetPriorityInput { issue_id, priority } = input;
        let (app, actor) = (app(context), actor(context));
        let changed = assignments::set_priority(app, actor, issue_id, priority).await?;
        Ok(ChangeIssuePayload::of(context, changed).await?)
    }

    /// Puts an issue in a lane, from which agents are then served it. GitHub knows nothing of lanes.
    /// Maintainers only.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn set_lane(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issue, and which lane.")] input: SetLane,
    ) -> async_graphql::Result<SetLanePayload> {
        let issue = lanes::set_lane(app(context), actor(context), input).await?;
        let wants = loaders::Wants::of(&context.look_ahead().field("issue"));
        Ok(SetLanePayload { issue: loaders::one_issue(app(context), issue, wants).await? })
    }
}
