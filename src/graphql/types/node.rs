//! The interface `Node`: every object that has an id of its own.

use std::sync::Arc;

use async_graphql::{Context, Interface};

use super::{AgentRun, AuditEntry, Issue, Lease, Repository, WorkDecision, Workflow, WorkflowRun};
use crate::domain::{
    Actor, AgentRunId, AuditEntryId, DecisionId, IssueId, LeaseId, RepositoryId, WorkflowId,
    WorkflowRunId,
};
use crate::graphql::loaders;
use crate::middleware::access::WORKER_NODES;
use crate::service::{self, Error, Result};

/// The prefixes of all ids that `node` can look up.
const KINDS: [&str; 8] = [
    IssueId::PREFIX,
    RepositoryId::PREFIX,
    AuditEntryId::PREFIX,
    AgentRunId::PREFIX,
    LeaseId::PREFIX,
    DecisionId::PREFIX,
    WorkflowId::PREFIX,
    WorkflowRunId::PREFIX,
];

/// An object with an id, which `Query.node` can look up.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "async_graphql::ID",
    desc = "Opaque; its prefix shows the type of the object."
))]
pub(in crate::graphql) enum Node {
    /// An issue.
    Issue(Arc<Issue>),
    /// A repository.
    Repository(Repository),
    /// A line of the audit log.
    AuditEntry(AuditEntry),
    /// A run of an agent.
    AgentRun(AgentRun),
    /// A lease.
    Lease(Lease),
    /// An answer of the queue.
    WorkDecision(WorkDecision),
    /// A workflow.
    Workflow(Workflow),
    /// A run of a workflow.
    WorkflowRun(WorkflowRun),
}

impl Node {
    /// The object with this id.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if no kind of object has such ids, [`Error::NotFound`].
    pub(in crate::graphql) async fn find(context: &Context<'_>, id: &str) -> Result<Self> {
        let app = loaders::app(context);
        let kind = id.split_once('_').map_or("", |(kind, _)| kind);
        let is_worker = matches!(context.data_unchecked::<Actor>(), Actor::Worker { .. });
        if is_worker && KINDS.contains(&kind) && !WORKER_NODES.contains(&kind) {
            let action = format!("Things with the id `{kind}_…` are closed to worker tokens");
            return Err(Error::Forbidden { action });
        }
        match kind {
            IssueId::PREFIX => {
                let id: IssueId = read(id)?;
                let found = service::board::find_issue(app, id).await?;
                let fields = loaders::RequestedFields::from_lookahead(&context.look_ahead());
                let issue = loaders::issue(app, found, fields).await?;
                Ok(Self::Issue(issue))
            }
            RepositoryId::PREFIX => {
                let id: RepositoryId = read(id)?;
                let mut found = service::board::repositories(app, &[id]).await?;
                let found = found.pop().ok_or_else(|| Error::no_repository(id))?;
                Ok(Self::Repository(Repository::new(Arc::new(found))))
            }
            AuditEntryId::PREFIX => {
                let found = service::audit::find_audit_entry(app, read(id)?).await?;
                Ok(Self::AuditEntry(AuditEntry::alone(found)))
            }
            AgentRunId::PREFIX => {
                let found = service::agents::agent_runs::find_agent_run(app, read(id)?).await?;
                Ok(Self::AgentRun(AgentRun::alone(found)))
            }
            LeaseId::PREFIX => {
                let found = service::claims::leases::find_lease(app, read(id)?).await?;
                Ok(Self::Lease(Lease::alone(found)))
            }
            DecisionId::PREFIX => {
                let found = service::claims::queue::find_decision(app, read(id)?).await?;
                Ok(Self::WorkDecision(WorkDecision::alone(found)))
            }
            WorkflowId::PREFIX => {
                let found = service::automation::lists::find_workflow(app, read(id)?).await?;
                Ok(Self::Workflow(Workflow::alone(found)))
            }
            WorkflowRunId::PREFIX => {
                let found = service::automation::lists::find_run(app, read(id)?).await?;
                Ok(Self::WorkflowRun(WorkflowRun::alone(found)))
            }
            _ => {
                Err(invalid(format!("`{}` is not an id", id.chars().take(64).collect::<String>())))
            }
        }
    }
}

fn read<Id>(text: &str) -> Result<Id>
where
    Id: std::str::FromStr,
    Id::Err: std::fmt::Display,
{
    text.parse().map_err(|problem: Id::Err| invalid(problem.to_string()))
}

fn invalid(reason: String) -> Error {
    Error::Invalid { field: "id", reason }
}
